"""Vectors held in memory for whoever searches often: a sparse matrix (`matrix.py`) and its compiled loops."""
