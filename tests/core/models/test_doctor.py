"""What the doctor finds on this machine, and on one where something is wrong."""

from pathlib import Path

import pytest

from core.doctor import examine
from core.library.built_in_world import ensure_world
from core.library.world_folder import world_path
from core.models.registry import load_model


@pytest.mark.slow
def test_a_machine_that_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGHTWORDS_HOME", str(tmp_path))
    found = {finding.what: finding for finding in examine()}
    assert not [finding for finding in found.values() if finding.state == "bad"]
    assert found["built-in model"].state == found["photographs"].state == "good"
    assert found["illustrated world"].state == found["published models"].state == "missing"
    ensure_world(load_model(), world_path(load_model()), count=8)
    found = {finding.what: finding for finding in examine()}
    assert found["illustrated world"].state == "good" and "8 pictures" in found["illustrated world"].told


@pytest.mark.slow
def test_a_home_that_cannot_be_written_and_a_device_that_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("SIGHTWORDS_HOME", str(tmp_path / "file" / "home"))
    monkeypatch.setenv("SIGHTWORDS_DEVICE", "abacus")
    found = {finding.what: finding for finding in examine()}
    assert found["home folder"].state == "bad" and "set SIGHTWORDS_HOME" in found["home folder"].told
    assert found["device"].state == "bad" and "abacus" in found["device"].told
    assert found["built-in model"].state == "good"  # one fault does not hide the rest
