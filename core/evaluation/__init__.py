"""Measures of retrieval, sparsity and meaning; knows vectors and terms, no pictures and no particular data set."""
