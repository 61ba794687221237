"""Heads trained and compared: one from a data set, several as an experiment, the paper's table."""
