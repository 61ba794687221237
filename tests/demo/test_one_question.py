"""What one interface can ask, all can: a bent question through the command line, an endpoint and the function.

All three find the same hits with the same scores and terms, and say one and the same sentence where it cannot be asked.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from PIL import Image
from typer.testing import CliRunner

import core.models.registry
from core.library.indexing.sync import index_paths
from core.models.model import Model
from core.models.query_table import QueryTable
from core.search.query import Query
from core.search.search import search
from demo.cli import app
from demo.state.app import AppState
from demo.state.page import PageState, ask
from demo.state.question import FIRST, from_link, to_link
from demo.web import serve
from index_store.errors import SightwordsError
from index_store.folder.collection import Collection

TEXT = "red green blue yellow dogs cats boats houses in the grass with a ball and hat"
ROWS = {"dog": {"dog": 1.5, "sea": 0.5}, "red": {"red": 1.25}, "grass": {"grass": 1.0}, "boat": {"boat": 0.75}}
PLAIN: dict[str, Any] = {"kind": "both", "each": False, "k": 10}  # told to all, whatever their own defaults


@dataclass(frozen=True)
class Interfaces:
    """The three ways to ask, of one collection."""

    model: Model
    collection: Collection
    client: Client
    state: AppState

    def function(self, asked: dict[str, Any]) -> dict[str, Any]:
        return search(self.model, self.collection, Query(**asked)).to_json()

    def endpoint(self, asked: dict[str, Any]) -> dict[str, Any]:
        given = {"only" if name == "where" else name: value for name, value in asked.items()}
        return self.client.predict(**given, api_name="/search")

    def command_line(self, asked: dict[str, Any]) -> dict[str, Any]:
        result = CliRunner().invoke(app, ["search", *self._arguments(asked), "--json"])
        if result.exit_code:
            raise SightwordsError(result.stderr.removeprefix("Error: ").strip())
        return json.loads(result.stdout)

    def _arguments(self, asked: dict[str, Any]) -> list[str]:
        arguments = [f"--collection={self.collection.path}"]
        for name, value in asked.items():
            if name == "text":
                arguments.append(value)
            elif name == "weights":
                arguments += [f"--weight={term}={weight}" for term, weight in value.items()]
            elif name in ("where", "without"):
                arguments += [f"--{name}={one}" for one in value]
            elif name == "dense_weight":
                arguments.append(f"--dense-weight={value}")
            elif name in ("each", "literal_text"):
                arguments += [f"--{name.replace('_', '-')}"] * value
            elif name in ("right", "wrong") or (name == "like" and not isinstance(value, int)):
                arguments += [f"--{name}={one}" for one in value]
            else:
                arguments.append(f"-k{value}" if name == "k" else f"--{name}={value}")
        return arguments


@pytest.fixture(scope="module")
def ways(tmp_path_factory: pytest.TempPathFactory, model: Model, patches: list[Image.Image]) -> Iterator[Interfaces]:
    """24 pictures, four of them twice, with captions as items and in their vectors; 6 are tagged."""
    root = tmp_path_factory.mktemp("asked")
    pictures = root / "pictures"
    pictures.mkdir()
    for number, patch in enumerate(patches[:20]):
        patch.save(pictures / f"{number}.png")
    for number, patch in enumerate(patches[:4]):
        patch.resize((96, 64), Image.Resampling.NEAREST).save(pictures / f"large-{number}.png")
    captions = [{"file": f"{n}.png", "captions": [f"a {c} dog by the sea"]} for n, c in enumerate(("red", "blue"))]
    (root / "captions.jsonl").write_text("\n".join(map(json.dumps, captions)), "utf-8")
    path = root / "collection"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SIGHTWORDS_HOME", str(root / "home"))
        patch.setattr(core.models.registry, "load_model", lambda *names, **options: model)
        with Collection.create(path, model=model.name, vocabulary=model.vocabulary.terms) as made:
            named = {"captions": root / "captions.jsonl", "captions_folder": pictures}
            index_paths(model, made, [pictures], **named, keep_dense=True, with_captions=0.6)
            made.tag(made.ids()[:6], add=["best"])
        model.use_table(QueryTable.of_rows(model.vocabulary, ROWS))
        running = serve(AppState(model, path))
        client = Client(running.local_url, verbose=False)
        with Collection.open(path) as collection:
            yield Interfaces(model, collection, client, running.state)
        client.close()
        running.close(verbose=False)
        model.use_table(None)


BENT: dict[str, dict[str, Any]] = {
    "plain": {"text": TEXT},
    "weights by hand": {"text": TEXT, "weights": {"dog": 2.5, "moon": 1.25, "Boats": 0.5}},
    "a term off": {"text": TEXT, "weights": {"dog": 0.0, "sea": 0}},
    "a term against": {"text": TEXT, "weights": {"dog": -1.5, "red": -0.3}, "k": 30},
    "without": {"text": TEXT, "without": ["dog", "house"], "k": 5},
    "conditions": {"text": TEXT, "where": ["tag=best", "width>=20", "file!=1.png"]},
    "left out in words": {"text": f"{TEXT} -moon grass^2"},
    "only left out": {"text": "no dogs"},
    "left out, and that undone": {"text": f"{TEXT} -moon", "weights": {"moon": 0}},
    "demanded in words": {"text": "red dogs +sea"},
    "one of two demanded": {"text": "red dogs +(sea OR moon)"},
    "literally": {"text": f"{TEXT} -moon", "literal_text": True},
    "a budget": {"text": TEXT, "budget": 5},
    "literal": {"text": TEXT, "mode": "literal"},
    "hybrid": {"text": TEXT, "mode": "hybrid", "expansion": 0.4},
    "half the expansion": {"text": TEXT, "expansion": 0.5},
    "every copy": {"text": TEXT, "each": True, "k": 40},
    "pictures": {"text": TEXT, "kind": "image"},
    "captions": {"text": TEXT, "kind": "caption"},
    "like an item": {"like": 3, "k": 4},
    "like several items": {"like": [3, 9, 4], "k": 6},
    "a mix with several items": {"text": TEXT, "like": [5, 3], "share": 0.6, "without": ["house"]},
    "a mix with a picture": {"text": TEXT, "like": 3, "share": 0.3},
    "marked": {"text": TEXT, "right": [3, 9], "wrong": [5], "k": 12},
    "marked, literally": {"text": TEXT, "right": [4], "wrong": [1, 2], "mode": "literal"},
    "by the whole": {"text": TEXT, "rank": "dense"},
    "by both": {"text": TEXT, "rank": "fused", "dense_weight": 2.5},
    "by both, bent": {
        "text": f"{TEXT} -moon grass^2", "rank": "fused", "dense_weight": 1.5, "weights": {"dog": -0.5, "sea": 2},
        "expansion": 0.5, "without": ["house"], "where": ["width>=20"], "k": 6,
    },
    "by both, literal terms alone": {"text": TEXT, "rank": "fused", "dense_weight": 1.0, "mode": "hybrid"},
    "by both, like an item": {"like": 3, "rank": "fused", "dense_weight": 3.0},
    "by both, marked": {"text": TEXT, "right": [3], "wrong": [5], "rank": "fused", "dense_weight": 2.0},
    "by the whole of a mix": {"text": TEXT, "like": [3, 9], "share": 0.3, "rank": "dense", "without": ["house"]},
    "by table": {"text": f"{TEXT} -moon", "by_table": True, "weights": {"cat": 2.0}, "k": 6},
    "by table, mixed": {"text": TEXT, "by_table": True, "like": 3, "share": 0.3},
    "all of it": {
        "text": TEXT, "right": [7], "wrong": [1],
        "like": 2, "share": 0.35, "expansion": 0.7, "mode": "hybrid", "weights": {"dog": -0.5, "moon": 2},
        "kind": "image", "where": ["width>=20"], "without": ["house"], "each": True, "k": 7, "budget": 10**6,
    },
    "all of it, on a budget that runs out": {
        "text": TEXT, "weights": {"dog": -1.5}, "without": ["house"], "where": ["file=*.png"], "k": 7, "budget": 1,
    },
}  # fmt: skip


def found(document: dict[str, Any]) -> dict[str, Any]:
    """Everything that an answer says but the time it took, and where files lie, which has two names."""
    hits = [{name: value for name, value in hit.items() if name not in ("path", "file")} for hit in document["hits"]]
    return {name: value for name, value in document.items() if name != "timings_ms"} | {"hits": hits}


@pytest.mark.parametrize("name", BENT)
def test_a_bent_question_has_one_answer(ways: Interfaces, name: str) -> None:
    asked = {**PLAIN, **BENT[name]}
    answer = found(ways.function(asked))
    assert answer["hits"] and answer["exact"] is ("runs out" not in name and name != "a budget")
    for hit in answer["hits"]:
        assert sum(row["contribution"] for row in hit["contributions"]) == pytest.approx(hit["score"], rel=1e-5)
    assert found(ways.endpoint(asked)) == answer
    if "by_table" not in asked:  # by which the command line loads no encoder: see test_by_table.py
        assert found(ways.command_line(asked)) == answer


@pytest.mark.parametrize("name", BENT)
def test_the_page_and_its_link_ask_the_same(ways: Interfaces, name: str) -> None:
    """The page keeps what was encoded between two questions, so that it is asked twice, the first time unbent."""
    asked = {**PLAIN, **BENT[name]}
    listed = {name: tuple(value) for name, value in asked.items() if isinstance(value, list)}
    query = Query(**asked | listed)
    assert replace(from_link(to_link(query)), k=query.k) == query
    unbent = replace(FIRST, text=query.text, like=query.like, literal_text=query.literal_text, by_table=query.by_table)
    page = ask(ways.state, PageState(unbent))
    text = page.text
    page = ask(ways.state, PageState(query, text, page.picture, page.source, page.name, model=page.model))
    assert page.result is not None and page.text is text
    assert found(page.result.to_json()) == found(ways.function(asked))


def test_a_picture_of_ones_own_is_mixed_alike(ways: Interfaces, patches: list[Image.Image], tmp_path: Path) -> None:
    """The command line and the page take files; programs, which cannot send any, take items."""
    file = tmp_path / "own.png"
    patches[30].save(file)
    asked = {**PLAIN, "text": TEXT, "share": 0.4, "weights": {"dog": -0.5}, "without": ["house"]}
    answer = found(ways.function({**asked, "picture": patches[30]}))
    assert answer["hits"] and found(ways.command_line({**asked, "image": file})) == answer
    page = PageState(Query(**asked), picture=ways.state.searcher.encode_picture(patches[30]), model=ways.model.name)
    result = ask(ways.state, page).result
    assert result is not None and found(result.to_json()) == answer


def test_a_card_that_stands_for_copies_says_where_they_lie_to_who_may_know(
    ways: Interfaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    hits = ways.state.searcher.search(Query(text=TEXT, kind="image", each=False, k=40)).hits
    hit = next(hit for hit in hits if hit.copies == 2)
    number = Path(hit.path).stem.removeprefix("large-")
    pair = {str(Path(hit.path).with_name(f"{name}.png")) for name in (number, f"large-{number}")}
    assert dict(ways.state.searcher.facts(hit))["copies at"] in pair - {hit.path}
    monkeypatch.setattr(ways.state, "public", True)
    assert "copies at" not in dict(ways.state.searcher.facts(hit))


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "nothing": ({"text": ""}, "there is no question"),
    "blank": ({"text": " \n"}, "there is no question"),
    "no words": ({"text": "?!"}, "holds no word"),
    "unknown words": ({"text": "zebra"}, "knows none of the words"),
    "too long": ({"text": "dog " * 600}, "shorten it"),
    "k 0": ({"k": 0}, "k is 0"),
    "k too large": ({"k": 2**70}, "must be from 1 to 1,000"),
    "expansion": ({"expansion": 1.5}, "expansion strength is 1.5"),
    "expansion nan": ({"expansion": float("nan")}, "expansion strength is nan"),
    "share": ({"like": 1, "share": -0.5}, "share is -0.5"),
    "weight of nothing": ({"weights": {"zebra": 1.0}}, "no term 'zebra'"),
    "weight too large": ({"weights": {"dog": 1e9}}, "cannot weigh 1000000000.0"),
    "weight infinite": ({"weights": {"dog": float("-inf")}}, "cannot weigh -inf"),
    "without nothing": ({"without": ["zebra"]}, "no term 'zebra'"),
    "no condition": ({"where": ["colour=red"]}, "'colour=red' is no condition"),
    "no date": ({"where": ["taken>=yesterday"]}, "'yesterday' is no date"),
    "no item": ({"like": 999}, "holds no item 999"),
    "one item of several": ({"like": [1, 999]}, "holds no item 999"),
    "too many items": ({"like": [*range(1, 102)]}, "mean of at most 100"),
    "an item too far": ({"like": 2**70}, "No item can be called 1180591620717411303424"),
    "a marked item that is not there": ({"right": [999]}, "holds no item 999"),
    "right and wrong": ({"right": [3, 4], "wrong": [4]}, "4 is marked right and wrong"),
    "too many marks": ({"wrong": [*range(1, 102)]}, "at most 100 can be"),
    "a weight of the whole": ({"dense_weight": -1.0}, "whole picture cannot weigh -1.0"),
    "a head that says none": ({"rank": "fused"}, "does not say how much the whole picture weighs"),
    "a picture, literally": ({"text": "", "like": 1, "mode": "literal"}, "speaks no words"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_asked_is_said_in_one_sentence_by_all(ways: Interfaces, name: str) -> None:
    wrong, reason = WRONG[name]
    asked = {**PLAIN, "text": "a red dog", **wrong}
    sentences = {_sentence(way, asked) for way in (ways.function, ways.command_line)}
    if not any(value != value or abs(value) == float("inf") for value in _numbers(asked)):  # which JSON cannot say
        sentences.add(_sentence(ways.endpoint, asked))
    (sentence,) = sentences
    assert reason in sentence and sentence.endswith(".") and "\n" not in sentence and len(sentence) < 300


OF_ANOTHER_TYPE: dict[str, tuple[dict[str, Any], str]] = {
    "text": ({"text": 5}, "text is 5"),
    "no text": ({"text": None}, "text is None"),
    "k": ({"k": 2.5}, "k is 2.5"),
    "k in words": ({"k": "many"}, "k is 'many'"),
    "no k": ({"k": None}, "k is None"),
    "k that is true": ({"k": True}, "k is True"),
    "expansion": ({"expansion": "full"}, "expansion strength is 'full'"),
    "mode": ({"mode": "fuzzy"}, "no search mode 'fuzzy'"),
    "no mode": ({"mode": None}, "no search mode None"),
    "kind": ({"kind": "sound"}, "no kind of item 'sound'"),
    "weights in a list": ({"weights": ["dog"]}, "weights are ['dog']"),
    "a weight in words": ({"weights": {"dog": "heavy"}}, "'dog' cannot weigh 'heavy'"),
    "a weight of none": ({"weights": {"dog": None}}, "'dog' cannot weigh None"),
    "a weight that is huge": ({"weights": {"dog": 2**70}}, "'dog' cannot weigh 1180591620717411303424"),
    "like": ({"like": "3"}, "No item can be called '3'"),
    "like a part": ({"like": 1.5}, "No item can be called 1.5"),
    "like a part of several": ({"like": [1, {"id": 2}]}, "No item can be called {'id': 2}"),
    "right in a text": ({"right": "34"}, "What is right is '34'"),
    "wrong in part": ({"wrong": [1.5]}, "No item can be called 1.5"),
    "rank": ({"rank": "best"}, "no way to rank 'best'"),
    "no rank": ({"rank": None}, "no way to rank None"),
    "the whole's weight": ({"dense_weight": "much"}, "cannot weigh 'much'"),
    "share": ({"like": 1, "share": [1]}, "share is [1]"),
    "conditions in a text": ({"where": "tag=best"}, "conditions are 'tag=best'"),
    "a condition that is none": ({"where": [7]}, "conditions are [7]"),
    "without in a text": ({"without": "dog"}, "without are 'dog'"),
    "without numbers": ({"without": [1]}, "without are [1]"),
    "each": ({"each": "yes"}, "each copy is 'yes'"),
    "literally": ({"literal_text": 1}, "text literally is 1"),
    "budget": ({"budget": 0}, "budget is 0 postings"),
    "part of a budget": ({"budget": 0.5}, "budget is 0.5 postings"),
}


@pytest.mark.parametrize("name", OF_ANOTHER_TYPE)
def test_what_is_of_another_type_is_said_in_one_sentence(ways: Interfaces, name: str) -> None:
    """By function and endpoint; the command line refuses what cannot be read, in one line and with status 2."""
    wrong, reason = OF_ANOTHER_TYPE[name]
    asked = {**PLAIN, "text": "a red dog", **wrong}
    (sentence,) = {_sentence(way, asked) for way in (ways.function, ways.endpoint)}
    assert reason in sentence and sentence.endswith(".") and "\n" not in sentence and len(sentence) < 300


@pytest.mark.parametrize(
    "arguments",
    [
        ("--mode=fuzzy",), ("--kind=sound",), ("-k2.5",), ("-k=many",), ("--expansion=full",), ("--like=x",),
        ("--budget=0",), ("--budget=0.5",), ("--share=half",), ("--rank=best",), ("--dense-weight=much",),
    ],
)  # fmt: skip
def test_the_command_line_names_the_option_that_cannot_be_read(ways: Interfaces, arguments: tuple[str, ...]) -> None:
    result = CliRunner().invoke(app, ["search", "a red dog", f"--collection={ways.collection.path}", *arguments])
    option = arguments[0].partition("=")[0][: None if arguments[0].startswith("--") else 2]
    assert result.exit_code == 2 and result.stdout == "" and option in result.stderr and "Usage" in result.stderr


def test_a_budget_so_large_that_nothing_ends_it_is_no_budget(ways: Interfaces) -> None:
    asked = {**PLAIN, "text": TEXT}
    for way in (ways.function, ways.endpoint, ways.command_line):
        assert found(way({**asked, "budget": 2**70})) == found(way(asked))


def test_every_other_endpoint_says_what_it_cannot_do(ways: Interfaces) -> None:
    for endpoint, arguments, reason in (
        ("/explain_order", ("a dog", 1, 2**70), "No item can be called"),
        ("/explain_order", ("a dog", "x", 1), "No item can be called 'x'"),
        ("/explain_order", (7, 1, 2), "text is 7"),
        ("/encode", (7,), "text is 7"),
        ("/link_words", (None,), "text is None"),
        ("/locate_term", (2**70, "dog"), "No item can be called"),
        ("/locate_term", (1, 5), "term is 5"),
        ("/suggest_terms", ("d", "many"), "number of terms is 'many'"),
        ("/suggest_terms", (5, 3), "text is 5"),
        ("/describe_term", (5,), "term is 5"),
        ("/compare_rankings", ("a dog", "full", "full", 2.5), "k is 2.5"),
        ("/compare_rankings", ("a dog", ["full"], "full", 5), "way to rank is"),
    ):
        with pytest.raises(AppError, match=reason):
            ways.client.predict(*arguments, api_name=endpoint)


def test_what_is_missing_is_said_in_one_sentence(ways: Interfaces) -> None:
    """To programs that post by themselves: gradio_client fills in what is left out."""
    for endpoint, arguments in (("search", ["a dog"]), ("encode", []), ("explain_order", ["a dog"]), ("keep_head", [])):
        address = f"{ways.client.src}gradio_api/call/{endpoint}"
        event = httpx.post(address, json={"data": arguments}).json()["event_id"]
        answer = httpx.get(f"{address}/{event}").text
        said = json.loads(answer.partition("data: ")[2])["error"]
        assert answer.startswith("event: error") and f"but got {len(arguments)}; send all" in said
        assert said.endswith(".") and "\n" not in said


def _sentence(way: Any, asked: dict[str, Any]) -> str:
    with pytest.raises((SightwordsError, AppError)) as caught:
        way(asked)
    return str(caught.value)


def _numbers(asked: dict[str, Any]) -> list[float]:
    return [value for value in (*asked.values(), *asked.get("weights", {}).values()) if isinstance(value, float)]
