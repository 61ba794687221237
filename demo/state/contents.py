"""What is in the open collection: pictures are added in the background, and items taken out; knows no Gradio."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import DatasetError, ImageError, QueryError
from core.files import home_folder
from core.pictures.folders.uploads import receive_files
from demo.state.app import AppState, Shown
from demo.state.job import Job
from index_store.address import Address
from index_store.opening import open_collection
from index_store.progress import Progress, ShouldStop, named

if TYPE_CHECKING:
    from core.library.indexing.sync import IndexReport
    from core.models.model import Model

ADDING = "Adding pictures"
WAIT_S = 20.0  # a page waits this long while another program writes


@dataclass(frozen=True)
class Added:
    """What came of adding pictures. `lost_from`: the folder of the items that `report` kept though their files are
    gone; empty where there are none.
    """

    report: "IndexReport"
    lost_from: str = ""


@dataclass(frozen=True)
class Removal:
    """Items to be taken out of the `held` that there are; `many`: only once a person agrees."""

    ids: tuple[int, ...]
    held: int
    many: bool


class Contents:
    """Adds to the open collection, one job at a time, and takes out of it. Shared by all visitors.

    What changes it is told what the page of whoever wants it `shown`: OtherCollection where that is not the open one.
    """

    def __init__(self, state: AppState) -> None:
        self._state = state
        self.job: Job[Added] = Job("sightwords-adding", "Pictures are still being added; wait for that or cancel it.")

    @property
    def added(self) -> Added | None:
        """What came of the last job, until that is forgotten; None while one is under way or where it failed."""
        return self.job.status.outcome

    def add(
        self,
        files: Sequence[Path],
        folder: str = "",
        captions: Path | None = None,
        shown: Shown | None = None,
        *,
        keep_dense: bool = False,
        with_captions: float | None = None,
    ) -> None:
        """Begins to take files and index them, and to bring the collection in step with a folder of this computer.

        keep_dense: from now on it keeps dense vectors, where it can.  with_captions: from now on what is written of
        pictures weighs so much in their vectors; None leaves that as it is.
        """
        refuse_nothing(files, folder)
        place = folder_named(folder)
        now = self._state.check_shown(shown)
        address = _own(now)
        kept = _pictures(address)
        model, _ = self._state.ready()

        def work(progress: Progress, should_stop: ShouldStop) -> Added:
            taken = receive_files(files, kept, should_stop=should_stop)
            if place is None and not taken.paths and not should_stop():
                raise ImageError(taken.why_nothing)
            paths = ([place] if place is not None else []) + taken.paths
            # an uploaded file lies in a folder of its own, so its names count from where the pictures are
            named_from = place if place is not None and place.is_dir() else kept
            try:
                added = _indexed(
                    model, address, paths, captions, None if files and place is not None else named_from,
                    keep_dense=keep_dense and isinstance(address, Path), with_captions=with_captions,
                    progress=named(progress, ADDING), should_stop=should_stop,
                )  # fmt: skip
            except DatasetError as error:
                raise DatasetError(_without_upload_folders(str(error), captions, kept)) from error
            report = added.report
            skipped = ((path, _without_upload_folders(reason, captions, kept)) for path, reason in report.skipped)
            report = replace(
                report,
                skipped=(*taken.refused, *skipped),
                passed_over=taken.passed_over + Counter(report.passed_over),
                junk=taken.junk + Counter(report.junk),
            )
            return replace(added, report=report)

        self.job.start(work, what=ADDING, within=self._still(now))

    def to_remove(self, what: str, shown: Shown | None = None) -> Removal:
        """The items meant by an id, a file or a folder."""
        from core.library.selection import is_many, select_items

        if not what.strip():
            raise QueryError("There is nothing to remove; give an item's number, or a file or folder.")
        with open_collection(self._own(shown)) as opened:
            ids, held = select_items(opened, [what.strip()]), len(opened)
        return Removal(tuple(ids), held, is_many(len(ids), held))

    def remove(self, ids: Sequence[int], shown: Shown | None = None) -> int:
        """Takes items out; how many were there. The pictures themselves stay where they are."""
        with open_collection(self._own(shown), writable=True, wait=WAIT_S) as opened:
            removed = opened.remove(ids)
        self.no_news()
        return removed

    def tag(self, ids: Sequence[int], tag: str, shown: Shown | None = None) -> None:
        """Gives items a tag; CollectionError for a text that cannot be one."""
        with open_collection(self._own(shown), writable=True, wait=WAIT_S) as opened:
            opened.tag(ids, add=[tag])

    def untag(self, ids: Sequence[int], tag: str, shown: Shown | None = None) -> int:
        """Takes a tag from items; how many had it."""
        with open_collection(self._own(shown), writable=True, wait=WAIT_S) as opened:
            having = [item.id for item in opened.items(ids) if tag in item.tags]
            opened.tag(having, remove=[tag])
        return len(having)

    def remove_gone(self, shown: Shown | None = None) -> int:
        """Takes out the items that the last job kept though their files are gone, as far as they still are."""
        from core.library.selection import remove_gone

        address = self._own(shown)
        kept = added.report.kept if (added := self.added) else ()
        with open_collection(address, writable=True, wait=WAIT_S) as opened:
            removed = remove_gone(opened, kept)
        self.keep_gone()
        return removed

    def keep_gone(self) -> None:
        """The items whose files are gone stay: nobody is asked again, until pictures are added again."""
        if added := self.added:
            self.job.amend(replace(added, report=replace(added.report, kept=())))

    def no_news(self) -> None:
        """What the last job did is forgotten, unless a person is still to be asked about it."""
        added = self.added
        if added is None or not added.report.kept:
            self.job.forget()

    @contextmanager
    def left_alone(self, shown: Shown | None = None) -> Iterator[None]:
        """No pictures are being added, and none begin to be; what was added before is another collection's news.

        Raises AtWork while pictures are being added, OtherCollection where a page `shown` another one than is open.
        """
        with self.job.idle():
            self._state.check_shown(shown)
            self.job.forget()
            yield

    @contextmanager
    def _still(self, shown: Shown) -> Iterator[None]:
        self._state.check_shown(shown)
        yield

    def _own(self, shown: Shown | None) -> Address:
        return _own(self._state.check_shown(shown))


def _own(shown: Shown) -> Address:
    if shown.address is None:
        raise QueryError("The built-in world is a fixed set of drawings; make a collection of your own first.")
    return shown.address


def _indexed(
    model: "Model",
    address: Address,
    paths: Sequence[Path],
    captions: Path | None,
    captions_folder: Path | None,
    *,
    keep_dense: bool,
    with_captions: float | None,
    progress: Progress,
    should_stop: ShouldStop,
) -> Added:
    """Brings the collection in step with `paths`; the arguments are those of `index_paths`."""
    from core.library.indexing.sync import index_paths

    terms = model.vocabulary.terms
    with open_collection(address, model=model.name, vocabulary=terms, writable=True) as opened:
        report = index_paths(
            model, opened, paths, captions=captions, captions_folder=captions_folder, keep_dense=keep_dense,
            with_captions=with_captions, progress=progress, should_stop=should_stop,
        )  # fmt: skip
        lost = {os.path.dirname(item.path) for item in opened.items(report.kept)} if report.kept else set()
    return Added(report, os.path.commonpath(lost) if lost else "")


def _without_upload_folders(sentence: str, captions: Path | None, kept: Path) -> str:
    """A sentence without the folders that captions and pictures were sent to, which tell their sender nothing."""
    for folder in ([captions.parent] if captions is not None else []) + [kept]:
        sentence = sentence.replace(f"{folder}{os.sep}", "")
    return sentence


def folder_named(named: str) -> Path | None:
    """The folder that a person named; None where nothing was."""
    return Path(os.path.expanduser(named.strip())) if named.strip() else None


def refuse_nothing(files: Sequence[Path], folder: str) -> None:
    """QueryError where neither files nor a folder were given."""
    if not files and not folder.strip():
        raise QueryError("There is nothing to add; choose pictures, a zip, or a folder of this computer.")


def _pictures(address: Address) -> Path:
    """Where pictures that are given to a collection in the app are kept: beside its folder, or in HOME."""
    beside = address if isinstance(address, Path) else home_folder() / "milvus" / address.name / "collection"
    return beside.parent / "pictures"
