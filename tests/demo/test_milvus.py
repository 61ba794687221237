"""The whole way on Milvus Lite: the command line and the app do with it what they do with a collection in a folder."""

import json
import re
import urllib.request
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from gradio_client import Client
from PIL import Image
from typer.testing import CliRunner

import core.models.registry
from core.models.model import Model
from demo.cli import app
from demo.components.result_grid import file_url
from demo.state.app import AppState
from demo.state.library import Library
from demo.state.question import FIRST
from demo.web import serve
from index_store.address import parse_address
from index_store.errors import CollectionNotFound

pytest.importorskip("milvus_lite", reason="Milvus Lite is not installed: pip install 'sightwords[milvus]'")


@pytest.fixture(autouse=True)
def small_model(monkeypatch: pytest.MonkeyPatch, model: Model) -> None:
    """A small model under the name that the command line loads."""
    monkeypatch.setattr(core.models.registry, "load_model", lambda name="scenes", **options: model)


@pytest.fixture
def milvus(tmp_path: Path, folder: Path) -> str:
    """The address of a collection that the command line made from a folder of 6 pictures."""
    address = f"milvus:{tmp_path}/mine.db"
    ok("index", folder, "--collection", address)
    return address


def ok(*arguments: object) -> Any:
    result = CliRunner().invoke(app, [*map(str, arguments), "--json"], env={"COLUMNS": "300"})
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def said(*arguments: object) -> str:
    result = CliRunner().invoke(app, [*map(str, arguments)], env={"COLUMNS": "300"})
    assert result.exit_code == 1
    return result.stderr.replace("\n", " ")


def test_the_command_line_answers_as_for_a_folder(milvus: str, tmp_path: Path, folder: Path) -> None:
    local = tmp_path / "local"
    ok("index", folder, "--collection", local)
    captions = tmp_path / "captions.jsonl"
    captions.write_text(json.dumps({"file": str(folder / "0.png"), "captions": ["a red dog"]}) + "\n")
    for place in (milvus, local):
        again = ok("index", folder, "--captions", captions, "--collection", place)
        assert (again["added"], again["updated"], again["unchanged"], again["items"]) == (1, 1, 5, 7)
        assert ok("tag", folder / "1.png", folder / "below", "--add", "best", "--collection", place)["tagged"] == 3
        assert ok("remove", folder / "2.png", "--collection", place)["removed"] == 1
        assert ok("verify", "--collection", place)["problems"] == []
    for options in ([], ["--where", "tag=best"], ["--mode", "hybrid"], ["--kind", "image"], ["--without", "boat"]):
        found, known = (
            ok("search", "a red dog and a house", *options, "--collection", place) for place in (milvus, local)
        )
        assert found["hits"] == known["hits"] and found["exact"] is True
        assert found["hits"] or options
    like = [ok("search", "--image", folder / "3.png", "--collection", place)["hits"] for place in (milvus, local)]
    assert like[0] == like[1] and like[0]
    stats = [ok("stats", "--where", "tag=best", "--collection", place) for place in (milvus, local)]
    assert stats[0].pop("collection") == milvus
    for one in stats:
        one.pop("bytes_on_disk"), one.pop("collection", None)
    assert stats[0] == stats[1]
    for place, name in ((milvus, "milvus"), (local, "local")):
        ok("export", tmp_path / f"{name}.jsonl", "--collection", place)
        ok("export", tmp_path / f"{name}.ciff", "--format", "ciff", "--collection", place)
    assert (tmp_path / "milvus.ciff").read_bytes() == (tmp_path / "local.ciff").read_bytes()
    one, other = (
        re.sub(r'"described": "[^"]*"', "", (tmp_path / f"{n}.jsonl").read_text()) for n in ("milvus", "local")
    )
    assert one == other  # but for the second in which each was described
    assert ok("import", milvus, "--collection", tmp_path / "back")["added"] == 6
    assert ok("import", tmp_path / "local.jsonl", "--collection", f"milvus:{tmp_path}/other.db")["added"] == 6


def test_people_are_told_in_one_sentence(milvus: str, tmp_path: Path) -> None:
    assert "nothing to compact" in said("compact", "--collection", milvus)
    assert "no collection at milvus:" in said("stats", "--collection", f"milvus:{tmp_path}/none.db")
    assert "No Milvus server answers" in said("search", "a dog", "--collection", "milvus://127.0.0.1:1/x")
    assert "write one like" in said("search", "a dog", "--collection", "milvus://x")
    assert "no item" in said("remove", "99", "--collection", milvus)


def test_the_app_searches_and_explains(milvus: str, model: Model, folder: Path, tmp_path: Path) -> None:
    """Through a running server: search, explanations, suggestions, and the small pictures that the page shows."""
    running = serve(AppState(model, parse_address(milvus)))
    try:
        state = running.state
        state.job.wait(60)
        client = Client(running.local_url, verbose=False)
        found = client.predict("a red dog and a blue house", api_name="/search")
        local = AppState(model, None)
        assert found["exact"] and len(found["hits"]) > 1 and local.path is None
        for hit in found["hits"]:
            assert sum(row["contribution"] for row in hit["contributions"]) == pytest.approx(hit["score"])
        client.close()
        hits = state.searcher.search(replace(FIRST, text="a red dog and a blue house")).hits
        shown = hits[0].thumbnail
        assert shown is not None
        with Image.open(shown) as small:
            assert small.format == "WEBP"
        with urllib.request.urlopen(running.local_url + file_url(shown)) as picture:
            assert picture.read() == Path(shown).read_bytes()
        assert [item.thumbnail is not None for item in state.sample(2)] == [True, True]
        assert state.kinds() == {"image": 6} and state.size() == 6
        assert ("in " + str(folder) + " · 6", f"folder={folder}") in state.searcher.conditions()
        assert (
            state.searcher.size_of(replace(FIRST, where=("file=0.png",))) == 1
            and state.searcher.suggest("do")[0][0] == "dog"
        )
        assert state.searcher.score(state.searcher.encode_text("a red dog"), hits[0].id)
    finally:
        running.close(verbose=False)


def test_the_library_adds_and_removes(milvus: str, model: Model, patches: list[Image.Image], tmp_path: Path) -> None:
    state = AppState(model, parse_address(milvus))
    state.start()
    try:
        state.job.wait(60)
        library = Library(state)
        assert library.current == "mine" and "mine" in library.collections()
        patches[20].save(tmp_path / "new.png")
        library.contents.add([tmp_path / "new.png"])
        library.contents.job.wait()
        assert library.contents.job.status.error == ""
        assert library.contents.added is not None and library.contents.added.report.added == 1
        assert state.size() == 7
        assert library.contents.remove(library.contents.to_remove("1").ids) == 1 and state.size() == 6
    finally:
        state.close()


def test_a_collection_that_is_not_there_is_said_at_once(model: Model, tmp_path: Path) -> None:
    with pytest.raises(CollectionNotFound, match="no collection at milvus:"):
        AppState(model, parse_address(f"milvus:{tmp_path}/none.db"))
