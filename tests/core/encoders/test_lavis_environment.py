"""Making the environment of salesforce-lavis: what it says where it cannot be made, and that nothing is left."""

import platform
import shutil
import sys
from collections import namedtuple
from pathlib import Path

import pytest

from core.encoders.lavis_environment import BYTES, LavisEnvironment
from core.errors import DownloadStopped, MissingFiles, ModelError


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LavisEnvironment:
    monkeypatch.setenv("SIGHTWORDS_HOME", str(tmp_path / "home"))
    return LavisEnvironment()


def test_where_it_is_missing_the_command_is_named(environment: LavisEnvironment) -> None:
    assert environment.missing() == [environment.name]
    with pytest.raises(MissingFiles, match="`sightwords setup-lavis` makes it"):
        environment.locate()


def test_one_of_another_version_counts_as_missing(environment: LavisEnvironment) -> None:
    environment.folder.mkdir(parents=True)
    (environment.folder / "sightwords.json").write_text('{"packages": ["salesforce-lavis==0.9"]}')
    assert environment.missing() == [environment.name]


def test_a_disk_without_room(environment: LavisEnvironment, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda place: usage(BYTES, BYTES - 5, 5))
    with pytest.raises(ModelError, match=r"needs 2\.5 GB .* only 0\.0 GB are free there"):
        environment.make()
    assert not environment.folder.parent.exists()


def test_a_machine_without_python_3_11(
    environment: LavisEnvironment, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "bin").mkdir()
    newer = tmp_path / "bin" / "python3"
    newer.write_text("#!/bin/sh\nexit 1\n")  # what a Python of another version answers to the question for its own
    newer.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(sys, "version_info", (3, 13, 0))
    with pytest.raises(ModelError, match=r"needs Python 3\.11, which is not found"):
        environment.make()


def test_a_mac_with_apples_processors(environment: LavisEnvironment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(platform, "machine", lambda: "arm64")
    with pytest.raises(ModelError, match=r"Mac with Apple's processors.* use lavis-blip-"):
        environment.make()


@pytest.mark.slow
def test_without_a_network_what_was_there_stays(environment: LavisEnvironment, monkeypatch: pytest.MonkeyPatch) -> None:
    """pip itself, asked for an index where nobody answers."""
    for name, value in (("INDEX_URL", "http://127.0.0.1:9/simple"), ("RETRIES", "0"), ("CONFIG_FILE", "/dev/null")):
        monkeypatch.setenv(f"PIP_{name}", value)
    environment.folder.mkdir(parents=True)
    (environment.folder / "old").write_text("an earlier one")
    with pytest.raises(ModelError, match="cannot be made") as caught:
        environment.make()
    assert "\n" not in str(caught.value)
    assert [path.name for path in environment.folder.parent.iterdir()] == ["lavis"]
    assert (environment.folder / "old").exists()


def test_a_wish_to_stop_leaves_nothing(environment: LavisEnvironment) -> None:
    with pytest.raises(DownloadStopped, match="stopped as asked"):
        environment.make(should_stop=lambda: True)
    assert list(environment.folder.parent.iterdir()) == []
