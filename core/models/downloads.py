"""What a model still needs on this machine, and how it comes here when a person says so; loads no model.

Only `fetch` and `download_size` touch the network. Names are those of models, or of encoders alone.
"""

from collections.abc import Sequence

from core.encoders.sources import Folder, Package, Source
from core.errors import MissingFiles, ModelError, UnknownModel
from core.models.pairings import model_sources
from index_store.progress import Progress, ShouldStop, never, silent


def lacking(name: str) -> list[str]:
    """What a model, or an encoder alone, needs and this machine has not: files and where they are looked for."""
    return [where.whereabouts() for where in model_sources(name) if where.missing()]


def download_size(name: str) -> int:
    """Bytes that `fetch` would bring, asked of the servers; ModelError when they cannot be reached."""
    return sum(where.size() for where in model_sources(name) if where.missing())


def size_of(name: str) -> int | None:
    """As `download_size`, but None where no server answers; 0 when all is here."""
    try:
        return download_size(name)
    except UnknownModel:
        raise
    except ModelError:
        return None


def fetch(name: str, *, progress: Progress = silent, should_stop: ShouldStop = never) -> None:
    """Brings all that a model, or an encoder alone, needs to this machine; a part that is here is not fetched again.

    `progress`: done, total (None: not known yet) and the name of the part at hand; bytes, packages for the environment
    of salesforce-lavis. Raises DownloadStopped when asked to stop and ModelError when it cannot: what had come of
    a file is kept out of sight and gone on with by the next call.
    """
    for where in model_sources(name):
        if where.missing():
            where.fetch(progress=progress, should_stop=should_stop)


def require(name: str, sources: Sequence[Source]) -> None:
    """Raises MissingFiles where parts of the model are not here: one sentence about all, or a folder's own."""
    lacking = [where for where in sources if where.missing()]
    for where in lacking:
        if isinstance(where, Folder | Package):
            where.locate()  # nothing that could be fetched: its own sentence says what is lacking
    if lacking:
        raise MissingFiles(
            f"The model '{name}' is not complete on this machine: it lacks "
            f"{'; '.join(where.whereabouts() for where in lacking)}; "
            f"`sightwords models --download {name}` fetches them where there is a network."
        )
