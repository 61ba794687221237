"""The paper's comparison on one dense data set: a head for each expansion control, judged beside the dense vectors.

What is finished is kept in the output folder, and made again only where data, vocabulary or settings have changed.
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
from core.data.literal_terms import literal_terms
from core.data.word_vectors import caption_vectors, read_word_vectors
from core.evaluation.evaluate import Evaluation, Mode, evaluate_dense, evaluate_head
from core.experiments.fitting import Watch, train_folder
from core.files import write_text_whole
from core.models.head import SparseHead, load_head
from core.models.head_files import HEAD_VOCABULARY
from core.subprocess_task import run_in_subprocess
from core.training.config import Control, TrainingConfig
from core.training.mlm_head import read_initial_embeddings, weights_file
from core.vocabulary import Vocabulary
from index_store.progress import Progress, ShouldStop, named, silent


@dataclass(frozen=True)
class Row:
    """A row of the table: the control that its head was trained with (None: the dense vectors), and the mode."""

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
class PaperComparison:
    """What is compared, and the folder `out` that keeps it.

    `data`: the folder of a dense data set.
    `word_vectors`: a file of them for Semantic@20; None: they are made of the captions.
    `ready`: heads that exist already and are judged as they are, by name: their folder, and their vocabulary where it
    does not lie there.
    `initial_embeddings`: the file or folder that every head starts from (`mlm_head.read_initial_embeddings`); None: the
    config decides.
    """

    data: Path
    out: Path
    vocabulary: Vocabulary
    config: TrainingConfig
    split: str = "test"
    word_vectors: Path | None = None
    ready: Mapping[str, tuple[Path, Path | None]] = field(default_factory=dict)
    initial_embeddings: Path | None = None

    def table(self, *, progress: Progress = silent) -> list[dict[str, Any]]:
        """The rows of the table, figures by name; each is on disk before the next is begun.

        Raises DatasetError or TrainingError for whatever is missing, before anything is trained.
        """
        folder = DenseFolder.read(self.data)
        folder.split("train", restval=self.config.restval == "train"), folder.split(self.split)
        if self.initial_embeddings is not None:
            read_initial_embeddings(self.initial_embeddings, self.vocabulary)
        key = self._key()
        (self.out / "rows").mkdir(parents=True, exist_ok=True)
        table = []
        for row in ROWS:
            file = self.out / "rows" / f"{row.name}.json"
            figures = _kept(file, key)
            if figures is None:
                figures = self._row(row, folder, key, progress)
                _keep(file, key, figures)
            table.append({"row": row.name, **figures})
        table += [{"row": name, **self._ready_row(name, folder, key, progress)} for name in self.ready]
        dense = table[0]["recall@1"]
        return [{**row, "of_dense": row["recall@1"] / dense if dense else None} for row in table]

    def _row(self, row: Row, folder: DenseFolder, key: str, progress: Progress) -> dict[str, Any]:
        """The figures of a row whose head is trained here, or of the dense vectors."""
        data, judging = folder.split(self.split), named(progress, f"judging {row.name}")
        if row.control is None:
            return _figures(evaluate_dense(data, progress=judging))
        cost = self._train(row.control, key, progress)
        head = SparseHead.load(self.out / "heads" / row.control)
        return self._judged(head, self.vocabulary, row.mode, folder, judging) | cost

    def _ready_row(self, name: str, folder: DenseFolder, key: str, progress: Progress) -> dict[str, Any]:
        """The figures of a head that was not trained here."""
        path, terms = self.ready[name]
        head, own = load_head(path, terms)
        digest = hashlib.sha256(f"{key}\n{own.digest}\n".encode())
        for weights in head.state_dict().values():
            digest.update(weights.numpy().tobytes())
        key = digest.hexdigest()[:16]
        file = self.out / "rows" / f"head-{key}.json"
        figures = _kept(file, key)
        if figures is None:
            figures = self._judged(head, own, "full", folder, named(progress, f"judging {name}"))
            _keep(file, key, figures)
        return figures

    def _judged(
        self, head: SparseHead, own: Vocabulary, mode: Mode, folder: DenseFolder, progress: Progress
    ) -> dict[str, Any]:
        """The figures of a head and its vocabulary; what training cost is not known."""
        data = folder.split(self.split)
        if self.word_vectors is None:
            train = folder.split("train")
            vectors = caption_vectors(train.texts, literal_terms(train.captions, own))
        else:
            vectors = read_word_vectors(self.word_vectors, own.terms)
        literal = literal_terms(data.captions, own)
        return _figures(evaluate_head(head, data, literal, mode=mode, vectors=vectors, progress=progress))

    def _train(self, control: Control, key: str, progress: Progress) -> dict[str, Any]:
        """Trains the head of a control where it is not there yet; `seconds` and `peak_mb` of that."""
        out = self.out / "heads" / control
        cost = _kept(out / "cost.json", key)
        if cost is None:
            config = replace(self.config, control=control)
            training = named(progress, f"training {control}")
            cost = train_in_subprocess(
                self.data, self.vocabulary, config, out, self.initial_embeddings, progress=training
            )
            _keep(out / "cost.json", key, cost)
        return cost

    def _key(self) -> str:
        """16 hex digits of a hash of all that the table depends on."""
        digest = hashlib.sha256(repr((asdict(self.config), self.split, self.vocabulary.tokenizer)).encode())
        digest.update(self.vocabulary.digest.encode())
        for given in (self.word_vectors, self.initial_embeddings and weights_file(self.initial_embeddings)):
            if given is not None:
                digest.update(given.read_bytes())
        for name in FILES:
            with (self.data / name).open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        return digest.hexdigest()[:16]


def train_in_subprocess(
    data: Path,
    vocabulary: Vocabulary,
    config: TrainingConfig,
    out: Path,
    initial_embeddings: Path | None = None,
    *,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Trains a head in a process of its own, so that its peak memory is its own; `seconds` and `peak_mb` (10^6 bytes).

    The peak counts the whole process, Python and torch included; None where the system does not tell. Raises what
    `train_folder` raises.
    """
    out.mkdir(parents=True, exist_ok=True)
    vocabulary.save(out / HEAD_VOCABULARY)
    cost: dict[str, Any] = run_in_subprocess(_train, data, config, out, initial_embeddings, tell=progress)
    return cost


def _train(
    data: Path,
    config: TrainingConfig,
    out: Path,
    initial_embeddings: Path | None,
    *,
    tell: Progress,
    should_stop: ShouldStop,
) -> dict[str, Any]:
    """What the process does."""
    folder = DenseFolder.read(data)
    vocabulary = Vocabulary.load(out / HEAD_VOCABULARY)
    embeddings = read_initial_embeddings(initial_embeddings, vocabulary) if initial_embeddings is not None else None
    watch = Watch(step=lambda done, total, _: tell(done, total, ""), should_stop=should_stop)
    fitted = train_folder(folder, vocabulary, config, out, watch, embeddings=embeddings)
    return {"seconds": fitted.seconds, "peak_mb": _peak_mb()}


def _peak_mb() -> float | None:
    """The peak memory of this process in 10^6 bytes; None where the system does not tell."""
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
    """A row's figures, without what training cost."""
    return {**judged.to_json(), "seconds": None, "peak_mb": None}


def _kept(path: Path, key: str) -> dict[str, Any] | None:
    """What `_keep` wrote with this key; None where there is nothing, or what belongs to other settings or data."""
    try:
        found = json.loads(path.read_text("utf-8"))
        return found if found.pop("key") == key else None
    except (OSError, ValueError, KeyError):
        return None


def _keep(path: Path, key: str, content: dict[str, Any]) -> None:
    write_text_whole(path, json.dumps({"key": key, **content}, indent=2) + "\n")
