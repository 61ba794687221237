"""Stores and searches sparse vectors: postings in tantivy, metadata in SQLite; knows nothing of torch, models or Gradio."""
