"""Finds out which encoder made the paper's published vectors, by one picture; reads files of this machine only.

The reference implementation's README shows a picture, `img_embs[2]` of lsr42/mscoco-blip-dense, and the terms that a
published head gives for it (https://github.com/thongnt99/lsr-multimodal). Nothing says which checkpoint made the
vectors: the one whose vector of that picture points where the published one does. Knows no screen and no network.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy import float32
from numpy.typing import NDArray
from PIL import Image

from core.data.dense import IMAGES_FILE
from core.encoders import DenseEncoder
from core.encoders.hub_files import HubFiles
from core.encoders.sources import Source
from core.encoders.url_file import UrlFile
from core.errors import DatasetError, MissingFiles, ModelError, UnknownModel
from core.models.downloads import require
from core.models.head import SparseHead
from core.models.pairings import ATTESTED, model_sources, pairing, published_heads, vocabulary_of
from core.models.registry import chosen_device
from core.pictures.images import open_image

PICTURE = UrlFile(
    "https://raw.githubusercontent.com/thongnt99/lsr-multimodal/HEAD/sample_images/COCO_val2014_000000184613.jpg"
)
ROW = 2  # of the picture, counted from 0
EXAMPLE = {  # what the reference's README says that the attested head gives for the published vector: the first terms
    "animals": 1.6846, "boy": 1.6151, "buffalo": 1.5110, "animal": 1.3621, "people": 1.3547, "walking": 1.3171,
}  # fmt: skip
ALIKE = 1e-3  # by which weights may differ from the example
MADE_IT = 0.999  # cosine from which on an encoder is the one that made a vector; another checkpoint stays far below
USUAL = tuple(name for name in published_heads() if "original" not in name)


@dataclass(frozen=True)
class PublishedPairing:
    """An encoder and its head, compared with the published vectors; `problem`: why not, in one sentence.

    `cosine`: of our vector of the picture and the published one. `terms`: the first ones that the head gives for ours.
    """

    model: str
    head: str
    inferred: bool
    data: str
    cosine: float | None = None
    terms: tuple[tuple[str, float], ...] = ()
    problem: str | None = None

    @property
    def made_the_data(self) -> bool:
        """Whether this encoder is one that made the published vectors."""
        return self.cosine is not None and self.cosine >= MADE_IT


@dataclass(frozen=True)
class PublishedExample:
    """What the attested head gives for the published vector itself, to be compared with what its README says."""

    terms: tuple[tuple[str, float], ...]

    @property
    def passed(self) -> bool:
        """Whether the terms are the README's in its order, and their weights too."""
        return [term for term, _ in self.terms] == list(EXAMPLE) and all(
            abs(weight - EXAMPLE[term]) <= ALIKE for term, weight in self.terms
        )


def needed(names: Sequence[str] = USUAL) -> list[Source]:
    """The files that comparing these models takes, each once; UnknownModel for a name that is none of the published.

    Not the environment of salesforce-lavis, which `setup-lavis` makes.
    """
    data = [_data(name) for name in names]
    files = (source for name in names for source in model_sources(name) if isinstance(source, HubFiles | UrlFile))
    return list(dict.fromkeys([PICTURE, *data, *files]))


def example() -> PublishedExample:
    """The README's example, made again; MissingFiles where the data or the attested head is not here."""
    name = next(name for name, head in published_heads().items() if head == ATTESTED)
    return PublishedExample(_first_terms(name, published_row(_data(name).locate())))


def compare(names: Sequence[str] = USUAL) -> Iterator[PublishedPairing]:
    """Compares each model with the published vectors; one that is not here, or broken, gets a `problem` instead.

    Raises MissingFiles where the picture is not here: nothing could be compared.
    """
    needed(names)
    if PICTURE.missing():
        raise MissingFiles(
            f"The reference's picture is not on this machine: {PICTURE.whereabouts()}; "
            "`sightwords doctor --published` fetches it, and what else it needs, where there is a network."
        )
    picture = open_image(PICTURE.locate())
    for name in names:
        head, data = published_heads()[name], _data(name)
        found = PublishedPairing(name, head, head != ATTESTED, data.repo)
        try:
            ours = _vector(name, picture)
            cosine = float(ours @ _unit(published_row(data.locate()), len(ours), data.repo))
            found = replace(found, cosine=cosine)  # which a head that nobody has does not take away
            yield replace(found, terms=_first_terms(name, ours))
        except (ModelError, DatasetError) as error:
            yield replace(found, problem=str(error))


def published_row(folder: Path) -> NDArray[float32]:
    """(dim,) the picture's vector in a data set's folder; DatasetError where there is none."""
    path = folder / IMAGES_FILE
    try:
        batch = next(pq.ParquetFile(path).iter_batches(batch_size=ROW + 1, columns=["emb"]), None)
    except (OSError, pa.ArrowException) as error:
        raise DatasetError(f"{path} cannot be read ({str(error).splitlines()[0]}).") from error
    if batch is None or batch.num_rows <= ROW:
        raise DatasetError(f"{path} has no row {ROW}, where the reference implementation has its example.")
    return np.asarray(batch.column(0)[ROW].as_py(), float32)


def _data(name: str) -> HubFiles:
    """The published vectors that an encoder may have made: MSCOCO's, which the picture is of."""
    if name not in published_heads():
        raise UnknownModel(f"'{name}' is none of the published models: {', '.join(published_heads())}.")
    family = "albef" if "albef" in name else "blip"
    return HubFiles(f"lsr42/mscoco-{family}-dense", (IMAGES_FILE,), kind="dataset")


def _vector(name: str, picture: Image.Image) -> NDArray[float32]:
    """(dim,) the picture as a model's encoder sees it, which is not kept: six of them would fill the memory."""
    recipe = pairing(name).encoder
    require(name, recipe.sources)
    encoder: DenseEncoder = recipe.build([source.locate() for source in recipe.sources], chosen_device(), "fp32")
    try:
        return encoder.encode_images([picture])[0]
    finally:
        if close := getattr(encoder, "close", None):  # the worker of salesforce-lavis
            close()


def _first_terms(name: str, dense: NDArray[float32]) -> tuple[tuple[str, float], ...]:
    chosen = pairing(name)
    require(name, [source for source in model_sources(name) if source not in chosen.encoder.sources])
    folder = chosen.head.locate()
    head, vocabulary = SparseHead.load(folder), vocabulary_of(chosen, folder)
    if (head.config.dense_size, head.config.vocab_size) != (len(dense), len(vocabulary)):
        raise ModelError(
            f"The head {chosen.head.name} makes {head.config.vocab_size} terms of {head.config.dense_size} dimensions, "
            f"not {len(vocabulary)} of {len(dense)}; it belongs to another encoder or vocabulary."
        )
    (weights,) = head.weigh(dense[None])
    return tuple((vocabulary.terms[i], float(weights[i])) for i in np.argsort(-weights)[: len(EXAMPLE)])


def _unit(row: NDArray[float32], dim: int, what: str) -> NDArray[float32]:
    if row.shape != (dim,):
        raise DatasetError(f"The vectors of {what} have {row.size} dimensions, but the encoder's have {dim}.")
    return row / max(float(np.linalg.norm(row)), 1e-12)
