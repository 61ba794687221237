"""What the app works with: one model and one collection, made ready in the background; knows nothing of Gradio."""

import base64
import io
import logging
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from core.errors import ImageError, QueryError
from core.pictures.images import open_image, working_copy
from core.shipped import WORLD_MODEL
from demo.state.job import Job
from index_store.address import Address
from index_store.errors import (
    CollectionBusy,
    CollectionClosed,
    CollectionError,
    FilterError,
    ItemNotFound,
)
from index_store.filters import Condition, Filter, parse
from index_store.items import Item
from index_store.opening import collection_exists, open_collection
from index_store.progress import Progress, ShouldStop
from index_store.store import Store

if TYPE_CHECKING:
    from PIL.Image import Image

    from core.models.model import Model
    from core.search.attribution import Links
    from core.search.explain import Contribution
    from core.search.search import EncodedQuery, SearchHit, SearchResult
    from core.search.steering import Steered
    from demo.state.question import Question

log = logging.getLogger(__name__)

HEAT = (255, 64, 32)  # of the layer that shows where a term was seen: no drawing is this red all over
HELD_AT_MOST = 1_000_000  # items whose vectors are held in memory: some 600 MB of learned sparse ones
OFFERED = 30  # tags, and folders, to choose from
COUNTED = 10_000  # of each, so that a folder counts with those inside it, as choosing it does
LOADING, WAITING, DRAWING = "loading", "waiting", "drawing"  # the parts of getting ready
STOPPING_S = 30.0  # how long a change of collection waits until the last one is no longer being made ready
PATIENCE_S = 60.0  # how long a search waits for the model to load; a cold disk takes some ten seconds


@dataclass(frozen=True)
class AppStatus:
    """How far the app is: `done` of `total` pictures drawn and indexed; `message` is the error when failed."""

    stage: Literal["loading", "waiting", "drawing", "ready", "failed"]
    done: int = 0
    total: int = 0
    message: str = ""


class Session:
    """One model and one collection for all visitors. `start` returns at once; `status` says how far it is.

    Without a `collection` the session shows the built-in world: `pictures` of them, drawn and indexed on the first
    start and searched while it grows. Safe to share between threads.
    """

    def __init__(
        self,
        model: "str | Model" = WORLD_MODEL,
        collection: Address | None = None,
        *,
        pictures: int = 1000,
        public: bool = False,
        tell_places: bool = False,
    ):
        """`public`: for strangers, who may look but change nothing, and are not told where files lie, nor where and
        with what camera pictures were taken, unless `tell_places`.

        Raises CollectionNotFound when a collection is named that does not exist.
        """
        if collection is not None and not collection_exists(collection):
            open_collection(collection).close()  # raises, and says what is wrong with the address
        self.pictures, self.public = pictures, public
        self.tells_places = tell_places or not public
        self.opened: Callable[[Path], None] = lambda path: None  # told the folder of thumbnails once that is there
        self.closing: list[Callable[[], None]] = []  # what is to be ended with the session
        self._models: dict[str, Model] = {}  # by name: going back to one loads nothing
        self._model: Model | None = None
        self._wanted, self._path = model, collection
        self._collection: Store | None = None
        self.job: Job[bool] = Job("sightwords-preparing", "The app is still getting ready; try again in a moment.")
        self._closed = False
        self._turning = threading.Lock()  # one change of collection at a time

    @property
    def status(self) -> AppStatus:
        """How far the app is at this moment."""
        now = self.job.status
        if now.exception is not None:
            return AppStatus("failed", message=now.error)
        if now.state == "ended" and now.outcome:
            return AppStatus("ready")
        stage = now.what if now.state == "working" else LOADING
        return AppStatus(stage, now.done, now.total)  # type: ignore[arg-type]

    @property
    def model_name(self) -> str:
        """The model's name, known before it is loaded."""
        return self._wanted if isinstance(self._wanted, str) else self._wanted.name

    @property
    def encoder_name(self) -> str | None:
        """What the model's encoder calls itself; None until the model is loaded."""
        return self._model.encoder.name if self._model else None

    @property
    def about(self) -> str:
        """The model's own honest sentence; empty until it is loaded."""
        return self._model.about if self._model else ""

    @property
    def path(self) -> Address | None:
        """Where the collection lies; None for the built-in world."""
        return self._path

    def start(self) -> None:
        """Begins to load the model and open the collection; returns at once."""
        self.job.start(self._prepare, what=LOADING)

    def use(self, collection: Address | None, model: "str | Model | None" = None) -> None:
        """Goes over to another collection (None: the built-in world), and to the model that made it, for all visitors.

        `model`: None where it is the one in use. Returns at once; what is wrong with collection or model is then told
        by `status`. A search that is under way may be told that the collection is closed. Raises AtWork, with nothing
        changed, where what is being made ready now cannot be stopped in time.
        """
        with self._turning:
            self.job.stop()
            self.job.wait(STOPPING_S)
            if self.job.working:
                self.job.take_stop()  # what goes on is not to end half-way
            with self.job.idle():
                old, self._collection, self._path = self._collection, None, collection
                if model is not None and (model if isinstance(model, str) else model.name) != self.model_name:
                    self._wanted, self._model = model, None
            self.job.start(self._prepare, what=LOADING)
            if old is not None:
                old.close()

    def close(self) -> None:
        """Stops drawing after the batch at hand, and all that works for the session; closes the collection."""
        self._closed = True
        self.job.stop()
        for end in self.closing:
            end()
        self.job.wait(STOPPING_S)
        if self._collection is not None:
            self._collection.close()
            self._collection = None

    def size(self) -> int:
        """How many items can be searched now."""
        return len(self._collection) if self._collection is not None else 0

    def place(self, path: str) -> str:
        """Where a person finds a picture: its path; nothing for strangers and for drawings of the built-in world."""
        return path if self._path is not None and not self.public else ""

    def facts(self, hit: "SearchHit") -> list[tuple[str, str]]:
        """What is known of a picture besides what it shows, as far as it is told here: (name, value)."""
        facts = [("taken", (hit.taken or "")[:16].replace("T", " ")), ("tags", ", ".join(hit.tags))]
        if self.tells_places:
            place = f"{hit.latitude}, {hit.longitude}" if hit.latitude is not None else ""
            facts[1:1] = [("camera", hit.camera or ""), ("place", place)]
        return [(name, value) for name, value in facts if value]

    def sample(self, count: int) -> list[Item]:
        """A few pictures of the collection, to show what is there; empty until something is."""
        if self._collection is None:
            return []
        from core.search.search import undisturbed

        collection = self._collection

        def look() -> list[Item]:
            ids = [item.id for item in islice(collection.all_items(kind="image"), count)]
            return collection.items(ids)  # with their thumbnails, wherever those are

        return undisturbed(look)

    def kinds(self) -> dict[str, int]:
        """How many items of each kind ("image", "caption") can be searched now."""
        return self._collection.stats(frequent=0).by_kind if self._collection is not None else {}

    def has_copies(self) -> bool:
        """Whether some of the pictures are nearly equal."""
        return bool(self._collection.copies()) if self._collection is not None else False

    def encode_text(self, text: str) -> "EncodedQuery":
        """A text as what is searched for; waits for a model that is still loading. Raises SightwordsError."""
        model, _ = self.ready()
        from core.search.search import encode_query

        return encode_query(model, text=text)

    def encode_picture(self, image: "Image") -> "EncodedQuery":
        """A picture as what is searched for."""
        model, _ = self.ready()
        from core.search.search import encode_query

        return encode_query(model, image=image)

    def encode_item(self, number: int) -> "tuple[EncodedQuery, Item]":
        """An item of the collection as what is searched for, and the item; ItemNotFound when it is not there."""
        _, collection = self.ready()
        from core.search.search import EncodedQuery

        (item,), (vector,) = collection.items([number]), collection.vectors([number])
        return EncodedQuery("", vector, frozenset(), (), 0.0, 0.0), item

    def find(self, query: "EncodedQuery", question: "Question") -> "tuple[SearchResult, Steered]":
        """What an encoded question finds with the question's settings and edits; encodes nothing."""
        model, collection = self.ready()
        from core.search.steering import search_steered, steer, term_edits

        edits = term_edits(model.vocabulary, question.edits)
        terms = model.vocabulary.terms
        steered = steer(query, terms, expansion=question.expansion, mode=question.mode, edits=edits)
        kind = None if question.kind == "both" else question.kind
        where = self._where(question.only)
        found = search_steered(collection, query, steered, k=question.k, kind=kind, where=where, each=question.each)
        return found, steered

    def narrowing(self, found: "SearchResult", steered: "Steered") -> list[str]:
        """Terms that tell the best results apart and are not in the question; none for fewer than three results."""
        model, collection = self.ready()
        from core.search.narrowing import LOOKED_AT, narrowing_terms

        try:
            best = collection.vectors([hit.id for hit in found.hits[:LOOKED_AT]])
        except ItemNotFound:  # removed since: the next search does not find it
            return []
        asked = [number for row in steered.rows if (number := model.vocabulary.id(row.term)) is not None]
        return [model.vocabulary.terms[number] for number in narrowing_terms(best, asked)]

    def size_of(self, question: "Question") -> int:
        """How many items of its kind a question's conditions let through; FilterError for one that is none."""
        conditions = self._where(question.only).conditions
        if question.kind != "both":
            conditions = (*conditions, Condition("kind", "=", question.kind))
        return self.ready()[1].count(Filter(conditions)) if conditions else self.size()

    def conditions(self) -> list[tuple[str, str]]:
        """Conditions worth offering, with what to call them: tags, years, cameras, folders; none for the world."""
        if self._collection is None or self._path is None:
            return []
        counts = self._collection.counts(most=COUNTED)

        def first(counted: dict[str, int]) -> list[tuple[str, int]]:
            return list(islice(counted.items(), OFFERED))

        offered = [(f"tag {tag} · {items:,}", f"tag={tag}") for tag, items in first(counts.tags)]
        offered += [(f"taken in {year} · {items:,}", f"taken={year}") for year, items in sorted(first(counts.years))]
        if self.tells_places:
            offered += [(f"camera {name} · {items:,}", f"camera={name}") for name, items in first(counts.cameras)]
        if not self.public and len(counts.folders) > 1:
            for folder, _ in first(counts.folders):
                items = sum(n for other, n in counts.folders.items() if f"{other}{os.sep}".startswith(folder + os.sep))
                offered.append((f"in {folder} · {items:,}", f"folder={folder}"))
        return offered

    def _where(self, only: Sequence[str]) -> Filter:
        where = parse(only)
        if self.public and any(one.key in ("folder", "file") for one in where.conditions):
            raise FilterError("Where files lie is not told here; choose other conditions than folder and file.")
        if not self.tells_places and any(one.key in ("camera", "near") for one in where.conditions):
            raise FilterError("Where and how pictures were taken is not told here; choose other conditions.")
        return where

    def score(self, query: "EncodedQuery", number: int) -> "tuple[Contribution, ...]":
        """What each term of a question gives to an item's score; ItemNotFound when there is no such item."""
        _, collection = self.ready()
        from core.search.explain import contributions

        (vector,) = collection.vectors([number])
        return contributions(query.vector, vector, self.vocabulary, query.spoken)

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """The model's terms by id."""
        return self.ready()[0].vocabulary.terms

    def suggest(self, start: str, count: int = 12) -> list[tuple[str, int]]:
        """Terms that begin with (or else contain) what was typed, with the number of items that have each."""
        model, collection = self.ready()
        typed = start.strip().lower()
        frequencies = collection.document_frequencies()
        rows = [
            (not term.startswith(typed), -frequencies.get(number, 0), term)
            for number, term in enumerate(model.vocabulary.terms)
            if typed in term
        ]
        return [(term, -negative) for _, negative, term in sorted(rows)[:count]]

    def term(self, word: str) -> str | None:
        """The term that a word, or a form of it, stands for; None when the vocabulary lacks it."""
        model, _ = self.ready()
        known = model.vocabulary.id(word.strip())
        return None if known is None else model.vocabulary.terms[known]

    def links(self, text: str) -> "Links":
        """Which word of a text lit which of its terms."""
        model, _ = self.ready()
        from core.search.attribution import word_links

        return word_links(model, text)

    def can_point(self) -> bool:
        """Whether the model can say where in a picture a term was seen."""
        model, _ = self.ready()
        from core.search.heatmap import can_point

        return can_point(model)

    def seen(self, number: int, term: str) -> "Image":
        """Where in an item's picture a term was seen, as a transparent layer to lay over it. Raises SightwordsError."""
        model, collection = self.ready()
        from core.search.heatmap import term_map

        known = model.vocabulary.id(term)
        if known is None:
            raise QueryError(f"The vocabulary has no term '{term[:60]}'; choose one from its list.")
        (item,) = collection.items([number])
        return term_map(model, working_copy(open_image(item.path)), known).overlay(HEAT)

    def ready(self) -> "tuple[Model, Store]":
        """Model and collection, once the model is loaded; raises SightwordsError, one sentence."""
        with self._turning:  # a change of collection that is under way, which may wait for a batch to be drawn
            pass
        if not self.job.wait_until(lambda now: now.state == "working" and now.what != LOADING, PATIENCE_S):
            raise QueryError("The model is still being loaded; please ask again in a moment.")
        if self.status.stage == "failed":
            raise CollectionError(self.status.message)
        if self._closed:
            raise CollectionClosed("The app is closing; start it again to search.")
        if self._model is None or self._collection is None:
            raise QueryError("Another window is still drawing the pictures; please ask again in a moment.")
        return self._model, self._collection

    def _prepare(self, progress: Progress, should_stop: ShouldStop) -> bool:
        """Loads the model and opens the collection; false when stopped before all is there."""
        self._model = self._model or self._models.get(self.model_name) or self._load()
        self._models[self.model_name] = self._model
        if self._path is not None:
            self._open(self._model, self._path)
        else:
            self._prepare_world(self._model, progress, should_stop)
        return not should_stop()

    def _load(self) -> "Model":
        if not isinstance(self._wanted, str):
            return self._wanted
        from core.models.registry import (
            load_model,
            precision_like,
        )  # imports torch, seconds: not before the server answers

        made_in = None
        if self._path is not None:
            with open_collection(self._path) as collection:
                made_in = collection.precision
        return load_model(self._wanted, precision=precision_like(made_in))

    def _open(self, model: "Model", address: Address) -> None:
        self._collection = open_collection(address, model=model.name, vocabulary=model.vocabulary.terms)
        self.opened(self._collection.thumbnails)
        threading.Thread(target=_hold, args=(self._collection,), name="sightwords-holding", daemon=True).start()

    def _prepare_world(self, model: "Model", progress: Progress, should_stop: ShouldStop) -> None:
        """Draws and indexes the built-in world, or waits while another window does; opens it as soon as it exists."""
        from core.library.built_in_world import ensure_world, world_path

        path = world_path(model)

        def drawn(done: int, total: int | None, _: str) -> None:
            if self._collection is None:  # made by now, and searched from now on while it grows
                self._open(model, path)
            progress(done, total, DRAWING)

        while not should_stop():
            try:
                ensure_world(model, path, self.pictures, progress=drawn, should_stop=should_stop)
                break
            except CollectionBusy:
                progress(0, None, WAITING)
                self.job.pause(1.0)
        if self._collection is None and not should_stop():
            self._open(model, path)


def _hold(collection: "Store") -> None:
    """Holds the vectors in memory, as questions will keep coming; not those of a collection that is too large."""
    try:
        if len(collection) <= HELD_AT_MOST:
            collection.load()
    except CollectionError as error:  # closed meanwhile, or damaged, which each search says
        log.info("The vectors of %s are not held in memory: %s", collection.address, error)


class Picture(NamedTuple):
    """A picture for the page: its data URI and its size in pixels."""

    source: str
    width: int
    height: int


def large_picture(path: str) -> Picture | None:
    """A picture file as a data URI of at most 1,024 px a side; None when it is gone or cannot be read.

    Embedded instead of served: the folders of a person's own pictures are never opened to the page.
    """
    try:
        return _embedded(path, os.stat(path).st_mtime_ns)
    except (ImageError, OSError):
        return None


@lru_cache(maxsize=64)  # some 5 MB; steering shows the same few pictures again and again
def _embedded(path: str, changed: int) -> Picture:
    image = working_copy(open_image(path))
    return Picture(data_uri(image), *image.size)


def data_uri(image: "Image") -> str:
    """A picture for the page, inside the page; transparency is kept."""
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=88, method=2)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
