"""What programs can ask of the app: every action as a typed, named endpoint, which is also an MCP tool.

Programs and language models read the docstrings of the actions as their description.
"""

import logging
from collections.abc import Callable
from dataclasses import asdict
from functools import wraps
from inspect import signature
from typing import Any, Literal, ParamSpec, TypeVar

import gradio as gr
from gradio.blocks import BlockFunction

from core.errors import QueryError
from core.search.comparison import compare
from core.search.explain import differences, query_terms
from core.search.query import Query, check_item, check_text
from demo.state.app import AppState, data_uri
from demo.state.compare import Comparing
from demo.state.lab import Lab
from demo.state.lab_choice import EPOCHS, Choice, defaults
from index_store.errors import SightwordsError

log = logging.getLogger(__name__)

MOST_LOOKS = 60  # of 0.3 s each: what a program waits for dense vectors that are being made
MOST_TERMS = 100  # that are suggested

Given = ParamSpec("Given")
Answer = TypeVar("Answer")


def endpoints(state: AppState, comparing: Comparing, lab: Lab | None) -> None:
    """Registers the endpoints inside the Blocks at hand; those of a Lab only where there is one: strangers get none."""
    actions = QuestionActions(state, comparing).all()
    if lab is not None:
        actions += LabActions(state, lab).all()
    for action in actions:
        gr.api(action, api_name=action.__name__, concurrency_limit=4)


def _spoken_errors(action: Callable[Given, Answer]) -> Callable[Given, Answer]:
    """The action, whose errors of one sentence reach a program, as they reach a person on the page."""

    @wraps(action)
    def spoken(*args: Given.args, **options: Given.kwargs) -> Answer:
        try:
            return action(*args, **options)
        except SightwordsError as error:
            raise gr.Error(str(error), print_exception=False) from error
        except Exception as error:  # a bug of ours: the log gets the traceback, the program a sentence
            log.exception("the endpoint %s failed", action.__name__)
            raise gr.Error("Something unexpected went wrong; the log says what.", print_exception=False) from error

    return spoken


class SpokenBlocks(gr.Blocks):
    """Blocks that say in one sentence what is missing where too few arguments come, which Gradio answers with null."""

    def validate_inputs(self, block_fn: BlockFunction, inputs: list[Any]) -> None:
        """gr.Error unless there is an argument for each input."""
        wanted, given = len(block_fn.inputs), len(inputs)
        if given < wanted:
            names = ", ".join(signature(block_fn.fn).parameters) if block_fn.fn else ""
            named = f" ({names})" if names.count(",") == wanted - 1 else ""
            said = (
                f"‘{block_fn.api_name}’ takes {wanted} arguments{named}, but got {given}; send all, in this order, "
                "or use gradio_client, which fills in what is left out."
            )
            raise gr.Error(said, print_exception=False)


class QuestionActions:
    """What programs can ask of the open collection, whoever they are."""

    def __init__(self, state: AppState, comparing: Comparing) -> None:
        self._state, self._comparing = state, comparing

    @_spoken_errors
    def search(
        self,
        text: str = "",
        k: int = 10,
        expansion: float = 1.0,
        mode: Literal["full", "literal", "hybrid"] = "full",
        kind: Literal["image", "caption", "both"] = "image",
        weights: dict[str, float] | None = None,
        like: int | list[int] | None = None,
        share: float = 0.5,
        only: list[str] | None = None,
        each: bool = False,
        without: list[str] | None = None,
        budget: int | None = None,
        literal_text: bool = False,
        rank: Literal["sparse", "dense", "fused"] = "sparse",
        dense_weight: float | None = None,
        collection: str = "",
        right: list[int] | None = None,
        wrong: list[int] | None = None,
        by_table: bool = False,
    ) -> dict[str, Any]:
        """Find pictures by what they show, and say term by term why each was found.

        Parameters:
            text: what the picture shows, in words; may be empty when `like` is given
            k: how many results (1 to 1,000)
            expansion: 0 uses the text's own words only, 1 all terms that the model adds
            mode: literal: own words only; hybrid: an own word must match, all terms score
            kind: what to find: pictures, captions or both
            weights: terms with a weight of your own; 0 switches a term off, below 0 counts against a picture
            like: the id of an item to find more like, or the ids of several; with a text, both are mixed
            share: the say of `like` beside the text, 0 to 1
            only: conditions on items, as in tag=best, caption=boat, taken>=2024-05, camera=Canon,
                near=52.52,13.40,5km, added>=2026-01, width>=1000
            each: give each of several nearly equal pictures, instead of the best one with their number ("copies")
            without: terms; items in which one of them has any weight are left out
            budget: read at most so many postings; "exact" then says whether the results are proven to be the best
            literal_text: take the text as it is; otherwise -word and "without a thing" leave out, +word must be there,
                word^2 counts twice, and misspelt words are corrected ("remarks" says so)
            rank: sparse: by terms; dense: by the whole picture, whose comparison cannot be bent; fused: by both (the
                last two where the collection keeps dense vectors)
            dense_weight: for fused, what the whole picture weighs beside the terms; as the model says without it
            collection: the name of the one that you mean, as ids mean another thing in another one; refused where that
                is not open
            right: ids of items that are right: what they light counts for more
            wrong: ids of items that are wrong: what they light counts for less, or against
            by_table: look the text's words up in the model's query table, without its encoder; where it has one
        """
        self._state.check_named(collection)
        query = Query(
            text=text,
            like=like,
            share=share,
            expansion=expansion,
            mode=mode,
            weights={} if weights is None else weights,
            right=() if right is None else right,
            wrong=() if wrong is None else wrong,
            kind=kind,
            where=() if only is None else only,
            without=() if without is None else without,
            each=each,
            k=k,
            budget=budget,
            literal_text=literal_text,
            rank=rank,
            dense_weight=dense_weight,
            by_table=by_table,
        )
        document = self._state.searcher.search(query).to_json()
        for hit in document["hits"]:
            hit["file"] = self._state.place(hit.pop("path"))  # Gradio's client would download what is called "path"
            if not self._state.tells_places:
                hit |= dict.fromkeys(("camera", "latitude", "longitude"))
        return document

    @_spoken_errors
    def explain_order(
        self, text: str, first: int, second: int, rank: Literal["sparse", "dense", "fused"] = "sparse"
    ) -> dict[str, Any]:
        """Say why one item scores above another for a text: the terms that made the difference.

        Parameters:
            text: the question, in words
            first: the id of an item
            second: the id of another item
            rank: as in `search`
        """
        Query(text, rank=rank).check()
        for number in (first, second):
            check_item(number)
        query = self._state.searcher.encode_text(self._state.searcher.spoken(text))
        one, two = (self._state.searcher.score(query, number, rank) for number in (first, second))
        rows = [row.to_json() for row in differences(one, two)]
        scores = [sum(row.contribution for row in rows) for rows in (one, two)]
        return {"text": text, "first": scores[0], "second": scores[1], "differences": rows}

    @_spoken_errors
    def encode(self, text: str, by_table: bool = False) -> dict[str, Any]:
        """The weighted terms that a text lights up, heaviest first, literal ones told from added ones.

        Parameters:
            text: any words
            by_table: as in `search`
        """
        query = self._state.searcher.encode_text(text, by_table)
        terms = query_terms(query.vector, self._state.searcher.vocabulary, query.literal)
        return {
            "text": text,
            "terms": [term.to_json() for term in terms],
            "unknown": list(query.unknown_words),
            "out_of_world": query.out_of_world,
        }

    @_spoken_errors
    def link_words(self, text: str, by_table: bool = False) -> dict[str, Any]:
        """Which word of a text lit which term, found by leaving out one word after the other.

        Parameters:
            text: up to 40 words
            by_table: as in `search`
        """
        check_text(text)
        return self._state.searcher.links(text, by_table).to_json()

    @_spoken_errors
    def locate_term(self, item: int, term: str) -> str:
        """Where in an item's picture a term was seen: a transparent layer as a data URI, to lay over the picture.

        Parameters:
            item: the id of a picture, as `search` gives it
            term: a term of the vocabulary
        """
        check_item(item)
        check_text(term, "term")
        return data_uri(self._state.searcher.heatmap(item, term))

    @_spoken_errors
    def suggest_terms(self, start: str, count: int = 12) -> list[dict[str, Any]]:
        """Terms of the vocabulary that begin with or contain some letters, with the number of items that have each.

        Parameters:
            start: the first letters
            count: at most so many
        """
        check_text(start)
        if not isinstance(count, int):
            raise QueryError(f"The number of terms is {str(count)[:60]!r}, but must be a whole number.")
        suggested = self._state.searcher.suggest(start, max(1, min(count, MOST_TERMS)))
        return [{"term": term, "items": items} for term, items in suggested]

    @_spoken_errors
    def describe_term(self, term: str) -> dict[str, Any]:
        """All about a term: how many items light it, how heavily, which ones most, which other terms with it.

        Parameters:
            term: a term of the vocabulary, or a form of it
        """
        check_text(term, "term")
        return self._state.searcher.profile(term).to_json()

    @_spoken_errors
    def compare_rankings(self, text: str, first: str = "full", second: str = "dense", k: int = 10) -> dict[str, Any]:
        """Rank the pictures for a text in two ways, and say how alike the two are.

        Parameters:
            text: what the picture shows, in words
            first: full, literal, hybrid (terms), dense (dense vectors), fused (both), or head: and the name of another
                head
            second: likewise
            k: how many results of each (1 to 1,000)
        """
        Query(text, k=k).check()
        self._state.searcher.check_number(k)
        for _ in range(MOST_LOOKS):
            if self._comparing.prepare(first, second):
                break
        else:
            now = self._comparing.job.status
            raise QueryError(f"The pictures are being encoded, {now.done:,} of {now.total:,}; ask again in a moment.")
        one, two = (self._comparing.rank(text, method, k) for method in (first, second))
        comparison = compare(one.hits, two.hits)
        return {
            "text": text,
            "overlap": comparison.overlap,
            "kendall_tau": comparison.kendall_tau,
            **{
                side: {
                    "method": method,
                    "hits": [{"id": hit.id, "score": hit.score} for hit in ranking.hits],
                    "terms": [term.to_json() for term in ranking.terms],
                }
                for side, method, ranking in (("first", first, one), ("second", second, two))
            },
        }

    def all(self) -> list[Callable[..., Any]]:
        """Every action, in the order in which they are listed."""
        return [
            self.search,
            self.explain_order,
            self.encode,
            self.link_words,
            self.locate_term,
            self.suggest_terms,
            self.describe_term,
            self.compare_rankings,
        ]


class LabActions:
    """What programs can ask of the Lab."""

    def __init__(self, state: AppState, lab: Lab) -> None:
        self._state, self._lab = state, lab

    @_spoken_errors
    def train_head(
        self,
        source: Literal["world", "collection", "folder"] = "world",
        scenes: int = 2000,
        folder: str = "",
        controls: list[str] | None = None,
        epochs: int = EPOCHS,
        settings: dict[str, Any] | None = None,
        collection: str = "",
        objective: Literal["paper", "joint"] = "paper",
    ) -> dict[str, Any]:
        """Begin to train a head (one for each control, in turn) and return at once; `training_status` says how it goes.

        Parameters:
            source: what to learn from: the built-in world, the open collection's captioned pictures, or a folder
            scenes: train scenes of the built-in world
            folder: a dense data set, for the source "folder"
            controls: none, caption, word, both; caption without
            epochs: passes over all captions
            settings: others by name, as in {"query_sparsity": 0.004, "schedule": "cosine", "anchor": 0}, the paper's
                plain method
            collection: the name of the one that you mean; refused where another one is open
            objective: paper: dense scores teach the head; joint: an adapter learns too, and both together teach both
        """
        self._state.check_named(collection)
        chosen = {**defaults(), "objective": objective, **(settings or {}), "epochs": epochs}
        self._lab.start(Choice(source, scenes, folder, tuple(controls or ("caption",)), chosen))
        return _status(self._lab)

    @_spoken_errors
    def training_status(self) -> dict[str, Any]:
        """How far the Lab's work is: its stage, time left, every finished epoch's measures; what came of the last."""
        return _status(self._lab)

    @_spoken_errors
    def stop_training(self) -> dict[str, Any]:
        """Stop the Lab's work soon; the best head so far is kept and judged."""
        self._lab.stop()
        return _status(self._lab)

    @_spoken_errors
    def trained_heads(self) -> list[dict[str, Any]]:
        """Every head that was trained here, the oldest first: its key, settings, and what it was judged."""
        made = self._lab.heads.experiments()
        return [{"key": key, "can_go_on": self._lab.can_go_on(key), **asdict(one)} for key, one in made.items()]

    @_spoken_errors
    def keep_head(self, key: str, name: str) -> str:
        """Keep a trained head under a name, for good; the folder that it lies in.

        Parameters:
            key: of the head, as `trained_heads` gives it
            name: letters, digits, dots, dashes, underscores
        """
        return str(self._lab.heads.keep(key, name))

    @_spoken_errors
    def use_head(self, name: str = "", collection: str = "") -> dict[str, Any]:
        """Let the app search with a kept head: weighs the open collection anew into one of its own, and opens that.

        Parameters:
            name: of the kept head; empty: back to the model's own head
            collection: the name of the one that you mean; refused where another one is open
        """
        self._state.check_named(collection)
        if name:
            self._lab.use(name)
        else:
            self._lab.back()
        return _status(self._lab)

    @_spoken_errors
    def go_on_training(self, key: str) -> dict[str, Any]:
        """Go on with a training that was stopped, from its last whole epoch.

        Parameters:
            key: of the head, as `trained_heads` gives it
        """
        self._lab.go_on(key)
        return _status(self._lab)

    @_spoken_errors
    def discard_head(self, key: str) -> str:
        """Throw a trained head away; where it was kept under a name, that stays.

        Parameters:
            key: of the head, as `trained_heads` gives it
        """
        self._lab.discard(key)
        return key

    def all(self) -> list[Callable[..., Any]]:
        """Every action, in the order in which they are listed."""
        return [
            self.train_head,
            self.training_status,
            self.stop_training,
            self.trained_heads,
            self.keep_head,
            self.use_head,
            self.go_on_training,
            self.discard_head,
        ]


def _status(lab: Lab) -> dict[str, Any]:
    now = lab.job.status
    return {
        "state": now.state,
        "stage": now.what,
        "done": now.done,
        "total": now.total,
        "seconds_left": now.seconds_left,
        "key": lab.training.key,
        "said": lab.said,
        "failed": now.exception is not None,
        "epochs": [asdict(row) for row in lab.training.epochs],
        "head_in_use": lab.head_in_use,
    }
