"""The command `doctor`: what this machine has, and whether our BLIP and ALBEF still say what salesforce-lavis says."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from demo import terminal
from demo.commands.opening import JsonOption

if TYPE_CHECKING:
    from core.doctor import Finding
    from core.parity import Comparison

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
    as_json: JsonOption = False,
) -> None:
    """Look at what this machine has of all that Sightwords can use; exit 1 where something is wrong."""
    if full and not parity:
        raise typer.BadParameter("--full goes with --parity")
    findings = [] if parity else list(_told(as_json))
    compared = list(_compared(full, as_json)) if parity else []
    if as_json:
        rows = [asdict(row) | {"passed": row.passed} for row in compared]
        terminal.print_json({"comparisons": rows} if parity else {"findings": [asdict(row) for row in findings]})
    if any(row.state == "bad" for row in findings) or not all(row.passed for row in compared):
        raise typer.Exit(1)


def _told(quiet: bool) -> "Iterator[Finding]":
    from core.doctor import examine

    for finding in examine():
        if not quiet:
            terminal.show_finding(finding)
        yield finding


def _compared(full: bool, quiet: bool) -> "Iterator[Comparison]":
    from core.parity import comparisons

    for comparison in comparisons(full):
        if not quiet:
            terminal.show_comparison(comparison)
        yield comparison
