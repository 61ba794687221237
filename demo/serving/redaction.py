"""Takes the places of this machine out of all that strangers are answered; knows nothing of what is asked.

Sentences for strangers are written without places. This is for what nobody thought of: a message of another package, an
error of the system, an address in a setting.
"""

import html
import json
import re
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import quote

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.files import home_folder

NOT_TOLD = "[not told]"
TEXTS = ("application/json", "text/html", "text/event-stream", "text/plain")
_REST = rb"""(?:(?:/|\\+)[^\s"'<>&;,)\\]*)?"""  # of a path that begins with a place


def places_of_this_machine() -> list[str]:
    """Folders that tell who runs the app and where: home, current folder, temporary files, Python, Sightwords."""
    here = [Path(tempfile.gettempdir()), home_folder(), Path(sys.prefix), Path(sys.base_prefix)]
    here.append(Path(__file__).resolve().parents[2])
    for find in (Path.home, Path.cwd):
        try:
            here.append(find())
        except (OSError, RuntimeError):  # there is none
            continue
    return [str(path) for one in here for path in (one, one.resolve())]


class Redaction:
    """ASGI middleware that replaces places in texts that are answered, in the spellings of text, JSON and HTML.

    `places`: paths, and other names of places (the root is none); what follows one in its path goes, too. `names`:
    place → what is told instead of it, with what follows kept.
    """

    def __init__(self, app: ASGIApp, places: Iterable[str], names: Mapping[str, str]) -> None:
        self._app = app
        told = [(_spellings([place]), rb"", name) for place, name in names.items()]
        told.append((_outermost(_spellings(place for place in places if len(place) > 1)), _REST, NOT_TOLD))
        self._told = [(found, re.compile(_any_of(found) + rest), name.encode()) for found, rest, name in told]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers as the app does, without places."""
        held: Message | None = None  # the beginning of an answer whose length may change
        text = False

        async def tell(message: Message) -> None:
            nonlocal held, text
            if message["type"] == "http.response.start":
                headers = Headers(raw=message["headers"])
                text = headers.get("content-type", "").startswith(TEXTS)
                if text and "content-length" in headers:
                    held = message
                    return
            elif message["type"] == "http.response.body" and text:
                body = message.get("body", b"")
                message = {**message, "body": self.redacted(body)}
                if held is not None:
                    headers = MutableHeaders(raw=held["headers"])
                    longer = len(message["body"]) - len(body)
                    headers["content-length"] = str(int(headers["content-length"]) + longer)
                    await send(held)
                    held = None
            await send(message)

        await self._app(scope, receive, tell if scope["type"] == "http" else send)

    def redacted(self, text: bytes) -> bytes:
        """The text without places."""
        for spellings, pattern, name in self._told:
            if any(spelling in text for spelling in spellings):  # much faster than a pattern, and hardly ever so
                text = pattern.sub(name, text)
        return text


def _spellings(places: Iterable[str]) -> set[bytes]:
    """Each place as text, HTML, JSON and addresses have it."""
    return {
        spelling.encode("utf-8", "surrogateescape")
        for place in places
        for spelling in (place, html.escape(place), json.dumps(place)[1:-1], quote(place, errors="surrogateescape"))
    }


def _outermost(places: set[bytes]) -> set[bytes]:
    """Those that are not found anyway, as the rest of a path that begins with another one."""

    def is_below(place: bytes, other: bytes) -> bool:
        return place != other and place.startswith(other) and re.fullmatch(_REST, place[len(other) :]) is not None

    return {place for place in places if not any(is_below(place, other) for other in places)}


def _any_of(spellings: Iterable[bytes]) -> bytes:
    """A pattern of each as a path, or as the beginning of one."""
    longest_first = sorted(spellings, key=lambda one: (-len(one), one))
    return rb"(?<![\w.~-])(?:" + rb"|".join(map(re.escape, longest_first)) + rb")(?![\w-])"
