"""What several tests share: a small real model with random weights, pictures to look at, and a home of their own."""

import hashlib
import multiprocessing
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from core import subprocess_task
from core.library.built_in_world import ensure_world
from core.library.world_folder import world_path
from core.models.head import HeadConfig, SparseHead
from core.models.model import Model
from core.models.registry import load_model
from core.vocabulary import Vocabulary
from index_store.errors import CollectionBusy
from index_store.folder.collection import Collection
from tests.children import PRELOADED

# pytest-xdist: every process computes with its share of the cores, and serves on ports that no other one looks at
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
THREADS = max(1, torch.get_num_threads() // WORKERS)
torch.set_num_threads(THREADS)
os.environ["OMP_NUM_THREADS"] = str(THREADS)  # for what tests start: another number sums in another order
os.environ["SIGHTWORDS_PRECISION"] = "fp32"  # what every processor computes alike; tests of others say so
os.environ["GRADIO_SERVER_PORT"] = str(8000 + 100 * WORKER)  # the first of a hundred that are tried
# a process that is spawned imports torch and what its optimizers want, ten seconds each time; a forked one has it
if "forkserver" in multiprocessing.get_all_start_methods():
    subprocess_task.CONTEXT = multiprocessing.get_context("forkserver")
    subprocess_task.CONTEXT.set_forkserver_preload(PRELOADED)
signal.signal(signal.SIGINT, signal.default_int_handler)  # its processes, and what they start, would ignore Ctrl-C

COLOURS = ("red", "green", "blue", "yellow", "black", "white", "orange", "purple")
THINGS = ("dog", "cat", "house", "tree", "boat", "car", "bird", "sea", "grass", "sky", "ball", "hat", "moon", "sun")
WORLD_VECTORS = "dense.npy"
ACTIONS = ("sleeping", "running", "above", "below", "beside", "two", "three", "many", "night", "day")
TERMS = COLOURS + THINGS + ACTIONS
FORMS = {"dogs": "dog", "cats": "cat", "boats": "boat", "houses": "house"}
KNOWN = {*TERMS, *FORMS, "a", "the", "and", "on", "in", "with", "of"}


class MeanColours:
    """A DenseEncoder small enough to check by eye: mean colours of a grid, hashed words, one fixed random matrix."""

    def __init__(self, name: str = "mean-colours", dim: int = 24, seed: int = 7):
        random = np.random.default_rng(seed)
        self.name, self.dim = name, dim
        self._images = random.standard_normal((4 * 4 * 3 + 1, dim))
        self._words = random.standard_normal((64, dim))

    def encode_images(self, images: Sequence[Image.Image]) -> NDArray[np.float32]:
        small = [np.asarray(image.convert("RGB").resize((4, 4), Image.Resampling.BOX)) for image in images]
        rows = [np.append(pixels.ravel() / 127.5 - 1.0, 1.0) @ self._images for pixels in small]
        return self._unit(rows)

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = []
        for text in texts:
            slots = [hashlib.sha256(word.encode()).digest()[0] % 64 for word in Vocabulary.words(text)] or [0]
            rows.append(self._words[slots].sum(0))
        return self._unit(rows)

    def unknown_words(self, text: str) -> list[str]:
        return list(dict.fromkeys(word for word in Vocabulary.words(text) if word not in KNOWN))

    def out_of_world(self, text: str) -> bool:
        return "tax" in text

    def _unit(self, rows: Sequence[NDArray[np.float64]]) -> NDArray[np.float32]:
        dense = np.stack(rows) if rows else np.zeros((0, self.dim))
        return (dense / np.linalg.norm(dense, axis=1, keepdims=True)).astype(np.float32)


def make_model(name: str = "tiny", seed: int = 3, terms: Sequence[str] = TERMS) -> Model:
    """A Model with random weights, about a third of whose terms light up."""
    encoder = MeanColours()
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        head = SparseHead(HeadConfig(encoder.dim, 16, len(terms)))
        with torch.no_grad():
            head.vocab_projector.bias.sub_(0.25)
    forms = {form: term for form, term in FORMS.items() if term in terms}
    return Model(name, encoder, head, Vocabulary(terms, forms), "A model for tests, with random weights.")


@pytest.fixture(scope="session")
def model() -> Model:
    """A small real model."""
    return make_model()


@pytest.fixture(scope="session")
def other_model() -> Model:
    """A model of another name, with another vocabulary."""
    return make_model("other", seed=5, terms=(*TERMS, "extra"))


@pytest.fixture(scope="session")
def patches() -> list[Image.Image]:
    """40 pictures of coloured blocks, all different."""
    random = np.random.default_rng(11)
    blocks = random.integers(0, 256, (40, 4, 4, 3), dtype=np.uint8)
    return [Image.fromarray(block).resize((48, 32), Image.Resampling.NEAREST) for block in blocks]


class Keeping(Model):
    """A model that keeps the dense vectors (n, dim) of all pictures that it has encoded, in order."""

    def __init__(self, model: Model):
        super().__init__(model.name, model.encoder, model.head, model.vocabulary)
        self.kept = np.zeros((0, model.encoder.dim), np.float32)

    def dense_images(self, images: Sequence[Image.Image]) -> NDArray[np.float32]:
        dense = super().dense_images(images)
        self.kept = np.concatenate([self.kept, dense])
        return dense


@pytest.fixture(scope="session")
def built_in_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that holds the built-in world of 1,000 pictures, made once for all tests that look at it.

    Where tests run in several processes, one of them makes it, and the others wait for that.
    """
    base = tmp_path_factory.getbasetemp()
    path = (base if WORKERS == 1 else base.parent) / "built-in" / "home"
    own = Keeping(load_model())

    def keep(done: int, total: int, what: str) -> None:
        if len(own.kept) == total:
            np.save(path.parent / WORLD_VECTORS, own.kept)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SIGHTWORDS_HOME", str(path))
        while True:
            try:
                ensure_world(own, world_path(own), progress=keep)
                return path
            except CollectionBusy:
                time.sleep(0.2)


@pytest.fixture(scope="session")
def world_vectors(built_in_home: Path) -> NDArray[np.float32]:
    """Dense vectors (1000, dim) of the pictures of the built-in world, as the built-in model sees them."""
    return np.load(built_in_home.parent / WORLD_VECTORS)


@pytest.fixture
def world(built_in_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Collection]:
    """The built-in world, open for reading, in the home that every command of the test sees."""
    monkeypatch.setenv("SIGHTWORDS_HOME", str(built_in_home))
    with Collection.open(world_path(load_model())) as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path, patches: list[Image.Image]) -> Path:
    """A folder with 6 pictures, two of them in a folder below."""
    root = tmp_path / "pictures"
    (root / "below").mkdir(parents=True)
    for number, patch in enumerate(patches[:6]):
        patch.save((root / "below" if number > 3 else root) / f"{number}.png")
    return root


@pytest.fixture
def collection(tmp_path: Path, model: Model) -> Iterator[Collection]:
    """An empty collection of the small model, open for writing."""
    with Collection.create(tmp_path / "collection", model=model.name, vocabulary=model.vocabulary.terms) as made:
        yield made


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home that no test shares, so that nothing is ever written to the real one."""
    path = tmp_path / "home"
    monkeypatch.setenv("SIGHTWORDS_HOME", str(path))
    return path


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, 3 MB: the only way to see a disk really run full."""
    where = tmp_path / "disk"
    where.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", where], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"needs to mount a tmpfs: {mounted.stderr.strip()}")
    yield where
    subprocess.run(["umount", "-l", where], check=True)


@pytest.fixture
def one_thread() -> None:
    """Computes with one thread: several add up gradients in any order, so that no training repeats to the last bit."""
    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def threads_as_they_were() -> Iterator[None]:
    """An experiment, tried in this process, leaves a core to the app; the next test computes with all again."""
    yield
    torch.set_num_threads(THREADS)
