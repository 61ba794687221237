"""Three processes index, tag and remove photographs of one collection at once, until `kill -9` ends each of them.

    python -m tests.killing_together 100

After every round the collection must be sound, and all must be there that was reported. Whoever starts the rounds forks
and therefore opens nothing itself: looking at the collection is another child's work.
"""

import json
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from core.library.indexing import sync
from core.pictures.images import content_hash
from index_store.errors import ItemNotFound
from index_store.folder.collection import Collection
from tests.conftest import make_model

PICTURES = 40  # at most, so that files are changed and not only added
State = dict[str, tuple[int, list[str], bool]]  # of every picture by name: id, tags, whether its file has these bytes
Say = Callable[..., None]


def index(place: Path, seed: int, say: Say) -> None:
    """Changes, adds and renames pictures, two at a time, and brings the collection in step."""
    choose, own, pictures = random.Random(seed), make_model(), place / "pictures"
    sync.BATCH = 2
    with Collection.open(place / "c", writable=True) as held:
        while True:
            for _ in range(choose.randint(1, 5)):
                name = f"{choose.randrange(PICTURES)}.png"
                colours = np.random.default_rng(choose.randrange(10**6)).integers(0, 256, (4, 4, 3), dtype=np.uint8)
                Image.fromarray(colours).resize((48, 32), Image.Resampling.NEAREST).save(pictures / f".{name}")
                (pictures / f".{name}").rename(pictures / name)  # a torn picture would be the test's own doing
                say("changing", name)
            stored = sync.index_paths(own, held, [pictures], progress=lambda done, total, name: say("told", name))
            assert not stored.skipped, stored.skipped


def tag(place: Path, seed: int, say: Say) -> None:
    """Gives tags."""
    choose = random.Random(seed)
    with Collection.open(place / "c", writable=True) as held:
        for number in range(10**9):
            ids = choose.sample(known, min(2, len(known))) if (known := held.ids()) else []
            held.tag(ids, add=[f"{seed}-{number}"])
            say("tagged", f"{seed}-{number}", *ids)


def remove(place: Path, seed: int, say: Say) -> None:
    """Takes items out, whose files stay, so that the next run of `index` takes them in anew."""
    choose = random.Random(seed)
    with Collection.open(place / "c", writable=True) as held:
        while True:
            ids = choose.sample(known, min(choose.randint(1, 2), len(known))) if (known := held.ids()) else []
            try:
                say("removing", *ids, *(Path(item.path).name for item in held.items(ids)))
            except ItemNotFound:  # replaced since
                continue
            held.remove(ids)
            say("removed", *ids)
            time.sleep(choose.random() * 0.2)  # else there would soon be nothing left


@dataclass
class Story:
    """What was there before the round, and what the three reported in it."""

    before: State
    told: set[str] = field(default_factory=set)
    changing: set[str] = field(default_factory=set)
    touched: set[str] = field(default_factory=set)  # names that were, or may have been, taken out
    removing: set[int] = field(default_factory=set)
    removed: set[int] = field(default_factory=set)
    tagged: list[tuple[str, set[int]]] = field(default_factory=list)

    def hear(self, line: str) -> None:
        verb, *words = line.split()
        numbers = {int(word) for word in words if word.isdecimal()}
        if verb == "told":
            self.told.add(words[0])
        elif verb == "changing":
            self.changing.add(words[0])
        elif verb == "removing":
            self.removing |= numbers
            self.touched |= {word for word in words if not word.isdecimal()}
        elif verb == "removed":
            self.removed |= numbers
        else:
            self.tagged.append((words[0], {int(word) for word in words[1:]}))


def look(place: Path, story: Story) -> State:
    """What is there now; AssertionError where anything that was reported is not so."""
    with Collection.open(place / "c") as reader:
        seen, held_now = _seen(reader), len(reader)
        assert len(seen) == held_now, "a picture is there twice"
    with Collection.open(place / "c", writable=True, wait=5) as held:
        assert held.verify() == [], held.verify()
        assert _seen(held) == seen
    ids = {number: tags for number, tags, _ in seen.values()}
    assert not ids.keys() & story.removed, "reported as removed, but there"
    lost = (story.told | story.before.keys()) - story.touched - seen.keys()
    assert not lost, f"reported as stored, but lost: {lost}"
    settled = {name for name, (_, _, same) in story.before.items() if same}  # with nothing left for `index` to do
    for name in (story.told | settled) - story.touched - story.changing:
        assert seen[name][2], f"{name} was reported with other bytes"
    for name in settled - story.touched - story.changing:
        number, tags, _ = story.before[name]
        assert seen[name][0] == number and set(tags) <= set(seen[name][1]), "an item that nobody touched changed"
    for given, where in story.tagged:
        assert all(given in ids[number] for number in where & ids.keys()), f"the tag {given} is lost"
    return seen


def _seen(held: Collection) -> State:
    return {
        Path(item.path).name: (item.id, list(item.tags), item.content_hash == content_hash(item.path))
        for item in held.all_items()
    }


def _start(work: Callable[..., object], *arguments: Any) -> tuple[int, int]:
    """A child that does some work and reports lines; its process id, and where its lines are to be read."""
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        os.set_blocking(reading, False)
        return child, reading
    code = 1
    try:
        os.close(reading)
        work(*arguments, lambda *words: os.write(writing, (" ".join(map(str, words)) + "\n").encode()))
        code = 0
    except BaseException:
        traceback.print_exc()
    os._exit(code)


def _read(pipe: int) -> bytes:
    data = b""
    while True:
        try:
            some = os.read(pipe, 1 << 16)
        except BlockingIOError:
            return data
        if not some:
            return data
        data += some


def one_round(place: Path, before: State, choose: random.Random) -> tuple[State, int]:
    """Starts the three, kills them one by one, and looks; what is there then, and how many lines they reported."""
    children = [_start(work, place, choose.randrange(10**9)) for work in (index, tag, remove)]
    heard = {pipe: b"" for _, pipe in children}
    wanted, end = choose.randint(5, 80), time.monotonic() + 20
    while sum(data.count(b"\n") for data in heard.values()) < wanted and time.monotonic() < end:
        time.sleep(0.01)
        for pipe in heard:
            heard[pipe] += _read(pipe)
    time.sleep(choose.random() * 0.05)
    for child, _ in choose.sample(children, 3):
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status), "a process failed by itself; see above"
        time.sleep(choose.choice([0.0, 0.0, 0.1 * choose.random()]))  # the others go on
    story = Story(before)
    for pipe in heard:
        for line in (heard[pipe] + _read(pipe)).decode().splitlines(keepends=True):
            if line.endswith("\n"):  # a torn one was not reported
                story.hear(line)
        os.close(pipe)
    looking, pipe = _start(lambda say: say(json.dumps(look(place, story))))
    _, status = os.waitpid(looking, 0)
    assert status == 0, "what was reported is not so; see above"
    state: State = json.loads(_read(pipe))
    os.close(pipe)
    return state, sum(data.count(b"\n") for data in heard.values())


def _create(place: Path, say: Say) -> None:
    own = make_model()
    Collection.create(place / "c", model=own.name, vocabulary=own.vocabulary.terms).close()


def main(rounds: int, seed: int = 7) -> None:
    """So many rounds in one collection."""
    choose, state, lines, started = random.Random(seed), State(), 0, time.monotonic()
    with tempfile.TemporaryDirectory(prefix="sightwords-") as folder:
        place = Path(folder).resolve()
        (place / "pictures").mkdir()
        child, _ = _start(_create, place)
        assert os.waitpid(child, 0)[1] == 0
        for number in range(rounds):
            state, more = one_round(place, state, choose)
            lines += more
            print(f"round {number + 1}: {len(state)} pictures, {more} reports", flush=True)
    print(
        f"{rounds} rounds, {3 * rounds} kills, {lines} reports, all of them true, in {time.monotonic() - started:.0f} s"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
