"""Captions files of every usual form, and which picture each caption belongs to."""
