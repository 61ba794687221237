"""Removes items whose files are gone, where that is plain, and says of the rest why they stay; encodes nothing."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from core.library.indexing.known_items import KnownItems
from core.library.indexing.plan import lost
from core.library.indexing.tally import Tally
from core.library.selection import lost_much
from core.pictures.folders.listing import Listing


def remove_lost(
    known: KnownItems, listing: Listing, unreadable: Sequence[int], tally: Tally, *, remove_many: bool
) -> tuple[int, ...]:
    """Removes items whose file is gone from a walked folder, and the `unreadable` ones, whose file is no picture now.

    Returns the ids of items whose files are gone, but that stay, as they are so many that a person is asked first;
    `remove_many` removes them too.
    """
    _explain_empty_folders(known, listing, tally)
    _explain_items_in_junk(known, listing, tally)
    with known.writing():
        found = lost(known.at_path, listing)
        kept = found.ids if lost_much(len(found.ids), found.known) and not remove_many else ()
        removing = [*unreadable, *(() if kept else found.ids)]
        if removing:
            tally.removed += known.collection.remove(removing)
    return kept


def _explain_empty_folders(known: KnownItems, listing: Listing, tally: Tally) -> None:
    """An empty folder that pictures came from may be an unmounted disk: what is below it is not taken for gone."""
    unreadable = {folder for folder, _ in listing.unreadable}
    for folder in listing.empty:
        count = known.below(folder)
        if count and folder not in unreadable:
            stay = "it stays" if count == 1 else "they stay"
            tally.skip(
                folder,
                f"The folder {folder} holds no pictures now, but {_items(count)} came from it; {stay}. "
                f"Is its disk mounted? To take {'it' if count == 1 else 'them'} out: {_removing(folder, known)}",
            )


def _explain_items_in_junk(known: KnownItems, listing: Listing, tally: Tally) -> None:
    """What was taken from a folder of deleted files, on purpose or before those were left out, stays."""
    for folder in listing.junk_folders:
        if count := known.below(folder):
            tally.skip(
                folder,
                f"{_items(count)} of the collection came from {folder}, which is left "
                f"out now; what is in stays. To take it out: {_removing(folder, known)}",
            )


def _items(count: int) -> str:
    return f"{count:,} {'item' if count == 1 else 'items'}"


def _removing(folder: Path, known: KnownItems) -> str:
    """The command that takes out what lies in a folder, as a shell understands it."""
    return f"sightwords remove {shlex.quote(str(folder))} --collection {shlex.quote(known.collection.address)}"
