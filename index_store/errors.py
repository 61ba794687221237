"""The errors that Sightwords raises on purpose: one sentence each, for a person; the base of every layer's own."""


class SightwordsError(Exception):
    """Something a person can act on; `str(error)` is one sentence: what was wrong, with which input, what to do."""


class VectorError(SightwordsError, ValueError):
    """A sparse vector that breaks its own rules (order, sign, finiteness)."""


class CollectionError(SightwordsError):
    """A collection that cannot be opened, read or written."""
