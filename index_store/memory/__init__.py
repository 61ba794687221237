"""Vectors held in memory for whoever searches often: bounds and exact vectors (`matrix.py`), in compiled loops."""
