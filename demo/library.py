"""What the Library page works with: collections of one's own, one job at a time that changes them; knows no Gradio."""

import logging
import os
import re
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from core.errors import DatasetError, ImageError, QueryError
from core.home import home_folder
from core.shipped import PHOTO_MODEL, SHIPPED, WORLD_MODEL
from demo.session import Session
from index_store.address import Address
from index_store.collection import Collection
from index_store.errors import SightwordsError
from index_store.opening import open_collection

if TYPE_CHECKING:
    from core.indexing import IndexReport
    from core.model import Model

log = logging.getLogger(__name__)

WORLD = "The built-in world"
NAME = re.compile(r"[\w][\w .-]{0,59}")


@dataclass(frozen=True)
class Job:
    """Where the work at hand stands: `done` of `total`; `report` or `error` once it has ended."""

    state: Literal["idle", "working", "ended"] = "idle"
    done: int = 0
    total: int = 0
    report: "IndexReport | None" = None
    error: str = ""


class Library:
    """The collections made in the app, in HOME/collections, and the one in use. Shared by all visitors."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._started_with = session.path  # the collection that the app was started with, whatever its folder
        self._started_model = session.model_name
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.job = Job()

    def collections(self) -> dict[str, Address | None]:
        """What can be searched, by name: the built-in world, the one the app was started with, those made here."""
        known: dict[str, Address | None] = {}
        if self._started_with is None or self._started_model in SHIPPED:
            known[WORLD] = None
        if self._started_with is not None:
            known[self._started_with.name] = self._started_with
        places = [place for place in sorted(_home().glob("*/collection")) if _is_there(place)]
        return known | {place.parent.name: place for place in places}

    @property
    def current(self) -> str:
        """The name of the collection in use."""
        return next((name for name, path in self.collections().items() if path == self._session.path), WORLD)

    def use(self, name: str, model: "Model | None" = None) -> None:
        """Goes over to the named collection and the model that made it (`model`, where that is loaded already).

        Raises QueryError for a name that is none, or while work is under way.
        """
        known = self.collections()
        if name not in known:
            raise QueryError(f"There is no collection '{name[:60]}'; choose one from the list.")
        with self._lock:
            self._refuse_while_working()
            self.job = Job()  # what the last one did was to another collection
            self._go_over(known[name], model)

    @property
    def usual_model(self) -> str:
        """The model of a new collection where no other one is chosen: the app's own, if that knows photographs."""
        own = self._started_model
        return PHOTO_MODEL if own.partition("+")[0] == WORLD_MODEL else own

    def models(self) -> dict[str, str]:
        """What a new collection can be made with: what to call it → its name; that for photographs first."""
        from core.registry import models

        known = {entry.name: entry.name if entry.ready else f"{entry.name} (to be fetched)" for entry in models()}
        first = {name: known.get(name, name) for name in (PHOTO_MODEL, self._started_model)}
        return {label: name for name, label in (first | known).items()}

    def about(self, model_name: str) -> str:
        """What a model is for, in its own honest words; empty for one without a name of its own."""
        from core.registry import models

        return next((entry.about for entry in models() if entry.name == model_name), "")

    def create(self, name: str, model_name: str = "", folder: str = "") -> None:
        """Makes an empty collection and goes over to it, with the named model, or else with the usual one.

        `folder`: where its pictures are to come from: the world's drawings have a model of their own, which takes the
        place of the usual one. Raises QueryError for a name that it cannot have, MissingFiles for a model that is not
        on this machine.
        """
        name = name.strip()
        if not NAME.fullmatch(name) or name == WORLD:
            raise QueryError("A collection's name has letters, digits, spaces, dots or dashes, at most 60 of them.")
        if name in self.collections():
            raise QueryError(f"There is a collection '{name}' already; choose it from the list or take another name.")
        model, _ = self._session.ready()
        wanted = self._suited(model_name, folder)
        if wanted != model.name:
            from core.registry import load_model

            model = load_model(wanted)
        with self._lock:
            self._refuse_while_working()
            self.job = Job()
            path = _home() / name / "collection"
            path.parent.mkdir(parents=True, exist_ok=True)
            terms = model.vocabulary.terms
            Collection.create(path, model=model.name, vocabulary=terms, precision=model.precision).close()
            self._session.use(path, model)

    def create_for(self, files: Sequence[Path], folder: str, name: str = "", model_name: str = "") -> None:
        """A collection for pictures that are to be added while the built-in world, which takes none, is open.

        It has the name given, or that of their folder; the rest is as in `create`.
        """
        _refuse_nothing(files, folder)
        given = _folder(folder)
        if given is not None and not given.exists():
            raise QueryError(f"There is no folder {given}; name one of this computer.")
        self.create(name.strip() or _name_of(given), model_name, folder)

    def _suited(self, model_name: str, folder: str) -> str:
        usual, place = self.usual_model, _folder(folder)
        if model_name not in ("", usual) or usual != PHOTO_MODEL or place is None:
            return model_name or usual
        from core.registry import model_for

        return model_for([place])

    def add(self, files: Sequence[Path], folder: str = "", captions: Path | None = None) -> None:
        """Begins to take files and index them, and to bring the collection in step with a folder of this computer."""
        _refuse_nothing(files, folder)
        place = _folder(folder)
        address = self._own()
        kept = _pictures(address)

        def work(model: "Model") -> "IndexReport":
            from core.indexing import index_paths
            from core.pictures.uploads import take_files

            paths = [place] if place is not None else []
            taken = take_files(files, kept, self._stop.is_set)
            if not paths and not taken.paths and not self._stop.is_set():
                raise ImageError(taken.why_nothing)
            paths += taken.paths
            terms = model.vocabulary.terms
            with open_collection(address, model=model.name, vocabulary=terms, writable=True) as opened:
                # an uploaded file lies in a folder of its own, so its names count from where the pictures are
                folder = place if place is not None and place.is_dir() else kept
                try:
                    report = index_paths(
                        model,
                        opened,
                        paths,
                        captions=captions,
                        captions_folder=None if files and place is not None else folder,
                        progress=self._told,
                        cancelled=self._stop.is_set,
                    )
                except DatasetError as error:
                    raise DatasetError(_sent(str(error), captions)) from error
            return replace(
                report,
                skipped=(*taken.refused, *((path, _sent(reason, captions)) for path, reason in report.skipped)),
                passed_over=taken.passed_over + Counter(report.passed_over),
                junk=taken.junk + Counter(report.junk),
            )

        self._begin(work)

    def remove(self, what: str) -> int:
        """Takes items out, by id or by file or folder; how many. The pictures themselves stay where they are."""
        from core.removal import matching

        address = self._own()
        if not what.strip():
            raise QueryError("There is nothing to remove; give an item's number, or a file or folder.")
        with self._lock:
            self._refuse_while_working()
            with open_collection(address, writable=True) as opened:
                return opened.remove(matching(opened, [what.strip()]))

    def cancel(self) -> None:
        """Stops the work at hand after its batch; what is stored stays."""
        self._stop.set()

    def wait(self) -> None:
        """Returns when nothing is under way."""
        if self._thread is not None:
            self._thread.join()

    def _go_over(self, path: Address | None, model: "Model | None") -> None:
        if path == self._session.path:
            return
        if model is not None:
            self._session.use(path, model)
        elif path == self._started_with:
            self._session.use(path, self._started_model)
        elif path is None:
            self._session.use(None, self._started_model if self._started_with is None else WORLD_MODEL)
        else:
            with open_collection(path) as collection:
                made_by = collection.model
            self._session.use(path, made_by)

    def _own(self) -> Address:
        if self._session.path is None:
            raise QueryError("The built-in world is a fixed set of drawings; make a collection of your own first.")
        return self._session.path

    def _refuse_while_working(self) -> None:
        if self.job.state == "working":
            raise QueryError("Pictures are still being added; wait for that or cancel it.")

    def _begin(self, work: "Callable[[Model], IndexReport]") -> None:
        model, _ = self._session.ready()
        with self._lock:
            self._refuse_while_working()
            self._stop.clear()
            self.job = Job("working")
            self._thread = threading.Thread(target=self._run, args=(work, model), daemon=True)
            self._thread.start()

    def _run(self, work: "Callable[[Model], IndexReport]", model: "Model") -> None:
        try:
            self.job = Job("ended", report=work(model))
        except SightwordsError as error:
            self.job = Job("ended", error=str(error))
        except Exception as error:  # a bug of ours: the log gets the traceback, the person a sentence
            log.exception("adding pictures failed")
            self.job = Job("ended", error=f"Something unexpected went wrong ({error}); the log says what.")

    def _told(self, done: int, total: int, _: str) -> None:
        self.job = Job("working", done, total)


def _is_there(place: Path) -> bool:
    """Whether a collection lies at a place; one that may not be looked at is none that can be chosen."""
    try:
        return Collection.exists(place)
    except SightwordsError:
        return False


def _sent(said: str, captions: Path | None) -> str:
    """A sentence without the folder that a captions file was sent to, which says nothing to whoever sent it."""
    return said.replace(f"{captions.parent}{os.sep}", "") if captions is not None else said


def _folder(named: str) -> Path | None:
    return Path(named.strip()).expanduser() if named.strip() else None


def _name_of(folder: Path | None) -> str:
    """A name for the collection of a folder's pictures, or of pictures that come without one."""
    name = re.sub(r"[^\w .-]+", " ", folder.absolute().name if folder else "").strip(" .-")
    return name[:60] or "My pictures"


def _refuse_nothing(files: Sequence[Path], folder: str) -> None:
    if not files and not folder.strip():
        raise QueryError("There is nothing to add; choose pictures, a zip, or a folder of this computer.")


def _home() -> Path:
    return home_folder() / "collections"


def _pictures(address: Address) -> Path:
    """Where pictures that are given to a collection in the app are kept: beside its folder, or in HOME."""
    beside = address if isinstance(address, Path) else home_folder() / "milvus" / address.name / "collection"
    return beside.parent / "pictures"
