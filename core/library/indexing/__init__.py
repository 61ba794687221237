"""Brings a collection in step with folders: `sync.py` has the order of the steps, a file each."""
