"""Snapshots: what a collection folder holds after one commit, and how newer commits of other processes are noticed."""
