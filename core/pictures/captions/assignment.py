"""Gives the captions of a file to pictures; what cannot be given is told, row by row. Knows no collections."""

import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import DatasetError
from core.pictures.captions.caption_rows import Row
from core.pictures.captions.picture_names import Meant, PictureNames, Several
from core.pictures.captions.reading import CaptionsFile


@dataclass(frozen=True)
class AssignedCaptions:
    """Captions by picture (absolute), each once and in order, and (captions file, one sentence) for each row left."""

    by_picture: dict[Path, tuple[str, ...]]
    skipped: tuple[tuple[Path, str], ...]


def assign_captions(
    captions: CaptionsFile,
    pictures: Iterable[Path],
    walked: Sequence[Path] = (),
    folder: str | os.PathLike[str] | None = None,
) -> AssignedCaptions:
    """The captions of a file for pictures (absolute paths), whose names `PictureNames` looks up.

    Names count from where the file lies, or else from the `walked` folders; with a `folder` from there alone. Where two
    names fit one picture only in part, which of them is meant cannot be told: neither is taken. DatasetError for a
    `folder` that is none.
    """
    if folder is not None and not os.path.isdir(os.path.expanduser(folder)):
        raise DatasetError(f"There is no folder {folder} that the names of captions could count from; check the path.")
    base = captions.path.resolve().parent if folder is None else Path(os.path.realpath(os.path.expanduser(folder)))
    if folder is not None:
        pictures = [picture for picture in pictures if picture.is_relative_to(base)]
    names, folders = PictureNames(pictures), [base, *(walked if folder is None else ())]
    rows = defaultdict[str, list[Row]](list)
    for row in captions.rows:
        rows[row.name].append(row)
    found = {name: names.find(name, folders) for name in rows}
    doubtful = _doubtful({name: meant for name, meant in found.items() if isinstance(meant, Meant)})
    texts: dict[Path, dict[str, None]] = {}
    skipped = [(captions.path, captions.told(row, row.fault)) for row in captions.bad]
    for name, meant in found.items():
        if isinstance(meant, Meant) and name not in doubtful:
            said = dict.fromkeys(text for row in rows[name] for text in row.texts)
            texts.setdefault(meant.picture, {}).update(said)
        else:
            skipped.append((captions.path, captions.told(rows[name][0], _reason(name, meant, doubtful))))
    return AssignedCaptions({picture: tuple(said) for picture, said in texts.items()}, tuple(skipped))


def _doubtful(meant: dict[str, Meant]) -> dict[str, str]:
    """Names that fit a picture only in part, and another name that fits the same."""
    by_picture = defaultdict[Path, list[str]](list)
    for name, one in meant.items():
        by_picture[one.picture].append(name)
    return {
        name: others[others[0] == name]
        for others in by_picture.values()
        if len(others) > 1
        for name in others
        if not meant[name].surely
    }


def _reason(name: str, meant: Meant | Several | None, doubtful: dict[str, str]) -> str:
    if isinstance(meant, Several):
        return f"'{name}' could be {meant}; write its folder, or name a folder with --captions-folder"
    if isinstance(meant, Meant):
        return f"'{name}' could be {meant.picture}, but so could '{doubtful[name]}'"
    return f"it names '{name}', but there is no such picture"
