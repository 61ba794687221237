"""A collection in a folder of this machine: its catalog in SQLite, its postings in tantivy, one writer at a time.

`collection.py` puts the parts together; `writer.py` proves why the two stores never disagree.
"""
