"""A disk that runs full during any operation: one sentence, and all is as before; or no error, and all is as after."""

import os
import shutil
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from index_store.errors import CollectionError, CollectionFull
from index_store.folder.collection import Collection
from index_store.postings.index import PostingsIndex
from index_store.postings.writer import AT_ONCE, PostingsWriter
from index_store.vectors import SparseVector
from tests.index_store.folder.test_crash_matrix import CHANGES, OLD, fill, looked_at, state
from tests.index_store.test_errors import one_sentence

ROOM = (0, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 256)  # KiB that are left


def attempts(disk: Path, template: Path, change: Callable[[Collection], object]) -> int:
    """Makes the change with more and more free space; returns how often the disk ran full."""
    with Collection.open(_copy(template, disk / "it"), writable=True) as held:
        change(held)
    before, after, refused = looked_at(_copy(template, disk / "other")), looked_at(disk / "it"), 0
    shutil.rmtree(disk / "other")
    for room in ROOM:
        folder = _copy(template, disk / "it")
        left = os.statvfs(disk)
        (disk / "ballast").write_bytes(b"x" * max(0, left.f_bavail * left.f_frsize - room * 1024))
        try:
            with Collection.open(folder, writable=True) as held:
                change(held)
            full = False
        except CollectionFull as error:
            assert "disk is full" in one_sentence(error)
            full = True
        try:
            with Collection.open(folder) as reader:  # the disk is full still
                assert state(reader) in ((before, after) if full else (after,))
        except CollectionError as error:
            assert full and "older Sightwords" in str(error), error
        (disk / "ballast").unlink()
        assert looked_at(folder) in ((before, after) if full else (after,))
        refused += full
    return refused


@pytest.mark.parametrize("operation", CHANGES)
def test_a_disk_that_runs_full(small_disk: Path, operation: str) -> None:
    fill(small_disk / "template")
    assert 0 < attempts(small_disk, small_disk / "template", CHANGES[operation]) < len(ROOM)


def test_no_room_to_bring_an_old_collection_up_to_date(small_disk: Path) -> None:
    with zipfile.ZipFile(OLD) as packed:
        packed.extractall(small_disk / "template")
    assert 0 < attempts(small_disk, small_disk / "template", lambda held: None) < len(ROOM)


def _copy(source: Path, target: Path) -> Path:
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)
    return target


def test_a_disk_that_is_found_full_while_documents_are_added(small_disk: Path) -> None:
    """tantivy then refuses the next document without a reason: the error is the same sentence, nothing is written."""
    PostingsIndex.create(small_disk / "index")
    index = PostingsIndex(small_disk / "index", writable=True)
    writer = PostingsWriter(index)
    writer.write(add=[(1, SparseVector.from_pairs({1: 1.0}))])

    def slowly() -> Iterator[tuple[int, SparseVector]]:
        for start in (2, 2 + AT_ONCE):
            yield from ((item, SparseVector.from_pairs({1: 1.0})) for item in range(start, start + AT_ONCE))
            time.sleep(0.5)

    left = os.statvfs(small_disk)
    (small_disk / "ballast").write_bytes(b"x" * left.f_bavail * left.f_frsize)
    with pytest.raises(CollectionFull):
        writer.write(add=slowly())
    (small_disk / "ballast").unlink()
    assert index.reader().all_ids() == [1]
    writer.write(add=[(2, SparseVector.from_pairs({1: 1.0}))])
    assert index.reader().all_ids() == [1, 2]
    writer.close()
    index.close()
