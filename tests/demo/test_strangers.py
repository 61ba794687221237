"""A public app tells no place of its machine, whatever it is sent, and answers all of it by a sentence."""

import logging
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

import httpx
import pytest
from gradio.queueing import Event
from PIL import Image

from core.library.indexing.sync import index_paths
from core.models.model import Model
from demo.serving import limits
from demo.serving.fair_queue import BUSY, MOST_PENDING, MOST_RUNNING, FairQueue
from demo.serving.redaction import NOT_TOLD, Redaction
from demo.serving.uploads import trim, upload_folder
from demo.state.app import AppState
from demo.web import App, serve
from index_store.folder.collection import Collection
from tests.demo.strangers import Stranger, failure, plain

SECRET = "Geheimer Ördner & <b>"  # of a folder


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory, model: Model, patches: list[Image.Image]) -> Path:
    """A folder with pictures and a collection of them."""
    made = tmp_path_factory.mktemp("strangers") / SECRET
    made.mkdir()
    for number, patch in enumerate(patches[:12]):
        patch.save(made / f"{number}.png")
    with Collection.create(made / "collection", model=model.name, vocabulary=model.vocabulary.terms) as collection:
        index_paths(model, collection, [made])
    return made


@pytest.fixture(scope="module")
def app(root: Path, model: Model) -> Iterator[App]:
    made = serve(AppState(model, root / "collection", public=True))
    yield made
    made.close(verbose=False)


@pytest.fixture
def stranger(app: App) -> Iterator[Stranger]:
    made = Stranger(app)
    yield made
    made.http.close()


def places(root: Path) -> list[str]:
    """What no stranger may read."""
    here = [
        Path.home(),
        Path.cwd(),
        Path(tempfile.gettempdir()),
        Path(sys.prefix),
        root,
        Path(os.environ["SIGHTWORDS_HOME"]),
    ]
    return sorted({SECRET, str(Path(__file__).parents[2]), *map(str, here), *(str(path.resolve()) for path in here)})


def assert_nothing_told(stranger: Stranger, root: Path) -> None:
    assert stranger.said
    for asked, answer in stranger.said:
        read = plain(answer)
        # a place is told as a path, or as the beginning of one, and not where a word goes on
        found = [place for place in places(root) if re.search(rf"(?<![\w.~-]){re.escape(place)}(?![\w-])", read)]
        assert not found, (asked, found, answer[:500])


def test_no_answer_tells_a_place_and_each_failure_is_a_sentence(
    stranger: Stranger, root: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    stranger.addresses()
    silent = [asked for asked, answer in stranger.events() if failure(answer) == ""]
    for action in stranger.app.fns.values():
        if action.api_name and action.api_visibility == "public":
            for value in ("dog", 1, None, {}, 2**70, "x" * 3000):
                answer = stranger.endpoint(str(action.api_name), *[value] * len(action.inputs))
                silent += [f"{action.api_name} {value}"] if failure(answer) == "" else []
    assert silent == []
    assert_nothing_told(stranger, root)
    printed = "".join(capfd.readouterr())
    assert "Traceback" not in printed and "Traceback" not in caplog.text
    assert all("\n" not in record.getMessage() and not record.exc_info for record in caplog.records)
    assert not [one for one in caplog.records if one.levelno >= logging.ERROR], "bad input is no failure of the app"


def test_the_page_itself_needs_no_redaction(stranger: Stranger) -> None:
    for path in ("", "config", "gradio_api/info", "gradio_api/openapi.json"):
        assert NOT_TOLD not in stranger.request("GET", path).text, path


def test_a_collection_that_breaks_tells_no_place(
    root: Path, tmp_path: Path, model: Model, patches: list[Image.Image]
) -> None:
    made = tmp_path / SECRET
    shutil.copytree(root, made)
    patches[0].save(made / "new.png")
    with Collection.open(made / "collection", writable=True) as collection:
        index_paths(model, collection, [made])
    app = serve(AppState(model, made / "collection", public=True))
    try:
        stranger = Stranger(app)
        found = stranger.endpoint("search", "a red dog")
        assert failure(found) is None
        (made / "new.png").write_bytes(b"broken")
        for picture in made.glob("?.png"):
            picture.unlink()
        for number in (1, 12, 13):
            stranger.endpoint("locate_term", number, "dog")
        assert any("new.png" in answer for _, answer in stranger.said) or not app.state.searcher.can_point()
        (made / "collection" / "catalog.sqlite").write_bytes(b"broken")
        shutil.rmtree(made / "collection" / "index")
        list(stranger.events(wrong=("x",)))
        stranger.endpoint("compare_rankings", "a dog")
        assert_nothing_told(stranger, made)
    finally:
        app.close(verbose=False)


def test_a_collection_that_cannot_be_opened_tells_no_place(root: Path, tmp_path: Path, other_model: Model) -> None:
    made = tmp_path / SECRET
    shutil.copytree(root, made)
    app = serve(AppState(other_model, made / "collection", public=True))  # which another model made
    try:
        app.state.job.wait(20)
        assert SECRET in app.state.status.message  # the owner reads it in the log
        stranger = Stranger(app)
        assert NOT_TOLD in (failure(stranger.endpoint("search", "a red dog")) or "")
        list(stranger.events(wrong=("x",)))
        assert_nothing_told(stranger, made)
    finally:
        app.close(verbose=False)


def test_a_picture_that_is_sent_is_known_by_a_name_without_a_place(stranger: Stranger, root: Path) -> None:
    with (root / "1.png").open("rb") as file:
        (name,) = stranger.request("POST", "gradio_api/upload", files={"files": ("a.png", file)}).json()
    assert name.startswith("sent/") and name.endswith("/a.png")
    take, dropped = stranger.action("_take_file"), stranger.action("_take_dropped")
    values = stranger.usual(take)
    sent = {"path": name, "meta": {"_type": "gradio.FileData"}, "orig_name": "a.png"}
    assert "sw-card" in stranger.event(take, [sent, *values[1:]])
    assert "sw-card" in stranger.event(dropped, values[1:], {"path": name})
    for other in (f"sent/../../../{root}/1.png", str(root / "1.png"), "sent/", "sent/nothing.png"):
        assert "sw-card" not in stranger.event(dropped, values[1:], {"path": other}, "other")
        assert "sw-card" not in stranger.event(take, [sent | {"path": other}, *values[1:]], session="other")
    assert_nothing_told(stranger, root)


def test_a_thumbnail_lies_under_a_name_that_nobody_can_guess(stranger: Stranger, root: Path) -> None:
    asking = stranger.action("_ask")
    found = stranger.event(asking, stranger.usual(asking, query="a red dog"))
    (key,) = set(re.findall(r"thumbnails/(\w+)/", found))
    assert stranger.request("GET", re.findall(r"thumbnails/[\w./]+", found)[0]).headers["content-type"] == "image/webp"
    guess = blake2b(str(root / "collection" / "thumbs").encode(), digest_size=9).hexdigest()
    assert key != guess and stranger.request("GET", f"thumbnails/{guess}/0000/1.webp").status_code == 404


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        ("gradio_api/queue/join", b"x" * 1_000_001, 413, "larger than the 1 MB"),
        ("gradio_api/upload", b"x" * 16_100_000, 413, "larger than the 16 MB"),
        ("gradio_api/queue/join", b'{"data": [], "fn_index": 1, "session_hash": "a b"}', 400, "no proper name"),
        ("gradio_api/queue/join", b'{"data": [], "fn_index": 9999, "session_hash": "a"}', 400, "no such action"),
        ("gradio_api/queue/join", b"[" * 5000, 400, "parsing"),
        ("gradio_api/call/nothing", b'{"data": []}', 400, "could not be answered"),
        ("gradio_api/component_server", b'{"data": 1, "component_id": 9, "fn_name": "x", "session_hash": ""}', 400, ""),
        ("gradio_api/vibe-edit", b"{}", 404, "nothing at this address"),
    ],
)  # fmt: skip
def test_too_much_is_refused_in_a_sentence(app: App, path: str, body: bytes, status: int, said: str) -> None:
    answer = httpx.post(f"{app.local_url}{path}", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, said in answer.json()["detail"]) == (status, True), answer.text


def test_an_upload_of_no_told_length_is_cut_off(app: App) -> None:
    form = (b'--x\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n', *[b"x" * 1_000_000] * 20)
    headers = {"content-type": "multipart/form-data; boundary=x"}
    answer = httpx.post(f"{app.local_url}gradio_api/upload", content=iter(form), headers=headers)
    assert answer.status_code == 413 and "16 MB" in answer.json()["detail"]


def test_only_the_newest_uploads_are_kept(tmp_path: Path) -> None:
    for number in range(5):
        file = tmp_path / str(number) / "a.png"
        file.parent.mkdir()
        file.write_bytes(b"x" * 100)
        os.utime(file, (number, number))
    trim(tmp_path, 250)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["3", "4"]
    assert upload_folder().is_absolute() and limits.KEPT_BYTES < 1e9


def test_a_session_that_asks_sixty_times_waits_for_itself(app: App, stranger: Stranger) -> None:
    queue = FairQueue(app, 4, 60)
    fn = app.fns[stranger.action("_ask")]
    queue.create_event_queue_for_fn(fn)
    queue.active_jobs = [None] * 8
    own = queue.event_queue_per_concurrency_id[fn.concurrency_id]
    for session in [*["greedy"] * 60, "ann", "bob"]:
        own.queue.append(Event(session, fn, None, None))  # type: ignore[arg-type]
    order = []
    for place in range(4):
        found = queue.get_events()
        if found:
            queue.active_jobs[place] = found[0]
            order.append(found[0][0].session_hash)
    assert order == ["greedy", "ann", "bob", "greedy"] and queue.get_events() is None
    assert order.count("greedy") == MOST_RUNNING and len(own.queue) == 58


def test_a_session_that_fetches_no_answer_is_refused_at_last(app: App, stranger: Stranger) -> None:
    action = stranger.action("_ask")
    data = stranger.usual(action, query="a red dog")
    asked = {"fn_index": action, "data": data, "session_hash": "greedy"}
    answers = [stranger.request("POST", "gradio_api/queue/join", json=asked) for _ in range(MOST_PENDING + 1)]
    assert [one.status_code for one in answers] == [200] * MOST_PENDING + [400]
    assert answers[-1].json()["detail"] == BUSY
    assert "sw-card" in stranger.event(action, data, session="another")


PLACE = "/home/ann b/été"


@pytest.mark.parametrize(
    ("told", "left"),
    [
        (f"in {PLACE}/x.png, too", f"in {NOT_TOLD}, too"),
        (f"in {PLACE}.", f"in {NOT_TOLD}."),
        (f"{PLACE}s and x{PLACE}", f"{PLACE}s and x{PLACE}"),
        ('"/home/ann b/\\u00e9t\\u00e9/x"', f'"{NOT_TOLD}"'),
        ("/home/ann%20b/%C3%A9t%C3%A9/x", NOT_TOLD),
        ("/srv/c/x<b>", f"{NOT_TOLD}<b>"),
        ("a /tmp/gradio/12/a.png", "a sent/12/a.png"),
    ],
)
def test_places_are_taken_out_in_every_spelling(told: str, left: str) -> None:
    async def nothing(*_: object) -> None:
        return None

    redaction = Redaction(nothing, [PLACE, "/srv/c", "/", "/tmp"], {"/tmp/gradio": "sent"})
    assert redaction.redacted(told.encode()).decode() == left
