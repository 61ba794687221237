"""Vectors held in memory: a sparse matrix that is searched whole, its compiled loops, and a cache of stored bytes."""
