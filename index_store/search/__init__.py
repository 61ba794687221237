"""Exact search in one snapshot: which postings are read, which items are scored, and the proof that none is better."""
