"""What collections are called: by a name that a person gave, or by their folder, never by where it lies."""

import unicodedata
from collections.abc import Iterable
from pathlib import Path

from core.files import home_folder
from index_store.address import Address
from index_store.errors import SightwordsError
from index_store.folder.collection import Collection

WORLD = "The built-in world"
NAME_FILE = "name.txt"  # beside a collection that was renamed; its folder keeps its name, as its pictures lie in it


def collection_name(address: Address | None) -> str:
    """What a collection is called; None is the built-in world."""
    if address is None:
        return WORLD
    if not isinstance(address, Path):
        return address.name
    if address.parent.parent != made_in():
        return address.name or address.absolute().name  # the folder "." has no name of its own
    try:
        return (address.parent / NAME_FILE).read_text("utf-8").strip() or address.parent.name
    except (OSError, UnicodeDecodeError):
        return address.parent.name


def made_in() -> Path:
    """The folder of the collections that were made in the app, each in a folder of its own."""
    return home_folder() / "collections"


def made_here() -> list[Path]:
    """The collections that were made in the app; one that may not be looked at is none that can be chosen."""
    return [place for place in sorted(made_in().glob("*/collection")) if _is_there(place)]


def same_name(name: str, known: Iterable[str]) -> str | None:
    """The known name that is this one, but for large and small letters."""
    return next((one for one in known if plain_name(one) == plain_name(name)), None)


def plain_name(name: str) -> str:
    """What two names have in common that nobody would tell apart."""
    return unicodedata.normalize("NFKC", name).casefold().strip()


def _is_there(place: Path) -> bool:
    try:
        return Collection.exists(place)
    except SightwordsError:
        return False
