"""Visitors who mean no good, for benchmarks/sessions.py: each goes on until it is ended, as fast as answers come.

One sends what is none of the types, edits of 10,000 terms and ids of others; one asks 60 things at once; one sends
files of 16 MB and asks with them. They run in a process of their own, so that they do not slow the others by Python.
"""

import argparse
import random
import secrets
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Thread
from typing import Any

import httpx

WRONG: tuple[Any, ...] = (None, "x" * 5_000, {}, [[["a"]]], 1e308, 2**70, -1, True, "\0", {"edits": [1]})
TERMS = 10_000
AT_ONCE = 60
FILE = 16_000_000  # bytes


class Hostile:
    """A visitor; `told`: how often each kind of answer came."""

    def __init__(self, url: str, seed: int, told: Counter[str]) -> None:
        self.http = httpx.Client(base_url=url, timeout=120)
        self.random, self.told = random.Random(seed), told
        config = self.http.get("config").json()
        self.events = [one["id"] for one in config["dependencies"]]
        self.parts = [one["id"] for one in config["components"]]
        self.upload = next(one for one in config["dependencies"] if (one["targets"] or [[0, ""]])[0][1] == "upload")
        names = self.http.get("gradio_api/info").json()["named_endpoints"]
        self.names = {name: len(one["parameters"]) for name, one in names.items()}

    def send(self, path: str, **options: Any) -> httpx.Response | None:
        """Sends one request, and notes what came of it; an answer of 500 or above is a failure of the app."""
        try:
            answer = self.http.post(path, **options)
        except httpx.HTTPError as error:
            self.told[type(error).__name__] += 1
            return None
        self.told[str(answer.status_code)] += 1
        return answer

    def event(self, action: int, data: Any, gesture: Any = None, session: str = "", read: bool = True) -> None:
        """Sends an event of the page, and reads its answer, or does not."""
        session = session or secrets.token_hex(6)
        asked = {"fn_index": action, "data": data, "event_data": gesture, "session_hash": session}
        joined = self.send("gradio_api/queue/join", json=asked)
        if joined is None or not joined.is_success or not read:
            return
        with self.http.stream("GET", "gradio_api/queue/data", params={"session_hash": session}) as stream:
            for line in stream.iter_lines():
                if "close_stream" in line:
                    break

    def nonsense(self) -> None:
        """Wrong types, 10,000 terms, ids that are others', parts that are none."""
        value = self.random.choice(WRONG)
        name, wanted = self.random.choice([*self.names.items()])
        self.send(f"gradio_api/call{name}", json={"data": [value] * wanted})
        self.event(self.random.choice(self.events), [value] * 12, self.random.choice(WRONG))
        weights = {f"term{number}": number % 7 for number in range(TERMS)}
        given = ["dog", 1000, 1.0, "full", "both", weights, None, 0.5, [], False, [], None]
        self.send("gradio_api/call/search", json={"data": given})
        self.event(self.random.choice(self.events), ["dog"] * 12, {"edits": weights}, read=False)
        other = self.random.randrange(10**6)
        self.send("gradio_api/call/explain_order", json={"data": ["dog", other, -other]})
        self.send("gradio_api/cancel", json={"session_hash": "a", "fn_index": 1, "event_id": secrets.token_hex(16)})
        asked = {"data": [other, "dog"], "component_id": self.random.choice(self.parts), "session_hash": "a"}
        self.send("gradio_api/component_server", json=asked | {"fn_name": "seen"})

    def crowd(self) -> None:
        """60 costly questions at once, of one session, whose answers it may not even fetch."""
        session = secrets.token_hex(6)
        data = ["a dog on a red sofa", 1000, 1.0, "full", "both", None, None, 0.5, [], True, [], None]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for number in range(AT_ONCE):
                if number % 2:
                    pool.submit(self.send, "gradio_api/call/search", json={"data": data, "session_hash": session})
                else:
                    pool.submit(self.event, self.random.choice(self.events), ["dog"] * 12, None, session, False)
        with self.http.stream("GET", "gradio_api/queue/data", params={"session_hash": session}) as stream:
            next(stream.iter_lines(), None)

    def files(self) -> None:
        """A file of 16 MB of noise that is called a picture, and a question with it; then one that is too large."""
        form = {"files": ("noise.png", self.random.randbytes(1000) * (FILE // 1000 - 1))}
        sent = self.send("gradio_api/upload", files=form)
        if sent is not None and sent.is_success:
            picture = {"path": sent.json()[0], "meta": {"_type": "gradio.FileData"}}
            settings = ["", 1, "full", "image", [], 0.5, False, None]
            self.event(self.upload["id"], [picture, *settings])
        self.send("gradio_api/upload", files={"files": ("large.png", b"x" * (FILE + 100_000))})


def main() -> None:
    """Goes on until it is ended; prints what was told each ten seconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--visitors", type=int, default=3)
    options = parser.parse_args()
    told: Counter[str] = Counter()
    threads = []
    for number in range(options.visitors):
        visitor = Hostile(options.url, number, told)
        act = (visitor.nonsense, visitor.crowd, visitor.files)[number % 3]
        threads.append(Thread(target=_for_ever, args=(act, told), daemon=True))
        threads[-1].start()
    while True:
        threads[0].join(10)
        print(dict(told), flush=True)


def _for_ever(act: Any, told: Counter[str]) -> None:
    while True:
        try:
            act()
        except httpx.HTTPError as error:
            told[type(error).__name__] += 1


if __name__ == "__main__":
    main()
