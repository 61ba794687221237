"""Exact search: which postings are read, which items are re-scored, and the proof that none is better."""
