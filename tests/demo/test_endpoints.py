"""Every endpoint through a real client, as a program calls it."""

import asyncio
import re
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from PIL import Image

from core.library.indexing.sync import index_paths
from core.models.model import Model
from demo.state.app import AppState
from demo.web import App, serve
from index_store.errors import SightwordsError
from index_store.folder.collection import Collection
from tests.conftest import TERMS
from tests.core.dense_sets import write_words

MCP = find_spec("mcp") is not None
ACTIONS = {
    "search",
    "explain_order",
    "encode",
    "link_words",
    "locate_term",
    "suggest_terms",
    "describe_term",
    "compare_rankings",
    "train_head",
    "training_status",
    "stop_training",
    "trained_heads",
    "keep_head",
    "use_head",
    "go_on_training",
    "discard_head",
}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, model: Model, patches: list[Image.Image]) -> Iterator[App]:
    """The app on a collection of 12 pictures, with MCP where it is installed."""
    root = tmp_path_factory.mktemp("endpoints")
    for number, patch in enumerate(patches[:12]):
        patch.save(root / f"{number}.png")
    path: Path = root / "collection"
    with Collection.create(path, model=model.name, vocabulary=model.vocabulary.terms) as collection:
        index_paths(model, collection, [root])
    app = serve(AppState(model, path), mcp=MCP)
    yield app
    app.close(verbose=False)


@pytest.fixture(scope="module")
def client(app: App) -> Iterator[Client]:
    made = Client(app.local_url, verbose=False)
    yield made
    made.close()


def test_only_some_items_are_asked(client: Client) -> None:
    found = client.predict("a red dog beside the sea", only=["file=1*.png"], api_name="/search")
    assert {Path(hit["file"]).name for hit in found["hits"]} == {"1.png", "10.png", "11.png"}
    with pytest.raises(AppError, match="is no condition"):
        client.predict("a red dog", only=["colour=red"], api_name="/search")


def test_a_question_is_answered_bent_and_mixed(client: Client, model: Model) -> None:
    plain = client.predict("a red dog beside the sea", api_name="/search")
    assert plain["exact"] and len(plain["hits"]) == 10
    for hit in plain["hits"]:
        assert sum(row["contribution"] for row in hit["contributions"]) == pytest.approx(hit["score"], rel=1e-5)
    assert all(Path(hit["file"]).is_file() for hit in plain["hits"])  # one's own collection: where the picture lies
    term = plain["hits"][0]["contributions"][0]["term"]
    bent = client.predict("a red dog beside the sea", 3, weights={term: -2.0}, api_name="/search")
    assert len(bent["hits"]) <= 3 and {row["term"]: row["weight"] for row in bent["terms"]}[term] == -2.0
    number = plain["hits"][3]["id"]
    mixed = client.predict("a red dog", like=number, share=1.0, k=5, api_name="/search")
    like = client.predict("", like=number, k=5, api_name="/search")
    assert [hit["id"] for hit in mixed["hits"]] == [hit["id"] for hit in like["hits"]]


def test_the_order_of_two_items_is_explained(client: Client) -> None:
    hits = client.predict("a red dog beside the sea", api_name="/search")["hits"]
    told = client.predict("a red dog beside the sea", hits[0]["id"], hits[4]["id"], api_name="/explain_order")
    assert (told["first"], told["second"]) == (
        pytest.approx(hits[0]["score"], rel=1e-5),
        pytest.approx(hits[4]["score"], rel=1e-5),
    )
    gap = sum(row["difference"] for row in told["differences"])
    assert gap == pytest.approx(told["first"] - told["second"], rel=1e-4, abs=1e-6)


def test_a_term_is_described(client: Client, model: Model) -> None:
    term = client.predict("a red dog beside the sea", api_name="/encode")["terms"][0]["term"]
    told = client.predict(term, api_name="/describe_term")
    assert told["term"] == term and told["of"] == 12 and sum(told["histogram"]["counts"]) == told["frequency"]
    with pytest.raises(AppError, match="no term 'quark'"):
        client.predict("quark", api_name="/describe_term")


def test_two_rankings_are_compared(client: Client) -> None:
    same = client.predict("a red dog", "full", "full", 5, api_name="/compare_rankings")
    assert same["overlap"] == 1.0 and same["kendall_tau"] == 1.0 and len(same["first"]["hits"]) == 5
    found = client.predict("a red dog", "full", "dense", 12, api_name="/compare_rankings")
    assert found["second"]["terms"] == [] and len(found["second"]["hits"]) == 12
    plain = client.predict("a red dog", 12, api_name="/search")
    assert [hit["id"] for hit in found["first"]["hits"]] == [hit["id"] for hit in plain["hits"]]
    for wrong, said in (({"first": "best"}, "no way to rank called 'best'"), ({"k": 0}, "k is 0")):
        with pytest.raises(AppError, match=said):
            client.predict("a red dog", **wrong, api_name="/compare_rankings")


def test_a_head_is_trained_kept_used_and_left(client: Client, model: Model, tmp_path: Path) -> None:
    data = write_words(tmp_path / "words", words=TERMS, encoder="mean-colours")
    settings = {"hidden_size": 16, "batch_size": 16, "schedule": "cosine"}
    given = {"source": "folder", "folder": str(data), "controls": ["both"], "epochs": 2, "settings": settings}
    given["objective"] = "joint"
    assert client.predict(**given, api_name="/train_head")["state"] == "working"
    told = status_after(client, 5000)
    assert not told["failed"] and [row["epoch"] for row in told["epochs"]] == [1, 2], told
    (head,) = client.predict(api_name="/trained_heads")
    assert head["config"]["schedule"] == "cosine" and head["config"]["objective"] == "joint"
    assert head["result"]["measures"]["flops"] >= 0
    with pytest.raises(AppError, match="letters, digits"):
        client.predict(head["key"], "a b", api_name="/keep_head")
    assert Path(client.predict(head["key"], "ours", api_name="/keep_head")).is_dir()
    client.predict("ours", api_name="/use_head")
    assert status_after(client, 5000)["head_in_use"] == "ours"
    used = client.predict("a red dog", k=3, api_name="/search")["hits"]
    dense = client.predict("a red dog", "full", "dense", 3, api_name="/compare_rankings")
    assert len(dense["second"]["hits"]) == 3
    assert client.predict("", api_name="/use_head")["head_in_use"] == ""
    other = client.predict("a red dog", "full", "head:ours", 3, api_name="/compare_rankings")["second"]["hits"]
    assert [row["score"] for row in other] == pytest.approx([row["score"] for row in used], rel=1e-4)
    assert client.predict(head["key"], api_name="/discard_head") == head["key"]
    assert client.predict(api_name="/trained_heads") == []


def test_training_is_stopped_and_gone_on_with(client: Client, tmp_path: Path) -> None:
    data = write_words(tmp_path / "words", words=TERMS, encoder="mean-colours")
    given = {"source": "folder", "folder": str(data), "epochs": 5000, "settings": {"batch_size": 16}}
    client.predict(**given, api_name="/train_head")
    with pytest.raises(AppError, match="The Lab is at work"):
        client.predict(**given, api_name="/train_head")
    status_after(client, 1)
    client.predict(api_name="/stop_training")
    told = status_after(client, 5000)
    assert "Stopped after epoch" in told["said"]
    (head,) = client.predict(api_name="/trained_heads")
    assert head["can_go_on"]
    client.predict(head["key"], api_name="/go_on_training")
    assert not status_after(client, len(told["epochs"]))["failed"]
    client.predict(api_name="/stop_training")
    assert status_after(client, 5000)["state"] == "ended"


def status_after(client: Client, epochs: int) -> dict[str, Any]:
    """The Lab's status once more epochs than these are done, or its work has ended."""
    while True:
        told = client.predict(api_name="/training_status")
        if told["state"] != "working" or len(told["epochs"]) > epochs:
            return told
        time.sleep(0.1)


def test_a_text_is_encoded_and_its_words_are_linked(client: Client, model: Model) -> None:
    text = "a red dog and a zebra"
    told = client.predict(text, api_name="/encode")
    (vector,) = model.encode_texts([text])
    assert {row["term"] for row in told["terms"]} == {model.vocabulary.terms[term] for term in vector.terms}
    assert told["unknown"] == ["zebra"]
    links = client.predict(text, api_name="/link_words")
    assert links["words"] == text.split() and {row["term"] for row in links["links"]} == {
        row["term"] for row in told["terms"]
    }


def test_terms_are_suggested(client: Client) -> None:
    assert {row["term"] for row in client.predict("moo", api_name="/suggest_terms")} == {"moon"}


@pytest.mark.parametrize(
    ("endpoint", "arguments", "sentence"),
    [
        ("/search", {"text": " "}, "query is empty"),
        ("/search", {"text": "a dog", "k": 10_000}, "must be from 1 to"),
        ("/search", {"text": "a dog", "weights": {"unicorn": 1}}, "no term 'unicorn'"),
        ("/search", {"text": "a dog", "weights": {"dog": 1e9}}, "cannot weigh"),
        ("/search", {"text": "", "like": 999}, "999"),
        ("/explain_order", {"text": "a dog", "first": 1, "second": 999}, "999"),
        ("/encode", {"text": "dog " * 600}, "shorten"),
        ("/link_words", {"text": "dog " * 41}, "at most 40"),
        ("/locate_term", {"item": 1, "term": "dog"}, "cannot point"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    client: Client, endpoint: str, arguments: dict[str, object], sentence: str
) -> None:
    with pytest.raises(AppError, match=sentence):
        client.predict(**arguments, api_name=endpoint)


def test_nothing_but_these_is_offered(client: Client) -> None:
    named = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    assert set(named) == {f"/{action}" for action in ACTIONS}


@pytest.mark.skipif(not MCP, reason="needs mcp (the extra 'mcp')")
def test_every_action_is_a_tool(app: App) -> None:
    from mcp import ClientSession
    from mcp.client.streamable_http import streamable_http_client

    calls = {
        "search": {"text": "a red dog", "k": 2},
        "explain_order": {"text": "a red dog", "first": 1, "second": 2},
        "encode": {"text": "a red dog"},
        "link_words": {"text": "a red dog"},
        "locate_term": {"item": 1, "term": "dog"},
        "suggest_terms": {"start": "moo"},
        "describe_term": {"term": "dog"},
        "compare_rankings": {"text": "a red dog", "k": 3},
        "train_head": {"source": "folder", "folder": ""},
        "training_status": {},
        "stop_training": {},
        "trained_heads": {},
        "keep_head": {"key": "none", "name": "mine"},
        "use_head": {"name": "none"},
        "go_on_training": {"key": "none"},
        "discard_head": {"key": "none"},
    }

    async def use() -> dict[str, tuple[bool, str]]:
        address = f"{app.local_url}gradio_api/mcp/"
        async with streamable_http_client(address) as (read, write, _), ClientSession(read, write) as state:
            await state.initialize()
            tools = {tool.name: tool for tool in (await state.list_tools()).tools}
            answers = {}
            for action, arguments in calls.items():
                (name,) = [name for name in tools if name.endswith(action)]
                assert tools[name].description and set(arguments) <= set(tools[name].inputSchema["properties"])
                answer = await state.call_tool(name, arguments)
                answers[action] = (bool(answer.isError), answer.content[0].text)
            return answers

    answers = asyncio.run(use())
    assert answers.keys() == ACTIONS
    failed = {action for action, (failed, _) in answers.items() if failed}
    assert failed == {"locate_term", "train_head", "keep_head", "use_head", "go_on_training", "discard_head"}
    assert "Name the folder" in answers["train_head"][1] and "no kept head 'none'" in answers["use_head"][1]
    assert "contributions" in answers["search"][1] and "moon" in answers["suggest_terms"][1]
    assert "cannot point" in answers["locate_term"][1]
    assert "strongest" in answers["describe_term"][1] and "kendall_tau" in answers["compare_rankings"][1]


def test_mcp_that_is_not_installed_is_said(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("demo.web.find_spec", lambda name: None)
    with pytest.raises(SightwordsError, match="pip install"):
        serve(AppState(model), mcp=True)


def test_a_program_that_names_another_collection_than_the_open_one_is_refused(client: Client, app: App) -> None:
    name = app.state.shown.name
    assert client.predict("a red dog", collection=name, api_name="/search")["hits"]
    asked: dict[str, dict[str, Any]] = {"/search": {"like": 1}, "/train_head": {}, "/use_head": {"name": "none"}}
    for endpoint, given in asked.items():
        with pytest.raises(AppError, match=rf"the open collection is ‘{re.escape(name)}’, not ‘holidays’"):
            client.predict(**given, collection="holidays", api_name=endpoint)
    assert client.predict(api_name="/training_status")["state"] != "working"
