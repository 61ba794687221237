"""The web app: builds the page from header and tabs, and serves it; asks nothing of any other machine."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # before the import: nothing is ever sent anywhere

import gradio as gr
from starlette.staticfiles import StaticFiles

import core.encoders.zero_gpu  # noqa: F401  ZeroGPU asks that what needs a GPU is declared before the launch
from core.shipped import WORLD_MODEL
from demo.components.result_grid import folder_key
from demo.components.welcome import HEADER_SCRIPT, header
from demo.endpoints import SpokenBlocks, endpoints
from demo.pictures_route import pictures_route
from demo.state.app import AppState
from demo.state.lab import Lab
from demo.state.library import Library
from demo.state.own_machine import has_screen, is_loopback
from demo.tabs.compare import compare_tab
from demo.tabs.gradio_defaults import QUIET, Changes
from demo.tabs.inspect import about_term, inspect_tab
from demo.tabs.lab import LabTab, closed_lab
from demo.tabs.library import LibraryTab
from demo.tabs.search import search_tab
from demo.theme import LOGO, STYLES, scripts, theme
from index_store.address import Address
from index_store.errors import SightwordsError

MAX_UPLOAD = "2gb"  # a zip of pictures
MAX_UPLOAD_OF_STRANGERS = "16mb"
DELETE_UPLOADS_S = (600, 3600)  # every ten minutes, what was uploaded more than an hour ago is deleted


class App(SpokenBlocks):
    """Gradio's Blocks with the app state behind them; `close` ends both."""

    state: AppState

    def close(self, verbose: bool = True) -> None:
        """Stops the server and the app's background work."""
        super().close(verbose)
        self.state.close()


class Thumbnails(StaticFiles):
    """Serves the thumbnails of the collections that were opened; an address does not show where the folder lies."""

    def __init__(self) -> None:
        super().__init__()
        self._folders: dict[str, StaticFiles] = {}

    def add(self, folder: Path) -> None:
        """Serves the thumbnails in this folder too."""
        self._folders[folder_key(folder)] = StaticFiles(directory=folder, check_dir=False)

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        """The file at "key of its folder/name below it", as StaticFiles wants it; ("", None) for an unknown folder."""
        key, _, name = path.partition(os.sep)
        return self._folders[key].lookup_path(name) if key in self._folders else ("", None)


def build(state: AppState) -> App:
    """The whole page for one app state; starts nothing."""
    with App(title="Sightwords", analytics_enabled=False, delete_cache=DELETE_UPLOADS_S) as app:
        gr.HTML(
            header(LOGO.read_text("utf-8")),
            js_on_load=HEADER_SCRIPT,
            elem_id="header",
            apply_default_css=False,
            padding=False,
        )
        library = None if state.public else Library(state)
        with gr.Tabs(elem_id="tabs") as tabs:
            with gr.Tab("Search", id="search") as tab:
                own = search_tab(state, library, app, tab)
            with gr.Tab("Inspect", id="inspect") as tab:
                inspecting = inspect_tab(state, tab)
            with gr.Tab("Compare", id="compare") as tab:
                comparing = compare_tab(state, tab)
            lab = None
            if library is None:
                with gr.Tab("Lab", id="lab"):
                    closed_lab()
            else:
                lab = Lab(state, library)
                with gr.Tab("Lab", id="lab") as tab:
                    LabTab(state, lab, tab)
                with gr.Tab("Library", id="library") as tab:
                    page = LibraryTab(state, library)
                tab.select(page.arrive, page.left, page.shown, **QUIET)
                led = own.click(
                    lambda *left: {tabs: gr.Tabs(selected="library"), **page.arrive(*left)},
                    page.left, [tabs, *page.shown], **QUIET,
                )  # fmt: skip
                led.then(None, None, None, js="() => sightwords.focusLibraryFolder()")

        def arrive(request: gr.Request) -> Changes:
            """Opens the page of a term where the address names one."""
            word = request.query_params.get("term", "")
            return (
                {tabs: gr.Tabs(selected="inspect")} | about_term(state, inspecting, word) if word else {tabs: gr.skip()}
            )

        app.load(arrive, None, [tabs, inspecting.notice, inspecting.term_page], **QUIET)
        endpoints(state, comparing, lab)
    app.state = state
    return app


def launch(
    model: str = WORLD_MODEL,
    collection: Address | None = None,
    host: str = "127.0.0.1",
    port: int | None = 7860,
    open_browser: bool = False,
    prevent_thread_lock: bool = False,
    mcp: bool = False,
    public: bool | None = None,
    tell_places: bool = False,
) -> App:
    """Serves the app until it is stopped; with `prevent_thread_lock` it returns at once.

    The server answers before the model is loaded or the built-in world is drawn; the page shows how far that is.

    `port`: None takes any free one. `mcp`: offers the endpoints as MCP tools too, at /gradio_api/mcp/. `public`: nobody
    can add, take out or choose anything; None is public on Hugging Face Spaces, where everybody may come, and nowhere
    else. `tell_places`: visitors of a public app may know where and with what camera pictures were taken.

    Raises CollectionError for a collection that is not there, OSError for a busy port, and SightwordsError where the
    package for MCP is missing.
    """
    strangers = "SPACE_ID" in os.environ if public is None else public
    state = AppState(model, collection, public=strangers, tell_places=tell_places)
    return serve(state, host, port, open_browser, prevent_thread_lock, mcp)


def serve(
    state: AppState,
    host: str = "127.0.0.1",
    port: int | None = None,
    open_browser: bool = False,
    prevent_thread_lock: bool = True,
    mcp: bool = False,
) -> App:
    """Makes the app ready and serves it; the other parameters are those of `launch`."""
    if mcp and find_spec("mcp") is None:
        raise SightwordsError("MCP needs a package that is not installed; run: pip install 'sightwords[mcp]'.")
    state.on_own_machine = is_loopback(host) and not state.public and has_screen()
    app = build(state)
    # Many threads may read an index. The page shows no place in the queue, so it need not hear of each step.
    app.queue(default_concurrency_limit=4, status_update_rate=60)
    thumbnails = Thumbnails()
    state.opened = thumbnails.add
    state.start()
    try:
        limit = MAX_UPLOAD_OF_STRANGERS if state.public else MAX_UPLOAD
        app.launch(**_options(host, port, open_browser), max_file_size=limit, mcp_server=mcp, prevent_thread_lock=True)
        app.app.mount("/thumbnails", thumbnails)
        app.app.mount("/pictures", pictures_route(state))
        if not prevent_thread_lock:
            print(f"Sightwords is at {app.local_url} (Ctrl+C stops it)", file=sys.stderr)
            app.block_thread()
            state.close()
    except BaseException:
        state.close()
        raise
    return app


def _options(host: str, port: int | None, open_browser: bool) -> dict[str, Any]:
    return {
        "server_name": host,
        "server_port": port,
        "inbrowser": open_browser,
        "share": False,
        "quiet": True,
        "ssr_mode": False,  # no second server, no Node
        "run_history": False,
        "footer_links": [],  # its settings offer a recorder that fetches code from the web
        "favicon_path": LOGO,
        "theme": theme(),
        "css_paths": STYLES,
        "head": scripts(),
    }
