"""kill -9 at every step of bringing a collection in step with a folder: what was told is stored, and it goes on."""

import os
import random
import shutil
import sys
import tempfile
from pathlib import Path

import pytest
from PIL import Image

from core.library.indexing import sync
from core.models.model import Model
from core.pictures.images import content_hash
from index_store.errors import CollectionFull
from index_store.folder.collection import Collection
from index_store.vectors import SparseVector
from tests.conftest import make_model
from tests.core.library.test_indexing import write_captions
from tests.killing import Round, Steps, server
from tests.rounding import alike

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="children are forked")]
BETWEEN = 12
State = dict[tuple[str, str, str | None], tuple[str, tuple[str, ...], SparseVector]]


def bring_in_step(folder: Path, steps: Steps) -> None:
    """In the child: `pictures` beside the collection, two to a commit."""
    sync.BATCH = 2
    own, pictures = make_model(), folder.parent / "pictures"
    with Collection.open(folder, writable=True) as held:
        steps.begin()
        sync.index_paths(
            own,
            held,
            [pictures],
            captions=folder.parent / "captions.jsonl",
            progress=lambda done, total, name: steps.tell(name),
        )
        steps.done()


def prepared(place: Path, model: Model, patches: list[Image.Image]) -> Path:
    """A collection of eight pictures, whose folder then changes in every way that a folder can."""
    pictures, template = place / "pictures", place / "template"
    (pictures / "below").mkdir(parents=True)
    for number in range(8):
        patches[number].save(pictures / f"{number}.png")
    spoken = [{"file": f"pictures/{n}.png", "captions": [f"{n} red dogs", f"{n} cats"]} for n in (0, 5)]
    captions = write_captions(place / "captions.jsonl", spoken)
    with Collection.create(template, model=model.name, vocabulary=model.vocabulary.terms) as held:
        sync.index_paths(model, held, [pictures], captions=captions)
        held.tag([1, 2, 3], add=["best"])
    (pictures / "0.png").rename(pictures / "below" / "0.png")
    (pictures / "1.png").rename(pictures / "x")
    (pictures / "2.png").rename(pictures / "1.png")
    (pictures / "x").rename(pictures / "2.png")
    patches[20].save(pictures / "3.png")
    (pictures / "4.png").unlink()
    for number in range(8, 11):
        patches[number].save(pictures / f"{number}.png")
    spoken = [{"file": "pictures/below/0.png", "captions": ["0 red dogs", "0 cats"]}]
    write_captions(captions, [*spoken, {"file": "pictures/5.png", "captions": ["5 red dogs", "a boat at night"]}])
    return template


def state(held: Collection) -> State:
    """What is known of each thing that can be found, of which each must be there once."""
    items = list(held.all_items())
    known = {
        (one.kind, one.path, one.caption if one.kind == "caption" else None): (one.content_hash, one.tags, vector)
        for one, vector in zip(items, held.vectors([one.id for one in items]), strict=True)
    }
    assert len(known) == len(items), "two items for one picture"
    return known


def same(one: State, other: State) -> bool:
    return one.keys() == other.keys() and all(
        one[key][:2] == other[key][:2] and alike(one[key][2], other[key][2]) for key in one
    )


def test_killed_at_every_step_of_an_update(model: Model, patches: list[Image.Image]) -> None:
    shared = Path("/dev/shm")
    with (
        tempfile.TemporaryDirectory(prefix="sightwords-", dir=shared if shared.is_dir() else None) as folder,
        server() as children,
    ):
        place = Path(folder).resolve()
        template = prepared(place, model, patches)

        def killed(at: int = 0, after: float = 0.0) -> Round:
            shutil.rmtree(place / "c", ignore_errors=True)
            shutil.copytree(template, place / "c")
            return children.run(f"{__name__}:bring_in_step", place / "c", at=at, after=after)

        with Collection.open(template) as held:
            before, ids = state(held), {one.content_hash: one.id for one in held.all_items()}
        whole = killed()
        assert whole.done
        with Collection.open(place / "c") as held:
            after = state(held)
        possible = {(key[0], *value[:2]) for known in (before, after) for key, value in known.items()}
        choose, kills = random.Random(3), 0
        plans = [(step, 0.0) for step in range(1, len(whole.steps) + 1)]
        for at, delay in plans + [(0, choose.uniform(0.0001, whole.done)) for _ in range(BETWEEN)]:
            done = killed(at, delay)
            kills += done.killed
            with Collection.open(place / "c") as held:
                seen = state(held)
            assert {(key[0], *value[:2]) for key, value in seen.items()} <= possible
            for name in done.told:
                path = next((place / "pictures").rglob(name))
                assert seen["image", str(path), None][0] == content_hash(path), f"{name} was told, but is not stored"
            with Collection.open(place / "c", writable=True) as held:
                assert held.verify() == [] and same(state(held), seen)
                sync.index_paths(model, held, [place / "pictures"], captions=place / "captions.jsonl")
                assert same(state(held), after) and held.verify() == []
                kept = {one.content_hash: one.id for one in held.all_items()}
                assert {kept[digest] for digest in kept.keys() & ids.keys()} <= set(ids.values())
        assert kills >= len(whole.steps) >= 60


def test_a_full_disk_loses_nothing(small_disk: Path, model: Model, patches: list[Image.Image]) -> None:
    template = prepared(small_disk, model, patches)
    with Collection.open(template) as held:
        before = state(held)
    options = {"captions": small_disk / "captions.jsonl"}
    ballast, refused = small_disk / "ballast", 0
    told: list[str] = []

    def tell(done: int, total: int, name: str) -> None:
        told.append(name)

    for room in (0, 4, 12, 24, 48, 96, 192):
        shutil.copytree(template, small_disk / "c")
        left = os.statvfs(small_disk)
        ballast.write_bytes(b"x" * max(0, left.f_bavail * left.f_frsize - room * 1024))
        told.clear()
        try:
            with Collection.open(small_disk / "c", writable=True) as held:
                sync.index_paths(model, held, [small_disk / "pictures"], progress=tell, **options)
        except CollectionFull as error:
            assert "disk is full" in str(error) and "\n" not in str(error)
            refused += 1
        with Collection.open(small_disk / "c") as held:
            seen = state(held)
        assert len(seen) >= len(before) - 2  # one picture and one caption are to go
        for name in told:
            path = next((small_disk / "pictures").rglob(name))
            assert seen["image", str(path), None][0] == content_hash(path)
        ballast.unlink()
        with Collection.open(small_disk / "c", writable=True) as held:
            sync.index_paths(model, held, [small_disk / "pictures"], **options)
            assert held.verify() == [] and len(state(held)) == len(before) + 2
        shutil.rmtree(small_disk / "c")
    assert 0 < refused < 7
