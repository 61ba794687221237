"""Behind nginx at a path of its own: the page, its answers, thumbnails, links and the login, in a real browser."""

import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from gradio_client import Client
from PIL import Image

from core.library.indexing.sync import index_paths
from core.models.model import Model
from demo.serving.login import Login
from demo.state.app import AppState
from demo.web import App, serve
from index_store.folder.collection import Collection
from tests.browser.driver import IN_BROWSER, QUIET, expect, playwright

NGINX = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
DOCS = Path(__file__).resolve().parents[2] / "docs" / "hosting.md"
pytestmark = [*IN_BROWSER, pytest.mark.skipif(NGINX is None, reason="needs nginx (Debian: apt install nginx)")]

Behind = Callable[[App], str]


def location() -> str:
    """The block for nginx that the documentation shows."""
    text = DOCS.read_text("utf-8")
    return text.partition("```nginx\n")[2].partition("```")[0]


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory, model: Model, patches: list[Image.Image]) -> Path:
    root = tmp_path_factory.mktemp("proxied")
    for number, patch in enumerate(patches[:12]):
        patch.save(root / f"{number}.png")
    with Collection.create(root / "c", model=model.name, vocabulary=model.vocabulary.terms) as made:
        index_paths(model, made, [root])
    return root / "c"


@pytest.fixture
def behind(tmp_path: Path) -> Iterator[Behind]:
    """Starts nginx, as documented, before an app; gives the address at which it offers the app."""
    started: list[subprocess.Popen[bytes]] = []

    def start(app: App) -> str:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        block = location().replace("127.0.0.1:7860", f"127.0.0.1:{app.server_port}")
        assert "/pictures/" in block
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        temporary = "".join(f"{kind}_temp_path {tmp_path};" for kind in kinds)
        config = tmp_path / "nginx.conf"
        config.write_text(
            f"daemon off; pid {tmp_path}/pid; error_log {tmp_path}/error.log; events {{}}"
            f"http {{ access_log off; {temporary} server {{ listen 127.0.0.1:{port}; {block} }} }}"
        )
        command = [str(NGINX), "-c", str(config), "-p", str(tmp_path)]
        started.append(subprocess.Popen(command, stderr=subprocess.DEVNULL))
        for _ in range(100):
            with socket.socket() as asking:
                if asking.connect_ex(("127.0.0.1", port)) == 0:
                    return f"http://127.0.0.1:{port}/pictures/"
            time.sleep(0.05)
        raise AssertionError((tmp_path / "error.log").read_text())

    yield start
    for one in started:
        one.terminate()
        one.wait()


def test_page_pictures_links_and_programs_work_below_a_path(collection: Path, model: Model, behind: Behind) -> None:
    app = serve(AppState(model, collection, public=True), root_path="/pictures")
    try:
        address = behind(app)
        with playwright.sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET)
            page = browser.new_page()
            failed: list[str] = []
            page.on("pageerror", lambda error: failed.append(str(error)))
            page.on("response", lambda one: failed.append(f"{one.status} {one.url}") if one.status >= 400 else None)
            page.on("request", lambda one: failed.append(one.url) if _astray(one.url, address) else None)
            page.goto(address + "?q=a+red+dog")
            expect(page.locator("#grid .sw-card").first).to_be_visible(timeout=30_000)
            page.wait_for_function("document.querySelector('#grid img')?.naturalWidth > 0")
            page.locator("#query textarea, #query input").first.fill("a blue cat")
            page.locator("#search-button").click()
            expect(page.locator("#link [data-link*='blue']")).to_have_count(1, timeout=10_000)
            assert failed == []
            browser.close()
        client = Client(address, verbose=False)
        assert client.predict("a red dog", api_name="/search")["hits"]
        client.close()
    finally:
        app.close(verbose=False)


def test_the_login_works_below_a_path(collection: Path, model: Model, behind: Behind) -> None:
    app = serve(AppState(model, collection), login=Login("anna", "word"), root_path="/pictures")
    try:
        address = behind(app)
        with playwright.sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET)
            page = browser.new_page()
            page.goto(address)
            page.get_by_label("username").fill("anna")
            page.get_by_label("password").fill("word")
            page.get_by_role("button", name="Login").click()
            expect(page.locator("#welcome .sw-mosaic")).to_be_visible(timeout=30_000)
            page.wait_for_function("document.querySelector('#welcome img')?.naturalWidth > 0")
            browser.close()
    finally:
        app.close(verbose=False)


def _astray(url: str, address: str) -> bool:
    return not url.startswith((address, "data:", "blob:"))
