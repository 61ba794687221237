"""Work in the background: refused while other work is under way, stopped, failed, repeated; for each who has some."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import demo.state.app
from core.data.dense_items import dense_items
from core.errors import QueryError
from core.library.indexing.sync import index_paths
from core.models.model import Model
from demo.state.app import AppState
from demo.state.compare import Comparing
from demo.state.contents import Contents
from demo.state.job import AtWork, Job
from demo.state.lab import Lab
from demo.state.lab_choice import Choice
from demo.state.library import Library
from index_store.errors import CollectionFull, SightwordsError
from index_store.folder.collection import Collection
from index_store.progress import Progress, ShouldStop

SOON_S = 30.0


class Held:
    """Stands in front of a piece of work: holds it until it is let go, and makes it fail where it is to."""

    def __init__(self, whole: Callable[..., Any]) -> None:
        self.whole = whole
        self.failure: Exception | None = None
        self.opens = False  # whether its first progress means that there is something to open
        self.begun, self.go = threading.Event(), threading.Event()
        self.stops: list[bool] = []  # what `should_stop` said once it was let go

    def __call__(self, *given: Any, progress: Progress, should_stop: ShouldStop, **options: Any) -> Any:
        if not self.opens:
            progress(1, 3, "some work")
        self.begun.set()
        assert self.go.wait(SOON_S)
        self.stops.append(should_stop())
        if self.failure is not None:
            raise self.failure
        return self.whole(*given, progress=progress, should_stop=should_stop, **options)


@dataclass
class User:
    """One who has a job: how it begins, what it refuses meanwhile, and the part of it that can be held."""

    job: Job[Any]
    begin: Callable[[], object]
    meanwhile: Callable[[], object]
    held: Held


@pytest.fixture
def started(model: Model, patches: list[Image.Image], tmp_path: Path, home: Path) -> Iterator[AppState]:
    """The app on a collection of three pictures."""
    (tmp_path / "pictures").mkdir()
    for number, patch in enumerate(patches[:3]):
        patch.save(tmp_path / "pictures" / f"{number}.png")
    with Collection.create(tmp_path / "mine", model=model.name, vocabulary=model.vocabulary.terms) as collection:
        index_paths(model, collection, [tmp_path / "pictures"])
    state = AppState(model, tmp_path / "mine", pictures=3)
    state.start()
    state.ready()
    yield state
    state.close()


@pytest.fixture(params=["library", "lab", "compare", "app"])
def user(
    request: pytest.FixtureRequest, started: AppState, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[User]:
    @contextmanager
    def holding(place: str, whole: Callable[..., Any] | None = None) -> Iterator[Held]:
        module, _, name = place.rpartition(".")
        held = Held(whole or getattr(__import__(module, fromlist=[name]), name))
        monkeypatch.setattr(place, held)
        yield held
        held.go.set()

    if request.param == "library":
        contents = Contents(started)
        begin = lambda: contents.add([], str(tmp_path / "pictures"))  # noqa: E731
        with holding("core.library.indexing.sync.index_paths") as held:
            yield User(contents.job, begin, begin, held)
            contents.job.wait(SOON_S)
    elif request.param == "lab":
        lab = Lab(started, Library(started))
        begin = lambda: lab.start(Choice("collection"))  # noqa: E731
        with holding("demo.state.lab.planned", lambda *given, **options: None) as held:
            yield User(lab.job, begin, lab.back, held)
            lab.job.wait(SOON_S)
    elif request.param == "compare":
        comparing = Comparing(started)

        def prepare() -> None:
            with suppress(SightwordsError):  # of the last time; who asks again has it tried again
                comparing.prepare("full", "dense")
                return
            comparing.prepare("full", "dense")

        with holding("core.data.dense_items.dense_items") as held:
            yield User(comparing.job, prepare, lambda: comparing.job.start(lambda progress, should_stop: None), held)
            comparing.job.wait(SOON_S)
    else:
        monkeypatch.setattr(demo.state.app, "STOPPING_S", 0.05)
        with holding("core.library.built_in_world.ensure_world") as held:
            held.opens = True
            yield User(started.job, lambda: started.use(None), lambda: started.use(tmp_path / "mine"), held)
            started.job.wait(SOON_S)


def ended(user: User) -> None:
    user.held.go.set()
    user.job.wait(SOON_S)
    assert user.job.status.state == "ended"


def test_other_work_is_refused_while_work_is_under_way(user: User) -> None:
    user.begin()
    assert user.held.begun.wait(SOON_S) and user.job.working
    with pytest.raises(AtWork, match=r"still|at work"):
        user.meanwhile()
    assert user.job.working and user.job.status.done == (not user.held.opens)
    ended(user)
    assert user.held.stops == [False] and user.job.status.error == ""


def test_work_is_stopped_and_begun_again(user: User) -> None:
    user.begin()
    assert user.held.begun.wait(SOON_S)
    user.job.stop()
    ended(user)
    assert user.held.stops == [True] and user.job.status.error == ""
    user.begin()
    ended(user)
    assert user.held.stops == [True, False] and user.job.status.error == ""


def test_work_that_fails_says_why_and_is_begun_again(user: User, caplog: pytest.LogCaptureFixture) -> None:
    user.held.failure = CollectionFull("The disk is full; make room.")
    user.begin()
    ended(user)
    assert user.job.status.error == "The disk is full; make room." and not caplog.records
    user.held.failure = ValueError("a bug")
    user.begin()
    ended(user)
    assert user.job.status.error == "Something unexpected went wrong (a bug); the log says what."
    assert [record.exc_info is not None for record in caplog.records] == [True]
    user.held.failure = None
    user.begin()
    ended(user)
    assert user.job.status.error == "" and len(user.held.stops) == 3


def test_a_comparison_is_waited_for_and_its_failure_told_once(
    started: AppState, monkeypatch: pytest.MonkeyPatch
) -> None:
    comparing = Comparing(started)
    held = Held(dense_items)
    monkeypatch.setattr("core.data.dense_items.dense_items", held)
    held.failure = CollectionFull("The disk is full; make room.")
    assert not comparing.prepare("full", "dense") and not comparing.prepare("dense", "full")
    assert comparing.job.status.total == 3 and comparing.prepare("full", "literal"), "terms need no dense vectors"
    held.go.set()
    comparing.job.wait(SOON_S)
    with pytest.raises(CollectionFull):
        comparing.prepare("full", "dense")
    held.failure = None
    while not comparing.prepare("full", "dense"):
        pass
    assert len(comparing.rank("a red dog", "dense", 3).hits) == 3 and len(held.stops) == 2


def test_what_the_work_needs_is_entered_before_and_left_after_it() -> None:
    job: Job[str] = Job("test", "At work ({what}).")
    told: list[str] = []

    @contextmanager
    def needed(refused: bool) -> Iterator[None]:
        if refused:
            raise QueryError("Somebody else has it.")
        told.append("entered")
        yield
        told.append("left")

    with pytest.raises(QueryError, match="Somebody else"):
        job.start(lambda progress, should_stop: "never", within=needed(True))
    assert job.status.state == "idle" and not told
    job.start(lambda progress, should_stop: told.append("worked") or "done", within=needed(False))
    job.wait(SOON_S)
    assert job.status.outcome == "done" and told == ["entered", "worked", "left"]
    job.forget()
    assert job.status.state == "idle" and job.status.outcome is None


def test_parts_of_the_work_are_counted_and_stopped_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    job: Job[list[bool]] = Job("test", "At work ({what}).")
    now = [100.0]
    monkeypatch.setattr("demo.state.job.time.monotonic", lambda: now[0])
    step, go = threading.Semaphore(0), threading.Semaphore(0)

    def work(progress: Progress, should_stop: ShouldStop) -> list[bool]:
        stops = []
        for done, what in ((2, "drawing"), (6, "drawing"), (1, "judging")):
            progress(done, 10, what)
            step.release()
            go.acquire()
            stops.append(job.take_stop())
        return stops

    job.start(work, what="getting ready")
    step.acquire()
    assert (job.status.what, job.status.done, job.status.seconds_left) == ("drawing", 2, None)
    now[0] += 8
    job.stop()
    go.release()
    step.acquire()
    assert job.status.seconds_left == 8.0, "four in eight seconds, four more to come"
    with pytest.raises(AtWork, match=r"At work \(drawing\)"), job.idle():
        pass
    go.release()
    step.acquire()
    assert (job.status.what, job.status.first, job.status.seconds_left) == ("judging", 1, None)
    assert not job.wait_until(lambda status: status.done == 7, 0.01)
    go.release()
    assert job.wait_until(lambda status: False, SOON_S) and job.status.outcome == [True, False, False]
