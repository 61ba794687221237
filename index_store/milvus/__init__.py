"""A collection on a Milvus server, or in a file of Milvus Lite, through pymilvus; imported only when one is named.

`rows.py` says how items lie in a table, `exact_search.py` proves that searches are exact, and `collection.py` says what
is guaranteed.
"""
