"""The command line `sightwords`: reads arguments, asks core, prints; computes nothing itself.

Results go to standard output (with --json one document), everything else to standard error. Exit status: 0, 1 after a
one-sentence error, 2 for wrong usage. The commands lie in `demo/commands/`; whatever imports torch is imported inside
them, so that --help is quick.
"""

import errno
import sys
import warnings
from typing import Any

import typer
from typer.core import TyperGroup

from demo import terminal
from demo.commands import (
    collections,
    doctor,
    embed,
    evaluate,
    exchange,
    heads,
    models,
    reproduce,
    searching,
    tables,
    train,
    train_table,
    web,
    world,
)
from index_store.errors import SightwordsError

COMMANDS = (  # in the order of --help
    web,
    models,
    collections,
    searching,
    tables,
    world,
    embed,
    train,
    train_table,
    evaluate,
    reproduce,
    heads,
    exchange,
    doctor,
)


class _ErrorsAsSentences(TyperGroup):
    """Turns the library's errors into one sentence on standard error and exit status 1."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except SightwordsError as error:
            terminal.say(f"Error: {error}", "red")
            raise typer.Exit(1) from error
        except OSError as error:  # of a disk, and foreseen by nobody
            if error.errno == errno.EPIPE:  # nobody reads our output any more; click ends the program quietly
                raise
            terminal.say(f"Error: {_sentence(error)}", "red")
            raise typer.Exit(1) from error


def _sentence(error: OSError) -> str:
    reason = (error.strerror or str(error)).lower()
    what = f"{error.filename} cannot be used" if error.filename else "The system refused something"
    return f"{what}: {reason}; check its path and permissions."


app = typer.Typer(
    cls=_ErrorsAsSentences,
    name="sightwords",
    help="Finds pictures by the words they light up.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for module in COMMANDS:
    app.add_typer(module.commands)


def main() -> None:
    """The entry point `sightwords`."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")  # a terminal without UTF-8 must not end a command
    if not sys.warnoptions:
        warnings.filterwarnings(
            "ignore", module="PIL"
        )  # the index says what is wrong with a picture, once and in a sentence
    app()


if __name__ == "__main__":
    main()
