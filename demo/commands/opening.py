"""How commands open models and collections, make new ones, and refuse what does not fit.

Nothing here may import torch at once: every command's file imports this one, and --help must stay quick.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from core.shipped import WORLD_MODEL
from demo import terminal
from demo.commands.options import DEFAULT_MODEL
from index_store.address import Address
from index_store.errors import CollectionMismatch, SightwordsError
from index_store.folder.writer_lock import WAIT_S

if TYPE_CHECKING:
    from core.models.model import Model
    from core.models.query_model import QueryModel
    from core.search.query import Query
    from index_store.store import Store


def world() -> "tuple[Model, Path]":
    """The built-in model and the folder of its world, made now when it is not there yet."""
    from core.library.built_in_world import ensure_world
    from core.library.world_folder import world_path
    from core.models.registry import load_model

    model = load_model(DEFAULT_MODEL)
    path = world_path(model)
    with terminal.progress_bar("drawing the built-in world (first start)") as advance:
        ensure_world(model, path, progress=advance)
    return model, path


def model_of(address: Address) -> str:
    """The name of the model that made a collection."""
    from index_store.opening import open_collection

    with open_collection(address) as collection:
        return collection.model


@contextmanager
def opened(address: Address | None) -> "Iterator[tuple[Model, Store]]":
    """A collection for reading, the built-in world without a path, and the model that made it."""
    if address is None:
        model, address = world()
    else:
        model = _maker(address)
    from index_store.opening import open_collection

    with open_collection(address, model=model.name, vocabulary=model.vocabulary.terms) as collection:
        yield model, collection


@contextmanager
def opened_for(query: "Query", address: Address | None) -> "Iterator[tuple[QueryModel, Store]]":
    """As `opened`, for one question: the encoder is left alone where a query table answers it.

    Where the built-in world lies, only its encoder can tell; a picture, only an encoder can see.
    """
    if not query.by_table or address is None or query.picture is not None:
        with opened(address) as both:
            yield both
        return
    with without_pandas():
        from index_store.opening import open_collection
    from core.models.tables import load_table_model

    with open_collection(address) as collection:
        yield load_table_model(collection.model), collection


@contextmanager
def without_pandas() -> Iterator[None]:
    """Keeps sqlite-utils from importing pandas, which takes as long as the whole question.

    It would only recognise pandas' timestamps, which nothing here writes. For a process that answers and ends.
    """
    if "pandas" in sys.modules:
        yield
        return
    sys.modules["pandas"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules["pandas"]


@contextmanager
def writable(
    address: Address, name: str | None, pictures: Sequence[Path] = (), wait: float = WAIT_S
) -> "Iterator[tuple[Model, Store]]":
    """A collection for writing, made when new, and its model; refuses a model other than the one that made it.

    A new one for which no model is named is made with the one that suits `pictures`, which is said.
    """
    from core.models.registry import load_model, model_for
    from index_store.opening import collection_exists, create_collection, open_collection

    if collection_exists(address):
        made_by = model_of(address)
        from core.models.pairings import canonical_name

        if name is not None and canonical_name(name) != made_by:
            raise CollectionMismatch(
                f"The collection {address} was made by the model '{made_by}', not '{name}'; "
                f"leave --model out or choose another collection."
            )
        model = _maker(address)
        terms = model.vocabulary.terms
        with open_collection(address, model=model.name, vocabulary=terms, writable=True, wait=wait) as collection:
            if collection.precision not in (None, model.precision):
                terminal.say(_of_another_precision(collection.precision, model.precision))
            yield model, collection
    else:
        model = load_model(name or (model_for(pictures) if pictures else DEFAULT_MODEL))
        terms, precision = model.vocabulary.terms, model.precision
        with create_collection(
            address, model=model.name, vocabulary=terms, precision=precision, wait=wait
        ) as collection:
            if name is None and pictures:
                terminal.say(_why(model.name))
            yield model, collection


def _why(model: str) -> str:
    """Which model a new collection is made with, and why."""
    if model == WORLD_MODEL:
        return f"These are drawings of the illustrated world: the collection is made with the model '{model}'."
    return f"The collection is made with the model '{model}'; --model names another one."


def _of_another_precision(made_in: str | None, now: str) -> str:
    """What to say where vectors come to others that were computed in another precision."""
    return f"The collection was made in {made_in}, what is added is computed in {now}: they differ by a ten-thousandth."


def _maker(address: Address) -> "Model":
    """The model that a collection names, in the precision that made it; errors say which collection asked for it."""
    from core.errors import UnknownModel
    from core.models.registry import load_model, precision_like
    from index_store.opening import open_collection

    with open_collection(address) as collection:
        name, made_in = collection.model, collection.precision
    try:
        return load_model(name, precision=precision_like(made_in))
    except UnknownModel as error:
        raise CollectionMismatch(
            f"The collection {address} was made by the model '{name}', which is not known here."
        ) from error


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Says in one sentence why a folder cannot be written."""
    try:
        yield
    except OSError as error:
        raise SightwordsError(f"{folder} cannot be written: {(error.strerror or str(error)).lower()}.") from error
