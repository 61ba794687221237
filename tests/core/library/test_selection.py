"""From how many items on a person is asked before they are taken out."""

from pathlib import Path

import pytest

from core.library.selection import is_many, lost_much, select_items
from index_store.errors import ItemNotFound
from index_store.folder.collection import Collection


@pytest.mark.parametrize(
    ("count", "held", "asked"),
    [(1, 1, False), (4, 4, False), (5, 5, True), (5, 50, True), (5, 51, False), (19, 1000, False), (20, 10**6, True)],
)
def test_twenty_or_a_tenth_but_never_a_handful(count: int, held: int, asked: bool) -> None:
    assert is_many(count, held) is asked


@pytest.mark.parametrize(
    ("count", "known", "asked"),
    [
        (4, 4, False),
        (5, 8, True),
        (5, 10, False),  # half of a few: somebody tidied up
        (19, 100, False),
        (20, 200, True),
        (20, 201, False),  # a few of many
        (3000, 10_000, True),
    ],
)
def test_folders_that_lost_most_or_much(count: int, known: int, asked: bool) -> None:
    assert lost_much(count, known) is asked


@pytest.mark.parametrize("name", ["loop", "loop/a.jpg", "~nobody-of-this-name.jpg", "x" * 300, "a\0b"])
def test_names_that_no_item_can_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, collection: Collection, name: str
) -> None:
    (tmp_path / "loop").symlink_to("loop")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ItemNotFound, match="nothing was changed"):
        select_items(collection, [name])
