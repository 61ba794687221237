"""Rows of caption files, whatever form they come in: what columns may be called, what a name and a caption are.

Opens no file.
"""

import os
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.pictures.captions.encodings import is_encodable
from core.pictures.formats.kinds import picture_suffixes

LONGEST = 10_000  # characters of a caption: more is a document in the wrong column
# What columns are called, in English and then German, French, Spanish, Italian, Portuguese and Dutch, without accents
PATHS = (
    "filepath", "path", "imagepath", "imgpath",
    "dateipfad", "bildpfad", "pfad", "chemin", "cheminfichier", "ruta", "percorso", "caminho",
)  # fmt: skip  # may name a folder, where another column names the file
FILES = (
    *PATHS, "filename", "file", "imagefile", "imagefilename", "image", "img", "imagename", "imgname", "picture",
    "photo", "name", "imageid", "photoid",
    "dateiname", "datei", "bilddatei", "bildname", "bild", "foto", "fichier", "nomfichier", "nomdufichier",
    "archivo", "nombredearchivo", "nombrearchivo", "fichero", "imagen", "nomefile", "immagine", "arquivo",
    "nomedoarquivo", "ficheiro", "imagem", "bestandsnaam", "bestand", "afbeelding",
)  # fmt: skip  # columns of files, the most telling first
CAPTIONS = (
    "caption", "imagecaption", "captiontext", "sentence", "comment", "raw", "text", "description", "alt", "alttext",
    "title", "label",
    "bildunterschrift", "bildbeschreibung", "beschriftung", "beschreibung", "kommentar", "titel", "legende",
    "commentaire", "titre", "leyenda", "descripcion", "comentario", "titulo", "didascalia", "descrizione", "titolo",
    "legenda", "descricao", "onderschrift", "beschrijving", "tekst",
)  # fmt: skip  # columns of captions, the most telling first; each may be a plural, or be numbered
_CAPTION_NUMBER = re.compile(r"#\d+$")  # Flickr8k's, behind the name


@dataclass(frozen=True)
class Row:
    """A row of a captions file: the picture's name and its captions (`texts`), or the `fault` of a bad row.

    `position`: where the row stands, in words ("line 3").

    A row without captions and without a fault says that the picture has none.
    """

    position: str
    name: str = ""
    texts: tuple[str, ...] = ()
    fault: str = ""


@dataclass(frozen=True)
class Columns:
    """Which of the columns name the picture, the most telling first, and which hold its captions."""

    files: tuple[int, ...]
    captions: tuple[int, ...]


def columns_of(headers: Sequence[str]) -> Columns:
    """What columns are for by what they are called; of several kinds of captions the most telling only."""
    keys = [_key(header) for header in headers]
    files = sorted((FILES.index(key), i) for i, key in enumerate(keys) if key in FILES)
    bare = [key.rstrip("0123456789") for key in keys]
    kinds = [key if key in CAPTIONS else key.removesuffix("s") for key in bare]
    best = min((CAPTIONS.index(kind) for kind in kinds if kind in CAPTIONS), default=None)
    captions = tuple(i for i, kind in enumerate(kinds) if best is not None and kind == CAPTIONS[best])
    return Columns(tuple(i for _, i in files), captions)


def _key(header: str) -> str:
    """What a column is called, without case, accents and signs."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKD", header.casefold()))


def names_picture(name: str) -> bool:
    """Whether a name is plainly that of a picture file, by its suffix."""
    bare = _CAPTION_NUMBER.sub("", name.strip().strip("\"'"))
    return os.path.splitext(bare.replace("\\", "/"))[1].lower() in picture_suffixes()


def row(position: str, names: Mapping[str, str], texts: Iterable[Any], *, may_be_empty: bool = False) -> Row:
    """A row from {header: value} of the columns that name the picture, the most telling first, and its captions.

    `may_be_empty`: no captions at all are not a fault.
    """
    given = list(texts)
    name = _name(names)
    if not name:
        return Row(position, fault="it names no picture")
    if not is_encodable(name):
        return Row(position, fault="the name of its picture is not valid Unicode")
    kept = tuple(dict.fromkeys(cleaned for text in given if isinstance(text, str) and (cleaned := clean(text))))
    if any(len(text) > LONGEST for text in kept):
        return Row(position, name, fault=f"the caption of {name} is longer than {LONGEST:,} characters")
    if not all(map(is_encodable, kept)):
        return Row(position, name, fault=f"the caption of {name} is not valid Unicode")
    if not kept and (given or not may_be_empty):
        return Row(position, name, fault=f"{name} has no caption")
    return Row(position, name, kept)


def clean(text: str) -> str:
    """A caption on one line, with single spaces."""
    return " ".join(text.replace("\0", " ").split())


def _name(values: Mapping[str, str]) -> str:
    """The first value that is a picture's name, below the folder that a column of paths names; else the first value."""
    given = {header: text for header, value in values.items() if (text := value.strip().strip('"').strip())}
    folder = ""
    for header, text in given.items():
        if names_picture(text):
            name = _CAPTION_NUMBER.sub("", text)
            return f"{folder.rstrip('/')}/{name}" if folder else name
        if _key(header) in PATHS:
            folder = folder or text
    return next(iter(given.values()), "")
