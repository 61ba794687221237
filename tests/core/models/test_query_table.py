"""A query table: which words of a text have a row, what they add up to, and what the file says."""

from pathlib import Path

import pytest

from core.errors import ModelError
from core.models.query_table import TABLE_FILE, QueryTable, spoken_keys
from core.shipped import SHIPPED, WORLD_MODEL
from core.vocabulary import Vocabulary

VOCABULARY = Vocabulary(["dog", "animal", "bear", "polar bear", "snow", "red"], {"dogs": "dog", "bears": "bear"})
ROWS = {
    "dog": {"dog": 2.0, "animal": 0.5},
    "puppy": {"dog": 1.25, "animal": 0.25},
    "polar bear": {"polar bear": 1.5, "snow": 0.75},
    "bear": {"bear": 1.0},
}


@pytest.fixture
def table() -> QueryTable:
    return QueryTable.of_rows(VOCABULARY, ROWS)


def weights(table: QueryTable, text: str) -> dict[str, float]:
    vector = table.look_up(text)
    return {VOCABULARY.terms[term]: weight for term, weight in zip(vector.terms, vector.weights.tolist(), strict=True)}


def test_keys_are_spoken_terms_and_then_other_words():
    assert spoken_keys(VOCABULARY, "A puppy and two Dogs, a polar bear; a puppy") == [
        *("dog", "bear", "polar bear"),
        *("a", "puppy", "and", "two", "polar"),
    ]


def test_weights_of_a_text_are_the_sums_of_its_words_rows(table: QueryTable):
    assert weights(table, "a puppy") == {"dog": 1.25, "animal": 0.25}
    assert weights(table, "the puppy and the dogs, a dog") == {"dog": 3.25, "animal": 0.75}
    assert weights(table, "polar bears") == {"bear": 1.0, "polar bear": 1.5, "snow": 0.75}
    assert weights(table, "nothing of it") == {}
    assert weights(table, "") == {}


def test_rows_say_which_word_gave_what(table: QueryTable):
    assert table.rows("puppy, dog, snow") == {"dog": ROWS["dog"], "puppy": ROWS["puppy"]}


def test_where_no_row_lights_anything_each_spoken_term_lights_itself():
    table = QueryTable.of_rows(VOCABULARY, ROWS | {"red": {}})
    assert table.rows("a red animal") == {"animal": {"animal": 1.0}, "red": {"red": 1.0}}
    assert weights(table, "red snow") == {"red": 1.0, "snow": 1.0}
    assert weights(table, "a red puppy") == {"dog": 1.25, "animal": 0.25}
    assert table.unknown_words("red snow and ice") == ["and", "ice"]


def test_words_that_light_nothing_are_unknown_but_not_those_within_a_longer_term(table: QueryTable):
    assert table.unknown_words("A zebu and polar bears, a puppy") == ["a", "zebu", "and"]
    assert table.unknown_words("polar lights") == ["polar", "lights"]


def test_a_word_with_an_empty_row_is_known_and_lights_nothing(tmp_path: Path):
    QueryTable.of_rows(VOCABULARY, ROWS | {"the": {}, "a": {"dog": 0.0001}}).save(tmp_path / "queries.tsv")
    table = QueryTable.load(tmp_path / "queries.tsv", VOCABULARY)
    assert table.unknown_words("the zebu and a puppy") == ["zebu", "and"]
    assert weights(table, "the puppy") == {"dog": 1.25, "animal": 0.25}


def test_a_table_is_what_its_file_says(table: QueryTable, tmp_path: Path):
    table.save(tmp_path / "a" / "queries.tsv", ["What words light."])
    text = (tmp_path / "a" / "queries.tsv").read_text("utf-8")
    assert text.splitlines()[0] == "# What words light."
    assert "puppy\tdog\t1.25\tanimal\t0.25" in text.splitlines()
    loaded = QueryTable.load(tmp_path / "a" / "queries.tsv", VOCABULARY)
    assert loaded.words == table.words
    assert {word: loaded.row(word) for word in loaded.words} == ROWS


def test_an_edited_row_leaves_the_table_as_it_was(table: QueryTable):
    changed = table.edited("puppy", {"dog": 0.3, "red": 0.9})
    assert list(changed.row("puppy").items()) == [("red", 0.9), ("dog", 0.3)]
    assert table.row("puppy") == ROWS["puppy"]
    assert "puppy" not in table.edited("puppy", {})
    assert changed.edited("zebu", {"animal": 1.0}).look_up("zebu").weights.tolist() == [1.0]


@pytest.mark.parametrize(
    "line", ["puppy\tdog", "puppy\tdog\tmuch", "puppy\tdog\t-1", "puppy\tdog\tnan", "puppy\tcat\t1"]
)
def test_a_line_that_is_none_is_named_with_its_file(line: str, tmp_path: Path):
    (tmp_path / "queries.tsv").write_text(line + "\n", "utf-8")
    table = QueryTable.load(tmp_path / "queries.tsv", VOCABULARY)
    with pytest.raises(ModelError, match=r"queries\.tsv"):
        table.look_up("puppy")


def test_a_file_that_is_no_text_is_refused(tmp_path: Path):
    (tmp_path / "queries.tsv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ModelError, match="cannot be read"):
        QueryTable.load(tmp_path / "queries.tsv", VOCABULARY)


@pytest.mark.parametrize(
    ("word", "thing"),
    [
        *(("puppy", "dog"), ("canine", "dog"), ("kitten", "cat"), ("automobile", "car"), ("lorry", "truck")),
        *(("sofa", "furniture"), ("infant", "baby"), ("dogs", "dog")),
    ],
)
def test_the_world_is_asked_in_other_words_than_its_own(word: str, thing: str):
    folder = SHIPPED[WORLD_MODEL].folder
    vocabulary = Vocabulary.load(folder / "vocabulary.json")
    shipped = QueryTable.load(folder / TABLE_FILE, vocabulary)
    heaviest = [vocabulary.terms[i] for i in shipped.look_up(word).top(3).terms]
    assert thing in heaviest
