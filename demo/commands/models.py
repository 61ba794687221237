"""Commands about the models themselves: which there are, what each needs, and bringing it here."""

from dataclasses import asdict
from typing import Annotated

import typer

from demo import terminal
from demo.commands.options import JsonOption
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
    from core.models.registry import models as known

    entries = known()
    if as_json:
        terminal.print_json([asdict(entry) for entry in entries])
    else:
        terminal.show_models(entries)


@commands.command("setup-lavis")
def setup_lavis(
    yes: Annotated[bool, typer.Option("--yes", help="Install without asking.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Make it anew, whatever is there.")] = False,
) -> None:
    """Make the Python 3.11 environment of salesforce-lavis, for lavis-original-… models; pip's own settings count."""
    from core.encoders.lavis_environment import LavisEnvironment

    environment = LavisEnvironment()
    if not environment.missing() and not again:
        terminal.say(f"{environment.name} is ready in {environment.folder}.")
        return
    size = environment.size()
    terminal.say(f"{environment.name} will take about {size / 1e9:.1f} GB in {environment.folder}.")
    if not yes and not typer.confirm("Install it now?", err=True):
        raise SightwordsError("Nothing was installed.")
    with terminal.interrupted("Stopping…") as should_stop, terminal.progress_bar("installing") as advance:
        environment.make(progress=advance, should_stop=should_stop)
    terminal.say(f"{environment.name} is ready in {environment.folder}.")


def _fetch(name: str, yes: bool) -> None:
    """The one command that downloads models: says the size, asks, fetches."""
    from core.models.downloads import download_size, fetch, lacking

    missing = lacking(name)
    if not missing:
        terminal.say(f"All that '{name}' needs is on this machine.")
        return
    size = download_size(name)
    terminal.say(f"'{name}' needs {size / 1e6:,.0f} MB: {'; '.join(missing)}")
    if not yes and not typer.confirm("Fetch it now?", err=True):
        raise SightwordsError("Nothing was fetched.")
    with (
        terminal.interrupted("Stopping…") as should_stop,
        terminal.progress_bar(f"fetching '{name}'", in_bytes=True) as advance,
    ):
        fetch(name, progress=advance, should_stop=should_stop)
    terminal.say(f"All that '{name}' needs is on this machine now.")
