"""Many visitors at once: python benchmarks/sessions.py

Starts the app on the built-in world and lets 20 clients search for two minutes, each with questions and edited weights
of its own, as fast as answers come. Every answer is compared with the one that the question has when nobody else asks,
so that anything that leaks from one session into another is seen. Prints errors, wrong answers, how long searches take,
the processor time that a search costs app and visitors, who share the machine, and the memory of the app. Never part of
the tests: numbers mean something only on a machine that does nothing else.

With `--hostile 3` the app is public, and three others send wrong types, edits of 10,000 terms, 60 requests at once and
files of 16 MB meanwhile (benchmarks/hostile.py). The same is measured for a minute before and after.
"""

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from gradio_client import Client
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # so that it runs without an installation

from core.world.captions import captions
from core.world.composer import compose

ROOT = Path(__file__).resolve().parents[1]
SETTLING_S = 8  # the world grows in steps of a few seconds
QUESTIONS = 5  # of each visitor's own


@dataclass
class Told:
    """What the visitors met with."""

    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    wrong: int = 0


def main() -> None:
    """Prints one table, and the app's memory over time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visitors", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--pause", type=float, default=0.0, help="seconds between an answer and the next question")
    parser.add_argument("--hostile", type=int, default=0, help="visitors more who mean no good; the app is public then")
    options = parser.parse_args()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "demo.cli", "serve", "--port", str(port), *["--public"] * (options.hostile > 0)]
    with tempfile.TemporaryFile("w+") as log:
        app = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
        try:
            run(f"http://127.0.0.1:{port}/", app.pid, options)
        finally:
            app.terminate()
            app.wait()
            log.seek(0)
            said = log.read()
            print(f"log of the app: {said.count(chr(10)):,} lines, {said.count('Traceback')} tracebacks")


def run(url: str, pid: int, options: argparse.Namespace) -> None:
    """Lets the visitors in, watches the app's memory, prints what came of it."""
    wait_for(url)
    asked = [[question(visitor, number) for number in range(QUESTIONS)] for visitor in range(options.visitors)]
    alone = visitor_of(url)
    expected = settled(alone, asked)
    if options.hostile:
        phase(url, pid, options, asked, expected, 60)
        command = [sys.executable, str(ROOT / "benchmarks" / "hostile.py"), url, "--visitors", str(options.hostile)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as hostile:
            phase(url, pid, options, asked, expected, options.seconds, f", beside {options.hostile} hostile ones")
            hostile.terminate()
            assert hostile.stdout is not None
            print("what those were answered:", ([*hostile.stdout] or ["nothing"])[-1].strip())
    last = 60 if options.hostile else options.seconds
    phase(url, pid, options, asked, expected, last, ", afterwards" if options.hostile else "")


def phase(
    url: str,
    pid: int,
    options: argparse.Namespace,
    asked: list[list[dict[str, Any]]],
    expected: list[list[list[tuple[int, float]]]],
    seconds: float,
    beside: str = "",
) -> None:
    """Lets the visitors in for the time that is asked for, and prints what they met with; `beside`: for the title."""
    told, until = Told(), time.monotonic() + seconds
    clients = [visitor_of(url) for _ in asked]
    threads = [
        threading.Thread(target=visit, args=(client, questions, answers, until, options.pause, told))
        for client, questions, answers in zip(clients, asked, expected, strict=True)
    ]
    memory, began = [megabytes(pid)], (processor_seconds(pid), time.process_time())
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        time.sleep(seconds / 8)
        memory.append(megabytes(pid))
    spent = (processor_seconds(pid) - began[0], time.process_time() - began[1])
    app_ms, visitor_ms = (1000 * seconds / max(len(told.seconds), 1) for seconds in spent)
    p50, p95, worst = np.percentile(told.seconds, [50, 95, 100])
    table = Table("", "", title=f"{options.visitors} visitors, {seconds:g} s{beside}")
    for what, value in (
        ("searches", f"{len(told.seconds):,} ({len(told.seconds) / seconds:.0f} a second)"),
        ("errors", f"{len(told.errors)} {told.errors[:1] or ''}"),
        ("answers that were not their own", str(told.wrong)),
        ("seconds a search: p50, p95, worst", f"{p50:.3f}, {p95:.3f}, {worst:.3f}"),
        ("processor time a search: app, visitor", f"{app_ms:.0f} ms, {visitor_ms:.0f} ms"),
        ("memory of the app, MB, over time", " ".join(f"{value:.0f}" for value in memory)),
    ):
        table.add_row(what, value)
    Console(width=110).print(table)


def settled(client: Client, asked: list[list[dict[str, Any]]]) -> list[list[list[tuple[int, float]]]]:
    """The answers, once they stay the same: before, the built-in world is being drawn."""
    while len(ask(client, {"text": "a dog"})) < 10:
        time.sleep(1)
    while True:
        first, second = (_after(seconds, client, asked) for seconds in (0, SETTLING_S))
        if first == second:
            return second


def _after(seconds: float, client: Client, asked: list[list[dict[str, Any]]]) -> list[list[list[tuple[int, float]]]]:
    time.sleep(seconds)
    return [[ask(client, one) for one in questions] for questions in asked]


def visitor_of(url: str) -> Client:
    """A client of its own; without certificates, as it would read all of them again for each plain http request."""
    return Client(url, verbose=False, ssl_verify=False)


def question(visitor: int, number: int) -> dict[str, Any]:
    """A caption of the validation split, every other one with edited weights."""
    scene = compose("val", visitor * QUESTIONS + number)
    weights = {"red": 1.0 + visitor / 10, "dog": -0.5 - number / 10} if number % 2 else None
    return {"text": captions(scene)[0].text, "weights": weights, "expansion": 0.25 + 0.75 * (visitor % 2), "k": 10}


def ask(client: Client, asked: dict[str, Any]) -> list[tuple[int, float]]:
    """The ids and scores found."""
    return [(hit["id"], hit["score"]) for hit in client.predict(**asked, api_name="/search")["hits"]]


def visit(
    client: Client,
    questions: list[dict[str, Any]],
    answers: list[list[tuple[int, float]]],
    until: float,
    pause: float,
    told: Told,
) -> None:
    """Asks one's own questions in turn until the time is up."""
    number = 0
    while time.monotonic() < until:
        started = time.monotonic()
        try:
            found = ask(client, questions[number % QUESTIONS])
        except Exception as error:  # whatever a visitor meets with is what is counted here
            told.errors.append(f"{type(error).__name__} {error}")
        else:
            told.seconds.append(time.monotonic() - started)
            told.wrong += found != answers[number % QUESTIONS]
        number += 1
        time.sleep(pause)


def wait_for(url: str) -> None:
    """Returns once the app answers; gives up after two minutes."""
    for _ in range(240):
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except OSError:
            time.sleep(0.5)
    raise SystemExit("The app did not start within two minutes.")


def processor_seconds(pid: int) -> float:
    """User and system time of a process so far (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def megabytes(pid: int) -> float:
    """Resident memory of a process (Linux)."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


if __name__ == "__main__":
    main()
