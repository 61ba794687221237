"""The command line `sightwords`: reads arguments, asks core, prints; computes nothing itself.

Results go to standard output (with --json one document), everything else to standard error. Exit status: 0, 1 after a
one-sentence error, 2 for wrong usage. Whatever imports torch is imported inside the commands, so that --help is quick.
"""

import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer.core import TyperGroup

from demo import terminal
from index_store.errors import CollectionMismatch, SightwordsError

if TYPE_CHECKING:
    from core.model import Model
    from index_store.collection import Collection

DEFAULT_MODEL = "scenes"  # core.registry.DEFAULT_MODEL, which cannot be asked without importing torch; a test compares


class _OneSentence(TyperGroup):
    """Turns the library's errors into one sentence on standard error and exit status 1."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except SightwordsError as error:
            terminal.say(f"Error: {error}", "red")
            raise typer.Exit(1) from error


app = typer.Typer(
    cls=_OneSentence,
    name="sightwords",
    help="Finds pictures by the words they light up.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

ModelOption = Annotated[str, typer.Option("--model", help="The model's name; `sightwords models` lists them.")]
CollectionOption = Annotated[
    Path | None, typer.Option("--collection", help="The collection's folder; the built-in world when left out.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]
ImageOption = Annotated[Path | None, typer.Option("--image", help="A picture instead of a text.")]
TextArgument = Annotated[str | None, typer.Argument(help="What the picture shows, in words.")]


@app.command()
def serve(
    model: Annotated[
        str | None, typer.Option("--model", help=f"The model [default: the collection's own, else {DEFAULT_MODEL}].")
    ] = None,
    collection: CollectionOption = None,
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 lets others in.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 7860,
) -> None:
    """Start the web app."""
    if collection is not None:
        made_by = _model_of(collection)  # says what is wrong before the web app's seconds of imports
        model = model or made_by
    from demo import web

    try:
        web.launch(model or DEFAULT_MODEL, collection, host=host, port=port or None)
    except OSError as error:
        raise SightwordsError(f"The web app cannot listen on {host}:{port} ({error}); try another --port.") from error


@app.command()
def models(as_json: JsonOption = False) -> None:
    """List the models: what each is, what it needs, which are ready."""
    from core.registry import models as known

    entries = known()
    if as_json:
        terminal.print_json([asdict(entry) for entry in entries])
    else:
        terminal.show_models(entries)


@app.command()
def index(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH", help="Pictures, or folders of them.")],
    collection: Annotated[Path, typer.Option("--collection", help="The collection's folder; made when new.")],
    model: Annotated[str | None, typer.Option("--model", help=f"The model [default: {DEFAULT_MODEL}].")] = None,
    captions: Annotated[
        Path | None, typer.Option("--captions", help='JSONL: {"file": …, "captions": […]} a line.')
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Add folders of pictures to a collection, or bring it in step with them."""
    from core.files import list_pictures, read_captions
    from core.indexing import index_paths

    if captions is not None:
        read_captions(captions)  # wrong input is told before a collection is made or a model loaded
    list_pictures(paths)
    with (
        _writable(collection, model) as (own, opened),
        _interrupted() as stopped,
        terminal.progress_bar("indexing") as advance,
    ):
        report = index_paths(own, opened, paths, captions=captions, progress=advance, cancelled=stopped)
        items = len(opened)
    if as_json:
        document = asdict(report) | {"collection": str(collection.absolute()), "model": own.name, "items": items}
        document["skipped"] = [{"path": path, "reason": reason} for path, reason in report.skipped]
        terminal.print_json(document)
    else:
        terminal.show_report(report, collection, items)
    if report.cancelled:
        terminal.say("Stopped; what is counted above is stored, and the same command goes on from there.", "yellow")
        raise typer.Exit(1)


@app.command()
def search(
    text: TextArgument = None,
    image: ImageOption = None,
    collection: CollectionOption = None,
    k: Annotated[int, typer.Option("-k", help="How many hits.")] = 10,
    expansion: Annotated[float, typer.Option(help="0 uses the query's own words only, 1 all that it evokes.")] = 1.0,
    mode: Annotated[
        Literal["full", "literal", "hybrid"],
        typer.Option(help="literal: own words only; hybrid: an own word must match, all terms score."),
    ] = "full",
    without: Annotated[
        list[str] | None, typer.Option("--without", metavar="TERM", help="Leave out items with this term; repeatable.")
    ] = None,
    kind: Annotated[Literal["image", "caption"] | None, typer.Option(help="Only items of this kind.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Find pictures and captions, and say why."""
    _one_of(text, image)
    from core.images import open_image
    from core.search import search as find

    picture = open_image(image) if image is not None else None
    with _opened(collection) as (model, opened):
        result = find(
            model,
            opened,
            text=text,
            image=picture,
            k=k,
            expansion=expansion,
            mode=mode,
            without=without or (),
            kind=kind,
        )
    if result.unknown_words:
        words = ", ".join(f"'{word}'" for word in result.unknown_words)
        terminal.say(f"The model '{model.name}' has never seen: {words}.", "yellow")
    if as_json:
        terminal.print_json(result.to_json() | ({"query": str(image)} if image is not None else {}))
    else:
        terminal.show_result(result)


@app.command()
def encode(
    text: TextArgument = None,
    image: ImageOption = None,
    model: ModelOption = DEFAULT_MODEL,
    top: Annotated[int | None, typer.Option("--top", min=1, help="Only the heaviest so many terms.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show the sparse vector of a text or a picture."""
    _one_of(text, image)
    from core.explain import query_terms
    from core.images import open_image
    from core.registry import load_model
    from core.search import encode_query

    picture = open_image(image) if image is not None else None
    own = load_model(model)
    query = encode_query(own, text=text, image=picture)
    vector = query.vector if top is None else query.vector.top(top)
    terms = query_terms(vector, own.vocabulary.terms, query.spoken)
    if as_json:
        asked = text if text is not None else str(image)
        terminal.print_json({"model": own.name, "query": asked, "terms": [term.to_json() for term in terms]})
    else:
        terminal.show_terms(terms)


@app.command()
def remove(
    names: Annotated[list[str], typer.Argument(metavar="PATH_OR_ID", help="Items by id, or by their file or folder.")],
    collection: Annotated[Path, typer.Option("--collection", help="The collection's folder.")],
    as_json: JsonOption = False,
) -> None:
    """Take items out of a collection; the pictures themselves stay where they are."""
    from index_store.collection import Collection
    from index_store.errors import ItemNotFound

    with Collection.open(collection, writable=True) as opened:
        held = {item.id: Path(item.path) for item in opened.all_items()}
        ids: set[int] = set()
        for name in names:
            path = Path(name).expanduser().resolve()
            below = {item for item, place in held.items() if place.is_relative_to(path)}
            if not below and name.isdecimal() and int(name) in held:
                below = {int(name)}
            if not below:
                raise ItemNotFound(f"The collection {collection} has no item '{name}'; nothing was removed.")
            ids |= below
        removed = opened.remove(sorted(ids))
    if as_json:
        terminal.print_json({"removed": removed, "ids": sorted(ids)})
    else:
        terminal.out().print(f"{removed} items removed")


@app.command()
def stats(collection: CollectionOption = None, as_json: JsonOption = False) -> None:
    """Show a collection in numbers."""
    from index_store.collection import Collection

    path = collection if collection is not None else _world()[1]
    with Collection.open(path) as opened:
        numbers, path, model = opened.stats(), opened.path, opened.model
    if as_json:
        frequent = [{"term": term, "items": count} for term, count in numbers.frequent]
        terminal.print_json({"collection": str(path), "model": model} | asdict(numbers) | {"frequent": frequent})
    else:
        terminal.show_stats(numbers, path, model)


@app.command()
def scenes(
    split: Annotated[Literal["train", "val", "test"], typer.Option(help="Which part of the world.")],
    count: Annotated[int, typer.Option(help="How many pictures.")],
    out: Annotated[Path, typer.Option(help="The folder to draw into.")],
    as_json: JsonOption = False,
) -> None:
    """Draw pictures of the illustrated world, with captions and scene records (dataset_meta.json)."""
    from core.scenes.writer import META, write_scenes

    with terminal.progress_bar("drawing") as advance, _writing(out):
        write_scenes(split, count, out, progress=lambda done, total: advance(done, total, ""))
    if as_json:
        terminal.print_json({"split": split, "count": count, "out": str(out.absolute()), "meta": META})
    else:
        terminal.out().print(f"{count} pictures of the {split} split drawn into {out}", markup=False, soft_wrap=True)


def main() -> None:
    """The entry point `sightwords`."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")  # a terminal without UTF-8 must not end a command
    if not sys.warnoptions:
        warnings.filterwarnings("ignore", module="PIL")  # what is wrong with a picture is said once, in our words
    app()


def _one_of(text: str | None, image: Path | None) -> None:
    if (text is None) == (image is None):
        raise typer.BadParameter("give either a TEXT or --image FILE")


def _world() -> "tuple[Model, Path]":
    """The built-in model and the folder of its world, made now when it is not there yet."""
    from core.registry import load_model
    from core.world import ensure_world, world_path

    model = load_model(DEFAULT_MODEL)
    path = world_path(model)
    with terminal.progress_bar("drawing the built-in world (first start)") as advance:
        ensure_world(model, path, progress=advance)
    return model, path


def _model_of(path: Path) -> str:
    """The name of the model that made a collection."""
    from index_store.collection import Collection

    with Collection.open(path) as collection:
        return collection.model


@contextmanager
def _opened(path: Path | None) -> "Iterator[tuple[Model, Collection]]":
    """A collection for reading, the built-in world without a path, and the model that made it."""
    if path is None:
        model, path = _world()
    else:
        model = _loaded(_model_of(path), path)
    from index_store.collection import Collection

    with Collection.open(path, model=model.name, vocabulary=model.vocabulary.terms) as collection:
        yield model, collection


@contextmanager
def _writable(path: Path, name: str | None) -> "Iterator[tuple[Model, Collection]]":
    """A collection for writing, made when new, and its model; refuses a model other than the one that made it."""
    from core.registry import load_model
    from index_store.collection import Collection

    if Collection.exists(path):
        made_by = _model_of(path)
        if name is not None and name != made_by:
            raise CollectionMismatch(
                f"The collection {path} was made by the model '{made_by}', not '{name}'; "
                f"leave --model out or choose another folder."
            )
        model = _loaded(made_by, path)
        with Collection.open(path, model=model.name, vocabulary=model.vocabulary.terms, writable=True) as collection:
            yield model, collection
    else:
        model = load_model(name or DEFAULT_MODEL)
        with Collection.create(path, model=model.name, vocabulary=model.vocabulary.terms) as collection:
            yield model, collection


def _loaded(name: str, path: Path) -> "Model":
    """The model that a collection names; the error says which collection asked for it."""
    from core.errors import UnknownModel
    from core.registry import load_model

    try:
        return load_model(name)
    except UnknownModel as error:
        raise CollectionMismatch(
            f"The collection {path} was made by the model '{name}', which is not known here."
        ) from error


@contextmanager
def _interrupted() -> Iterator[Callable[[], bool]]:
    """Turns the first Ctrl-C into a question that the work at hand asks between batches; the second ends at once."""
    asked = threading.Event()

    def note(number: int, frame: object) -> None:
        terminal.say("Stopping after this batch…")
        asked.set()
        signal.signal(signal.SIGINT, before)

    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return
    before = signal.signal(signal.SIGINT, note)
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Says in one sentence why a folder cannot be written."""
    try:
        yield
    except OSError as error:
        raise SightwordsError(f"{folder} cannot be written: {(error.strerror or str(error)).lower()}.") from error


if __name__ == "__main__":
    main()
