"""Where weights lie and how they come: folders, the hub's cache as it lies on disk, a real server on this machine."""

import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from huggingface_hub import constants

from core.encoders.hub_files import HubFiles, source
from core.encoders.sources import WEIGHTS, Folder
from core.encoders.url_file import UrlFile
from core.errors import MissingFiles, ModelError

CONTENT = bytes(range(256)) * 20_000


class Server(BaseHTTPRequestHandler):
    """Serves one file, with ranges; breaks off after `self.server.cut` bytes of each answer."""

    def do_HEAD(self) -> None:
        self._head(0)

    def do_GET(self) -> None:
        start = int(self.headers.get("Range", "bytes=0-")[6:-1])
        self._head(start)
        self.wfile.write(CONTENT[start : start + self.server.cut])  # type: ignore[attr-defined]

    def _head(self, start: int) -> None:
        self.server.starts.append(start)  # type: ignore[attr-defined]
        if "gone" in self.path:
            return self.send_error(404)
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(CONTENT) - start))
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    made = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    made.cut, made.starts = len(CONTENT), []  # type: ignore[attr-defined]
    thread = threading.Thread(target=partial(made.serve_forever, poll_interval=0.01))
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


def at(server: ThreadingHTTPServer, name: str = "weights.pth") -> UrlFile:
    return UrlFile(f"http://127.0.0.1:{server.server_port}/models/{name}")


def test_a_file_is_fetched_recorded_and_checked_ever_after(server: ThreadingHTTPServer, home: Path) -> None:
    file = at(server)
    with pytest.raises(MissingFiles, match=r"weights\.pth"):
        file.locate()
    assert not home.exists()  # looking writes nothing
    assert file.size() == len(CONTENT)
    file.fetch()
    assert file.locate().read_bytes() == CONTENT and file.size() == 0
    record = home / "checkpoints" / "weights.pth.sha256"
    assert record.read_text().strip() == hashlib.sha256(CONTENT).hexdigest()
    file.path.write_bytes(CONTENT[:-1] + b"!")
    with pytest.raises(ModelError, match="not the file it was"):
        file.locate()


def test_a_download_that_breaks_off_goes_on(server: ThreadingHTTPServer, home: Path) -> None:
    file = at(server)
    server.cut = 2_000_000  # type: ignore[attr-defined]
    with pytest.raises(ModelError, match="broke off after 2,000,000"):
        file.fetch()
    assert sorted(path.name for path in (home / "checkpoints").iterdir()) == ["weights.pth.part"]
    assert file.size() == len(CONTENT) - 2_000_000
    with pytest.raises(MissingFiles):
        file.locate()
    server.cut = len(CONTENT)  # type: ignore[attr-defined]
    file.fetch()
    assert file.locate().read_bytes() == CONTENT
    assert server.starts[-1] == 2_000_000  # type: ignore[attr-defined]


def test_what_cannot_be_fetched_is_one_sentence_and_leaves_nothing(server: ThreadingHTTPServer, home: Path) -> None:
    for file in (at(server, "gone.pth"), UrlFile("http://127.0.0.1:9/nobody.pth")):
        with pytest.raises(ModelError, match="cannot be fetched") as caught:
            file.fetch()
        assert "\n" not in str(caught.value)
        with pytest.raises(ModelError):
            file.size()
    assert not list((home / "checkpoints").iterdir())


def test_offline_forbids_every_download(server: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    for where in (at(server), HubFiles("owner/name", ("config.json",))):
        for ask in (where.fetch, where.size):
            with pytest.raises(ModelError, match="HF_HUB_OFFLINE"):
                ask()
    assert not server.starts  # type: ignore[attr-defined]


def test_a_file_put_there_by_hand_is_taken_and_recorded(home: Path) -> None:
    file = UrlFile("https://example.invalid/by-hand.pth")
    file.path.parent.mkdir(parents=True)
    file.path.write_bytes(b"weights")
    assert file.locate() == file.path
    file.path.write_bytes(b"other weights")
    with pytest.raises(ModelError, match="not the file it was"):
        file.locate()


def test_the_hubs_cache_is_read_as_it_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    where = HubFiles("owner/name", ("config.json", WEIGHTS))
    with pytest.raises(MissingFiles, match=r"config.json, model.safetensors or .* of 'owner/name'") as caught:
        where.locate()
    assert str(tmp_path) in str(caught.value)
    snapshot = tmp_path / "models--owner--name" / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    (tmp_path / "models--owner--name" / "refs").mkdir()
    (tmp_path / "models--owner--name" / "refs" / "main").write_text("abc")
    (snapshot / "config.json").write_text("{}")
    assert where.missing() == ["model.safetensors or model.safetensors.index.json or pytorch_model.bin"]
    (snapshot / "model.safetensors.index.json").write_text(
        '{"weight_map": {"a": "1.safetensors", "b": "2.safetensors"}}'
    )
    (snapshot / "1.safetensors").touch()
    assert where.missing() == ["2.safetensors"]  # a snapshot that was broken off is not taken for whole
    (snapshot / "2.safetensors").touch()
    assert where.locate() == snapshot


def test_folders_and_hub_ids_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    assert source("mine", ("a",)) == Folder(tmp_path / "mine", ("a",))
    assert source("./gone", ("a",)) == Folder(tmp_path / "gone", ("a",))
    assert source("owner/name", ("a",)) == HubFiles("owner/name", ("a",))
    with pytest.raises(MissingFiles, match="no folder 'a b'"):
        source("a b", ())
    with pytest.raises(MissingFiles, match="no folder"):
        source("./gone", ("a",)).locate()
    with pytest.raises(MissingFiles, match="lacks a, b or c"):
        source("mine", ("a", ("b", "c"))).locate()
