"""The models that can be named: what each is, what it needs, and how to load it.

A name is one of the pairings listed here, or an encoder and a head of one's own: ENCODER+HEAD, where the encoder is
one listed here or blip:, clip: or siglip: with a hub id or folder, and the head the name of a kept one
(`kept_heads`), a hub id or a folder. Encoders alone (for `embed`) have the same names without the head.
Nothing here touches the network but `fetch` and `download_size`.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from core.encoders import DenseEncoder
from core.encoders.batches import place
from core.encoders.lent_gpu import lent
from core.encoders.recipes import FAMILIES, NAMED, TUNED, WORDPIECES, EncoderRecipe, encoder_recipe
from core.encoders.weights import File, Folder, HubFiles, Package, Source, source
from core.errors import MissingFiles, ModelError, UnknownModel
from core.models.head import SparseHead, head_config
from core.models.head_folder import HEAD_VOCABULARY, answered_from
from core.models.kept_heads import check_encoder, fits_encoder, kept_head, kept_heads
from core.models.model import Model
from core.shipped import PHOTO_MODEL, SHIPPED, WORLD_MODEL, Shipped
from core.vocabulary import Vocabulary
from index_store.progress import Progress, ShouldStop, never, silent

SCENES = SHIPPED[WORLD_MODEL].folder
DEFAULT_MODEL = WORLD_MODEL  # of questions that name neither a model nor a collection
DEVICE_VARIABLE = "SIGHTWORDS_DEVICE"  # read where no device is named
PRECISION_VARIABLE = "SIGHTWORDS_PRECISION"  # read where no precision is named

HEAD_FILES: tuple[File, ...] = ("config.json", ("model.safetensors", "pytorch_model.bin"))
HEAD_MEGABYTES = 95  # 256 → 768 → 30,522 in single precision
WORDPIECE_NAME = "distilbert-base-uncased"  # what published heads call the vocabulary that their terms are of
ATTESTED = "lsr42/d2s_mscoco-blip-dense_q_reg_0.001_d_reg_0.001"  # the one head that the reference implementation names
INFERRED = f"this name is inferred from that of {ATTESTED}, the only one that is attested"
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


def model_for(paths: Iterable[Path]) -> str:
    """The model for a new collection of these pictures: drawings of the illustrated world have their own."""
    from core.world.writer import drawn_here  # which knows how to draw as well, and few who load a model want that

    places = list(paths)
    return WORLD_MODEL if places and all(map(drawn_here, places)) else PHOTO_MODEL


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
        require(name, _sources(chosen))
        folder = chosen.head.locate()
        if kept_head(head := name.partition("+")[2]) is not None:
            check_encoder(head, folder, chosen.encoder.name)
        encoder = load_encoder(chosen.encoder.name, device, precision)  # one for all its heads
        vocabulary = vocabulary_of(chosen, folder)
        about = f"{chosen.encoder.about}, with the head {chosen.head.name}."
    return Model(name, encoder, SparseHead.load(folder), vocabulary, about, answered_from(folder))


def head_place(named: str) -> tuple[Path, Path | None]:
    """The folder of a head, named by that folder or by a model, and its vocabulary where that lies elsewhere.

    A folder that exists wins. Raises ModelError where there is neither, MissingFiles for a model that is not here.
    """
    place = Path(os.path.expanduser(named))
    if place.is_dir():
        return place, None
    if named in SHIPPED:
        return SHIPPED[named].folder, None
    try:
        chosen = pairing(named)
    except (UnknownModel, MissingFiles) as error:
        raise ModelError(
            f"There is neither a folder '{named}' with a head nor a model of that name; the models are: "
            f"{', '.join(_names())}."
        ) from error
    sources: list[Source] = [chosen.head, *([] if _own_vocabulary(chosen) else [WORDPIECES])]
    require(chosen.name, sources)
    folder = chosen.head.locate()
    own = _own_vocabulary(chosen) or WORDPIECES.locate() / "vocab.txt"
    return folder, own if own.parent != folder else None


def other_heads(name: str, vectors_of: str | None = None) -> dict[str, Path]:
    """Heads to compare a model's own with, by what to call them: those shipped with its encoder, and those kept.

    `vectors_of`: what the model's encoder calls itself; as the model's name has it when left out.
    """
    encoder, _, own = name.partition("+")
    heads: dict[str, Path] = {}
    if encoder in SHIPPED:
        shipped = sorted(place.parent for place in (SHIPPED[encoder].folder / "heads").glob(f"*/{HEAD_VOCABULARY}"))
        heads = {folder.name.replace("-", " "): folder for folder in shipped}
        if own:
            heads["the built-in one"] = SHIPPED[encoder].folder
    made_for = vectors_of or encoder
    kept = {kept: folder for kept, folder in kept_heads().items() if kept != own and fits_encoder(folder, made_for)}
    return heads | kept


@cache
def load_encoder(name: str, device: str | None = None, precision: str | None = None) -> DenseEncoder:
    """The named encoder without a head, or that of a named model; as load_model otherwise."""
    recipe = pairing(name).encoder if "+" in name else encoder_recipe(name)
    require(recipe.name, recipe.sources)
    return _built(recipe, device, precision)


def canonical_name(name: str) -> str:
    """The name that a model gives itself and its collections: folders absolute, so that it holds from anywhere."""
    return pairing(name).name if "+" in name else name


def lacking(name: str) -> list[str]:
    """What a model, or an encoder alone, needs and this machine has not: files and where they are looked for."""
    return [where.whereabouts() for where in model_sources(name) if where.missing()]


def download_size(name: str) -> int:
    """Bytes that `fetch` would bring, asked of the servers; ModelError when they cannot be reached."""
    return sum(where.size() for where in model_sources(name) if where.missing())


def size_of(name: str) -> int | None:
    """As `download_size`, but None where no server answers; 0 when all is here."""
    try:
        return download_size(name)
    except UnknownModel:
        raise
    except ModelError:
        return None


def fetch(name: str, *, progress: Progress = silent, should_stop: ShouldStop = never) -> None:
    """Brings all that a model, or an encoder alone, needs to this machine; a part that is here is not fetched again.

    `progress`: done, total (None: not known yet) and the name of the part at hand; bytes, packages for the environment
    of salesforce-lavis. Raises DownloadStopped when asked to stop and ModelError when it cannot: what had come of
    a file is kept out of sight and gone on with by the next call.
    """
    for where in model_sources(name):
        if where.missing():
            where.fetch(progress=progress, should_stop=should_stop)


def pairing(name: str) -> Pairing:
    """What a name stands for; UnknownModel when nothing does, or an encoder has no head."""
    if name in published_heads():
        head = published_heads()[name]
        remark = "" if head == ATTESTED else INFERRED
        return Pairing(name, encoder_recipe(name), source(head, HEAD_FILES, remark=remark))
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


def published_heads() -> dict[str, str]:
    """Hub ids of the paper's heads by the name of the encoder that they are paired with."""
    return {
        f"{family}-{tuned}": f"lsr42/d2s_{_DATA[tuned]}-{family.rpartition('-')[2]}-dense_q_reg_0.001_d_reg_0.001"
        for family in FAMILIES
        for tuned in TUNED
    }


def _names() -> list[str]:
    return [*SHIPPED, *published_heads(), "ENCODER+HEAD (encoders: " + ", ".join(NAMED[-3:]) + ")"]


def chosen_device(device: str | None = None) -> str:
    """The device named, else what SIGHTWORDS_DEVICE says, else "auto"."""
    return device or os.environ.get(DEVICE_VARIABLE) or "auto"


def chosen_precision(precision: str | None = None) -> str:
    """The precision named, else what SIGHTWORDS_PRECISION says, else "auto"."""
    return precision or os.environ.get(PRECISION_VARIABLE) or "auto"


def precision_like(made_in: str | None) -> str | None:
    """The precision to load a model in for a collection that was made in `made_in`: the same one, where nobody asks for
    another and this processor does not have to emulate it; else None, for what is chosen without a collection."""
    if chosen_precision() != "auto" or made_in not in ("fp32", "bf16"):
        return None
    return made_in if made_in == "fp32" or place(chosen_device(), "auto").precision == made_in else None


def _built(recipe: EncoderRecipe, device: str | None, precision: str | None) -> DenseEncoder:
    places = [where.locate() for where in recipe.sources]
    encoder = recipe.build(places, chosen_device(device), chosen_precision(precision))
    return encoder if recipe.name in SHIPPED else lent(encoder)  # the built-in ones are small: no GPU to wait for


def _entry(chosen: Pairing) -> ModelEntry:
    lacking = [where for where in _sources(chosen) if where.missing()]
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


def model_sources(name: str) -> list[Source]:
    """All that a model, or an encoder alone, needs, here or not; UnknownModel when nothing has the name."""
    if "+" in name or name in published_heads():
        return _sources(pairing(name))
    return list(encoder_recipe(name).sources)


def _sources(chosen: Pairing) -> list[Source]:
    """All that a pairing needs; the published vocabulary only where no folder of its own brings one."""
    sources: list[Source] = [*chosen.encoder.sources, chosen.head]
    if WORDPIECES not in sources and _own_vocabulary(chosen) is None:
        sources.append(WORDPIECES)
    return sources


def require(name: str, sources: Sequence[Source]) -> None:
    """Raises MissingFiles where parts of the model are not here: one sentence about all, or a folder's own."""
    lacking = [where for where in sources if where.missing()]
    for where in lacking:
        if isinstance(where, Folder | Package):
            where.locate()  # nothing that could be fetched: its own sentence says what is lacking
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


def vocabulary_of(chosen: Pairing, folder: Path) -> Vocabulary:
    """The terms of a head; ModelError when it names a vocabulary that is not known here."""
    path = _own_vocabulary(chosen) or WORDPIECES.locate() / "vocab.txt"
    named = head_config(folder).get("mlm_head", WORDPIECE_NAME)
    if path.parent != folder and named != WORDPIECE_NAME:
        raise ModelError(
            f"The head {chosen.head.name} weighs the terms of '{named}', but only those of '{WORDPIECE_NAME}' "
            f"are known here; put its vocab.txt or vocabulary.json into {folder}."
        )
    return Vocabulary.load(path)
