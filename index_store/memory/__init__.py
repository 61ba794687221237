"""Vectors held in memory for whoever searches often: bounds and exact vectors (`matrix.py`), in compiled loops."""

FOLDER = "held"  # inside the folder of a collection: the parts that are kept in files (`kept.py`)
