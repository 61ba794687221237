"""A model fetched from a hub on this machine: told of as it comes, stopped, fetched again, found offline afterwards."""

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
COMMIT = "0123456789abcdef0123456789abcdef01234567"
FILES = {"config.json": b'{"a": 1}', "model.safetensors": bytes(range(256)) * 200_000}  # 51 MB: several chunks
DATA = {"img_embs.parquet": b"images" * 500_000, "text_embs.parquet": b"texts" * 800_000, "dataset_meta.json": b"{}"}


class Hub(BaseHTTPRequestHandler):
    """The answers of the hub that a download needs."""

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, body: bool) -> None:
        path = self.path.partition("?")[0]
        if "/tree/" in path:
            entries = [{"type": "file", "path": name, "size": len(data), "oid": "0"} for name, data in DATA.items()]
            return self._send(200, json.dumps(entries).encode(), body, {"Content-Type": "application/json"})
        if path.startswith(("/api/models/", "/api/datasets/")):
            files, name = (
                (FILES, "me/model") if path.startswith("/api/models/") else (DATA | {"other": b"x"}, "me/data")
            )
            siblings = [{"rfilename": name, "size": len(data)} for name, data in files.items()]
            data = json.dumps({"id": name, "sha": COMMIT, "siblings": siblings}).encode()
            return self._send(200, data, body, {"Content-Type": "application/json"})
        data = (FILES | DATA).get(path.rpartition("/")[2])
        if data is None:
            return self.send_error(404)
        start = int(self.headers.get("Range", "bytes=0-")[6:].partition("-")[0])
        headers = {"ETag": f'"{len(data):040x}"', "X-Repo-Commit": COMMIT, "Accept-Ranges": "bytes"}
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        self._send(206 if start else 200, data[start:], body, headers)

    def _send(self, status: int, data: bytes, body: bool, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(data))}).items():
            self.send_header(name, value)
        self.end_headers()
        if body:
            with contextlib.suppress(ConnectionError):  # the other side stopped
                self.wfile.write(data)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def hub() -> Iterator[ThreadingHTTPServer]:
    made = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    thread = threading.Thread(target=partial(made.serve_forever, poll_interval=0.01))
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


FETCH = """
import sys
from core.errors import DownloadStopped
from core.encoders.hub_files import HubFiles
from core.encoders.sources import WEIGHTS
files = HubFiles("me/model", ("config.json", WEIGHTS))
size, stop, told = files.size(), int(sys.argv[1]), []
try:
    files.fetch(
        progress=lambda done, total, what: told.append((done, total, what)),
        should_stop=lambda: bool(told) and told[-1][0] >= stop,
    )
    said = "whole"
except DownloadStopped as error:
    said = str(error)
done = [row[0] for row in told]
assert done == sorted(done) and {row[1:] for row in told} == {(51200008, "me/model")}, told[:5]
print(size, len(set(done)), done[-1], said, sep="|")
"""


def test_a_model_is_fetched_stopped_and_fetched_again(hub: ThreadingHTTPServer, tmp_path: Path) -> None:
    environment = os.environ | {
        "HF_ENDPOINT": f"http://127.0.0.1:{hub.server_port}", "HF_HOME": str(tmp_path), "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    environment.pop("HF_HUB_OFFLINE", None)

    def fetch(stop: int) -> list[str]:
        ran = subprocess.run(
            [sys.executable, "-c", FETCH, str(stop)], env=environment, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout.strip().split("|")

    size, steps, done, said = fetch(stop=20_000_000)
    assert size == "51200008" and int(steps) > 2 and 20_000_000 <= int(done) < 51_200_008 and "stopped as asked" in said
    assert (
        not list(tmp_path.rglob("*.incomplete")) and len(list(tmp_path.rglob("snapshots/*/*"))) == 1
    )  # the small file
    size, _, done, said = fetch(stop=1 << 40)
    assert size == "51200000" and done == "51200008" and said == "whole"
    (kept,) = tmp_path.rglob("snapshots/*/model.safetensors")
    assert kept.read_bytes() == FILES["model.safetensors"]
    assert fetch(stop=1 << 40)[0] == "0"  # nothing more to come


DATASET = """
from core.data.hub import dataset_folder
told = []
folder = dataset_folder("me/data", lambda name, size: told.append((name, size, list(Path(HOME).rglob("*.parquet")))))
print(told, sorted(path.name for path in folder.iterdir()))
"""


def test_a_data_set_tells_its_size_before_anything_of_it_is_fetched(hub: ThreadingHTTPServer, tmp_path: Path) -> None:
    environment = os.environ | {
        "HF_ENDPOINT": f"http://127.0.0.1:{hub.server_port}", "HF_HOME": str(tmp_path), "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    environment.pop("HF_HUB_OFFLINE", None)
    program = f"from pathlib import Path\nHOME = {str(tmp_path)!r}\n{DATASET}"

    def said() -> str:
        ran = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout.strip()

    names = sorted(DATA)
    assert said() == f"[('me/data', 7000002, [])] {names}"
    assert said() == f"[] {names}"  # all is here: nobody is told, or asked
