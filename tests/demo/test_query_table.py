"""The query table where people meet it: the command line, the endpoints, and what the Inspect page reads and edits."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from core.errors import QueryError
from core.models.model import Model
from core.models.query_table import QueryTable
from core.models.registry import load_model
from core.models.tables import edited_file, keep_edited
from demo.cli import app
from demo.components.table_rows import table_rows, written_row
from demo.state.app import AppState
from demo.state.query_tables import QueryTables
from index_store.folder.collection import Collection

ROWS = {"dog": {"dog": 1.5, "animal": 0.25}, "puppy": {"dog": 1.25}, "snow": {"snow": 2.0}}


@pytest.fixture
def edited(home: Path) -> QueryTable:
    """A small table in the place of the built-in model's own."""
    table = QueryTable.of_rows(load_model().vocabulary, ROWS)
    keep_edited("scenes", table)
    return table


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, [*arguments])
    return result.exit_code, result.stdout + result.stderr


def test_the_command_line_reads_and_edits_a_row(edited: QueryTable):
    assert json.loads(run("table", "hippo", "dogs", "--json")[1])["rows"] == {"hippo": {}, "dog": ROWS["dog"]}
    assert run("table")[1].startswith("The query table has a row for 3 words; it holds edits made here.")
    code, said = run("table", "puppy", "--set", "dogs=0.5, animal = 1")
    assert code == 0 and said.split() == ["puppy:", "animal", "1.00", "dog", "0.50"]
    assert run("table", "puppy", "--set", "")[1].strip() == "puppy: nothing"
    assert "puppy" not in QueryTable.load(edited_file("scenes"), edited.vocabulary)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("puppy", "--set", "dog"), "no weight of a term"),
        (("puppy", "--set", "dog=0"), "above 0"),
        (("puppy", "--set", "dog=nan"), "above 0"),
        (("puppy", "--set", "unicornish=1"), "no term 'unicornish'"),
        (("two words", "--set", "dog=1"), "neither one word nor a term"),
        (("--set", "dog=1"), "give the one WORD"),
        (("dog", "--model", "nothing+here"), "has no query table"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(edited: QueryTable, given: tuple[str, ...], said: str):
    before = edited_file("scenes").read_bytes()
    code, told = run("table", *given)
    assert code != 0 and said in " ".join(told.split()).replace("│ ", "")
    assert edited_file("scenes").read_bytes() == before


@pytest.fixture
def state(home: Path, model: Model) -> Iterator[AppState]:
    """An app with an empty collection of a small model that has a table."""
    table = QueryTable.of_rows(model.vocabulary, {"dog": {"dog": 1.5, "cat": 0.25}, "puppy": {"dog": 1.25}})
    own = Model(model.name, model.encoder, model.head, model.vocabulary, table=table)
    Collection.create(home / "collection", model=own.name, vocabulary=own.vocabulary.terms).close()
    made = AppState(own, home / "collection")
    made.start()
    made.ready()
    yield made
    made.close()


def test_the_app_reads_edits_and_restores(state: AppState, model: Model):
    tables = QueryTables(state)
    assert tables.size == 2 and not tables.edited
    reading = tables.read("A puppy and dogs; zzyzx")
    assert reading.rows == (("dog", {"dog": 1.5, "cat": 0.25}), ("puppy", {"dog": 1.25}))
    assert "zzyzx" in reading.unknown
    assert tables.edit("Puppy", "cats=2") == "‘puppy’ lights 1 term now."
    assert tables.edited and tables.read("puppy").rows == (("puppy", {"cat": 2.0}),)
    lit = state.searcher.encode_text("a puppy", by_table=True)
    assert [model.vocabulary.terms[term] for term in lit.vector.terms] == ["cat"]
    assert [link.term for link in state.searcher.links("a puppy", by_table=True).links] == ["cat"]
    with pytest.raises(QueryError, match="None of these words"):
        tables.read("zzyzx")
    tables.restore()
    assert not tables.edited and not state.has_table()  # this one came with no table in any file


def test_strangers_read_but_do_not_edit(home: Path, state: AppState):
    public = AppState(state.ready()[0], home / "collection", public=True)
    public.start()
    tables = QueryTables(public)
    assert tables.read("puppy").rows == (("puppy", {"dog": 1.25}),)
    for change in (lambda: tables.edit("puppy", "cat=1"), tables.restore):
        with pytest.raises(QueryError, match="not for its visitors"):
            change()
    public.close()


def test_rows_are_written_as_they_are_read_and_names_are_escaped():
    assert written_row(ROWS["dog"]) == "dog=1.5, animal=0.25"
    page = table_rows([("<b>", {"a&b": 1.0})], ["<i>"])
    assert "&lt;b&gt;" in page and "a&amp;b" in page and "<i>" not in page
