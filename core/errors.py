"""The errors of models, pictures and questions: one sentence each, for a person."""

from index_store.errors import SightwordsError


class ModelError(SightwordsError):
    """A model that cannot be loaded or used as asked."""


class UnknownModel(ModelError):
    """A model name that nothing answers to."""


class ImageError(SightwordsError):
    """A picture that cannot be read; the message says why."""


class QueryError(SightwordsError):
    """A question that cannot be asked: empty, too long, or out of range."""


class DatasetError(SightwordsError):
    """A dense data set or caption file that is malformed; the message names file, row and what was expected."""
