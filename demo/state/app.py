"""What the app works with: one model and one collection, made ready in the background; knows nothing of Gradio."""

import base64
import io
import logging
import os
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Literal, NamedTuple

from core.errors import ImageError, QueryError
from core.pictures.images import open_image, working_copy
from core.shipped import WORLD_MODEL
from demo.state.job import Job
from demo.state.memory import usual_budget
from demo.state.names import collection_name
from demo.state.searcher import Searcher
from demo.state.sent_pictures import SentPictures
from index_store.address import Address, MilvusAddress
from index_store.errors import (
    CollectionBusy,
    CollectionClosed,
    CollectionError,
)
from index_store.items import Item
from index_store.opening import collection_exists, open_collection
from index_store.progress import Progress, ShouldStop
from index_store.store import Store

if TYPE_CHECKING:
    from PIL.Image import Image

    from core.models.model import Model

log = logging.getLogger(__name__)

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


class OtherCollection(QueryError):
    """Something was refused, because another collection is open than the one that it was meant for."""


@dataclass(frozen=True)
class Shown:
    """The collection that a page shows. Two are equal where they mean the very same one, whatever it is called.

    `deleted`: how many others lay at its address before it, and were deleted.
    """

    address: Address | None
    deleted: int
    name: str = field(compare=False)


class AppState:
    """One model and one collection for all visitors. `start` returns at once; `status` says how far it is.

    Without a `collection` the app shows the built-in world: `pictures` of them, drawn and indexed on the first
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
        memory: int | None = None,
    ):
        """`public`: for strangers, who may look but change nothing, and are not told where files lie, nor where and
        with what camera pictures were taken, unless `tell_places`. `memory`: bytes in which the vectors of a
        collection may be held; None for a share of the machine's.

        Raises CollectionNotFound when a collection is named that does not exist.
        """
        if collection is not None and not collection_exists(collection):
            open_collection(collection).close()  # raises, and says what is wrong with the address
        self.pictures, self.public = pictures, public
        self._memory = usual_budget() if memory is None else memory
        self.tells_places = tell_places or not public
        self.on_own_machine = False  # whether only the computer that it runs on can reach the app, and has a screen
        self.opened: Callable[[Path], None] = lambda path: None  # told the folder of thumbnails once that is there
        self.closing: list[Callable[[], None]] = []  # what is to be ended with the app
        self._models: dict[str, Model] = {}  # by name: going back to one loads nothing
        self._model: Model | None = None
        self._wanted, self._path = model, collection
        self._collection: Store | None = None
        self.job: Job[bool] = Job("sightwords-preparing", "The app is still getting ready; try again in a moment.")
        self._deleted: Counter[Address | None] = Counter()
        self._closed = False
        self._turning = threading.Lock()  # one change of collection at a time
        self.searcher = Searcher(self)
        self.sent = SentPictures()

    @property
    def status(self) -> AppStatus:
        """How far the app is at this moment."""
        now = self.job.status
        if now.exception is not None:
            return AppStatus("failed", message=now.error)
        if now.state == "ended" and now.outcome:
            return AppStatus("ready")
        stage = now.what if now.state == "working" else LOADING
        return AppStatus(stage, now.done, now.total)  # type: ignore[arg-type]  # a Job names its parts by any text

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
    def collection(self) -> Store | None:
        """The open collection; None until it is open. `ready` waits for it."""
        return self._collection

    @property
    def path(self) -> Address | None:
        """Where the collection lies; None for the built-in world."""
        return self._path

    @property
    def shown(self) -> Shown:
        """The collection in use, for a page to remember that it shows this one."""
        address = self._path
        return Shown(address, self._deleted[address], collection_name(address))

    def check_shown(self, shown: Shown | None) -> Shown:
        """The collection in use; OtherCollection where a page showed another one. None stands for any."""
        now = self.shown
        if shown is not None and shown != now:
            raise OtherCollection(
                f"Nothing was done: ‘{now.name}’ was opened meanwhile, perhaps in another window, and this page still "
                f"showed ‘{shown.name}’; open ‘{shown.name}’ again, or go on with ‘{now.name}’."
            )
        return now

    def check_named(self, name: str) -> Shown:
        """The collection in use; OtherCollection where a program named another one. "" stands for any."""
        now = self.shown
        if name not in ("", now.name):
            raise OtherCollection(
                f"Nothing was done: the open collection is ‘{now.name}’, not ‘{name}’; open that one, or name this one."
            )
        return now

    def note_deleted(self, address: Address) -> None:
        """A collection is no more; another one that takes its place later is not taken for it."""
        self._deleted[address] += 1

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
        """Stops drawing after the batch at hand, and all that works for the app; closes the collection."""
        self._closed = True
        self.job.stop()
        for end in self.closing:
            end()
        self.job.wait(STOPPING_S)
        if self._collection is not None:
            self._collection.close()
            self._collection = None

    def keeps_dense(self) -> bool:
        """Whether the open collection keeps dense vectors, so that questions can be ranked by the whole picture."""
        collection = self._collection
        try:
            return collection is not None and collection.dense_size is not None
        except CollectionError:  # closed meanwhile
            return False

    def has_table(self) -> bool:
        """Whether the model in use has a query table, so that it can be asked without its encoder."""
        return self._model is not None and self._model.table is not None

    def size(self) -> int:
        """How many items can be searched now."""
        return len(self._collection) if self._collection is not None else 0

    def place(self, path: str) -> str:
        """Where a person finds a picture: its path; nothing for strangers and for drawings of the built-in world."""
        return path if self._path is not None and not self.public else ""

    def without_place(self, sentence: str, path: str) -> str:
        """A sentence about a picture file as this app may say it: with its name alone for strangers."""
        return sentence.replace(path, PurePath(path.replace("\\", "/")).name) if self.public else sentence

    def places(self) -> list[str]:
        """Where the collection lies, in every form that a sentence may have; nothing for the built-in world."""
        if self._path is None:
            return []
        if isinstance(self._path, MilvusAddress):
            host = self._path.uri.rpartition("://")[2]
            return [str(self._path), *filter(None, (self._path.uri, host, str(self._path.file or "")))]
        forms = (self._path.absolute(), self._path.resolve())
        return [str(folder) for form in forms for folder in (form, form.parent)]

    def sample(self, count: int) -> list[Item]:
        """A few pictures of the collection, to show what is there; empty until something is."""
        if self._collection is None:
            return []
        from core.search.search import reread

        collection = self._collection

        def read() -> list[Item]:
            ids = [item.id for item in islice(collection.all_items(kind="image"), count)]
            return collection.items(ids)  # with their thumbnails, wherever those are

        return reread(read)

    def kinds(self) -> dict[str, int]:
        """How many items of each kind ("image", "caption") can be searched now."""
        return self._collection.stats(frequent=0).by_kind if self._collection is not None else {}

    def has_copies(self) -> bool:
        """Whether some of the pictures are nearly equal."""
        return bool(self._collection.copies()) if self._collection is not None else False

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
        # imports torch, which takes seconds: not before the server answers
        from core.models.registry import load_model, precision_like

        made_in = None
        if self._path is not None:
            with open_collection(self._path) as collection:
                made_in = collection.precision
        return load_model(self._wanted, precision=precision_like(made_in))

    def _open(self, model: "Model", address: Address) -> None:
        self._collection = open_collection(address, model=model.name, vocabulary=model.vocabulary.terms)
        self.opened(self._collection.thumbnails)
        threading.Thread(
            target=_hold, args=(self._collection, self._memory), name="sightwords-holding", daemon=True
        ).start()

    def _prepare_world(self, model: "Model", progress: Progress, should_stop: ShouldStop) -> None:
        """Draws and indexes the built-in world, or waits while another window does; opens it as soon as it exists."""
        from core.library.built_in_world import ensure_world
        from core.library.world_folder import world_path

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


def _hold(collection: "Store", memory: int) -> None:
    """Holds the vectors in memory, as questions will keep coming; not those of a collection that is too large."""
    try:
        collection.load(memory)
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
