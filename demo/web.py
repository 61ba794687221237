"""The web app: builds the page from header and tabs, and serves it; asks nothing of any other machine."""

import logging
import os
import sys
from importlib.util import find_spec
from typing import Any

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # before the import: nothing is ever sent anywhere
# Gradio keeps figures of its last 10,000 events for a page that is off here, and makes a table of them at each event.
os.environ.update(GRADIO_ANALYTICS_MAX_EVENTS="1", GRADIO_ANALYTICS_CACHE_FREQUENCY="1000000000")

import gradio as gr
from gradio.blocks import Block
from starlette.middleware import Middleware
from starlette.routing import Route, Router

import core.encoders.zero_gpu  # noqa: F401  ZeroGPU asks that what needs a GPU is declared before the launch
from core.shipped import WORLD_MODEL
from demo.components.welcome import HEADER_SCRIPT, header
from demo.endpoints import SpokenBlocks, endpoints
from demo.pictures_route import pictures_route
from demo.serving.answers import HANDLERS, OneSentence, one_line
from demo.serving.fair_queue import FairQueue
from demo.serving.limits import Limits
from demo.serving.login import Login, LoginRequired
from demo.serving.redaction import Redaction, places_of_this_machine
from demo.serving.sessions import Sessions
from demo.serving.thumbnails import Thumbnails
from demo.serving.uploads import SENT, upload_folder, with_its_path
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

MAX_UPLOAD = 2_000_000_000  # bytes: a zip of pictures
MAX_UPLOAD_OF_STRANGERS = 16_000_000
DELETE_UPLOADS_S = (600, 3600)  # every ten minutes, what was uploaded more than an hour ago is deleted
DELETE_UPLOADS_OF_STRANGERS_S = (60, 600)  # each is read within seconds
SESSIONS = 200  # pages whose state is kept, those last used; a state holds an answer, so up to some 2 MB
AT_ONCE = 4  # events of a kind that are worked on at once: many threads may read an index
STATUS_S = 60  # the page shows no place in the queue, so it need not hear of each step
OPEN_TO_ALL = (
    "Listening on {host} without a password: whoever reaches this computer over the network can read your collections, "
    "add to them and delete from them. With --public they can only look; with --auth USER they need a password."
)
UNEXPECTED = "Something unexpected went wrong; the log says what."
UNFIT = "What was sent is not what this action takes; load the page again, or see /gradio_api/info."

log = logging.getLogger(__name__)


class App(SpokenBlocks):
    """Gradio's Blocks with the app state behind them; `close` ends both."""

    state: AppState

    async def process_api(self, block_fn: Any, *args: Any, **options: Any) -> dict[str, Any]:
        """As Gradio's; what goes wrong is answered by a sentence, and the log gets a line instead of a traceback."""
        gesture = options.get("event_data")
        if gesture is not None:
            gesture._data = with_its_path(gesture._data)  # of a picture that was dropped
        try:
            return await super().process_api(block_fn, *args, **options)
        except gr.Error as error:
            error.print_exception = False
            raise
        except Exception as error:  # a bug of ours, or of a component with what it cannot read
            name = getattr(block_fn, "name", block_fn)
            log.error("%s failed: %s", name, one_line(error), exc_info=log.isEnabledFor(logging.DEBUG))
            raise gr.Error(UNEXPECTED, print_exception=False) from error

    async def preprocess_data(self, block_fn: Any, inputs: list[Any], *args: Any, **options: Any) -> Any:
        """As Gradio's; what does not fit is answered by a sentence, too."""
        try:
            given = [_given(block, value) for block, value in zip(block_fn.inputs, inputs, strict=False)]
            return await super().preprocess_data(block_fn, given, *args, **options)
        except gr.Error:
            raise
        except Exception as error:  # whatever a component makes of what it cannot read
            log.info("%s was sent what does not fit: %s", block_fn.name, one_line(error))
            raise gr.Error(UNFIT, print_exception=False) from error

    def close(self, verbose: bool = True) -> None:
        """Stops the server and the app's background work."""
        super().close(verbose)
        self.state.close()


def _given(block: Block, value: Any) -> Any:
    """A value of a component, as its handlers expect it: an empty box is "", and a file that was sent has its path."""
    return "" if value is None and isinstance(block, gr.Textbox) else with_its_path(value)


def build(state: AppState) -> App:
    """The whole page for one app state; starts nothing."""
    delete_uploads = DELETE_UPLOADS_OF_STRANGERS_S if state.public else DELETE_UPLOADS_S
    with App(title="Sightwords", analytics_enabled=False, delete_cache=delete_uploads) as app:
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
    user: str | None = None,
    root_path: str = "",
    memory: int | None = None,
) -> App:
    """Serves the app until it is stopped; with `prevent_thread_lock` it returns at once.

    The server answers before the model is loaded or the built-in world is drawn; the page shows how far that is.

    `port`: None takes any free one. `mcp`: offers the endpoints as MCP tools too, at /gradio_api/mcp/. `public`: nobody
    can add, take out or choose anything; None is public on Hugging Face Spaces, where everybody may come, and nowhere
    else. `tell_places`: visitors of a public app may know where and with what camera pictures were taken. `user`: only
    who logs in by this name, with the password of the environment, sees anything. `root_path`: the path, or the whole
    address, at which a proxy offers the app. `memory`: see `AppState`.

    Raises CollectionError for a collection that is not there, OSError for a busy port, and SightwordsError where the
    package for MCP or the password is missing.
    """
    strangers = "SPACE_ID" in os.environ if public is None else public
    login = Login(user) if user is not None else None
    if not (strangers or login or is_loopback(host)):
        print(OPEN_TO_ALL.format(host=host), file=sys.stderr)
    state = AppState(model, collection, public=strangers, tell_places=tell_places, memory=memory)
    return serve(state, host, port, open_browser, prevent_thread_lock, mcp, login, root_path)


def serve(
    state: AppState,
    host: str = "127.0.0.1",
    port: int | None = None,
    open_browser: bool = False,
    prevent_thread_lock: bool = True,
    mcp: bool = False,
    login: Login | None = None,
    root_path: str = "",
) -> App:
    """Makes the app ready and serves it; the other parameters are those of `launch`."""
    if mcp and find_spec("mcp") is None:
        raise SightwordsError("MCP needs a package that is not installed; run: pip install 'sightwords[mcp]'.")
    served_here = is_loopback(host) and not state.public and login is None and not root_path  # behind no proxy
    state.on_own_machine = served_here and has_screen()
    app = build(state)
    thumbnails = Thumbnails()
    state.opened = thumbnails.add
    server = {
        "routes": [thumbnails.route, *_below("/pictures", pictures_route(state))],
        "middleware": _middleware(state, login),
        "exception_handlers": HANDLERS,
    }
    app.queue(default_concurrency_limit=AT_ONCE, status_update_rate=STATUS_S)
    if state.public:
        app.max_threads = max(8, 4 * (os.cpu_count() or 1))
        app._queue = FairQueue(app, AT_ONCE, STATUS_S)
    state.start()
    try:
        app.launch(
            **_options(host, port, open_browser),
            auth=login.check if login else None,  # type: ignore[arg-type]
            root_path=root_path or None,
            max_file_size=MAX_UPLOAD_OF_STRANGERS if state.public else MAX_UPLOAD,
            max_threads=app.max_threads,
            mcp_server=mcp,
            app_kwargs=server,
            prevent_thread_lock=True,
        )
        app.app.state_holder = Sessions(app)
        if not prevent_thread_lock:
            print(f"Sightwords is at {app.local_url} (Ctrl+C stops it)", file=sys.stderr)
            app.block_thread()
            state.close()
    except BaseException:
        state.close()
        raise
    return app


def _below(prefix: str, router: Router) -> list[Route]:
    """The routes of a router below a path; mounted, they would not be found behind a proxy with a path of its own."""
    return [Route(prefix + route.path, route.endpoint) for route in router.routes if isinstance(route, Route)]


def _middleware(state: AppState, login: Login | None) -> list[Middleware]:
    """What every request passes, outermost first."""
    passed = [Middleware(OneSentence)]
    if login is not None:
        passed.insert(0, Middleware(LoginRequired, login=login))
    if state.public:
        folder = upload_folder()
        places = [*places_of_this_machine(), *state.places()]
        passed.insert(0, Middleware(Redaction, places=places, names={str(folder): SENT}))
        passed.append(Middleware(Limits, most_upload=MAX_UPLOAD_OF_STRANGERS, uploads=folder))
    return passed


def _options(host: str, port: int | None, open_browser: bool) -> dict[str, Any]:
    return {
        "server_name": host,
        "server_port": port,
        "inbrowser": open_browser,
        "share": False,
        "quiet": True,
        "ssr_mode": False,  # no second server, no Node
        "run_history": False,
        "state_session_capacity": SESSIONS,
        "footer_links": [],  # its settings offer a recorder that fetches code from the web
        "favicon_path": LOGO,
        "theme": theme(),
        "css_paths": STYLES,
        "head": scripts(),
    }
