"""Readers in other processes while a writer adds: every answer is the exact one of some snapshot."""

import sys

import pytest

from benchmarks.readers import Work, measure


@pytest.mark.skipif(sys.platform == "win32", reason="readers are forked")
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
@pytest.mark.parametrize("held", [True, False])
def test_readers_see_whole_moments_while_a_writer_adds(held: bool) -> None:
    told = measure(Work.draw(start=100, items=400, batch=16, held=held), readers=2, pause=0.0, idle=1.0)
    for reader in told:
        assert reader.errors == [] and reader.torn == 0
        assert all(reader.seconds[phase] for phase in ("idle before", "writing", "idle after"))
        assert len(reader.sizes) > 3 and max(reader.sizes) == 500
