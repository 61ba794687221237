"""Trains sparse heads on dense vectors; knows no pictures, no encoder and no particular data set."""
