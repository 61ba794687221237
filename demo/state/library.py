"""What the Library page works with: collections of one's own, one job at a time that changes them; knows no Gradio."""

import logging
import os
import re
import threading
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from core.errors import DatasetError, ImageError, QueryError
from core.files import home_folder, write_text_whole
from core.shipped import PHOTO_MODEL, SHIPPED, WORLD_MODEL
from demo.components.amounts import of_kinds
from demo.state.app import Session
from index_store.address import Address
from index_store.errors import SightwordsError
from index_store.folder.collection import Collection
from index_store.opening import open_collection

if TYPE_CHECKING:
    from core.library.indexing import IndexReport
    from core.models.model import Model

log = logging.getLogger(__name__)

WORLD = "The built-in world"
NAME = re.compile(r"[\w][\w .-]{0,59}")
NAME_FILE = "name.txt"  # beside a collection that was renamed; its folder keeps its name, as its pictures lie in it
WAIT_S = 20.0  # a page waits this long while another program writes


@dataclass(frozen=True)
class Job:
    """Where the work at hand stands: `done` of `total`; `report` or `error` once it has ended.

    `lost_from`: the folder that the items that `report` kept, though their files are gone, came from.
    """

    state: Literal["idle", "working", "ended"] = "idle"
    done: int = 0
    total: int = 0
    report: "IndexReport | None" = None
    error: str = ""
    lost_from: str = ""


@dataclass(frozen=True)
class Removal:
    """Items to be taken out of the `held` that there are; `many`: only once a person agrees."""

    ids: tuple[int, ...]
    held: int
    many: bool


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
        return known | {_called(place): place for place in places}

    def name_of(self, place: Path) -> str:
        """What the collection in a folder below HOME/collections is called."""
        return _called(place)

    @property
    def current(self) -> str:
        """The name of the collection in use."""
        return next((name for name, path in self.collections().items() if path == self._session.path), WORLD)

    def use(self, name: str, model: "Model | None" = None) -> None:
        """Goes over to the named collection and the model that made it (`model`, where that is loaded already).

        Raises QueryError for a name that is none, or while work is under way.
        """
        known = self.collections()
        name = _same(name, known) or name
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
        from core.models.registry import models

        known = {entry.name: entry.name if entry.ready else f"{entry.name} (to be fetched)" for entry in models()}
        first = {name: known.get(name, name) for name in (PHOTO_MODEL, self._started_model)}
        return {label: name for name, label in (first | known).items()}

    def about(self, model_name: str) -> str:
        """What a model is for, in its own honest words; empty for one without a name of its own."""
        from core.models.registry import models

        return next((entry.about for entry in models() if entry.name == model_name), "")

    def create(self, name: str, model_name: str = "", folder: str = "") -> None:
        """Makes an empty collection and goes over to it, with the named model, or else with the usual one.

        `folder`: where its pictures are to come from: the world's drawings have a model of their own, which takes the
        place of the usual one. Raises QueryError for a name that it cannot have, MissingFiles for a model that is not
        on this machine.
        """
        name = self._free_name(name)
        model, _ = self._session.ready()
        wanted = self._suited(model_name, folder)
        if wanted != model.name:
            from core.models.registry import load_model

            model = load_model(wanted)
        with self._lock:
            self._refuse_while_working()
            self.job = Job()
            path = _free_folder(name) / "collection"
            path.parent.mkdir(parents=True, exist_ok=True)
            (path.parent / NAME_FILE).write_text(name, "utf-8")
            terms = model.vocabulary.terms
            Collection.create(path, model=model.name, vocabulary=terms, precision=model.precision).close()
            self._session.use(path, model)

    def rename(self, name: str, new: str) -> None:
        """Calls a collection that was made here otherwise; nothing of it is moved."""
        place = self._made_here(name)
        new = self._free_name(new, besides=_called(place))
        write_text_whole(place.parent / NAME_FILE, new)
        self._no_news()

    def what_goes(self, name: str) -> str:
        """What deleting a collection that was made here takes away, and what stays, for a person to agree."""
        place = self._made_here(name)
        with open_collection(place) as collection:
            kinds = collection.counts().kinds
        index = f"the index of {' and '.join(of_kinds(kinds)) or 'nothing yet'}"
        kept = place.parent / "pictures"
        stays = f"; those that were given to it stay in {kept}" if kept.is_dir() and any(kept.iterdir()) else ""
        return f"This deletes ‘{name}’: {index}, with all tags. The pictures themselves stay{stays}."

    def delete(self, name: str) -> None:
        """Deletes a collection that was made here, for good; pictures stay. Goes over to another if it is in use."""
        from core.data.dense_items import dense_file

        place = self._made_here(name)
        with self._lock:
            self._refuse_while_working()
            self.job = Job()
            if place == self._session.path:
                other = next((path for path in self.collections().values() if path != place), None)
                self._go_over(other, None)
            with Collection.open(place) as collection:
                dense = dense_file(collection)
            Collection.delete(place, wait=WAIT_S)
            dense.unlink(missing_ok=True)
            (place.parent / NAME_FILE).unlink(missing_ok=True)
            with suppress(OSError):  # pictures that were given to it lie there
                place.parent.rmdir()

    def _made_here(self, name: str) -> Path:
        place = self.collections().get(_same(name, self.collections()) or name)
        if not isinstance(place, Path) or place.parent.parent != _home():
            raise QueryError(f"‘{name[:60]}’ was not made here, so that it is neither renamed nor deleted here.")
        return place

    def _free_name(self, name: str, besides: str = "") -> str:
        """A name that a collection can have and no other one has; letters may be large or small."""
        name = name.strip()
        if not NAME.fullmatch(name) or _same(name, [WORLD]):
            raise QueryError("A collection's name has letters, digits, spaces, dots or dashes, at most 60 of them.")
        if taken := _same(name, [known for known in self.collections() if known != besides]):
            raise QueryError(f"There is a collection '{taken}' already; choose it from the list or take another name.")
        return name

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
        from core.models.registry import model_for

        return model_for([place])

    def add(self, files: Sequence[Path], folder: str = "", captions: Path | None = None) -> None:
        """Begins to take files and index them, and to bring the collection in step with a folder of this computer."""
        _refuse_nothing(files, folder)
        place = _folder(folder)
        address = self._own()
        kept = _pictures(address)

        def work(model: "Model") -> Job:
            from core.library.indexing import index_paths
            from core.pictures.folders.uploads import receive_files

            paths = [place] if place is not None else []
            taken = receive_files(files, kept, should_stop=self._stop.is_set)
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
                        should_stop=self._stop.is_set,
                    )
                except DatasetError as error:
                    raise DatasetError(_sent(str(error), captions, kept)) from error
                lost = {os.path.dirname(item.path) for item in opened.items(report.kept)} if report.kept else set()
            report = replace(
                report,
                skipped=(*taken.refused, *((path, _sent(reason, captions, kept)) for path, reason in report.skipped)),
                passed_over=taken.passed_over + Counter(report.passed_over),
                junk=taken.junk + Counter(report.junk),
            )
            return Job("ended", report=report, lost_from=os.path.commonpath(lost) if lost else "")

        self._begin(work)

    def to_remove(self, what: str) -> Removal:
        """The items meant by an id, a file or a folder."""
        from core.library.selection import is_many, select_items

        if not what.strip():
            raise QueryError("There is nothing to remove; give an item's number, or a file or folder.")
        with open_collection(self._own()) as opened:
            ids, held = select_items(opened, [what.strip()]), len(opened)
        return Removal(tuple(ids), held, is_many(len(ids), held))

    def remove(self, ids: Sequence[int]) -> int:
        """Takes items out; how many were there. The pictures themselves stay where they are."""
        with open_collection(self._own(), writable=True, wait=WAIT_S) as opened:
            removed = opened.remove(ids)
        self._no_news()
        return removed

    def remove_gone(self) -> int:
        """Takes out the items that the last job kept though their files are gone, as far as they still are."""
        from core.library.selection import remove_gone

        kept = self.job.report.kept if self.job.report else ()
        with open_collection(self._own(), writable=True, wait=WAIT_S) as opened:
            removed = remove_gone(opened, kept)
        self.keep_gone()
        return removed

    def keep_gone(self) -> None:
        """The items whose files are gone stay: nobody is asked again, until the next job."""
        if self.job.report:
            self.job = replace(self.job, report=replace(self.job.report, kept=()))

    def _no_news(self) -> None:
        """What the last job did is forgotten, unless a person is still to be asked about it."""
        if self.job.state == "ended" and not (self.job.report and self.job.report.kept):
            self.job = Job()

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

    def _begin(self, work: "Callable[[Model], Job]") -> None:
        model, _ = self._session.ready()
        with self._lock:
            self._refuse_while_working()
            self._stop.clear()
            self.job = Job("working")
            self._thread = threading.Thread(target=self._run, args=(work, model), daemon=True)
            self._thread.start()

    def _run(self, work: "Callable[[Model], Job]", model: "Model") -> None:
        try:
            self.job = work(model)
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


def _called(place: Path) -> str:
    """The name of the collection in a folder below HOME/collections: what it was renamed to, or its folder's."""
    try:
        return (place.parent / NAME_FILE).read_text("utf-8").strip() or place.parent.name
    except (OSError, UnicodeDecodeError):
        return place.parent.name


def _same(name: str, known: Iterable[str]) -> str | None:
    """The known name that is this one, but for large and small letters."""
    return next((one for one in known if _plain(one) == _plain(name)), None)


def _plain(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold().strip()


def _free_folder(name: str) -> Path:
    """A folder for a new collection: of its name, unless a collection that was renamed has that one."""
    number, taken = 1, {_plain(folder.name) for folder in _home().glob("*") if (folder / "collection").exists()}
    while _plain(folder := name if number == 1 else f"{name}-{number}") in taken:
        number += 1
    return _home() / folder


def _sent(said: str, captions: Path | None, kept: Path) -> str:
    """A sentence without the folders that captions and pictures were sent to, which tell their sender nothing."""
    for folder in ([captions.parent] if captions is not None else []) + [kept]:
        said = said.replace(f"{folder}{os.sep}", "")
    return said


def _folder(named: str) -> Path | None:
    return Path(os.path.expanduser(named.strip())) if named.strip() else None


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
