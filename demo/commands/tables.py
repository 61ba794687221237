"""The command that reads and edits a model's query table: what each word of a question lights."""

from typing import Annotated

import typer

from demo import terminal
from demo.commands.options import DEFAULT_MODEL, JsonOption, ModelOption

commands = typer.Typer()


@commands.command()
def table(
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[WORD]…", help="Words to look up; of none, what the table is.")
    ] = None,
    model: ModelOption = DEFAULT_MODEL,
    row: Annotated[
        str | None,
        typer.Option(
            "--set",
            metavar="ROW",
            help="What the WORD lights from now on, as in 'dog=1.2, animal=0.5'; '': nothing.",
        ),
    ] = None,
    restore: Annotated[bool, typer.Option("--restore", help="Forget all edits.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show what words light by a model's query table, or edit what a word lights; asked with `search --table`."""
    from core.models.tables import edited_row, forget_edited, is_edited, keep_edited, key_of, load_table_model, read_row

    if row is not None and len(words or ()) != 1:
        raise typer.BadParameter("give the one WORD that lights it; a term of several words in quotes")
    if restore:
        forget_edited(model)
    own = load_table_model(model)
    if row is not None and words:
        keep_edited(model, edited_row(own.table, words[0], read_row(row)))
        own = load_table_model(model)
    keys = [key_of(own.vocabulary, word) for word in words or ()]
    if as_json:
        rows = {key: own.table.row(key) for key in keys}
        terminal.print_json({"model": model, "words": len(own.table), "edited": is_edited(model), "rows": rows})
    else:
        terminal.show_table(own.table, keys, is_edited(model))
