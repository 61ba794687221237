"""The models of this machine: which there are, and how one is loaded, once; fetches nothing."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from core.encoders import DenseEncoder
from core.encoders.devices import compute_device
from core.encoders.recipes import WORDPIECES, EncoderRecipe, encoder_recipe
from core.encoders.sources import Source
from core.encoders.zero_gpu import with_zero_gpu
from core.errors import MissingFiles, ModelError, UnknownModel
from core.models.downloads import require
from core.models.head import SparseHead
from core.models.head_files import HEAD_VOCABULARY, answered_from, dense_weight, unspoken_from
from core.models.kept_heads import check_encoder, fits_encoder, kept_head, kept_heads
from core.models.model import Model
from core.models.pairings import (
    ATTESTED,
    WORDPIECE_NAME,
    Pairing,
    known_names,
    own_vocabulary,
    pairing,
    published_heads,
    sources_of,
    vocabulary_of,
)
from core.models.tables import load_table
from core.shipped import PHOTO_MODEL, SHIPPED, WORLD_MODEL, Shipped
from core.vocabulary import Vocabulary

SCENES = SHIPPED[WORLD_MODEL].folder
DEFAULT_MODEL = WORLD_MODEL  # of questions that name neither a model nor a collection
DEVICE_VARIABLE = "SIGHTWORDS_DEVICE"  # read where no device is named
PRECISION_VARIABLE = "SIGHTWORDS_PRECISION"  # read where no precision is named
HEAD_MEGABYTES = 95  # 256 → 768 → 30,522 in single precision


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


def models() -> list[ModelEntry]:
    """Every model that has a name of its own, the built-in ones first; looks at this machine only."""
    return [*map(_shipped, SHIPPED.values()), *(_entry(pairing(name)) for name in published_heads())]


def _shipped(own: Shipped) -> ModelEntry:
    recipe, vocabulary = encoder_recipe(own.name), own.folder / HEAD_VOCABULARY
    lacking = [where.whereabouts() for where in recipe.sources if where.missing()]
    there = vocabulary.exists()
    needs = "; ".join(lacking) or "nothing: it is part of Sightwords"
    terms = f"{len(Vocabulary.load(vocabulary)):,} terms" if there else "terms"
    megabytes = round(sum(file.stat().st_size for file in own.folder.glob("*.safetensors")) / 1e6)
    ready = there and not lacking
    return ModelEntry(own.name, own.about, needs, ready, own.name, own.name, terms, own.licence, megabytes)


def _entry(chosen: Pairing) -> ModelEntry:
    lacking = [where for where in sources_of(chosen) if where.missing()]
    recipe = chosen.encoder
    needs = "nothing more: all of it is here"
    if lacking:
        needs = f"{', '.join(where.name for where in lacking)}: `sightwords models --download {chosen.name}`"
    return ModelEntry(
        chosen.name,
        f"{recipe.about}, with the paper's head{'' if chosen.head.name == ATTESTED else ' (its name is inferred)'}",
        needs,
        not lacking,
        recipe.sources[0].name,
        chosen.head.name,
        WORDPIECE_NAME,
        recipe.licence,
        recipe.megabytes + HEAD_MEGABYTES if recipe.megabytes else None,
    )


def model_for(paths: Iterable[Path]) -> str:
    """The model for a new collection of these pictures: drawings of the illustrated world have their own."""
    from core.world.writer import drawn_here  # which knows how to draw as well, and few who load a model want that

    given = list(paths)
    return WORLD_MODEL if given and all(map(drawn_here, given)) else PHOTO_MODEL


@cache
def load_model(name: str = DEFAULT_MODEL, device: str | None = None, precision: str | None = None) -> Model:
    """The named model, loaded once, on the device and, its encoder, in the precision named (SIGHTWORDS_DEVICE and
    SIGHTWORDS_PRECISION, or "auto", without); never fetches anything.

    Raises UnknownModel naming those that exist, MissingFiles naming what is not on this machine, DeviceError, and
    ModelError for files that do not hold what they should or parts that do not fit together.
    """
    if name in SHIPPED:
        folder, about = SHIPPED[name].folder, SHIPPED[name].about
        encoder, vocabulary = load_encoder(name, device, precision), Vocabulary.load(folder / HEAD_VOCABULARY)
    else:
        chosen = pairing(name)
        name = chosen.name
        require(name, sources_of(chosen))
        folder = chosen.head.locate()
        if kept_head(head := name.partition("+")[2]) is not None:
            check_encoder(head, folder, chosen.encoder.name)
        encoder = load_encoder(chosen.encoder.name, device, precision)  # one for all its heads
        vocabulary = vocabulary_of(chosen, folder)
        about = f"{chosen.encoder.about}, with the head {chosen.head.name}."
    return _with_head(name, encoder, folder, vocabulary, about)


def model_with_head(model: Model, name: str, folder: Path) -> Model:
    """The model's encoder with the head kept in a folder; QueryError where that was made for another encoder."""
    encoder = model.encoder.name
    check_encoder(name, folder, encoder)
    about = f"The encoder '{encoder}' with the head '{name}', trained in the Lab."
    return _with_head(f"{encoder}+{name}", model.encoder, folder, Vocabulary.load(folder / HEAD_VOCABULARY), about)


def _with_head(name: str, encoder: DenseEncoder, folder: Path, vocabulary: Vocabulary, about: str) -> Model:
    """An encoder with the head in a folder, and all that the folder says of it."""
    return Model(
        name,
        encoder,
        SparseHead.load(folder),
        vocabulary,
        about,
        answered_from=answered_from(folder),
        unspoken_from=unspoken_from(folder, vocabulary),
        dense_weight=dense_weight(folder),
        table=load_table(name, vocabulary, folder),
    )


@cache
def load_encoder(name: str, device: str | None = None, precision: str | None = None) -> DenseEncoder:
    """The named encoder without a head, or that of a named model; as load_model otherwise."""
    recipe = pairing(name).encoder if "+" in name else encoder_recipe(name)
    require(recipe.name, recipe.sources)
    return _built(recipe, device, precision)


def _built(recipe: EncoderRecipe, device: str | None, precision: str | None) -> DenseEncoder:
    located = [source.locate() for source in recipe.sources]
    encoder = recipe.build(located, chosen_device(device), chosen_precision(precision))
    # the built-in ones are small: for them no GPU need be waited for
    return encoder if recipe.name in SHIPPED else with_zero_gpu(encoder)


def find_head(named: str) -> tuple[Path, Path | None]:
    """The folder of a head, named by that folder or by a model, and its vocabulary where that lies elsewhere.

    A folder that exists wins. Raises ModelError where there is neither, MissingFiles for a model that is not here.
    """
    given = Path(os.path.expanduser(named))
    if given.is_dir():
        return given, None
    if named in SHIPPED:
        return SHIPPED[named].folder, None
    try:
        chosen = pairing(named)
    except (UnknownModel, MissingFiles) as error:
        raise ModelError(
            f"There is neither a folder '{named}' with a head nor a model of that name; the models are: "
            f"{', '.join(known_names())}."
        ) from error
    sources: list[Source] = [chosen.head, *([] if own_vocabulary(chosen) else [WORDPIECES])]
    require(chosen.name, sources)
    folder = chosen.head.locate()
    own = own_vocabulary(chosen) or WORDPIECES.locate() / "vocab.txt"
    return folder, own if own.parent != folder else None


def encoder_of(named: str) -> str | None:
    """Whose vectors a head reads, named as in `find_head`, as far as the name tells; None for a folder."""
    if Path(os.path.expanduser(named)).is_dir():
        return None
    return named if named in SHIPPED else pairing(named).encoder.name


def other_heads(name: str, vectors_of: str | None = None) -> dict[str, Path]:
    """Heads to compare a model's own with, by what to call them: those shipped with its encoder, and those kept.

    `vectors_of`: what the model's encoder calls itself; as the model's name has it when left out.
    """
    encoder, _, own = name.partition("+")
    heads: dict[str, Path] = {}
    if encoder in SHIPPED:
        shipped = sorted(file.parent for file in (SHIPPED[encoder].folder / "heads").glob(f"*/{HEAD_VOCABULARY}"))
        heads = {folder.name.replace("-", " "): folder for folder in shipped}
        if own:
            heads["the built-in one"] = SHIPPED[encoder].folder
    made_for = vectors_of or encoder
    kept = {kept: folder for kept, folder in kept_heads().items() if kept != own and fits_encoder(folder, made_for)}
    return heads | kept


def chosen_device(device: str | None = None) -> str:
    """The device named, else what SIGHTWORDS_DEVICE says, else "auto"."""
    return device or os.environ.get(DEVICE_VARIABLE) or "auto"


def chosen_precision(precision: str | None = None) -> str:
    """The precision named, else what SIGHTWORDS_PRECISION says, else "auto"."""
    return precision or os.environ.get(PRECISION_VARIABLE) or "auto"


def precision_like(made_in: str | None) -> str | None:
    """The precision to load a model in for a collection that was made in `made_in`.

    It is the same one, where nobody asks for another and this processor need not emulate it. Else it is None: the
    precision is then chosen as without a collection.
    """
    if chosen_precision() != "auto" or made_in not in ("fp32", "bf16"):
        return None
    return made_in if made_in == "fp32" or compute_device(chosen_device(), "auto").precision == made_in else None
