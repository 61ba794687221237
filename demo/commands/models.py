"""Commands about the models themselves: which there are, what each needs, and bringing it here."""

from dataclasses import asdict
from typing import Annotated

import typer

from demo import terminal
from demo.commands.opening import JsonOption
from index_store.errors import SightwordsError

commands = typer.Typer()


@commands.command()
def models(
    download: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Fetch what this model or encoder needs, after saying how large it is."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Fetch without asking.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List the models: encoder, head, vocabulary, licence, size; which are ready offline, what others would fetch."""
    if download is not None:
        _fetch(download, yes)
        return
    from core.registry import models as known

    entries = known()
    if as_json:
        terminal.print_json([asdict(entry) for entry in entries])
    else:
        terminal.show_models(entries)


def _fetch(name: str, yes: bool) -> None:
    """The one command that downloads models: says the size, asks, fetches."""
    from core.registry import download_size, fetch, lacking

    missing = lacking(name)
    if not missing:
        terminal.say(f"All that '{name}' needs is on this machine.")
        return
    size = download_size(name)
    terminal.say(f"'{name}' needs {size / 1e6:,.0f} MB: {'; '.join(missing)}")
    if not yes and not typer.confirm("Fetch it now?", err=True):
        raise SightwordsError("Nothing was fetched.")
    fetch(name)
    terminal.say(f"All that '{name}' needs is on this machine now.")
