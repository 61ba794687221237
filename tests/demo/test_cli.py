"""The command line: one JSON document on standard output, one sentence on standard error, exit status 0, 1 or 2."""

import ast
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from PIL import Image
from typer.main import get_command
from typer.testing import CliRunner

import core.library.built_in_world
import core.models.registry
from core.errors import UnknownModel
from core.models.model import Model
from core.shipped import PHOTO_MODEL, WORLD_MODEL
from demo import terminal
from demo.cli import app
from demo.terminal import interrupted, printable
from index_store.folder.collection import Collection
from index_store.vectors import SparseVector
from tests.rounding import alike

ROOT = Path(__file__).resolve().parents[2]
runner = CliRunner()
COMMANDS = ("serve", "models", "index", "search", "encode", "remove", "verify", "stats", "scenes", "embed", "train",
            "evaluate", "reproduce", "export", "import", "doctor", "tag", "compact", "duplicates")  # fmt: skip


@pytest.fixture(autouse=True)
def small_models(monkeypatch: pytest.MonkeyPatch, model: Model, other_model: Model) -> None:
    """Small models under the names that the command line loads; the built-in world is small as well."""
    named = {WORLD_MODEL: model, PHOTO_MODEL: model, "tiny": model, "other": other_model}

    def load(name: str = WORLD_MODEL, **options: object) -> Model:
        if name not in named:
            raise UnknownModel(f"There is no model called '{name}'; the known ones are: {', '.join(named)}.")
        return named[name]

    whole = core.library.built_in_world.ensure_world
    monkeypatch.setattr(core.models.registry, "load_model", load)
    monkeypatch.setattr(
        core.library.built_in_world, "ensure_world", lambda model, path, **rest: whole(model, path, count=8, **rest)
    )


@pytest.fixture
def made(tmp_path: Path, folder: Path) -> Path:
    """A collection that the command line made from a folder of 6 pictures."""
    path = tmp_path / "made"
    ok("index", folder, "--collection", path)
    return path


def run(*arguments: object) -> Result:
    return runner.invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "300"})


def ok(*arguments: object) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def document(*arguments: object) -> Any:
    """What --json printed: all of standard output must be one document."""
    return json.loads(ok(*arguments, "--json"))


def fails(*arguments: object) -> str:
    """The one sentence of a failure."""
    result = run(*arguments)
    assert result.exit_code == 1, result.output
    assert result.stdout == "" and result.stderr.startswith("Error: ")
    sentence = result.stderr.removeprefix("Error: ").rstrip("\n")
    assert "\n" not in sentence and "Traceback" not in sentence and sentence.endswith(".")
    return sentence


def misused(*arguments: object) -> None:
    result = run(*arguments)
    assert result.exit_code == 2 and result.stdout == "" and "Usage" in result.stderr


def test_help_names_every_command() -> None:
    text = ok("--help")
    assert all(command in text for command in COMMANDS)
    for command in COMMANDS:
        assert command in ok(command, "--help")


@pytest.mark.parametrize("command", COMMANDS)
def test_help_says_all_that_was_written(command: str) -> None:
    """Rich takes a word in square brackets for markup, and drops it."""
    shown = "".join(sign for sign in run(command, "--help").output if sign.isalnum())
    for option in get_command(app).commands[command].params:
        written = "".join(sign for sign in getattr(option, "help", None) or "" if sign.isalnum())
        assert written in shown or option.hidden


def test_what_was_passed_over_and_left_out_is_told(tmp_path: Path, folder: Path) -> None:
    for name in ("film.mp4", "notes.txt", "more.txt"):
        (folder / name).touch()
    (folder / "@eaDir").mkdir()
    (folder / "@eaDir" / "0.png").write_bytes((folder / "0.png").read_bytes())
    told = run("index", folder, "--collection", tmp_path / "new")
    assert "passed over: 2 .txt, 1 .mp4" in told.stderr and "left out: 1 in @eaDir" in told.stderr
    report = document("index", folder, "--collection", tmp_path / "new")
    assert report["passed_over"] == {".txt": 2, ".mp4": 1} and report["junk"] == {"@eaDir": 1}
    report = document("index", folder, "--collection", tmp_path / "new", "--all")
    assert report["added"] == 1 and report["junk"] == {}


def test_a_folder_in_which_nothing_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for make in (lambda: None, (tmp_path / "folder" / "a.jpg").touch, (tmp_path / "folder" / "a.txt").touch):
        make()
        result = run("index", tmp_path / "folder", "--collection", tmp_path / "new", "--json")
        assert result.exit_code == 1 and json.loads(result.stdout)["added"] == 0
        assert "Nothing could be read" in result.stderr
    assert run("index", tmp_path / "folder", "--collection", tmp_path / "new", "--shard", "1/2").exit_code == 0


def test_models() -> None:
    entries = document("models")
    assert [entry["name"] for entry in entries[:2]] == [WORLD_MODEL, PHOTO_MODEL]
    told = {"name", "about", "encoder", "head", "vocabulary", "licence", "megabytes", "needs", "ready"}
    assert all(set(entry) == told for entry in entries)
    assert PHOTO_MODEL in ok("models")


def test_index_and_again(tmp_path: Path, folder: Path) -> None:
    (folder / "notes.jpg").write_text("a text")
    path = tmp_path / "new"
    report = document("index", folder, "--collection", path)
    assert {key: report[key] for key in ("added", "unchanged", "updated", "removed", "items")} == {
        "added": 6,
        "unchanged": 0,
        "updated": 0,
        "removed": 0,
        "items": 6,
    }
    assert report["collection"] == str(path) and report["cancelled"] is False
    (skipped,) = report["skipped"]
    assert skipped["path"].endswith("notes.jpg") and "not a picture" in skipped["reason"]
    again = run("index", folder, "--collection", path)
    assert again.exit_code == 0 and "6 unchanged" in again.stdout and "notes.jpg" in again.stderr
    (folder / "0.png").rename(folder / "better name.png")
    report = document("index", folder, "--collection", path)
    assert (report["renamed"], report["added"], report["removed"], report["items"]) == (1, 0, 0, 6)
    (folder / "better name.png").rename(folder / "0.png")
    assert "1 renamed" in ok("index", folder, "--collection", path)


def test_index_goes_on_without_a_path_that_is_missing(tmp_path: Path, folder: Path) -> None:
    result = run("index", folder / "nowhere", folder / "0.png", "--collection", tmp_path / "c", "--model", "scenes")
    assert result.exit_code == 0 and "no file or folder" in result.stderr
    assert "1 added" in result.stdout and "1 skipped" in result.stdout and "holds 1 item\n" in result.stdout
    assert ok("remove", folder / "0.png", "--collection", tmp_path / "c") == "1 item removed\n"


def test_index_captions(tmp_path: Path, folder: Path) -> None:
    captions = folder / "captions.jsonl"
    captions.write_text('{"file": "0.png", "captions": ["a red dog", "a dog"]}\n')
    report = document("index", folder, "--collection", tmp_path / "c", "--captions", captions)
    assert report["added"] == 8
    hits = document("search", "a red dog", "--collection", tmp_path / "c", "--kind", "caption")["hits"]
    assert {hit["caption"] for hit in hits} == {"a red dog", "a dog"} and {hit["kind"] for hit in hits} == {"caption"}
    captions.write_text("{broken\n")
    assert "line 1" in fails("index", folder, "--collection", tmp_path / "d", "--captions", captions)
    assert not (tmp_path / "d").exists()


def test_index_captions_of_pictures_with_one_name(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "other").mkdir()
    (folder / "4.png").write_bytes((folder / "below" / "4.png").read_bytes())
    captions = tmp_path / "captions.csv"
    captions.write_text("name;text\n4.png;a red dog\n")
    adding = ("index", folder / "below", folder / "4.png", "--collection", tmp_path / "c", "--captions", captions)
    (tmp_path / "other" / "4.png").write_bytes((folder / "0.png").read_bytes())
    report = document(*adding, tmp_path / "other")
    assert "'4.png' could be" in report["skipped"][0]["reason"] and report["items"] == 4
    report = document(*adding, "--captions-folder", tmp_path / "other")
    assert (report["added"], report["skipped"]) == (1, [])
    (hit,) = document("search", "a red dog", "--collection", tmp_path / "c", "--kind", "caption")["hits"]
    assert hit["path"] == str(tmp_path / "other" / "4.png")


def test_search_json(made: Path) -> None:
    answer = document("search", "a red dog", "--collection", made, "-k", "3")
    assert list(answer) == [
        "query", "spoken", "rules", "rank", "terms", "exact", "hits", "timings_ms", "out_of_world", "unknown_words",
        "answered", "remarks",
    ]  # fmt: skip
    assert answer["answered"] is None and answer["remarks"] == []  # this model does not say from when on
    assert answer["query"] == "a red dog" and len(answer["hits"]) == 3
    for hit in answer["hits"]:
        assert list(hit) == [
            "id", "kind", "path", "caption", "score", "contributions", "copies",
            "tags", "taken", "camera", "latitude", "longitude",
        ]  # fmt: skip
        assert sum(row["contribution"] for row in hit["contributions"]) == pytest.approx(hit["score"], rel=1e-5)
    scores = [hit["score"] for hit in answer["hits"]]
    assert scores == sorted(scores, reverse=True)


def test_search_for_people(made: Path) -> None:
    text = ok("search", "a red dog", "--collection", made)
    assert "searched for" in text and "why" in text


def test_search_on_a_budget(made: Path) -> None:
    whole = document("search", "a red dog", "--collection", made, "--budget", 10**6)
    assert whole["exact"] is True
    assert document("search", "a red dog", "--collection", made, "--budget", 1)["exact"] is False
    told = run("search", "a red dog", "--collection", made, "--budget", 1)
    assert told.exit_code == 0 and "possibly not the best, as the budget ended the search" in told.stderr
    assert run("search", "a red dog", "--collection", made, "--budget", 0).exit_code == 2


def test_search_options(made: Path, folder: Path) -> None:
    whole = document("search", "a red dog", "--collection", made)
    weak = document("search", "a red dog", "--collection", made, "--expansion", "0.5")
    factor = {term["term"]: 0.5 if term["kind"] == "expansion" else 1.0 for term in whole["terms"]}
    for term in weak["terms"]:
        before = next(row["weight"] for row in whole["terms"] if row["term"] == term["term"])
        assert term["weight"] == pytest.approx(before * factor[term["term"]])
    banned = whole["hits"][0]["contributions"][0]["term"]
    rest = document("search", "a red dog", "--collection", made, "--without", banned)
    assert whole["hits"][0]["id"] not in [hit["id"] for hit in rest["hits"]]
    picture = document("search", "--image", folder / "2.png", "--collection", made)
    assert picture["query"] == str(folder / "2.png") and picture["hits"]
    assert document("search", "a red dog", "--collection", made, "--mode", "literal")["terms"] == [
        term for term in whole["terms"] if term["kind"] == "literal"
    ]


def test_unknown_words_are_told_beside_the_answer(made: Path) -> None:
    result = run("search", "a red zebra", "--collection", made, "--json")
    assert result.exit_code == 0 and "The model 'tiny' does not know the word ‘zebra’." in result.stderr
    assert json.loads(result.stdout)["unknown_words"] == ["zebra"]


def test_that_nothing_answers_well_is_told_beside_the_answer(made: Path, model: Model, monkeypatch: Any) -> None:
    monkeypatch.setattr(model, "answered_from", 1.0)
    result = run("search", "a red dog", "--collection", made, "--json")
    assert result.exit_code == 0 and "No picture in this collection answers this well" in result.stderr
    assert json.loads(result.stdout)["answered"] is False
    assert "answers this well" not in run("search", "a red zebra", "--collection", made).stderr


def test_conditions_that_let_nothing_through(made: Path, model: Model, monkeypatch: Any) -> None:
    monkeypatch.setattr(model, "answered_from", 1.0)
    result = run("search", "a red dog", "--collection", made, "--where", "taken>=2024")
    assert "none of the items that the conditions let through shares a term" in " ".join(result.stdout.split())
    assert result.exit_code == 0 and "what is found only comes nearest" not in result.stderr


def test_what_the_world_lacks_is_told_beside_the_answer(made: Path) -> None:
    result = run("search", "a red tax", "--collection", made, "--json")
    assert result.exit_code == 0 and "Nothing in this collection is like this" in " ".join(result.stderr.split())
    assert json.loads(result.stdout)["out_of_world"] is True


BAD_SEARCHES = {
    "empty": ([""], "empty"),
    "10,000 characters": (["a red dog " * 1000], "10,000 characters"),
    "unknown words": (["zebra"], "'zebra'"),
    "k": (["dog", "-k", "0"], "k is 0"),
    "expansion": (["dog", "--expansion", "2"], "expansion strength is 2.0"),
    "without": (["dog", "--without", "zebra"], "'zebra'"),
    "a weight of nothing": (["dog", "--weight", "zebra=1"], "no term 'zebra'"),
    "a weight without a number": (["dog", "--weight", "dog"], "'dog' is no weight of a term"),
    "a weight that is none": (["dog", "--weight", "dog=heavy"], "'dog=heavy' is no weight of a term"),
    "a weight out of range": (["dog", "--weight", "dog=nan"], "cannot weigh nan"),
    "two pictures": (["--image", ROOT / "assets" / "growth.png", "--like", "1"], "not both"),
    "no item": (["--like", "999"], "holds no item 999"),
    "no picture": (["--image", "nowhere.png"], "no picture at nowhere.png"),
}


@pytest.mark.parametrize("name", BAD_SEARCHES)
def test_bad_searches(made: Path, name: str) -> None:
    arguments, reason = BAD_SEARCHES[name]
    assert reason in fails("search", *arguments, "--collection", made, "--json")


def test_bad_pictures(made: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.jpg").write_text("a text")
    assert "not a picture" in fails("search", "--image", tmp_path / "notes.jpg", "--collection", made)
    (tmp_path / "empty.jpg").touch()
    assert "empty" in fails("encode", "--image", tmp_path / "empty.jpg")


def test_usage(made: Path, folder: Path) -> None:
    misused("search")
    misused("encode", "dog", "--image", folder / "0.png")
    misused("search", "dog", "--mode", "fuzzy")
    misused("search", "dog", "-k", "many")
    misused("index", folder)
    misused("encode")
    misused("nonsense")
    misused("scenes", "--split", "holiday", "--count", "1", "--out", folder)


def test_unknown_model(tmp_path: Path, folder: Path) -> None:
    assert "no model called 'nobody'" in fails("index", folder, "--collection", tmp_path / "n", "--model", "nobody")
    assert "no model called 'nobody'" in fails("encode", "dog", "--model", "nobody")
    assert not (tmp_path / "n").exists()


def test_a_collection_made_by_another_model(made: Path, folder: Path, tmp_path: Path, model: Model) -> None:
    assert "'tiny', not 'other'" in fails("index", folder, "--collection", made, "--model", "other")
    Collection.create(tmp_path / "foreign", model="elsewhere", vocabulary=("a", "b")).close()
    assert "'elsewhere'" in fails("search", "dog", "--collection", tmp_path / "foreign")
    Collection.create(tmp_path / "older", model="tiny", vocabulary=("a", "b")).close()
    assert "vocabulary" in fails("search", "dog", "--collection", tmp_path / "older")


def test_no_collection(tmp_path: Path) -> None:
    assert "no collection" in fails("search", "dog", "--collection", tmp_path / "nowhere")
    assert "not a collection" in fails("stats", "--collection", tmp_path)
    assert "no collection" in fails("serve", "--collection", tmp_path / "nowhere")


def test_missing_path(made: Path, tmp_path: Path) -> None:
    assert "no file or folder" in fails("index", tmp_path / "nowhere", "--collection", made)


def test_encode(folder: Path, model: Model) -> None:
    answer = document("encode", "two dogs", "--top", "3")
    assert answer["model"] == "tiny" and answer["query"] == "two dogs" and len(answer["terms"]) == 3
    weights = [term["weight"] for term in answer["terms"]]
    (vector,) = model.encode_texts(["two dogs"])
    assert weights == pytest.approx(sorted(vector.weights.tolist(), reverse=True)[:3])
    assert {term["kind"] for term in document("encode", "--image", folder / "0.png")["terms"]} == {"expansion"}
    assert "weight" in ok("encode", "two dogs")


def test_remove(made: Path, folder: Path) -> None:
    assert "nothing was changed" in fails("remove", "1", "999", "--collection", made)
    assert document("stats", "--collection", made)["items"] == 6
    assert document("remove", "1", folder / "1.png", "--collection", made)["removed"] == 2
    assert document("remove", folder / "below", "--collection", made)["removed"] == 2
    assert document("stats", "--collection", made)["items"] == 2
    assert (folder / "1.png").exists()


def test_many_items_go_only_once_somebody_agrees(
    made: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a terminal the command refuses, or keeps the items and says so; `--yes` takes them out; at a terminal it
    asks.
    """
    said = fails("remove", "/", "--collection", made)
    assert "6 of the 6 items" in said and "--yes" in said and "nothing was changed" in said
    assert document("stats", "--collection", made)["items"] == 6
    away = tmp_path / "away"
    away.mkdir()
    gone = sorted(folder.rglob("*.png"))[:5]
    for picture in gone:
        picture.rename(away / picture.name)
    result = run("index", folder, "--collection", made, "--json")
    assert json.loads(result.stdout)["kept"] == 5 and "5 of 6 items are gone; they stay" in result.stderr
    answers = iter([False, True, True])
    asked: list[str] = []
    monkeypatch.setattr(terminal, "confirm", lambda question: asked.append(question) or next(answers))
    assert "they stay" in run("index", folder, "--collection", made).stderr
    report = document("index", folder, "--collection", made)
    assert (report["removed"], report["kept"], report["items"]) == (5, 0, 1) and len(asked) == 2
    for picture in gone:
        (away / picture.name).rename(picture)
    assert document("index", folder, "--collection", made)["items"] == 6
    assert document("remove", folder, "--collection", made)["removed"] == 6 and "takes out 6 of the 6" in asked[2]
    assert document("index", folder, "--collection", made)["added"] == 6
    assert document("remove", "/", "--collection", made, "--yes")["removed"] == 6


def test_duplicates(made: Path, folder: Path) -> None:
    assert document("duplicates", "--collection", made)["groups"] == []
    assert "No picture is there twice" in ok("duplicates", "--collection", made)
    Image.open(folder / "0.png").save(folder / "resaved.jpg", quality=90)
    (folder / "copy.png").write_bytes((folder / "1.png").read_bytes())
    document("index", folder, "--collection", made)
    groups = document("duplicates", "--collection", made)["groups"]
    told = {tuple(sorted(Path(item["path"]).name for item in group["items"])): group["equal"] for group in groups}
    assert told == {("0.png", "resaved.jpg"): False, ("1.png", "copy.png"): True}
    assert "2 groups; 2 pictures more than there need be" in ok("duplicates", "--collection", made)
    one = document("search", "two red dogs", "--collection", made, "-k", "20")["hits"]
    every = document("search", "two red dogs", "--collection", made, "-k", "20", "--each")["hits"]
    assert len(every) == len(one) + sum(hit["copies"] - 1 for hit in one) and {hit["copies"] for hit in every} == {1}
    assert {hit["copies"] for hit in one} == {1, 2}


def test_a_command_waits_for_another_that_writes(made: Path) -> None:
    with Collection.open(made, writable=True) as other, other.writing():
        for command in (["tag", "1", "--add", "x"], ["remove", "1"], ["compact"], ["verify", "--repair"]):
            assert "being written to by `" in fails(*command, "--collection", made, "--wait", "0")
    with Collection.open(made, writable=True) as other:  # between two batches there is room for all of them
        document("tag", "1", "--add", "x", "--collection", made, "--wait", "0")
        assert other.items([1])[0].tags == ("x",)


def test_verify_and_repair(made: Path) -> None:
    assert "agree" in ok("verify", "--collection", made)
    with Collection.open(made, writable=True) as collection:
        collection._writer._postings.write(delete=[2])
    result = runner.invoke(app, ["verify", "--collection", str(made)])
    assert result.exit_code == 1 and "Items without postings" in result.stdout
    mended = document("verify", "--collection", made, "--repair")
    assert mended["problems"] and mended["repairs"] == {"removed": 1, "rewritten": 0} and mended["left"] == []
    assert document("verify", "--collection", made)["problems"] == []
    assert document("stats", "--collection", made)["items"] == 5


def test_stats(made: Path) -> None:
    numbers = document("stats", "--collection", made)
    assert numbers["items"] == 6 and numbers["by_kind"] == {"image": 6} and numbers["model"] == "tiny"
    assert set(numbers["frequent"][0]) == {"term", "items"}
    assert "6 image" in ok("stats", "--collection", made)


def test_the_built_in_world_is_made_on_first_use(home: Path) -> None:
    assert document("stats")["items"] == 8
    assert document("search", "a red dog")["hits"]
    assert list(home.glob("world-tiny-*/collection"))


def test_scenes(tmp_path: Path) -> None:
    answer = document("scenes", "--split", "val", "--count", "2", "--out", tmp_path / "drawn")
    assert answer["count"] == 2 and (tmp_path / "drawn" / answer["meta"]).exists()
    assert len(list((tmp_path / "drawn").glob("*.png"))) == 2
    assert "at least 1" in fails("scenes", "--split", "val", "--count", "0", "--out", tmp_path)
    (tmp_path / "file").write_text("in the way")
    assert "cannot be written" in fails("scenes", "--split", "val", "--count", "1", "--out", tmp_path / "file")


def test_names_of_other_scripts_stay_as_they_are() -> None:
    family, persian = (
        "\U0001f468\u200d\U0001f469\u200d\U0001f467.jpg",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645.jpg",
    )
    assert (printable(family), printable(persian)) == (family, persian)
    assert printable("a\u202egpj.exe\n\x1b") == "a\ufffdgpj.exe\ufffd\ufffd"


def test_hostile_file_names_cannot_command_the_terminal(tmp_path: Path, folder: Path) -> None:
    Image.new("RGB", (9, 9), "red").save(folder / "\x1b[31m[bold]evil.png")
    path = tmp_path / "c"
    ok("index", folder, "--collection", path)
    text = ok("search", "--image", folder / "\x1b[31m[bold]evil.png", "--collection", path)
    assert "\x1b" not in text and "[31m[bold]evil.png" in text


@pytest.mark.skipif(sys.platform == "win32", reason="signals work otherwise there")
def test_the_first_interrupt_stops_after_the_batch_and_the_second_at_once() -> None:
    before = signal.getsignal(signal.SIGINT)
    with interrupted() as stopped:
        assert not stopped()
        os.kill(os.getpid(), signal.SIGINT)
        assert stopped()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(1)
    assert signal.getsignal(signal.SIGINT) is before


def test_modules_that_cost_seconds_are_imported_late() -> None:
    heavy = {"torch", "gradio", "PIL", "numpy", "tantivy"}
    code = "import sys, demo.cli; print(sorted(m for m in sys.modules if '.' not in m))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert heavy.isdisjoint(ast.literal_eval(done.stdout))


def process(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "demo.cli", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env={**os.environ, **environment})


def test_the_real_program_starts_quickly() -> None:
    started = time.perf_counter()
    done = process("--help")
    assert done.returncode == 0 and "search" in done.stdout
    assert time.perf_counter() - started < 5  # about 0.4 s; a machine at its limit takes longer


def test_the_real_program_fails_in_one_sentence(tmp_path: Path) -> None:
    done = process("stats", "--collection", tmp_path / "nowhere", "--json")
    assert done.returncode == 1 and done.stdout == "" and done.stderr.count("\n") == 1
    assert process("search").returncode == 2


@pytest.mark.skipif(not hasattr(os, "setuid") or sys.platform == "win32", reason="needs a user without privileges")
def test_a_read_only_folder(tmp_path: Path, made: Path) -> None:
    """Root writes anywhere, so a child process becomes somebody else before it tries."""
    for path in (tmp_path, *tmp_path.parents):
        if path != Path(path.anchor) and path.stat().st_uid == os.getuid() and not path.stat().st_mode & 0o001:
            path.chmod(path.stat().st_mode | 0o055)
    locked = tmp_path / "locked"
    locked.mkdir()
    locked.chmod(0o555)
    for path in (made, *made.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    draw = ["scenes", "--split", "val", "--count", "1", "--out"]
    code = f"""
import os
from typer.testing import CliRunner
from demo.cli import app, main
warm = [{[*draw, str(tmp_path / "free")]}, ["remove", "999", "--collection", {str(made)!r}]]
print([CliRunner().invoke(app, arguments).exit_code for arguments in warm])  # imports what others may not read
if os.getuid() == 0:
    os.setuid(65534)
main()
"""
    for arguments in ([*draw, str(locked / "x")], ["remove", "1", "--collection", str(made)]):
        done = subprocess.run([sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True)
        assert done.stdout == "[0, 1]\n"
        assert done.returncode == 1 and done.stderr.count("\n") == 1 and "written" in done.stderr, done.stderr


def test_the_doctor_says_what_it_finds(model: Model, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The small model of these tests has random weights, which the doctor must notice."""
    monkeypatch.setattr("core.doctor.load_model", lambda: model)
    monkeypatch.setenv("SIGHTWORDS_HOME", str(tmp_path))
    result = run("doctor", "--json")
    found = {row["what"]: row["state"] for row in json.loads(result.stdout)["findings"]}
    assert found["home folder"] == "good" and found["salesforce-lavis"] == "missing"
    assert found["built-in model"] == "bad" and result.exit_code == 1
    shown = run("doctor").stdout
    assert "✗ built-in model" in shown and "✓ home folder" in shown
    result = run("doctor", "--parity")
    assert result.exit_code == 1 and "sightwords setup-lavis" in result.stderr
    assert run("doctor", "--full").exit_code == 2


def test_tags_and_filters(made: Path, folder: Path) -> None:
    names = sorted(path.name for path in folder.iterdir() if path.suffix == ".png")[:2]
    tagged = json.loads(ok("tag", *(folder / name for name in names), "--collection", made, "--add", "best", "--json"))
    assert tagged["tagged"] == 2
    found = json.loads(ok("search", "a red dog", "--collection", made, "--where", "tag=best", "--json"))["hits"]
    assert {Path(hit["path"]).name for hit in found} == set(names)
    everything = json.loads(ok("search", "a red dog", "--collection", made, "--json"))["hits"]
    assert [hit for hit in everything if Path(hit["path"]).name in names] == found  # same scores, same order
    ok("index", folder, "--collection", made)  # nothing changed: tags stay
    counts = json.loads(ok("stats", "--collection", made, "--where", "tag!=best", "--json"))["filtered"]
    assert counts["items"] == len(everything) - 2 and sum(counts["folders"].values()) == counts["items"]
    assert counts["folders"].keys() == {str(folder), str(folder / "below")}
    assert "best 2" in ok("stats", "--collection", made)
    ok("tag", "--where", "tag=best", "--collection", made, "--drop", "best")
    assert json.loads(ok("stats", "--collection", made, "--json"))["filtered"]["tags"] == {}
    result = run("search", "a red dog", "--collection", made, "--where", "colour=red")
    assert result.exit_code == 1 and "is no condition" in result.stderr
    assert run("tag", "--collection", made, "--add", "x").exit_code == 2
    assert run("tag", "1", "--collection", made).exit_code == 2


def test_a_picture_that_changes_or_moves_keeps_its_tags(made: Path, folder: Path) -> None:
    first, second = sorted(path for path in folder.iterdir() if path.suffix == ".png")[:2]
    ok("tag", first, second, "--collection", made, "--add", "best")
    Image.new("RGB", (40, 40), "teal").save(first)
    second.rename(second.with_name("moved.png"))
    ok("index", folder, "--collection", made)
    found = json.loads(ok("search", "a red dog", "--collection", made, "--where", "tag=best", "-k", "50", "--json"))
    assert {Path(hit["path"]).name for hit in found["hits"]} == {first.name, "moved.png"}


def test_shards_are_indexed_apart_and_joined(folder: Path, tmp_path: Path) -> None:
    """Three machines make what one would have made: the same items, scores, thumbnails; twice joined is once joined."""
    ok("index", folder, "--collection", tmp_path / "whole")
    captions = tmp_path / "captions.jsonl"
    lines = [{"file": str(path), "captions": [f"a {path.stem} dog"]} for path in sorted(folder.rglob("*.png"))]
    captions.write_text("".join(json.dumps(line) + "\n" for line in lines))
    ok("index", folder, "--captions", captions, "--collection", tmp_path / "whole")
    counts = []
    for number in (1, 2, 3):
        part = tmp_path / f"part{number}"
        shard = ("--shard", f"{number}/3")
        counts.append(
            json.loads(ok("index", folder, "--captions", captions, "--collection", part, *shard, "--json"))["added"]
        )
        ok("import", part, "--collection", tmp_path / "joined")
    assert json.loads(ok("import", tmp_path / "part1", "--collection", tmp_path / "joined", "--json"))["added"] == 0
    with Collection.open(tmp_path / "whole") as whole, Collection.open(tmp_path / "joined") as joined:
        assert sum(counts) == len(whole) == len(joined) and joined.verify() == []

        def known(held: Collection) -> dict[tuple[str, ...], tuple[SparseVector, bool]]:
            rows = zip(held.all_items(), held.vectors(held.ids()), strict=True)
            return {
                (item.kind, item.path, item.caption or ""): (vector, Path(item.thumbnail or "/").is_file())
                for item, vector in rows
            }

        ours, theirs = known(whole), known(joined)
        assert ours.keys() == theirs.keys()
        for name, (vector, small) in ours.items():
            again, small_again = theirs[name]
            assert small == small_again and alike(vector, again)  # batches of other sizes round otherwise
    assert "is no shard" in fails("index", folder, "--collection", tmp_path / "x", "--shard", "4/3")


def test_captions_weigh_in_and_every_way_to_look_tells_so(folder: Path, tmp_path: Path) -> None:
    captions, path = tmp_path / "captions.jsonl", tmp_path / "made"
    captions.write_text('{"file": "0.png", "captions": ["a red dog by the sea", "two cats"]}', "utf-8")
    report = document("index", folder, "--collection", path, "--captions", captions, "--with-captions", 0.8)
    assert (report["added"], report["weighed"]) == (8, 0)
    hits = document("search", "a red dog and two cats", "--collection", path, "-k", 20)["hits"]
    pictured = {hit["path"]: hit["contributions"] for hit in hits if hit["kind"] == "image"}
    sources = {path: {row["source"] for row in rows} for path, rows in pictured.items()}
    worded = sources.pop(str(folder / "0.png"))
    assert "written" in worded and all(some == {"seen"} for some in sources.values())
    assert all(row["seen"] + row["written"] == pytest.approx(row["contribution"]) for row in hits[0]["contributions"])
    told = ok("search", "a red dog and two cats", "--collection", path, "--kind", "image")
    assert "(written)" in told or " written)" in told
    assert "0.8; words are in the vectors of 1 picture" in ok("stats", "--collection", path)
    assert "1 picture weighed anew" in ok("index", folder, "--collection", path, "--with-captions", 0)
    assert "written" not in ok("search", "a red dog and two cats", "--collection", path, "--kind", "image")
    assert "captions weigh │ nothing" in " ".join(ok("stats", "--collection", path).split())


def test_captions_weigh_from_0_to_1_and_nothing_in_milvus(folder: Path, tmp_path: Path) -> None:
    assert run("index", folder, "--collection", tmp_path / "made", "--with-captions", 1.5).exit_code == 2
    refused = run("index", folder, "--collection", f"milvus:{tmp_path}/items.db", "--with-captions", 0.5)
    assert refused.exit_code == 1 and "where captions weigh nothing" in refused.stderr
    assert not (tmp_path / "made").exists() and not (tmp_path / "items.db").exists()
