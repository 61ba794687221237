"""Which picture a captions file means by a name: written by another system, with or without folder and suffix.

Only one answer counts: a name that could be several pictures is no picture's. Reads no file.
"""

import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from core.pictures.captions.caption_rows import names_picture

_SHOWN = 2  # pictures that an ambiguous name could be
_NUMBERED = re.compile(r"(?:COCO_\w+_)?0*(\d+)")  # COCO's file names, by the number in them


@dataclass(frozen=True)
class Match:
    """The picture that a name means.

    `certain`: all of the name fits the picture's path, so that no other name could mean this picture as well.
    """

    picture: Path
    certain: bool = True


@dataclass(frozen=True)
class Ambiguous:
    """The pictures that a name could mean."""

    pictures: tuple[Path, ...]

    def __str__(self) -> str:
        shown = " or ".join(map(str, self.pictures[:_SHOWN]))
        more = len(self.pictures) - _SHOWN
        return shown + (f" ({more:,} more)" if more > 0 else "")


class PictureNames:
    """Looks names up among pictures (absolute paths), most exact ways first."""

    def __init__(self, pictures: Iterable[Path]) -> None:
        self._pictures = {os.path.normpath(picture): picture for picture in pictures}
        self._folded = {_fold(name): picture for name, picture in self._pictures.items()}
        self._by_way: list[dict[str, list[Path]]] = []
        for _, of_picture, _ in _WAYS:
            index = defaultdict[str, list[Path]](list)
            for picture in self._pictures.values():
                index[of_picture(picture.name)].append(picture)
            self._by_way.append(index)

    def find(self, name: str, folders: Sequence[Path], *, elsewhere: bool = True) -> Match | Ambiguous | None:
        """The picture of a name that counts from `folders`, the first of which goes first; None where there is none.

        What lies exactly there is meant; otherwise the one picture whose path ends with the name, and otherwise with as
        much of its end as any does. Unicode forms, `/` or `\\`, the suffix or its case, percent signs of URLs do not
        matter. `elsewhere`: a file that exists is meant though it is none of the pictures.
        """
        first, *others = folders
        if (found := self._there(first, name)) is not None:
            return Match(found)
        beside = dict.fromkeys(found for folder in others if (found := self._there(folder, name)) is not None)
        if beside:
            return Match(next(iter(beside))) if len(beside) == 1 else Ambiguous(tuple(beside))
        if elsewhere and (path := _placed(first, name)) is not None and os.path.isfile(path):
            return Match(self._folded.get(_fold(str(path)), path))
        return self._ending(name)

    def _there(self, folder: Path, name: str) -> Path | None:
        """The picture exactly at a name below a folder."""
        path = _placed(folder, name)
        return self._pictures.get(str(path)) if path is not None else None

    def _ending(self, name: str) -> Match | Ambiguous | None:
        """The picture whose path ends like the name: with all of its folders, or else with as many as any does."""
        spellings = [spelling for spelling in dict.fromkeys((_parts(name), _parts(unquote(name)))) if spelling]
        for whole in (True, False):
            for *folders, last in spellings:
                for (of_name, _, exact), index in zip(_WAYS, self._by_way, strict=True):
                    key = of_name(last)
                    shared = {picture: _shared(picture, folders) for picture in index.get(key, ())} if key else {}
                    most = max(shared.values(), default=0)
                    if not shared or (whole and most < len(folders)):
                        continue
                    best = tuple(picture for picture, count in shared.items() if count == most)
                    return Match(best[0], whole and exact) if len(best) == 1 else Ambiguous(best)
        return None


def _placed(folder: Path, name: str) -> Path | None:
    """The path of a name below a folder, as walking would list it: links below it are kept; None for no path at all."""
    try:
        path = Path(name)
        return Path(os.path.realpath(path)) if path.is_absolute() else Path(os.path.normpath(folder / name))
    except (OSError, RuntimeError, ValueError):
        return None


def _parts(name: str) -> tuple[str, ...]:
    """The folders and the file in a name, whatever system or URL it is from."""
    if "://" in name:
        name = urlsplit(name).path
    name = re.sub(r"^[A-Za-z]:", "", name.replace("\\", "/"))
    return tuple(part for part in name.split("/") if part not in ("", ".", ".."))


def _shared(picture: Path, folders: Sequence[str]) -> int:
    """How many folders at the end of `folders` are also those above a picture."""
    count = 0
    for own, asked in zip(reversed(picture.parts[:-1]), reversed(folders), strict=False):
        if _fold(own) != _fold(asked):
            break
        count += 1
    return count


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _fold(name: str) -> str:
    return _composed(name).casefold()


def _any_suffix_case(name: str) -> str:
    stem, suffix = os.path.splitext(_composed(name))
    return stem + suffix.casefold()


def _stem(name: str) -> str:
    return os.path.splitext(_composed(name))[0]


def _bare(name: str) -> str:
    """A name without a suffix, as an id is; nothing for one with the suffix of a picture."""
    return "" if names_picture(name) else _composed(name)


def _number(name: str) -> str:
    found = _NUMBERED.fullmatch(_stem(name))
    return found[1] if found else ""


def _bare_number(name: str) -> str:
    return name.lstrip("0") or "0" if name.isdecimal() else ""


# what a name is looked up by, what a picture's name is found by, and whether no other name can mean another picture so
_WAYS: tuple[tuple[Callable[[str], str], Callable[[str], str], bool], ...] = (
    (_composed, _composed, True),
    (_any_suffix_case, _any_suffix_case, True),
    (_bare, _stem, True),
    (_fold, _fold, False),
    (_bare_number, _number, False),
)
