"""What a stranger can send to an app, and all that comes back: every address, every event, every endpoint."""

import json
import re
from collections.abc import Iterator, Sequence
from html import unescape
from typing import Any
from urllib.parse import unquote

import gradio as gr
import httpx

from demo.web import App

WRONG = (None, {}, [["a"]], 1e308, 2**70, "../../etc/passwd")
GESTURES: tuple[Any, ...] = (
    None, {"id": 2**70}, {"id": 1}, {"edits": {"dog": "b"}}, {"edits": [1]}, ["x"], {"term": 5}, {"term": "dog"},
    {"rival": "x"}, {"unknown": "/etc"}, {"path": "sent/../../x"}, {"caption": 3},
)  # fmt: skip
PAGES = ("", "config", "gradio_api/info?all_endpoints=true", "thumbnails/x/0000/1.webp", "thumbnails/..%2f")


class Stranger:
    """A client that knows no rules; `said`: (what was asked, the answer with its headers) of all that it asked."""

    def __init__(self, app: App) -> None:
        self.app, self.said = app, list[tuple[str, str]]()
        self.http = httpx.Client(base_url=app.local_url or "", timeout=30)

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One answer."""
        answer = self.http.request(method, path.lstrip("/"), **options)
        self.said.append((f"{method} {path}", f"{answer.text}\n{dict(answer.headers)}"))
        return answer

    def event(self, action: int, data: Any, gesture: Any = None, session: str = "stranger") -> str:
        """The answer to an event of the page: its last message, or why there is none."""
        asked = {"fn_index": action, "data": data, "event_data": gesture, "session_hash": session}
        joined = self.request("POST", "gradio_api/queue/join", json=asked)
        last = joined.text
        if joined.is_success:
            with self.http.stream("GET", "gradio_api/queue/data", params={"session_hash": session}) as stream:
                for line in stream.iter_lines():
                    self.said.append((f"event {action} {data} {gesture}", line))
                    last = line.removeprefix("data: ") if "process_completed" in line else last
                    if "close_stream" in line:
                        break
        return last

    def endpoint(self, name: str, *given: Any) -> str:
        """The answer of an endpoint to the first arguments given: its stream, or why there is none."""
        data = [*given, *self.usual(self.action(name))[len(given) :]]
        joined = self.request("POST", f"gradio_api/call/{name}", json={"data": data})
        if not joined.is_success:
            return joined.text
        return self.request("GET", f"gradio_api/call/{name}/{joined.json()['event_id']}").text

    def addresses(self) -> None:
        """Asks every address that the server has, with what fits none."""
        for route in self.app.app.routes:
            path = re.sub(r"\{[^}]*\}", "1", getattr(route, "path", ""))
            for method in sorted((getattr(route, "methods", None) or {"GET"}) - {"HEAD"}):
                if "heartbeat" in path:  # goes on for ever
                    continue
                for body in ({"json": {}}, {"content": b"{"}) if method == "POST" else ({},):
                    self.request(method, path, **body)
        for path in PAGES:
            self.request("GET", path)

    def events(self, wrong: Sequence[Any] = WRONG) -> Iterator[tuple[str, str]]:
        """Sends every event of the page what it does not expect; yields what was sent, and the answer.

        `wrong`: values, each of which is sent for all components at once.
        """
        handlers = {one.fn: number for number, one in self.app.fns.items() if one.fn is not None}.values()
        for number, action in enumerate(handlers):
            wanted = len(self.app.fns[action].inputs)
            tried = [[], *([value] * wanted for value in wrong if wanted), *[self.usual(action)] * len(wrong)]
            for turn, data in enumerate(tried, start=number):
                gesture = GESTURES[turn % len(GESTURES)]
                yield f"{self.app.fns[action].name} {data} {gesture}", self.event(action, data, gesture)

    def action(self, name: str) -> int:
        """The number of the first event that the function of this name answers."""
        return next(number for number, one in self.app.fns.items() if name in (one.name, one.api_name))

    def usual(self, action: int, **values: object) -> list[object]:
        """What an untouched page sends for an event; `values`: others, by the names of components."""
        return [
            values.get(block.elem_id, None if isinstance(block, gr.State) else getattr(block, "value", None))
            for block in self.app.fns[action].inputs
        ]


def failure(answer: str) -> str | None:
    """The sentence of an answer that is a failure; None for a good one; "" for a failure without a sentence."""
    try:
        told = json.loads(answer)
    except ValueError:  # the stream of an endpoint
        found = re.search(r"event: error\ndata: (.*)", answer)
        return (json.loads(found[1]) or {}).get("error") or "" if found else None
    if "msg" in told:
        return None if told["success"] else told["output"].get("error") or ""
    return str(told.get("detail") or "") if "detail" in told else None


def plain(text: str) -> str:
    """An answer with all the spellings that HTML, JSON and addresses have undone."""
    read = re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), text)
    return "\n".join((text, read, unescape(read), unquote(unescape(read))))
