"""Stores and searches sparse vectors: postings in tantivy, metadata in SQLite; knows no torch, models or Gradio."""
