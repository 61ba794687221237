"""The inverted index of a collection, in tantivy: documents, their writer and their reader."""
