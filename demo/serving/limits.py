"""What one visitor may ask of a public app: known addresses, small requests, few at once; a sentence otherwise."""

import asyncio
import re
from collections import Counter
from contextlib import AbstractAsyncContextManager, nullcontext
from pathlib import Path

import orjson
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from demo.serving.answers import sentence
from demo.serving.fair_queue import BUSY, MOST_PENDING, MOST_RUNNING
from demo.serving.uploads import trim

MOST_BYTES = 1_000_000  # of a question: 10,000 weights by hand have a fifth of that
MOST_UPLOADS = 4  # at once, of all visitors
UPLOAD_PACE = 4_000_000  # bytes a second of each: reading a form takes the time of those who only ask
KEPT_BYTES = 256_000_000  # of uploads; the newest ones, as each is read within seconds
PATIENCE_S = 300.0  # for a request to arrive
SESSION = re.compile(r"[\w-]{1,64}")  # the name of one, as Gradio's own clients make them

# Of Gradio's addresses, what its page and its clients ask for; not its file server, recorder, editor, monitor, proxy.
KNOWN = re.compile(
    r"/gradio_api/(?:info|openapi\.json|queue/\w+|call/.+|run/\w+|api/\w+|cancel|reset|component_server|upload|"
    r"upload_progress|heartbeat/[\w-]{1,64}|startup-events|app_id|login_check|user|theme\.css|mcp(?:/.*)?)/?"
)
CLOSED = re.compile(r"/(?:gradio_api|monitoring|pwa_icon|dev)(?:/.*)?")  # otherwise
DIRECT = re.compile(r"/gradio_api/(?:run/\w+|api/\w+|component_server)/?")  # answered at once, past the queue

NOT_HERE = "There is nothing at this address."
TOO_LARGE = "This is larger than the {most} that can be sent here; send less."
NO_SESSION = "The session has no proper name; it has letters and digits, at most 64."


class TooLarge(Exception):
    """A request has more bytes than it may have."""


class Limits:
    """ASGI middleware that lets a public app answer what its page and programs ask, and not more of that at once.

    `most_upload`: bytes of a file. `uploads`: the folder in which files lie until they are read.
    """

    def __init__(self, app: ASGIApp, most_upload: int, uploads: Path) -> None:
        self._app, self._most_upload, self._uploads = app, most_upload, uploads
        self._uploading = asyncio.Semaphore(MOST_UPLOADS)
        self._asked: Counter[str] = Counter()  # direct questions of each session that are not answered yet
        self._turns: dict[str, asyncio.Semaphore] = {}  # of those sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers as the app does, or says in a sentence what was too much."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        if CLOSED.fullmatch(path) and not KNOWN.fullmatch(path):
            await sentence(NOT_HERE, 404)(scope, receive, send)
        elif scope["method"] != "POST":
            await self._app(scope, receive, send)
        elif path.rstrip("/") == "/gradio_api/upload":
            await self._upload(scope, receive, send)
        else:
            await self._ask(scope, receive, send, direct=DIRECT.fullmatch(path) is not None)

    async def _upload(self, scope: Scope, receive: Receive, send: Send) -> None:
        most, arrived = self._most_upload + 10_000, 0  # the form around the file
        if _length(scope) > most:
            await sentence(TOO_LARGE.format(most=_megabytes(self._most_upload)), 413)(scope, receive, send)
            return

        async def counted() -> Message:
            nonlocal arrived
            message = await receive()
            size = len(message.get("body", b""))
            arrived += size
            if arrived > most:
                raise TooLarge
            await asyncio.sleep(size / UPLOAD_PACE)
            return message

        try:
            async with self._uploading, asyncio.timeout(PATIENCE_S):
                await self._app(scope, counted, send)
        except TooLarge:
            await sentence(TOO_LARGE.format(most=_megabytes(self._most_upload)), 413)(scope, receive, send)
        finally:
            await asyncio.to_thread(trim, self._uploads, KEPT_BYTES)

    async def _ask(self, scope: Scope, receive: Receive, send: Send, direct: bool) -> None:
        try:
            body = await _whole(scope, receive)
        except TooLarge:
            await sentence(TOO_LARGE.format(most=_megabytes(MOST_BYTES)), 413)(scope, receive, send)
            return
        session = _session(body)
        if session is not None and not SESSION.fullmatch(session):
            await sentence(NO_SESSION, 400)(scope, receive, send)
        elif self._asked[session or ""] >= MOST_PENDING:
            await sentence(BUSY, 429)(scope, receive, send)
        else:
            async with self._turn(session or "") if direct else nullcontext():
                await self._app(scope, _again(body, receive), send)

    def _turn(self, session: str) -> AbstractAsyncContextManager[None]:
        return _Turn(session, self._asked, self._turns)


class _Turn(AbstractAsyncContextManager[None]):
    """The turn of one direct question; of one session, `MOST_RUNNING` have theirs at once."""

    def __init__(self, session: str, asked: "Counter[str]", turns: dict[str, asyncio.Semaphore]) -> None:
        self._session, self._asked, self._turns = session, asked, turns

    async def __aenter__(self) -> None:
        self._asked[self._session] += 1
        turn = self._turns.setdefault(self._session, asyncio.Semaphore(MOST_RUNNING))
        try:
            await turn.acquire()
        except BaseException:  # the visitor left
            self._forget()
            raise

    async def __aexit__(self, *_: object) -> None:
        self._turns[self._session].release()
        self._forget()

    def _forget(self) -> None:
        self._asked[self._session] -= 1
        if not self._asked[self._session]:
            del self._asked[self._session], self._turns[self._session]


async def _whole(scope: Scope, receive: Receive) -> bytes:
    """All that a request holds. Raises TooLarge, and TimeoutError for one that does not arrive."""
    if _length(scope) > MOST_BYTES:
        raise TooLarge
    body, more = bytearray(), True
    async with asyncio.timeout(PATIENCE_S):
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message["type"] == "http.request" and message.get("more_body", False)
            if len(body) > MOST_BYTES:
                raise TooLarge
    return bytes(body)


def _again(body: bytes, receive: Receive) -> Receive:
    """Gives a body that was read already, and then what else arrives."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _session(body: bytes) -> str | None:
    """The name of the session that a question says it comes from; None where it says none."""
    try:
        read = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    named = read.get("session_hash") if isinstance(read, dict) else None
    return named if isinstance(named, str) else None if named is None else str(named)


def _length(scope: Scope) -> int:
    told = Headers(scope=scope).get("content-length", "")
    return int(told) if told.isdecimal() else 0


def _megabytes(count: int) -> str:
    return f"{count / 1e6:.0f} MB"
