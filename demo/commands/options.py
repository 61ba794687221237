"""The options that commands share; knows neither models nor collections.

Nothing here may import torch: every command's file imports this one, and --help must stay quick.
"""

import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from typer.core import TyperCommand

from core.shipped import WORLD_MODEL
from index_store.address import parse_address

_MINUS_WORD = re.compile(r"-[^\W\d_]{2}")
_SPACE = " "  # before a word that begins with a minus, so that it is read as no option
DEFAULT_MODEL = WORLD_MODEL  # where neither a model, a collection nor pictures say another

ModelOption = Annotated[str, typer.Option("--model", help="The model's name; `sightwords models` lists them.")]
# an Address, or None: the annotation is Any, as typer takes no unions
WHERE_IT_LIES = {"parser": parse_address, "metavar": "DIR|milvus://HOST:PORT/NAME|milvus:FILE.db"}
CollectionOption = Annotated[
    Any,
    typer.Option("--collection", help="Where the collection lies; the built-in world when left out.", **WHERE_IT_LIES),
]
OwnCollectionOption = Annotated[Any, typer.Option("--collection", help="Where the collection lies.", **WHERE_IT_LIES)]
NewCollectionOption = Annotated[
    Any, typer.Option("--collection", help="Where the collection lies; made when new.", **WHERE_IT_LIES)
]


def _choose_device(name: str | None) -> str | None:
    if name is not None:
        os.environ["SIGHTWORDS_DEVICE"] = name  # read wherever in the command a model is loaded
    return name


DeviceOption = Annotated[
    str | None,
    typer.Option(
        "--device",
        metavar="auto|cpu|cuda|mps",
        help="Where real models compute; the fastest there is when left out.",
        callback=_choose_device,
    ),
]


def _choose_precision(name: str | None) -> str | None:
    if name is not None:
        os.environ["SIGHTWORDS_PRECISION"] = name  # as with the device
    return name


PrecisionOption = Annotated[
    Literal["auto", "fp32", "bf16"] | None,
    typer.Option(
        "--precision",
        help="What the products of real models are computed in; when left out, as the collection was made, else the "
        "fastest here.",
        callback=_choose_precision,
    ),
]
WaitOption = Annotated[
    float,
    typer.Option("--wait", metavar="SECONDS", min=0, help="How long to wait while another program writes."),
]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask before many items are taken out.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]
WhereOption = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        metavar="CONDITION",
        help="Only items for which this holds, as in folder=holiday, file=*.jpg, tag=best, caption=boat, kind=image, "
        "taken>=2024-05, camera=Canon, near=52.52,13.40,5km, added>=2026-01, width>=1000, bytes<2MB; also !=. "
        "Repeatable: all must hold, of several = for one key any.",
    ),
]
ImageOption = Annotated[Path | None, typer.Option("--image", help="A picture instead of a text.")]
TextArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[TEXT]",
        help="What the picture shows, in words; -word leaves out, +word must be there, word^2 counts twice.",
    ),
]
LiteralTextOption = Annotated[
    bool, typer.Option("--literal-text", help="Take the words as they are: no -word, no “without”, no corrections.")
]


ByTableOption = Annotated[
    bool,
    typer.Option("--table", help="Look the words up in the model's query table, without its encoder."),
]
RankOption = Annotated[
    Literal["sparse", "dense", "fused"],
    typer.Option(
        "--rank",
        help="sparse: by terms; dense: by the whole picture; fused: by both. The last two need a collection that was "
        "indexed with --keep-dense.",
    ),
]
DenseWeightOption = Annotated[
    float | None,
    typer.Option(
        "--dense-weight",
        metavar="W",
        help="For fused: what the whole picture weighs beside the terms; when left out, as the model says.",
    ),
]


class WordsCommand(TyperCommand):
    """A command whose words may begin with a minus: `search a cat -dog`. An option has one letter, or two dashes."""

    def parse_args(self, context: Any, args: list[str]) -> list[str]:
        return super().parse_args(context, [_SPACE + arg if _MINUS_WORD.match(arg) else arg for arg in args])


def one_text(words: list[str] | None) -> str | None:
    """The words of a command line as one text; None where there are none."""
    if not words:
        return None
    return " ".join(word[len(_SPACE) :] if _MINUS_WORD.match(word[len(_SPACE) :]) else word for word in words)


def one_of(text: str | None, image: Path | None) -> None:
    """Refuses a question that is neither a text nor a picture, or both."""
    if (text is None) == (image is None):
        raise typer.BadParameter("give either a TEXT or --image FILE")
