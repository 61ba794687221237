"""The errors of models, pictures and questions: one sentence each, for a person."""

from index_store.errors import SightwordsError


class ModelError(SightwordsError):
    """A model that cannot be loaded or used as asked."""


class UnknownModel(ModelError):
    """A model name that nothing answers to."""


class MissingFiles(ModelError):
    """A model whose files are not on this machine; the message names them and how to provide them."""


class DownloadStopped(ModelError):
    """A download that was stopped as asked; what had come is kept for the next try."""


class DeviceError(ModelError):
    """A device that does not exist or cannot be used here."""


class ImageError(SightwordsError):
    """A picture that cannot be read; the message says why."""


class QueryError(SightwordsError):
    """A question that cannot be asked: empty, too long, or out of range."""


class TrainingError(SightwordsError):
    """A training that cannot be run, or gone on with, as asked."""


class DatasetError(SightwordsError):
    """A dense data set or caption file that is malformed; the message names file, row and what was expected."""


class RemovalNotAgreed(SightwordsError):
    """So many items were to be taken out that a person must agree first; nothing was changed."""
