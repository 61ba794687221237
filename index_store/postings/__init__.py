"""The inverted index of a collection folder, in tantivy: postings that bound scores, and the exact vectors.

`index.py` opens it, `writer.py` writes to it, `reader.py` reads what was committed last; `impacts.py` proves the bound.
"""
