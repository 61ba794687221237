"""Questions asked by a query table: the same way through as by an encoder, with looked-up weights and no torch."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from core.errors import QueryError
from core.models.model import Model
from core.models.query_table import QueryTable
from core.models.registry import load_model
from core.models.tables import edited_file, keep_edited, load_table_model
from core.search.links import table_links
from core.search.query import Query
from core.search.search import search
from index_store.folder.collection import Collection

ROWS = {
    "dog": {"dog": 1.5, "animal": 0.25},
    "puppy": {"dog": 1.25, "snow": 0.125},
    "snow": {"snow": 2.0},
    "red": {"red": 1.0},
}


@pytest.fixture
def asked() -> Model:
    """The built-in model with a table of four words."""
    own = load_model()
    table = QueryTable.of_rows(own.vocabulary, ROWS)
    return Model(own.name, own.encoder, own.head, own.vocabulary, answered_from=own.answered_from, table=table)


def test_an_answer_is_that_of_the_looked_up_vector(asked: Model, world: Collection):
    table = asked.table
    assert table is not None
    by_table = search(asked, world, Query("a puppy in the snow", by_table=True))
    by_vector = search(asked, world, Query("a puppy in the snow", vector=table.look_up("a puppy in the snow")))
    assert [(hit.id, hit.score) for hit in by_table.hits] == [(hit.id, hit.score) for hit in by_vector.hits]
    assert {term.term: term.weight for term in by_table.terms} == {"snow": 2.125, "dog": 1.25}
    assert by_table.answered is None and not by_table.out_of_world
    for hit in by_table.hits:
        assert sum(part.contribution for part in hit.contributions) == pytest.approx(hit.score, rel=1e-6)


def test_signs_slips_and_things_left_out_are_understood_by_the_words_of_the_table(asked: Model, world: Collection):
    result = search(asked, world, Query("pupy -snow", by_table=True))
    assert result.terms[0].term == "dog"
    snow = asked.vocabulary.id("snow")
    assert all(snow not in vector.terms.tolist() for vector in world.vectors([hit.id for hit in result.hits]))


def test_what_the_encoder_lit_is_not_taken_for_the_tables_words_nor_the_other_way(asked: Model, world: Collection):
    query = Query("a red dog")
    by_encoder = search(asked, world, query)
    by_table = search(asked, world, replace(query, by_table=True), by_encoder.encoded)
    assert {term.term for term in by_table.terms} == {"red", "dog", "animal"}
    again = search(asked, world, query, by_table.encoded)
    assert again.terms == by_encoder.terms


def test_a_picture_is_seen_by_the_encoder_beside_looked_up_words(asked: Model, world: Collection):
    picture = Image.new("RGB", (64, 64), "red")
    mixed = search(asked, world, Query("dog", picture=picture, by_table=True))
    assert {"dog", "animal"} <= {term.term for term in mixed.terms}


@pytest.mark.parametrize("rank", ["dense", "fused"])
def test_a_table_makes_no_dense_vector_to_rank_by(asked: Model, world: Collection, rank: str):
    with pytest.raises(QueryError, match="no dense vector"):
        search(asked, world, Query("dog", by_table=True, rank=rank))  # type: ignore[arg-type]


def test_a_model_without_a_table_says_so(asked: Model, world: Collection):
    asked.use_table(None)
    with pytest.raises(QueryError, match="has no query table"):
        search(asked, world, Query("dog", by_table=True))


def test_words_without_a_row_are_said_to_be_unknown(asked: Model, world: Collection):
    assert "zzyzx" in search(asked, world, Query("dog zzyzx", by_table=True)).unknown_words
    with pytest.raises(QueryError, match="knows none of the words"):
        search(asked, world, Query("zzyzx", by_table=True))


def test_links_are_what_each_row_gives():
    from core.vocabulary import Vocabulary

    table = QueryTable.of_rows(Vocabulary(["dog", "snow", "animal"]), ROWS | {"dog": {"dog": 1.25}, "red": {}})
    links = table_links(table, "a dog, a puppy, snow")
    assert links.words == ("dog", "snow", "puppy")
    dog, snow = links.links
    assert (dog.term, dog.weight, dog.falls, dog.word) == ("dog", 2.5, (0.5, 0.0, 0.5), None)
    assert (snow.term, snow.weight, snow.word) == ("snow", 2.125, 1)


def test_an_edited_table_is_in_the_place_of_the_one_that_came(asked: Model, home: Path):
    keep_edited("scenes", QueryTable.of_rows(asked.vocabulary, {"puppy": {"cat": 1.0}}))
    (lit,) = load_table_model("scenes").light(["puppy"])
    assert [asked.vocabulary.terms[term] for term in lit.vector.terms] == ["cat"]


def test_the_command_line_answers_without_torch(asked: Model, world: Collection, tmp_path: Path):
    """A new process, with the collection of the world and the table of an edited file."""
    home = tmp_path / "home"
    (home / "tables").mkdir(parents=True)
    asked.table.save(home / "tables" / edited_file("scenes").name)  # type: ignore[union-attr]
    program = (
        "import sys\nfrom demo.cli import main\ntry:\n    main()\nfinally:\n"
        "    print([m for m in ('torch', 'transformers', 'gradio', 'PIL', 'pandas', 'numba') if m in sys.modules], "
        "file=sys.stderr)\n"
    )
    asking = ["search", "a puppy", "--table", "--json", "--collection", str(world.address)]
    environment = os.environ | {"SIGHTWORDS_HOME": str(home)}
    told = subprocess.run([sys.executable, "-c", program, *asking], capture_output=True, text=True, env=environment)
    assert told.stderr.strip().splitlines()[-1] == "[]", told.stderr
    answer = json.loads(told.stdout)
    expected = search(asked, world, Query("a puppy", by_table=True, each=False))
    assert [hit["id"] for hit in answer["hits"]] == [hit.id for hit in expected.hits]
