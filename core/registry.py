"""The models that can be named: what each is, what it needs, and how to load it.

A name is one of the pairings listed here, or an encoder and a head of one's own: ENCODER+HEAD, where the encoder is
one listed here or blip:, clip: or siglip: with a hub id or folder, and the head the name of a kept one
(`kept_heads`), a hub id or a folder. Encoders alone (for `embed`) have the same names without the head.
Nothing here touches the network but `fetch` and `download_size`.
"""

import json
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from core.encoders import DenseEncoder
from core.encoders.lent_gpu import lent
from core.encoders.recipes import FAMILIES, NAMED, SCENES, TUNED, WORDPIECES, EncoderRecipe, encoder_recipe
from core.errors import MissingFiles, ModelError, UnknownModel
from core.head import SparseHead
from core.head_folder import HEAD_VOCABULARY
from core.kept_heads import kept_head, kept_heads
from core.model import Model
from core.vocabulary import Vocabulary
from core.weights import File, Folder, HubFiles, Progress, ShouldStop, Source, never, silent, source

DEFAULT_MODEL = "scenes"
SCENES_ABOUT = (
    "Built in and offline: knows the drawings of its own illustrated world, and everyday English as far as it means "
    "them; it cannot recognise photographs."
)
DEVICE_VARIABLE = "SIGHTWORDS_DEVICE"  # read where no device is named

HEAD_FILES: tuple[File, ...] = ("config.json", ("model.safetensors", "pytorch_model.bin"))
HEAD_MEGABYTES = 95  # 256 → 768 → 30,522 in single precision
WORDPIECE_NAME = "distilbert-base-uncased"  # what published heads call the vocabulary that their terms are of
_DATA = {"coco": "mscoco", "flickr": "flickr30k"}  # in the names of published heads


@dataclass(frozen=True)
class ModelEntry:
    """One model that can be named; `needs` says in words what loading it takes, `ready` whether all of it is here."""

    name: str
    about: str
    needs: str
    ready: bool
    encoder: str
    head: str
    vocabulary: str
    licence: str
    megabytes: int | None  # of weights, about; None where only the server knows


@dataclass(frozen=True)
class Pairing:
    """An encoder and the head that reads it."""

    name: str
    encoder: EncoderRecipe
    head: Folder | HubFiles


def models() -> list[ModelEntry]:
    """Every model that has a name of its own, the built-in one first; looks at this machine only."""
    return [_built_in(), *(_entry(pairing(name)) for name in _published())]


def _built_in() -> ModelEntry:
    weights = [file.stat().st_size for file in SCENES.glob("*.safetensors")]
    ready, needs = (SCENES / "encoder.safetensors").exists(), "nothing: it is part of Sightwords"
    terms = f"{len(Vocabulary.load(SCENES / HEAD_VOCABULARY)):,} terms" if ready else "terms"
    megabytes = round(sum(weights) / 1e6)
    return ModelEntry(DEFAULT_MODEL, SCENES_ABOUT, needs, ready, "scenes", "scenes", terms, "Apache-2.0", megabytes)


@cache
def load_model(name: str = DEFAULT_MODEL, device: str | None = None) -> Model:
    """The named model, loaded once, on the device (SIGHTWORDS_DEVICE or "auto" without one); never fetches anything.

    Raises UnknownModel naming those that exist, MissingFiles naming what is not on this machine, DeviceError, and
    ModelError for files that do not hold what they should or parts that do not fit together.
    """
    if name == DEFAULT_MODEL:
        vocabulary = Vocabulary.load(SCENES / HEAD_VOCABULARY)
        return Model(name, load_encoder(name, device), SparseHead.load(SCENES), vocabulary, SCENES_ABOUT)
    chosen = pairing(name)
    _complain_of_missing(chosen.name, _sources(chosen))
    encoder = load_encoder(chosen.encoder.name, device)  # one for all its heads
    folder = chosen.head.locate()
    about = f"{chosen.encoder.about}, with the head {chosen.head.name}."
    return Model(chosen.name, encoder, SparseHead.load(folder), _vocabulary(chosen, folder), about)


def other_heads(name: str) -> dict[str, Path]:
    """Heads to compare a model's own with, by what to call them: those shipped with its encoder, and those kept."""
    encoder, _, own = name.partition("+")
    heads: dict[str, Path] = {}
    if encoder == DEFAULT_MODEL:
        shipped = sorted(folder for folder in (SCENES / "heads").iterdir() if (folder / HEAD_VOCABULARY).exists())
        heads = {folder.name.replace("-", " "): folder for folder in shipped}
        if own:
            heads["the built-in one"] = SCENES
    return heads | {kept: folder for kept, folder in kept_heads().items() if kept != own}


@cache
def load_encoder(name: str, device: str | None = None) -> DenseEncoder:
    """The named encoder without a head, or that of a named model; as load_model otherwise."""
    recipe = pairing(name).encoder if "+" in name else encoder_recipe(name)
    _complain_of_missing(recipe.name, list(recipe.sources))
    return _built(recipe, device)


def canonical_name(name: str) -> str:
    """The name that a model gives itself and its collections: folders absolute, so that it holds from anywhere."""
    return pairing(name).name if "+" in name else name


def lacking(name: str) -> list[str]:
    """What a model, or an encoder alone, needs and this machine has not: files and where they are looked for."""
    return [where.whereabouts() for where in _all_sources(name) if where.missing()]


def download_size(name: str) -> int:
    """Bytes that `fetch` would bring, asked of the servers; ModelError when they cannot be reached."""
    return sum(where.size() for where in _all_sources(name) if where.missing())


def size_of(name: str) -> int | None:
    """As `download_size`, but None where no server answers; 0 when all is here."""
    try:
        return download_size(name)
    except UnknownModel:
        raise
    except ModelError:
        return None


def fetch(name: str, progress: Progress = silent, should_stop: ShouldStop = never) -> None:
    """Brings all that a model, or an encoder alone, needs to this machine; a part that is here is not fetched again.

    `progress`: done, total (None: not known yet) and the name of the part at hand; bytes, packages for the environment
    of salesforce-lavis. Raises DownloadStopped when asked to stop and ModelError when it cannot: what had come of
    a file is kept out of sight and gone on with by the next call.
    """
    for where in _all_sources(name):
        if where.missing():
            where.fetch(progress, should_stop)


def pairing(name: str) -> Pairing:
    """What a name stands for; UnknownModel when nothing does, or an encoder has no head."""
    if name in _published():
        return Pairing(name, encoder_recipe(name), source(_published()[name], HEAD_FILES))
    encoder, plus, head = name.partition("+")
    if not plus:
        if ":" in name:
            raise UnknownModel(
                f"'{name}' is an encoder without a head; name the head after it, as in {name}+FOLDER_OR_HUB_ID."
            )
        raise UnknownModel(f"There is no model called '{name}'; the known ones are: {', '.join(_names())}.")
    recipe, kept = encoder_recipe(encoder), kept_head(head)
    if kept is not None:
        return Pairing(f"{recipe.name}+{head}", recipe, Folder(kept, HEAD_FILES))
    where = source(head, HEAD_FILES)
    return Pairing(f"{recipe.name}+{where.name}", recipe, where)


def _published() -> dict[str, str]:
    """Hub ids of the paper's heads by the name of the encoder that they are paired with."""
    return {
        f"{family}-{tuned}": f"lsr42/d2s_{_DATA[tuned]}-{family.rpartition('-')[2]}-dense_q_reg_0.001_d_reg_0.001"
        for family in FAMILIES
        for tuned in TUNED
    }


def _names() -> list[str]:
    return [DEFAULT_MODEL, *_published(), "ENCODER+HEAD (encoders: " + ", ".join(NAMED[-3:]) + ")"]


def chosen_device(device: str | None = None) -> str:
    """The device named, else what SIGHTWORDS_DEVICE says, else "auto"."""
    return device or os.environ.get(DEVICE_VARIABLE) or "auto"


def _built(recipe: EncoderRecipe, device: str | None) -> DenseEncoder:
    encoder = recipe.build([where.locate() for where in recipe.sources], chosen_device(device))
    return encoder if recipe.name == DEFAULT_MODEL else lent(encoder)  # the built-in one is small: no GPU to wait for


def _entry(chosen: Pairing) -> ModelEntry:
    lacking = [where for where in _sources(chosen) if where.missing()]
    recipe = chosen.encoder
    needs = "nothing more: all of it is here"
    if lacking:
        needs = f"{', '.join(where.name for where in lacking)}: `sightwords models --download {chosen.name}`"
    return ModelEntry(
        chosen.name,
        f"{recipe.about}, with the paper's head",
        needs,
        not lacking,
        recipe.sources[0].name,
        chosen.head.name,
        WORDPIECE_NAME,
        recipe.licence,
        recipe.megabytes + HEAD_MEGABYTES if recipe.megabytes else None,
    )


def _all_sources(name: str) -> list[Source]:
    if name == DEFAULT_MODEL:
        return []
    if "+" in name or name in _published():
        return _sources(pairing(name))
    return list(encoder_recipe(name).sources)


def _sources(chosen: Pairing) -> list[Source]:
    """All that a pairing needs; the published vocabulary only where no folder of its own brings one."""
    sources: list[Source] = [*chosen.encoder.sources, chosen.head]
    if WORDPIECES not in sources and _own_vocabulary(chosen) is None:
        sources.append(WORDPIECES)
    return sources


def _complain_of_missing(name: str, sources: list[Source]) -> None:
    """Raises MissingFiles, one sentence about everything that is not here; the source's own where only one is."""
    lacking = [where for where in sources if where.missing()]
    for where in lacking:
        if isinstance(where, Folder):
            where.locate()  # a folder is nothing that could be fetched: its own sentence says what it lacks
    if lacking:
        raise MissingFiles(
            f"The model '{name}' is not complete on this machine: it lacks "
            f"{'; '.join(where.whereabouts() for where in lacking)}; "
            f"`sightwords models --download {name}` fetches them where there is a network."
        )


def _own_vocabulary(chosen: Pairing) -> Path | None:
    """The vocabulary that lies with the head, or the WordPieces that lie with its encoder; None where neither does."""
    if not chosen.head.missing():
        folder = chosen.head.locate()
        for name in (HEAD_VOCABULARY, "vocab.txt"):
            if (folder / name).is_file():
                return folder / name
    for where in chosen.encoder.sources:
        if isinstance(where, Folder | HubFiles) and not where.missing() and (where.locate() / "vocab.txt").is_file():
            return where.locate() / "vocab.txt"
    return None


def _vocabulary(chosen: Pairing, folder: Path) -> Vocabulary:
    """The terms of a head; ModelError when it names a vocabulary that is not known here."""
    path = _own_vocabulary(chosen) or WORDPIECES.locate() / "vocab.txt"
    try:
        named = json.loads((folder / "config.json").read_text("utf-8")).get("mlm_head", WORDPIECE_NAME)
    except (OSError, ValueError, AttributeError) as error:
        raise ModelError(f"The head's {folder / 'config.json'} cannot be read ({error}).") from error
    if path.parent != folder and named != WORDPIECE_NAME:
        raise ModelError(
            f"The head {chosen.head.name} weighs the terms of '{named}', but only those of '{WORDPIECE_NAME}' "
            f"are known here; put its vocab.txt or vocabulary.json into {folder}."
        )
    return Vocabulary.load(path)
