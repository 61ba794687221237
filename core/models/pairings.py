"""What a model's name stands for: an encoder and the head that reads it, and the files that both need; loads nothing.

A name is one of the pairings listed here, or an encoder and a head of one's own: ENCODER+HEAD. The encoder is one that
`recipes` lists, or blip:, clip: or siglip: with a hub id or folder. The head is the name of a kept one
(`kept_heads`), a hub id or a folder.
"""

from dataclasses import dataclass
from pathlib import Path

from core.encoders.hub_files import HubFiles, source
from core.encoders.recipes import FAMILIES, NAMED, TUNED, WORDPIECES, EncoderRecipe, encoder_recipe
from core.encoders.sources import File, Folder, Source
from core.errors import ModelError, UnknownModel
from core.models.head_files import HEAD_VOCABULARY, head_config
from core.models.kept_heads import kept_head
from core.shipped import SHIPPED
from core.vocabulary import Vocabulary

HEAD_FILES: tuple[File, ...] = ("config.json", ("model.safetensors", "pytorch_model.bin"))
WORDPIECE_NAME = "distilbert-base-uncased"  # what published heads call the vocabulary that their terms are of
ATTESTED = "lsr42/d2s_mscoco-blip-dense_q_reg_0.001_d_reg_0.001"  # the one head that the reference implementation names
INFERRED = f"this name is inferred from that of {ATTESTED}, the only one that is attested"
_DATA = {"coco": "mscoco", "flickr": "flickr30k"}  # in the names of published heads


@dataclass(frozen=True)
class Pairing:
    """An encoder and the head that reads it."""

    name: str
    encoder: EncoderRecipe
    head: Folder | HubFiles


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
        raise UnknownModel(f"There is no model called '{name}'; the known ones are: {', '.join(known_names())}.")
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


def known_names() -> list[str]:
    return [*SHIPPED, *published_heads(), "ENCODER+HEAD (encoders: " + ", ".join(NAMED[-3:]) + ")"]


def canonical_name(name: str) -> str:
    """The name that a model gives itself and its collections: folders absolute, so that it holds from anywhere."""
    return pairing(name).name if "+" in name else name


def model_sources(name: str) -> list[Source]:
    """All that a model, or an encoder alone, needs, here or not; UnknownModel when nothing has the name."""
    if "+" in name or name in published_heads():
        return sources_of(pairing(name))
    return list(encoder_recipe(name).sources)


def sources_of(chosen: Pairing) -> list[Source]:
    """All that a pairing needs; the published vocabulary only where no folder of its own brings one."""
    sources: list[Source] = [*chosen.encoder.sources, chosen.head]
    if WORDPIECES not in sources and own_vocabulary(chosen) is None:
        sources.append(WORDPIECES)
    return sources


def own_vocabulary(chosen: Pairing) -> Path | None:
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
    path = own_vocabulary(chosen) or WORDPIECES.locate() / "vocab.txt"
    named = head_config(folder).get("mlm_head", WORDPIECE_NAME)
    if path.parent != folder and named != WORDPIECE_NAME:
        raise ModelError(
            f"The head {chosen.head.name} weighs the terms of '{named}', but only those of '{WORDPIECE_NAME}' "
            f"are known here; put its vocab.txt or vocabulary.json into {folder}."
        )
    return Vocabulary.load(path)
