"""Assigns the captions of a file to pictures, and says why a row cannot be assigned; knows no collections."""

import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import DatasetError
from core.pictures.captions.caption_rows import Row
from core.pictures.captions.picture_names import Ambiguous, Match, PictureNames
from core.pictures.captions.reading import CaptionsFile


@dataclass(frozen=True)
class AssignedCaptions:
    """Captions by picture (absolute path), each once and in order.

    `skipped`: (captions file, one sentence) for each row that is not assigned.
    """

    by_picture: dict[Path, tuple[str, ...]]
    skipped: tuple[tuple[Path, str], ...]


def assign_captions(
    captions: CaptionsFile,
    pictures: Iterable[Path],
    walked: Sequence[Path] = (),
    folder: str | os.PathLike[str] | None = None,
) -> AssignedCaptions:
    """Assigns the captions of a file to `pictures` (absolute paths), whose names `PictureNames` looks up.

    A name counts from the folder of the file, and then from each of the `walked` folders; with a `folder` from that one
    alone. Where two names each fit one picture only in part, neither is assigned. Raises DatasetError where `folder` is
    no folder.
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
    doubtful = _doubtful({name: match for name, match in found.items() if isinstance(match, Match)})
    texts: dict[Path, dict[str, None]] = {}
    skipped = [(captions.path, captions.sentence(row, row.fault)) for row in captions.bad]
    for name, match in found.items():
        if isinstance(match, Match) and name not in doubtful:
            own = dict.fromkeys(text for row in rows[name] for text in row.texts)
            texts.setdefault(match.picture, {}).update(own)
        else:
            skipped.append((captions.path, captions.sentence(rows[name][0], _reason(name, match, doubtful))))
    return AssignedCaptions({picture: tuple(own) for picture, own in texts.items()}, tuple(skipped))


def _doubtful(matches: dict[str, Match]) -> dict[str, str]:
    """Names that fit a picture only in part, and another name that fits the same."""
    by_picture = defaultdict[Path, list[str]](list)
    for name, one in matches.items():
        by_picture[one.picture].append(name)
    return {
        name: others[others[0] == name]
        for others in by_picture.values()
        if len(others) > 1
        for name in others
        if not matches[name].certain
    }


def _reason(name: str, match: Match | Ambiguous | None, doubtful: dict[str, str]) -> str:
    if isinstance(match, Ambiguous):
        return f"'{name}' could be {match}; write its folder, or name a folder with --captions-folder"
    if isinstance(match, Match):
        return f"'{name}' could be {match.picture}, but so could '{doubtful[name]}'"
    return f"it names '{name}', but there is no such picture"
