"""`export` and `import`: a collection carried over answers as before; a run is what searching finds."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import core.models.registry
from core.library.indexing.sync import index_paths
from core.models.model import Model
from demo.cli import app
from index_store.folder.collection import Collection

runner = CliRunner()


@pytest.fixture
def made(tmp_path: Path, folder: Path, model: Model, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(core.models.registry, "load_model", lambda name="scenes", **options: model)
    path = tmp_path / "made"
    with Collection.create(path, model=model.name, vocabulary=model.vocabulary.terms) as collection:
        index_paths(model, collection, [folder])
    return path


def _run(*arguments: object) -> dict:
    result = runner.invoke(app, [*map(str, arguments), "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_collection_that_was_carried_over_answers_as_before(made: Path, tmp_path: Path) -> None:
    file, copy = tmp_path / "items.jsonl", tmp_path / "copy"
    assert _run("export", file, "--collection", made)["lines"] == 6
    assert set(json.loads(file.read_text().splitlines()[0])) >= {"id", "vector"}
    told = _run("import", file, "--collection", copy)
    assert (told["added"], told["present"], told["items"]) == (6, 0, 6)
    asked = ("search", "a dog on a red sofa", "--expansion", "1")
    before, after = (_run(*asked, "--collection", path)["hits"] for path in (made, copy))
    assert [(hit["path"], hit["score"]) for hit in before] == [(hit["path"], hit["score"]) for hit in after]


@pytest.mark.parametrize("form", ["jsonl", "ciff"])
def test_a_new_collection_is_of_the_model_that_made_the_file(
    made: Path, tmp_path: Path, model: Model, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    file, copy, loaded = tmp_path / f"items.{form}", tmp_path / "copy", set[str]()
    _run("export", file, "--format", form, "--collection", made)
    monkeypatch.setattr(core.models.registry, "load_model", lambda name="scenes", **_: loaded.add(name) or model)
    assert _run("import", file, "--collection", copy)["items"] == 6
    assert loaded == {model.name}


@pytest.mark.parametrize(("name", "content"), [("a.jsonl", '{"file": "a.jpg"}'), ("a.ciff", "{}"), ("a.jsonl", "")])
def test_what_cannot_be_imported_leaves_no_collection_behind(
    made: Path, tmp_path: Path, name: str, content: str
) -> None:
    (tmp_path / name).write_text(content)
    result = runner.invoke(app, ["import", str(tmp_path / name), "--collection", str(tmp_path / "new")])
    assert result.exit_code == 1 and "nothing was imported" in result.stderr
    assert not (tmp_path / "new").exists()


def test_a_run_holds_what_searching_finds(made: Path, tmp_path: Path) -> None:
    queries, out = tmp_path / "queries.tsv", tmp_path / "run.txt"
    queries.write_text("q1\ta dog\nq2\ta red car\n")
    told = _run("export", out, "--format", "trec", "--queries", queries, "--collection", made, "-k", "3")
    rows = [line.split() for line in out.read_text().splitlines()]
    assert told["lines"] == len(rows)
    hits = _run("search", "a dog", "--collection", made, "-k", "3")["hits"]
    assert [(int(row[2]), float(row[4])) for row in rows if row[0] == "q1"] == [(h["id"], h["score"]) for h in hits]
    assert all(row[1] == "Q0" and row[5] == "sightwords" for row in rows)


def test_wrong_files_and_options_are_said(made: Path, tmp_path: Path) -> None:
    queries = tmp_path / "queries.tsv"
    queries.write_text("no tab here\n")
    result = runner.invoke(
        app, ["export", str(tmp_path / "run"), "--format", "trec", "--queries", str(queries), "--collection", str(made)]
    )
    assert result.exit_code == 1 and "query 1: expected an id" in result.stderr
    assert runner.invoke(app, ["export", str(tmp_path / "run"), "--format", "trec"]).exit_code == 2
    assert not (tmp_path / "run").exists()


def test_a_collection_goes_through_ciff(made: Path, tmp_path: Path) -> None:
    """Weights come back rounded to a thousandth, so that scores do, too."""
    file, copy = tmp_path / "items.ciff", tmp_path / "copy"
    told = _run("export", file, "--format", "ciff", "--collection", made)
    back = _run("import", file, "--collection", copy)
    assert told["items"] == back["added"] == back["items"]
    ours, theirs = (_run("search", "a red dog", "--collection", place, "-k", 3) for place in (made, copy))
    scores = [[hit["score"] for hit in document["hits"]] for document in (ours, theirs)]
    assert scores[0] == pytest.approx(scores[1], abs=0.02) and scores[0]
