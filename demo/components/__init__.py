"""Pieces of the page as pure functions: plain data in, escaped HTML out; knows nothing of models or of Gradio."""
