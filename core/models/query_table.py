"""A query table: what each word of a question lights, looked up and added; knows no encoder, and imports no torch.

Questions without an encoder, as "inference-free" retrieval asks them (OpenSearch's doc-only mode; Geng et al. 2024):
items are weighed by the head, and a question's weights are the sum of its words' rows. So a question costs no neural
network, and all that it can light is written in one file that a person can read, and edit.
"""

from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path

from core.errors import ModelError
from core.files import write_text_whole
from core.vocabulary import Vocabulary
from index_store.vectors import SparseVector

TABLE_FILE = "queries.tsv"  # beside a head's weights
SPOKEN = 1.0  # what a spoken term weighs where no row lights anything
DECIMALS = 3  # of a weight in the file


class QueryTable:
    """{word: {term: weight > 0}} over a vocabulary. A word is a term that a text speaks, or a word that speaks none.

    A row is read from its line when it is first asked for, so that a table of 20,000 words is there at once.
    """

    def __init__(self, vocabulary: Vocabulary, lines: Mapping[str, str], source: str = "a query table"):
        """`lines`: {word: "term TAB weight TAB term TAB weight …"}. `source`: what errors call the table."""
        self.vocabulary, self.source = vocabulary, source
        self._lines = dict(lines)
        self._rows: dict[str, dict[str, float]] = {}

    def __len__(self) -> int:
        return len(self._lines)

    def __contains__(self, word: object) -> bool:
        return word in self._lines

    @cached_property
    def words(self) -> tuple[str, ...]:
        """All words that have a row, in alphabetical order."""
        return tuple(sorted(self._lines))

    def row(self, word: str) -> dict[str, float]:
        """{term: weight} of a word, heaviest first; empty where it has no row. ModelError for a line that is none."""
        if word not in self._rows:
            self._rows[word] = self._parsed(word)
        return self._rows[word]

    def keys(self, text: str) -> list[str]:
        """The words of a text that have a row, each once: the terms that it speaks, then its words that are no term."""
        return [key for key in spoken_keys(self.vocabulary, text) if key in self._lines]

    def rows(self, text: str) -> dict[str, dict[str, float]]:
        """{word: {term: weight}} of the words of a text that light something; their sums are `look_up`'s weights.

        Where no row of a text lights anything ("two"), each term that it speaks lights itself, with SPOKEN.
        """
        lit = {key: row for key in self.keys(text) if (row := self.row(key))}
        spoken = (self.vocabulary.terms[number] for number in self.vocabulary.literal_ids(text))
        return lit or {term: {term: SPOKEN} for term in spoken}

    def look_up(self, text: str) -> SparseVector:
        """What a text's words light in sum, by its `rows`; nothing where they have no row and speak no term."""
        sums: dict[int, float] = {}
        for row in self.rows(text).values():
            for term, weight in row.items():
                number = self.vocabulary.id(term)
                if number is None:
                    raise ModelError(f"{self.source} weighs '{term}', which is no term of the head's vocabulary.")
                sums[number] = sums.get(number, 0.0) + weight
        return SparseVector.from_pairs(sums)

    def unknown_words(self, text: str) -> list[str]:
        """The words of a text that are no term and have no row, in order, each once; of those within a term, none."""
        unknown = [word for word in dict.fromkeys(self.vocabulary.words(text)) if not self._knows(word)]
        if not unknown:
            return []
        within = {part for key in self.keys(text) for part in key.split(" ")}
        return [word for word in unknown if self.vocabulary.forms.get(word, word) not in within]

    def edited(self, word: str, row: Mapping[str, float]) -> "QueryTable":
        """The same table with another row for a word; without the word where the row is empty."""
        lines = dict(self._lines)
        if row:
            lines[word] = _line(row)
        else:
            lines.pop(word, None)
        return QueryTable(self.vocabulary, lines, self.source)

    def save(self, path: Path, about: Iterable[str] = ()) -> None:
        """Writes a line a word, whole or not at all; `about`: remarks at its head, a line each."""
        remarks = "".join(f"# {line}\n" for line in about)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text_whole(path, remarks + "".join(f"{word}\t{self._lines[word]}\n" for word in self.words))

    @classmethod
    def of_rows(cls, vocabulary: Vocabulary, rows: Mapping[str, Mapping[str, float]]) -> "QueryTable":
        """A table of {word: {term: weight}}; weights are rounded as in the file, and those that round to 0 left out.

        A word whose row is empty is known, and lights nothing ("the").
        """
        return cls(vocabulary, {word: _line(row) for word, row in rows.items()})

    @classmethod
    def load(cls, path: Path, vocabulary: Vocabulary) -> "QueryTable":
        """Reads what `save` wrote; ModelError where it cannot be read."""
        try:
            text = path.read_text("utf-8")
        except (OSError, ValueError) as error:
            raise ModelError(f"The query table {path} cannot be read ({error}).") from error
        split = (line.partition("\t") for line in text.split("\n") if line and not line.startswith("# "))
        return cls(vocabulary, {word: row for word, _, row in split}, f"The query table {path}")

    def _knows(self, word: str) -> bool:
        return word in self._lines or self.vocabulary.id(word) is not None

    def _parsed(self, word: str) -> dict[str, float]:
        fields = self._lines.get(word, "").split("\t")
        try:
            row = dict(zip(fields[0::2], map(float, fields[1::2]), strict=True)) if fields != [""] else {}
        except ValueError as error:
            raise ModelError(
                f"{self.source}: the line of '{word}' is not one of terms and weights ({error})."
            ) from error
        if not all(0 < weight < float("inf") for weight in row.values()):
            raise ModelError(f"{self.source}: the line of '{word}' gives a term a weight that is not above 0.")
        return row


def spoken_keys(vocabulary: Vocabulary, text: str) -> list[str]:
    """What a table may have rows for in a text: the terms that it speaks, then its other words; each once."""
    terms = [vocabulary.terms[i] for i in vocabulary.literal_ids(text)]
    others = [word for word in vocabulary.words(text) if vocabulary.id(word) is None]
    return list(dict.fromkeys([*terms, *others]))


def _line(row: Mapping[str, float]) -> str:
    rounded = {term: round(weight, DECIMALS) for term, weight in row.items()}
    heaviest = sorted((pair for pair in rounded.items() if pair[1] > 0), key=lambda pair: (-pair[1], pair[0]))
    return "\t".join(f"{term}\t{weight:g}" for term, weight in heaviest)
