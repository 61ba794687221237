"""A collection or a home that may not be read or written: one sentence and exit status 1, whatever is asked."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

import core.models.registry
from core.models.model import Model
from demo.cli import app
from index_store.folder.collection import Collection
from tests.unprivileged import as_nobody, needs_nobody

READING = (["stats"], ["search", "dog"], ["verify"])
WRITING = (["remove", "1"], ["tag", "1", "--add", "x"], ["compact"])


@pytest.fixture(autouse=True)
def small_model(monkeypatch: pytest.MonkeyPatch, model: Model) -> None:
    monkeypatch.setattr(core.models.registry, "load_model", lambda name=None, **options: model)


@pytest.fixture
def made(tmp_path: Path, folder: Path) -> Path:
    """A collection that everybody may read and write."""
    place = tmp_path / "made"
    for command in (["index", folder], ["search", "dog"], ["tag", "1", "--add", "a"], ["stats"], ["verify"]):
        assert run(*command, "--collection", place).exit_code == 0  # imports all that nobody may not
    for path in (place, *place.rglob("*")):
        path.chmod(0o777 if path.is_dir() else 0o666)
    return place


def run(*arguments: object) -> object:
    return CliRunner().invoke(app, list(map(str, arguments)), env={"COLUMNS": "300"})


def one_sentence(result: object) -> None:
    code, out, err, trouble = result  # type: ignore[misc]
    assert (code, out) == (1, ""), result
    assert err.startswith("Error: ") and err.count("\n") == 1 and err.endswith(".\n"), result
    assert "Errno" not in err and "Traceback" not in err and trouble in ("", "SystemExit(1)"), result


def asked(
    tmp_path: Path, *commands: list[object], place: Path | None = None, env: dict[str, str] | None = None
) -> None:
    def work() -> list[object]:
        told = []
        for command in commands:
            arguments = [*map(str, command), *(["--collection", str(place)] if place else [])]
            result = CliRunner().invoke(app, arguments, env={"COLUMNS": "300", **(env or {})})
            told.append([result.exit_code, result.stdout, result.stderr, repr(result.exception)])
        return told

    answers = as_nobody(work, tmp_path)
    assert len(answers) == len(commands), answers
    for answer in answers:
        one_sentence(answer)


def closed(place: Path) -> None:
    place.chmod(0o000)


def a_closed_parent(place: Path) -> None:
    place.parent.joinpath("parent").mkdir(mode=0o700)
    shutil.move(place, place.parent / "parent" / place.name)
    place.symlink_to(place.parent / "parent" / place.name)


UNREADABLE: dict[str, Callable[[Path], object]] = {
    "the folder": closed,
    "its parent": a_closed_parent,
    "its catalog": lambda place: (place / "catalog.sqlite").chmod(0o000),
    "its index": lambda place: (place / "index").chmod(0o000),
    "the index's own file": lambda place: (place / "index" / "meta.json").chmod(0o000),
    "a catalog that is a folder": lambda place: (
        (place / "catalog.sqlite").unlink(),
        (place / "catalog.sqlite").mkdir(),
    ),
    "an index that is a file": lambda place: (shutil.rmtree(place / "index"), (place / "index").touch()),
    "a file": lambda place: (shutil.rmtree(place), place.touch()),
    "a link to itself": lambda place: (shutil.rmtree(place), place.symlink_to(place)),
}


@needs_nobody
@pytest.mark.parametrize("what", UNREADABLE)
def test_a_collection_that_may_not_be_read(tmp_path: Path, made: Path, folder: Path, what: str) -> None:
    UNREADABLE[what](made)
    asked(tmp_path, *READING, *WRITING, ["index", folder], place=made)


@needs_nobody
@pytest.mark.parametrize("part", [".", "index", "catalog.sqlite"])
def test_a_collection_that_may_only_be_read(tmp_path: Path, made: Path, folder: Path, part: str) -> None:
    Image.new("RGB", (9, 9)).save(folder / "new.png")
    for path in (made, *made.rglob("*")) if part == "." else (made / part, *(made / part).glob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    asked(tmp_path, *WRITING, ["index", folder], place=made)
    with Collection.open(made) as opened:
        assert len(opened) == 6 and opened.verify() == []


@needs_nobody
def test_thumbnails_that_may_not_be_touched_lose_nothing(tmp_path: Path, made: Path, folder: Path) -> None:
    Image.new("RGB", (9, 9)).save(folder / "new.png")
    (made / "thumbs").chmod(0o000)
    asked(tmp_path, ["index", folder], place=made)

    def work() -> list[object]:
        with Collection.open(made, writable=True) as opened:
            return [opened.remove([1]), len(opened), opened.verify()]

    assert as_nobody(work) == [1, 5, ["Items whose thumbnail is missing: 2, 3, 4, 5, 6."]]
    (made / "thumbs").chmod(0o777)
    with Collection.open(made, writable=True) as opened:
        assert opened.verify() == [] and len(opened) == 5


@needs_nobody
@pytest.mark.parametrize("what", ["a file", "below a file", "closed", "below closed", "read only"])
def test_a_home_that_cannot_be_used(tmp_path: Path, made: Path, what: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "closed").mkdir(mode=0o700)
    (tmp_path / "locked").mkdir(mode=0o555)
    homes = {
        "a file": "file", "below a file": "file/home", "closed": "closed", "below closed": "closed/home",
        "read only": "locked",
    }  # fmt: skip
    asked(tmp_path, *READING, env={"SIGHTWORDS_HOME": str(tmp_path / homes[what])})


def test_what_nobody_foresaw_is_one_sentence_too(tmp_path: Path, made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: object, **options: object) -> None:
        raise OSError(5, "Input/output error", "/mnt/disk/x")

    monkeypatch.setattr(Collection, "verify", broken)
    result = run("verify", "--collection", made)
    assert result.exit_code == 1 and result.stdout == ""  # type: ignore[attr-defined]
    sentence = "Error: /mnt/disk/x cannot be used: input/output error; check its path and permissions.\n"
    assert result.stderr == sentence  # type: ignore[attr-defined]
