"""Heads in the form of sentence-transformers: written, described and read back; that package is not needed for it."""
