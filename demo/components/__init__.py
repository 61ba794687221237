"""Pieces of page as pure functions: plain data in, escaped HTML out; know nothing of models, collections or Gradio."""
