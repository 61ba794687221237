"""`serve --auth USER`: nothing is told before the password is; a program logs in, or sends it along."""

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from gradio_client import Client
from PIL import Image

from core.library.indexing.sync import index_paths
from core.models.model import Model
from demo.components.result_grid import file_url
from demo.serving.login import PASSWORD, WRONG_S, Login
from demo.state.app import AppState
from demo.web import App, launch, serve
from index_store.errors import SightwordsError
from index_store.folder.collection import Collection
from tests.demo.strangers import Stranger

WORD = "correct horse ü"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, model: Model, patches: list[Image.Image]) -> Iterator[App]:
    root = tmp_path_factory.mktemp("login")
    for number, patch in enumerate(patches[:6]):
        patch.save(root / f"{number}.png")
    with Collection.create(root / "c", model=model.name, vocabulary=model.vocabulary.terms) as collection:
        index_paths(model, collection, [root])
    made = serve(AppState(model, root / "c"), login=Login("anna", WORD))
    yield made
    made.close(verbose=False)


def test_nothing_is_told_to_who_has_not_logged_in(app: App) -> None:
    stranger = Stranger(app)
    stranger.addresses()
    assert stranger.said
    (folder,) = app.state.collection.thumbnails.parent.glob("thumbs") if app.state.collection else ()
    for asked, answer in stranger.said:
        assert "0.png" not in answer and str(folder.parent) not in answer, asked
    addresses = ("info", "queue/data?session_hash=x", "mcp/", "heartbeat/x", "file=/etc/passwd")
    for path in ("thumbnails/x/0000/1.webp", *(f"gradio_api/{one}" for one in addresses)):
        answer = httpx.get(f"{app.local_url}{path}")
        assert answer.status_code == 401 and "Log in first" in answer.json()["detail"], path
    for path in ("gradio_api/cancel", "gradio_api/queue/join", "gradio_api/upload", "gradio_api/component_server"):
        assert httpx.post(f"{app.local_url}{path}", json={}).status_code == 401, path
    assert "auth_required" in httpx.get(app.local_url or "").text


def test_a_program_logs_in_and_sees_pictures(app: App) -> None:
    client = Client(app.local_url or "", auth=("anna", WORD), verbose=False)
    assert client.predict("a red dog", api_name="/search")["hits"]
    with pytest.raises(ValueError):
        Client(app.local_url or "", auth=("anna", "wrong"), verbose=False)
    client.close()


def test_a_thumbnail_needs_the_password_and_a_wrong_one_takes_its_time(app: App) -> None:
    picture = (app.local_url or "") + file_url(str(app.state.sample(1)[0].thumbnail))
    assert httpx.get(picture).status_code == 401
    assert httpx.get(picture, auth=("anna", WORD)).headers["content-type"] == "image/webp"
    began = time.monotonic()
    assert httpx.get(picture, auth=("anna", "wrong")).status_code == 401 and time.monotonic() - began >= WRONG_S
    assert httpx.get(picture, headers={b"authorization": "Basic é".encode()}).status_code == 401


def test_a_missing_password_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(PASSWORD, raising=False)
    with pytest.raises(SightwordsError, match=f"set {PASSWORD}"):
        launch(user="anna", prevent_thread_lock=True)
    with pytest.raises(SightwordsError, match="has no name"):
        Login(" ", "x")
    monkeypatch.setenv(PASSWORD, "from there")
    assert Login("anna")._is("anna", "from there") and not Login("anna")._is("anna", "")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"host": "0.0.0.0"}, True),
        ({"host": "::"}, True),
        ({"host": "127.0.0.1"}, False),
        ({"host": "0.0.0.0", "public": True}, False),
        ({"host": "0.0.0.0", "user": "anna"}, False),
    ],
)
def test_who_lets_everybody_in_is_told_what_that_means(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], options: dict[str, object], said: bool
) -> None:
    monkeypatch.setenv(PASSWORD, "x")
    monkeypatch.setattr("demo.web.serve", lambda *given: None)
    launch(**options)  # type: ignore[arg-type]
    told = capsys.readouterr().err
    assert ("can read your collections, add to them and delete from them" in told) is said
