"""The commands of `sightwords`: a file for each thing one works on, registered by its `commands` in demo/cli.py."""
