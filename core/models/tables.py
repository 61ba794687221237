"""Query tables by the names of their models: the one that came with a head, or the one that a person edited.

A table is no part of what a model's name stands for: items are never weighed by it, so that an edited one fits the
same collections. Imports no torch, so that a question can be asked without.
"""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from core.errors import ModelError, QueryError
from core.files import home_folder
from core.models.head_files import HEAD_VOCABULARY
from core.models.kept_heads import kept_head
from core.models.query_table import TABLE_FILE, QueryTable
from core.models.table_model import TableModel
from core.shipped import SHIPPED
from core.vocabulary import Vocabulary

MOST = 10.0  # that a term weighs in a row; a head gives at most about 3
NO_TABLE = (
    "The model '{name}' has no query table; learn one with `sightwords train-table`, or ask by its encoder, "
    "without --table."
)


def head_folder(name: str) -> Path | None:
    """The folder of a model's head, as far as its name tells it: built in, kept, or named by its folder."""
    if name in SHIPPED:
        return SHIPPED[name].folder
    head = name.partition("+")[2]
    if not head:
        return None
    kept = kept_head(head)
    return kept if kept is not None else (Path(head) if Path(head).is_dir() else None)


def edited_file(name: str) -> Path:
    """Where an edited table of a model is kept: in HOME/tables, whether there is one or not."""
    readable = re.sub(r"[^\w.+-]", "_", name)[:80]
    return home_folder() / "tables" / f"{readable}-{hashlib.sha256(name.encode()).hexdigest()[:8]}.tsv"


def table_file(name: str, folder: Path | None = None) -> Path | None:
    """The file of a model's table, edited or as it came, here in its head's `folder`; None where it has none."""
    folder = folder or head_folder(name)
    places = [edited_file(name), *([folder / TABLE_FILE] if folder is not None else [])]
    return next((place for place in places if place.is_file()), None)


def load_table(name: str, vocabulary: Vocabulary, folder: Path | None = None) -> QueryTable | None:
    """A model's table; None where it has none, ModelError where it cannot be read."""
    file = table_file(name, folder)
    return QueryTable.load(file, vocabulary) if file is not None else None


def is_edited(name: str) -> bool:
    """Whether a person's edits are in the place of the table that came with the head."""
    return edited_file(name).is_file()


def edited_row(table: QueryTable, word: str, weights: Mapping[str, float]) -> QueryTable:
    """A table with another row for a word, or without one where `weights` are empty.

    QueryError for what is no single word or term, for a term that the vocabulary lacks, and for a weight that is not
    above 0 and at most MOST.
    """
    key = key_of(table.vocabulary, word)
    row: dict[str, float] = {}
    for name, weight in weights.items():
        number = table.vocabulary.id(name.strip())
        if number is None:
            raise QueryError(f"The vocabulary has no term {name.strip()[:60]!r}, so that '{key}' cannot light it.")
        if not 0 < weight <= MOST:
            raise QueryError(f"The weight of '{name.strip()}' is {weight:g}, but must be above 0 and at most {MOST:g}.")
        row[table.vocabulary.terms[number]] = float(weight)
    return table.edited(key, row)


def key_of(vocabulary: Vocabulary, word: str) -> str:
    """What a table calls a word: the term that it is, or is a form of, or else itself in lower case."""
    number = vocabulary.id(word.strip())
    if number is not None:
        return vocabulary.terms[number]
    words = vocabulary.words(word)
    if len(words) != 1:
        raise QueryError(
            f"{word.strip()[:60]!r} is neither one word nor a term, so that it can have no row of its own."
        )
    return words[0]


def read_row(text: str) -> dict[str, float]:
    """{term: weight} of "dog=1.25, polar bear=0.5"; empty for a blank text, QueryError for anything else."""
    row = {}
    for part in filter(str.strip, text.replace("\n", ",").split(",")):
        term, sign, number = part.rpartition("=")
        try:
            row[term.strip()] = float(number if sign and term.strip() else "")
        except ValueError as error:
            raise QueryError(
                f"{part.strip()[:60]!r} is no weight of a term; write TERM=WEIGHT, as in dog=1.5."
            ) from error
    return row


def keep_edited(name: str, table: QueryTable) -> None:
    """Writes an edited table, whole or not at all; ModelError where it cannot be written."""
    try:
        table.save(edited_file(name), [f"What the words of a question light for the model '{name}', as edited here."])
    except OSError as error:
        raise ModelError(f"The query table cannot be kept in {edited_file(name).parent} ({error}).") from error


def forget_edited(name: str) -> None:
    """Goes back to the table that came with the head."""
    edited_file(name).unlink(missing_ok=True)


def load_table_model(name: str) -> TableModel:
    """A model that is asked by its table alone. QueryError where it has none, or no vocabulary beside it."""
    folder = head_folder(name)
    if folder is not None and (folder / HEAD_VOCABULARY).is_file():
        table = load_table(name, Vocabulary.load(folder / HEAD_VOCABULARY), folder)
        if table is not None:
            return TableModel(name, table)
    raise QueryError(NO_TABLE.format(name=name))
