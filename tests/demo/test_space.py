"""The app as a Hugging Face Space: laid out as the hub would, on requirements.txt alone, without a network."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("assets", "core", "demo", "index_store")  # what is no test and no tool
BARE = """
import socket, sys
FORBIDDEN = frozenset({forbidden!r})
class Nothing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in FORBIDDEN:
            raise ModuleNotFoundError(f"No module named {{name!r}} on a Space", name=name)
sys.meta_path.insert(0, Nothing())
reach = socket.socket.connect
def connect(self, address):
    if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1", "localhost", "0.0.0.0"):
        raise OSError("no network")
    return reach(self, address)
socket.socket.connect = connect
"""


def wanted() -> set[str]:
    """The distributions that requirements.txt brings, with all that they need in turn."""
    lines = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    waiting = [line for line in lines if line and not line.startswith(("#", "-"))]
    assert waiting
    found: set[str] = set()
    while waiting:
        name = re.split(r"[\s\[;<>=!~(]", waiting.pop())[0].lower().replace("_", "-")
        if name in found:
            continue
        try:
            needs = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue  # of another platform
        found.add(name)
        waiting += [need for need in needs if "extra ==" not in need]
    return found


def forbidden() -> list[str]:
    """Modules that this environment has and a Space has not."""
    there = wanted()
    owners = metadata.packages_distributions()
    return sorted(
        module
        for module, names in owners.items()
        if not {name.lower().replace("_", "-") for name in names} & there
        and module not in ("sightwords", "pip", "setuptools", "pkg_resources", "_distutils_hack")
    )


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root = tmp_path_factory.mktemp("space")
    place = root / "app"
    for name in FOLDERS:
        shutil.copytree(ROOT / name, place / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("app.py", "README.md", "requirements.txt", "constraints.txt"):
        shutil.copy(ROOT / name, place)
    (root / "site").mkdir()
    (root / "site" / "sitecustomize.py").write_text(BARE.format(forbidden=forbidden()))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "PYTHONPATH": str(root / "site"),
        "SPACE_ID": "somebody/sightwords",
        "SIGHTWORDS_HOME": str(root / "home"),
        "GRADIO_SERVER_PORT": str(port),
        "HF_HUB_OFFLINE": "1",
    }
    with (root / "log").open("w") as log:
        app = subprocess.Popen([sys.executable, "app.py"], cwd=place, env=environment, stdout=log, stderr=log)
        try:
            yield _answering(app, port, root / "log")
        finally:
            app.terminate()
            app.wait()
    assert "Traceback" not in (root / "log").read_text()


def _answering(app: subprocess.Popen[bytes], port: int, log: Path) -> str:
    for _ in range(240):
        assert app.poll() is None, log.read_text()
        with socket.socket() as asking:
            if asking.connect_ex(("127.0.0.1", port)) == 0:
                return f"http://127.0.0.1:{port}/"
        time.sleep(0.5)
    raise AssertionError(f"the app did not answer within two minutes: {log.read_text()}")


@pytest.mark.slow
def test_it_searches_explains_compares_and_keeps_strangers_out(space: str) -> None:
    client = Client(space, verbose=False)
    for _ in range(240):  # the world is searched while it is drawn
        found = client.predict("a dog", api_name="/search")
        if len(found["hits"]) == 10:
            break
        time.sleep(0.5)
    assert len(found["hits"]) == 10 and all(hit["file"] == "" for hit in found["hits"])  # where files lie is not told
    first, second = (hit["id"] for hit in found["hits"][:2])
    assert client.predict("a dog", first, second, api_name="/explain_order")["differences"]
    assert client.predict("a red dog", api_name="/link_words")
    assert client.predict("dog", api_name="/describe_term")
    assert client.predict(first, "dog", api_name="/locate_term")
    assert client.predict("a dog", "full", "literal", api_name="/compare_rankings")
    with pytest.raises(AppError, match="not told here"):
        client.predict("a dog", only=["folder=/"], api_name="/search")


def test_a_space_has_what_the_app_imports() -> None:
    """The readme's front matter is what the hub reads; versions are those that were tested."""
    front = (ROOT / "README.md").read_text("utf-8").split("---")[1]
    told = dict(re.findall(r"^(\w+): (.+)$", front, re.MULTILINE))
    assert told["sdk"] == "gradio" and told["app_file"] == "app.py" and (ROOT / told["app_file"]).exists()
    tested = dict(re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE))
    assert told["sdk_version"] == tested["gradio"]
    required = (ROOT / "requirements.txt").read_text("utf-8")
    assert "-c constraints.txt" in required
    for name in re.findall(r"^(\w[\w-]*)$", required, re.MULTILINE):
        assert name in {known.replace("_", "-") for known in tested} | set(tested), name
