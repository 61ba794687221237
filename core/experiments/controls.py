"""The paper's comparison on one dense data set: a head for each expansion control, judged beside the dense vectors.

What is finished is kept in the output folder and not made again, as long as data, vocabulary and settings are the same.
Knows no encoder and no particular data set.
"""

import hashlib
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from core.data.dense import FILES, DenseFolder
from core.data.spoken_terms import spoken_terms
from core.evaluation.judge import Evaluation, Mode, evaluate_dense, evaluate_head
from core.evaluation.word_vectors import caption_vectors, read_word_vectors
from core.experiments.beginning import read_beginning
from core.experiments.fitting import Watch, train_folder
from core.files import write_text_whole
from core.models.head import HEAD_VOCABULARY, SparseHead, load_head
from core.subprocess_task import run_in_subprocess
from core.training.config import Control, TrainingConfig
from core.training.mlm_head import weights_file
from core.vocabulary import Vocabulary
from index_store.progress import Progress, ShouldStop, named, silent


@dataclass(frozen=True)
class Row:
    """A row of the comparison: the control that its head was trained with (None: the dense vectors) and the mode."""

    name: str
    control: Control | None
    mode: Mode = "full"


ROWS = (
    Row("dense", None),
    Row("none", "none"),
    Row("caption", "caption"),
    Row("word", "word"),
    Row("both", "both"),
    Row("literal", "caption", "literal"),  # literal and hybrid ask the caption-controlled head
    Row("hybrid", "caption", "hybrid"),
)


@dataclass(frozen=True)
class Study:
    """What is compared and where it is kept. `word_vectors`: a file for Semantic@20; the captions' own without.

    `beginning`: the file or folder that every head starts from (`beginning.read_beginning`); by the config without.
    `ready`: heads that exist already and are judged as they are, by name: their folder, and their vocabulary where it
    does not lie there.
    """

    data: Path
    out: Path
    vocabulary: Vocabulary
    config: TrainingConfig
    split: str = "test"
    word_vectors: Path | None = None
    ready: Mapping[str, tuple[Path, Path | None]] = field(default_factory=dict)
    beginning: Path | None = None

    def run(self, *, progress: Progress = silent) -> list[dict[str, Any]]:
        """The table, a mapping a row; each row is on disk before the next is begun."""
        folder = DenseFolder.read(self.data)
        # whatever is missing is said before anything is trained
        folder.split("train", restval=self.config.restval == "train"), folder.split(self.split)
        if self.beginning is not None:
            read_beginning(self.beginning, self.vocabulary)
        key = self._key()
        (self.out / "rows").mkdir(parents=True, exist_ok=True)
        table = []
        for row in ROWS:
            kept = self.out / "rows" / f"{row.name}.json"
            found = _kept(kept, key)
            if found is None:
                found = self._row(row, folder, key, progress)
                _keep(kept, key, found)
            table.append({"row": row.name, **found})
        table += [{"row": name, **self._ready(name, folder, key, progress)} for name in self.ready]
        dense = table[0]["recall@1"]
        return [{**row, "of_dense": row["recall@1"] / dense if dense else None} for row in table]

    def _row(self, row: Row, folder: DenseFolder, key: str, progress: Progress) -> dict[str, Any]:
        data, judging = folder.split(self.split), named(progress, f"judging {row.name}")
        if row.control is None:
            return _figures(evaluate_dense(data, progress=judging))
        cost = self._head(row.control, key, progress)
        head = SparseHead.load(self.out / "heads" / row.control)
        return self._judged(head, self.vocabulary, row.mode, folder, judging) | cost

    def _ready(self, name: str, folder: DenseFolder, key: str, progress: Progress) -> dict[str, Any]:
        """The row of a head that was not trained here."""
        place, terms = self.ready[name]
        head, own = load_head(place, terms)
        digest = hashlib.sha256(f"{key}\n{own.digest}\n".encode())
        for weights in head.state_dict().values():
            digest.update(weights.numpy().tobytes())
        key = digest.hexdigest()[:16]
        kept = self.out / "rows" / f"head-{key}.json"
        found = _kept(kept, key)
        if found is None:
            found = self._judged(head, own, "full", folder, named(progress, f"judging {name}"))
            _keep(kept, key, found)
        return found

    def _judged(
        self, head: SparseHead, own: Vocabulary, mode: Mode, folder: DenseFolder, progress: Progress
    ) -> dict[str, Any]:
        data = folder.split(self.split)
        if self.word_vectors is None:
            train = folder.split("train")
            vectors = caption_vectors(train.texts, spoken_terms(train.captions, own))
        else:
            vectors = read_word_vectors(self.word_vectors, own.terms)
        spoken = spoken_terms(data.captions, own)
        return _figures(evaluate_head(head, data, spoken, mode=mode, vectors=vectors, progress=progress))

    def _head(self, control: Control, key: str, progress: Progress) -> dict[str, Any]:
        """Trains the head of a control where it is not there yet; what that cost."""
        place = self.out / "heads" / control
        cost = _kept(place / "cost.json", key)
        if cost is None:
            config = replace(self.config, control=control)
            training = named(progress, f"training {control}")
            cost = train_apart(self.data, self.vocabulary, config, place, self.beginning, progress=training)
            _keep(place / "cost.json", key, cost)
        return cost

    def _key(self) -> str:
        """A hash of everything that the table depends on."""
        digest = hashlib.sha256(repr((asdict(self.config), self.split, self.vocabulary.tokenizer)).encode())
        digest.update(self.vocabulary.digest.encode())
        for given in (self.word_vectors, self.beginning and weights_file(self.beginning)):
            if given is not None:
                digest.update(given.read_bytes())
        for name in FILES:
            with (self.data / name).open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        return digest.hexdigest()[:16]


def train_apart(
    data: Path,
    vocabulary: Vocabulary,
    config: TrainingConfig,
    out: Path,
    beginning: Path | None = None,
    *,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Trains a head in a process of its own, so that its peak memory is its own; `seconds` and `peak_mb` (10^6 bytes).

    The peak counts the whole process, Python and torch included; None where the system does not tell.
    """
    out.mkdir(parents=True, exist_ok=True)
    vocabulary.save(out / HEAD_VOCABULARY)
    cost: dict[str, Any] = run_in_subprocess(_train, data, config, out, beginning, tell=progress)
    return cost


def _train(
    data: Path, config: TrainingConfig, out: Path, beginning: Path | None, *, tell: Progress, should_stop: ShouldStop
) -> dict[str, Any]:
    folder = DenseFolder.read(data)
    vocabulary = Vocabulary.load(out / HEAD_VOCABULARY)
    embeddings = read_beginning(beginning, vocabulary) if beginning is not None else None
    watch = Watch(step=lambda done, total, _: tell(done, total, ""), should_stop=should_stop)
    fitted = train_folder(folder, vocabulary, config, out, watch, embeddings=embeddings)
    return {"seconds": fitted.seconds, "peak_mb": _peak_mb()}


def _peak_mb() -> float | None:
    status = Path("/proc/self/status")  # Linux: getrusage would count what the parent held when it started this process
    if status.exists():
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024 / 1e6
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024) / 1e6


def _figures(judged: Evaluation) -> dict[str, Any]:
    return {**judged.to_json(), "seconds": None, "peak_mb": None}


def _kept(path: Path, key: str) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text("utf-8"))
        return found if found.pop("key") == key else None
    except (OSError, ValueError, KeyError):
        return None


def _keep(path: Path, key: str, content: dict[str, Any]) -> None:
    write_text_whole(path, json.dumps({"key": key, **content}, indent=2) + "\n")
