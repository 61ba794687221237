"""What pages and programs ask of the open collection: searching, counting, explaining; knows no Gradio.

Must not know how model and collection are made ready.
"""

import os
from collections.abc import Iterable
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING

from core.errors import ImageError, QueryError
from core.pictures.images import open_image, working_copy
from core.search.encoding import NOTHING, Encoded
from core.search.query import check_item
from index_store.errors import FilterError, ItemNotFound
from index_store.filters import Filter
from index_store.items import Item

if TYPE_CHECKING:
    from PIL.Image import Image

    from core.search.encoding import EncodedQuery
    from core.search.explain import Contribution
    from core.search.links import Links
    from core.search.query import Query, Rank
    from core.search.results import SearchHit, SearchResult
    from core.search.terms import TermProfile
    from demo.state.app import AppState

HEAT = (255, 64, 32)  # of the layer that shows where a term was seen: no drawing is this red all over
MOST_FOR_STRANGERS = 240  # results; as many as a page shows
OFFERED = 30  # tags, and folders, to choose from
COPIES_NAMED = 6  # of the nearly equal pictures of a hit
COUNTED = 10_000  # of each, so that a folder counts with those inside it, as choosing it does


class Searcher:
    """Questions to the model and collection of an app. Each waits for a model that is still loading.

    Each raises SightwordsError, one sentence, where it cannot be answered. Safe to share between threads.
    """

    def __init__(self, app: "AppState"):
        self._app = app

    def search(self, query: "Query", known: Encoded = NOTHING) -> "SearchResult":
        """The answer to a query, as `core.search.search` gives it.

        known: parts of the query that were encoded before, which are not encoded again.
        """
        model, collection = self._app.ready()
        from core.search.search import search

        self._check_told(query.filter)
        self.check_number(query.k)
        return search(model, collection, query, known)

    def check_number(self, k: int) -> None:
        """QueryError for more results than this app gives: each is explained, which takes the time of others."""
        if self._app.public and isinstance(k, int) and k > MOST_FOR_STRANGERS:
            raise QueryError(f"A public app gives at most {MOST_FOR_STRANGERS} results at once; ask for fewer.")

    def encode_text(self, text: str, by_table: bool = False) -> "EncodedQuery":
        """A text as a vector; QueryError where it is to be looked up, and the model has no query table."""
        model, _ = self._app.ready()
        from core.search.encoding import encode_text

        return encode_text(model.by_table() if by_table else model, text)

    def spoken(self, text: str) -> str:
        """What a search would tell the encoder of a text; the text itself where it only says what is left out."""
        model, _ = self._app.ready()
        from core.search.query import check_text
        from core.search.understanding import understand

        check_text(text)
        return understand(model, text).question.spoken or text

    def encode_picture(self, image: "Image") -> "EncodedQuery":
        """A picture as a vector."""
        model, _ = self._app.ready()
        from core.search.encoding import encode_picture

        return encode_picture(model, image)

    def item(self, number: int) -> Item:
        """The item with this id; ItemNotFound when it is not there, QueryError where no item could have it."""
        check_item(number)
        (item,) = self._app.ready()[1].items([number])
        return item

    def held(self, numbers: Iterable[int]) -> set[int]:
        """Those of the ids that items have."""
        _, collection = self._app.ready()
        there = set()
        for number in numbers:
            with suppress(ItemNotFound):
                there |= {item.id for item in collection.items([number])}
        return there

    def score(self, query: "EncodedQuery", number: int, rank: "Rank" = "sparse") -> "tuple[Contribution, ...]":
        """What each term of an encoded text gives to an item's score, and the whole where that ranks.

        ItemNotFound when there is no such item; otherwise as `search` for the `rank`.
        """
        model, collection = self._app.ready()
        from core.search.search import reasons_of

        return reasons_of(model, collection, query, number, rank)

    def narrowing(self, result: "SearchResult") -> list[str]:
        """Terms that tell the best hits apart and are not in the query; none for fewer than three hits."""
        model, collection = self._app.ready()
        from core.search.terms import NARROWED, narrowing_terms

        try:
            best = collection.vectors([hit.id for hit in result.hits[:NARROWED]])
        except ItemNotFound:  # removed since: the next search does not find it
            return []
        asked = [number for term in result.all_terms if (number := model.vocabulary.id(term.term)) is not None]
        return [model.vocabulary.terms[number] for number in narrowing_terms(best, asked)]

    def size_of(self, query: "Query") -> int:
        """How many items of its kind a query's conditions let through; FilterError for one that is none."""
        self._check_told(query.filter)
        where = query.filter.of_kind(None if query.kind == "both" else query.kind)
        return self._app.ready()[1].count(where) if where else self._app.size()

    def conditions(self) -> list[tuple[str, str]]:
        """Conditions worth offering, with what to call them: tags, years, cameras, folders; none for the world."""
        collection = self._app.collection
        if collection is None or self._app.path is None:
            return []
        counts = collection.counts(most=COUNTED)

        def first(counted: dict[str, int]) -> list[tuple[str, int]]:
            return list(islice(counted.items(), OFFERED))

        offered = [(f"tag {tag} · {items:,}", f"tag={tag}") for tag, items in first(counts.tags)]
        offered += [(f"taken in {year} · {items:,}", f"taken={year}") for year, items in sorted(first(counts.years))]
        if self._app.tells_places:
            offered += [(f"camera {name} · {items:,}", f"camera={name}") for name, items in first(counts.cameras)]
        if not self._app.public and len(counts.folders) > 1:
            for folder, _ in first(counts.folders):
                items = sum(n for other, n in counts.folders.items() if f"{other}{os.sep}".startswith(folder + os.sep))
                offered.append((f"in {folder} · {items:,}", f"folder={folder}"))
        return offered

    def facts(self, hit: "SearchHit") -> list[tuple[str, str]]:
        """(name, value) of what is known of a picture besides what it shows, as far as this app tells it."""
        facts = [("taken", (hit.taken or "")[:16].replace("T", " ")), ("tags", ", ".join(hit.tags))]
        if self._app.tells_places:
            place = f"{hit.latitude}, {hit.longitude}" if hit.latitude is not None else ""
            facts[1:1] = [("camera", hit.camera or ""), ("place", place)]
        if hit.copies > 1 and not self._app.public:
            facts.append(("copies at", self._copies_at(hit)))
        return [(name, value) for name, value in facts if value]

    def _copies_at(self, hit: "SearchHit") -> str:
        """Where the other nearly equal pictures lie that a hit stands for; "" where that is not told."""
        collection = self._app.ready()[1]
        group = collection.copies_of(hit.id)
        try:
            others = collection.items([one for one in group if one != hit.id][:COPIES_NAMED])
        except ItemNotFound:  # removed since
            return ""
        more = len(group) - 1 - len(others)
        places = [place for item in others if (place := self._app.place(item.path))]
        return ", ".join(places) + (f" and {more:,} more" if places and more > 0 else "")

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """The model's terms by id."""
        return self._app.ready()[0].vocabulary.terms

    def term(self, word: str) -> str | None:
        """The term that a word, or a form of it, stands for; None when the vocabulary lacks it."""
        model, _ = self._app.ready()
        known = model.vocabulary.id(word.strip())
        return None if known is None else model.vocabulary.terms[known]

    def suggest(self, start: str, count: int = 12) -> list[tuple[str, int]]:
        """Terms that begin with (or else contain) what was typed, with the number of items that have each."""
        model, collection = self._app.ready()
        typed = start.strip().lower()
        frequencies = collection.document_frequencies()
        rows = [
            (not term.startswith(typed), -frequencies.get(number, 0), term)
            for number, term in enumerate(model.vocabulary.terms)
            if typed in term
        ]
        return [(term, -negative) for _, negative, term in sorted(rows)[:count]]

    def links(self, text: str, by_table: bool = False) -> "Links":
        """Which word of a text lights up which of its terms."""
        model, _ = self._app.ready()
        if by_table:
            from core.search.links import table_links

            return table_links(model.by_table().table, text)
        from core.search.attribution import word_links

        return word_links(model, text)

    def can_point(self) -> bool:
        """Whether the model can say where in a picture a term was seen."""
        model, _ = self._app.ready()
        from core.search.heatmap import can_point

        return can_point(model)

    def heatmap(self, number: int, term: str) -> "Image":
        """Where in an item's picture a term was seen, as a transparent layer to lay over it."""
        model, _ = self._app.ready()
        from core.search.heatmap import term_map

        known = self._id(term)
        path = self.item(number).path
        try:
            picture = working_copy(open_image(path))
        except ImageError as error:
            raise ImageError(self._app.without_place(str(error), path)) from error
        return term_map(model, picture, known).overlay(HEAT)

    def profile(self, word: str) -> "TermProfile":
        """All about the term that a word, or a form of it, stands for."""
        _, collection = self._app.ready()
        from core.search.terms import profile

        return profile(collection, self._id(word))

    def _id(self, word: str) -> int:
        known = self._app.ready()[0].vocabulary.id(word.strip())
        if known is None:
            raise QueryError(f"The vocabulary has no term '{word.strip()[:60]}'; choose one from its list.")
        return known

    def _check_told(self, where: Filter) -> None:
        """FilterError for a condition on what this app does not tell: strangers could find it out by asking."""
        if self._app.public and any(one.key in ("folder", "file") for one in where.conditions):
            raise FilterError("Where files lie is not told here; choose other conditions than folder and file.")
        if not self._app.tells_places and any(one.key in ("camera", "near") for one in where.conditions):
            raise FilterError("Where and how pictures were taken is not told here; choose other conditions.")
