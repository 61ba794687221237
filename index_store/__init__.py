"""Stores and searches sparse vectors: postings in tantivy, metadata in SQLite, or both in Milvus.

Knows no torch, no models and no Gradio. `opening.py` is the way in; `store.py` says what a collection can be asked.
"""
