"""The date of the catalog's file tells that nobody has committed, and never that nobody has where somebody did."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from index_store.catalog.catalog import Catalog
from index_store.folder.collection import Collection
from index_store.items import NewItem
from index_store.vectors import SparseVector

LONG_AGO = 10**18  # ns: 2001


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "catalog.sqlite"
    Catalog.create(path, {"model": "m"}, ["a"])
    return path


@pytest.fixture
def reader(file: Path) -> Iterator[Catalog]:
    held = Catalog(file, writable=False)
    yield held
    held.close()


def test_an_old_date_that_stays_means_the_same_version(file: Path, reader: Catalog) -> None:
    assert not reader.is_still(reader.version()), "written just now: the next write may have the same date"
    os.utime(file, ns=(LONG_AGO, LONG_AGO))
    version = reader.version()
    assert reader.is_still(version) and not reader.is_still((*version[:1], version[1] + 1))
    with_another = Catalog(file, writable=True)
    with_another.note("model", "n")
    assert not reader.is_still(version) and reader.version() != version
    os.utime(file, ns=(LONG_AGO, LONG_AGO))
    assert not reader.is_still(version), "even if somebody dates it back"
    assert not reader.is_still(None)
    with_another.close()


def test_nothing_is_sure_of_a_file_that_is_gone_or_replaced(file: Path, reader: Catalog) -> None:
    os.utime(file, ns=(LONG_AGO, LONG_AGO))
    version, data = reader.version(), file.read_bytes()
    assert reader.is_still(version)
    file.unlink()
    assert not reader.is_still(version)
    file.write_bytes(data)
    os.utime(file, ns=(LONG_AGO, LONG_AGO))
    assert not reader.is_still(version)


def test_each_question_sees_what_was_written_before_it(tmp_path: Path) -> None:
    """Also where the file had been left alone for long."""
    question = SparseVector.from_pairs({0: 1.0})
    with (
        Collection.create(tmp_path / "c", model="m", vocabulary=["a"]) as writer,
        Collection.open(tmp_path / "c") as reader,
    ):
        for count in range(1, 4):
            os.utime(tmp_path / "c" / "catalog.sqlite", ns=(LONG_AGO, LONG_AGO))
            for _ in range(2):
                assert len(reader.search(question, 9).hits) == count - 1
            writer.add([NewItem("image", f"{count}.png", None, str(count), question)])
            assert len(reader.search(question, 9).hits) == count
