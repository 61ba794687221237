"""The command `doctor`: looks at what this machine has, and compares our encoders with others'.

It tells whether our BLIP and ALBEF compute what salesforce-lavis computes, and which encoder made the paper's published
vectors.
"""

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from core.errors import DownloadStopped
from demo import terminal
from demo.commands.options import JsonOption
from index_store.errors import SightwordsError

if TYPE_CHECKING:
    from core.doctor import Finding
    from core.encoders.sources import Source
    from core.models.parity import ParityCheck
    from core.models.published import PublishedPairing

commands = typer.Typer()


@commands.command()
def doctor(
    parity: Annotated[
        bool,
        typer.Option("--parity", help="Compare our BLIP and ALBEF with salesforce-lavis on small random weights."),
    ] = False,
    full: Annotated[
        bool,
        typer.Option("--full", help="With --parity: weights of the published size, and published ones that are here."),
    ] = False,
    published: Annotated[
        bool,
        typer.Option("--published", help="Tell which encoder made the paper's vectors, by one picture; asks to fetch."),
    ] = False,
    model: Annotated[
        list[str] | None,
        typer.Option("--model", metavar="NAME", help="With --published: only this model; repeatable."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="With --published: fetch what is missing without asking.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Look at what this machine has of all that Sightwords can use; exit 1 where something is wrong."""
    if full and not parity:
        raise typer.BadParameter("--full goes with --parity")
    if (model or yes) and not published:
        raise typer.BadParameter("--model and --yes go with --published")
    if published and parity:
        raise typer.BadParameter("give either --parity or --published")
    if published:
        _published(model, yes, as_json)
        return
    findings = [] if parity else list(_findings(as_json))
    compared = list(_parity_checks(full, as_json)) if parity else []
    if as_json:
        rows = [asdict(row) | {"passed": row.passed} for row in compared]
        terminal.print_json({"comparisons": rows} if parity else {"findings": [asdict(row) for row in findings]})
    if any(row.state == "bad" for row in findings) or not all(row.passed for row in compared):
        raise typer.Exit(1)


def _published(names: list[str] | None, yes: bool, as_json: bool) -> None:
    from core.models import published

    chosen = tuple(dict.fromkeys(names or published.USUAL))
    _bring([source for source in published.needed(chosen) if source.missing()], yes, ask=not as_json)
    rows: list[PublishedPairing] = []
    for row in published.compare(chosen):
        rows.append(row)
        if not as_json:
            terminal.show_published(row)
    compared = [row for row in rows if row.cosine is not None]
    if not compared:
        raise SightwordsError(f"No published encoder could be compared; {rows[0].problem}")
    example = published.example() if any(row.terms for row in rows if not row.inferred) else None
    if as_json:
        pairings = [asdict(row) | {"made_the_data": row.made_the_data} for row in rows]
        remade = asdict(example) | {"expected": published.EXAMPLE, "passed": example.passed} if example else None
        terminal.print_json({"pairings": pairings, "example": remade})
    else:
        if example is not None:
            terminal.show_published_example(example, published.EXAMPLE)
        terminal.show_makers(rows)
    if example is not None and not example.passed:
        raise typer.Exit(1)


def _bring(missing: "list[Source]", yes: bool, ask: bool) -> None:
    """Fetches the sources that are missing, once a person agrees; one that cannot be fetched costs the others nothing.

    `yes`: agreed already. `ask`: whether a person may be asked.
    """
    if not (yes or ask):
        return
    sizes: list[tuple[Source, int]] = []
    refused: list[str] = []
    for source in missing:
        try:
            sizes.append((source, source.size()))
        except SightwordsError as error:
            refused.append(str(error))
    if not sizes:
        return  # no network: what is lacking is said where it is needed
    for sentence in refused:
        terminal.say(sentence, "yellow")
    each = "; ".join(f"{source.name} {size / 1e6:,.0f} MB" for source, size in sizes)
    terminal.say(f"Comparing takes {sum(size for _, size in sizes) / 1e6:,.0f} MB more: {each}")
    if not yes and not typer.confirm("Fetch it now? Otherwise what is here is compared.", err=True):
        return
    for source, _ in sizes:
        try:
            with (
                terminal.interrupted("Stopping…") as should_stop,
                terminal.progress_bar(f"fetching '{source.name}'", in_bytes=True) as advance,
            ):
                source.fetch(progress=advance, should_stop=should_stop)
        except DownloadStopped:
            raise
        except SightwordsError as error:
            terminal.say(str(error), "yellow")


def _findings(quiet: bool) -> "Iterator[Finding]":
    from core.doctor import examine

    for finding in examine():
        if not quiet:
            terminal.show_finding(finding)
        yield finding


def _parity_checks(full: bool, quiet: bool) -> "Iterator[ParityCheck]":
    from core.models.parity import parity_checks

    for check in parity_checks(full):
        if not quiet:
            terminal.show_parity_check(check)
        yield check
