"""A collection and the folders it is made from: indexing, duplicates, selection, other heads, the built-in world."""
