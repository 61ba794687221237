"""How models, results and reports look in a terminal, and how a person there is asked and stops work.

Must not know how what is shown was made.
"""

import json
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.table import Column, Table
from rich.text import Text

from demo.components.amounts import count, pictures_by_folder
from demo.shown_paths import shorten_paths
from index_store.progress import Progress, ShouldStop

if TYPE_CHECKING:
    from core.doctor import Finding
    from core.library.duplicates import Copies
    from core.library.indexing.sync import IndexReport
    from core.models.parity import ParityCheck
    from core.models.published import PublishedExample, PublishedPairing
    from core.models.query_table import QueryTable
    from core.models.registry import ModelEntry
    from core.search.explain import Contribution, QueryTerm
    from core.search.having import Rule
    from core.search.results import SearchHit, SearchResult
    from index_store.items import Counts, Stats

REASONS = 4  # contributions shown a hit: enough to see why, and one line long
SHOWN_SKIPPED = 20
SHOWN_COUNTS = 10
JOINERS = "\u200c\u200d"  # within words of Persian and Hindi, and emoji of several; they command nothing


def out() -> Console:
    """Standard output, for results; made at each call, so that a redirected stream is taken."""
    return Console(file=sys.stdout, highlight=False)


def err() -> Console:
    """Standard error, for everything that is not a result."""
    return Console(file=sys.stderr, highlight=False)


def print_json(document: object) -> None:
    """One JSON document and a newline on standard output."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")


def confirm(question: str) -> bool | None:
    """Asks a question on standard error; whether the person agrees, None where nobody is at the terminal."""
    if not sys.stdin.isatty():
        return None
    return typer.confirm(printable(question), err=True)


def printable(text: str) -> str:
    """The text without control characters, which could command the terminal."""
    joined = (letter if letter.isprintable() or letter in JOINERS else "\N{REPLACEMENT CHARACTER}" for letter in text)
    return "".join(joined)


def say(text: str, style: str = "") -> None:
    """Prints one line on standard error, with short paths; it is not wrapped, and markup in it is only text."""
    err().print(Text(printable(shorten_paths(text)), style=style), soft_wrap=True)


@contextmanager
def progress_bar(what: str, *, in_bytes: bool = False) -> Iterator[Progress]:
    """Shows a bar on standard error, which the yielded progress moves; nothing where that is no terminal."""
    amount = DownloadColumn() if in_bytes else MofNCompleteColumn()
    columns = (TextColumn("{task.description}"), BarColumn(), amount, TimeRemainingColumn())
    console = err()
    with Bars(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        task = bars.add_task(what, total=None)
        yield lambda done, total, _: bars.update(task, completed=done, total=total)


@contextmanager
def interrupted(saying: str = "Stopping after this batch; Ctrl-C again stops at once…") -> Iterator[ShouldStop]:
    """Makes the first Ctrl-C ask the work to stop, and the second end the program at once.

    Yields `should_stop` for the work; `saying` is what the person is told at the first Ctrl-C.
    """
    asked = threading.Event()

    def note(number: int, frame: object) -> None:
        say(saying)
        asked.set()
        signal.signal(signal.SIGINT, before)

    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return
    before = signal.signal(signal.SIGINT, note)
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGINT, before)


def show_models(entries: "Sequence[ModelEntry]") -> None:
    """A paragraph for each model that can be named: whether it is ready, what it is, and what it needs."""
    for entry in entries:
        size = f"{entry.megabytes:,} MB" if entry.megabytes else "size told before a download"
        line = (
            Text(entry.name, "bold").append("  ").append(*(("ready", "green") if entry.ready else ("not here", "red")))
        )
        out().print(line.append(f"  {size}, {entry.licence}", "not bold"))
        for sentence in (entry.about, f"needs {entry.needs}"):
            out().print(Padding(Text(sentence), (0, 0, 0, 2)))


def show_terms(terms: "Sequence[QueryTerm]") -> None:
    """A table of a vector's terms, heaviest first."""
    table = Table("term", Column("weight", justify="right"), "kind")
    for term in terms:
        table.add_row(Text(term.term, _style(term.kind)), f"{term.weight:.3f}", term.kind)
    out().print(table)


def show_table(table: "QueryTable", words: Sequence[str], edited: bool) -> None:
    """What each of the words lights by a query table, heaviest first; of no words, how large the table is."""
    if not words:
        whose = "; it holds edits made here" if edited else ""
        out().print(f"The query table has a row for {count(len(table), 'word')}{whose}.")
    for word in words:
        row = table.row(word)
        line = Text(f"{word}: ", "bold")
        for term, weight in row.items():
            line.append(f"{term} ", _style("literal" if term == word else "expansion")).append(f"{weight:.2f}  ", "dim")
        out().print(line if row else line.append("nothing", "dim"))


def show_result(result: "SearchResult", narrowed: bool = False) -> None:
    """The terms of the query on one line, then the hits, each with its largest contributions.

    `narrowed`: conditions let only some of the items through.
    """
    rules = [rule for rule in result.rules if not rule.undone]
    nothing = "no term lit up, so that nothing can match"
    whole = result.rank != "sparse"
    line = Text("searched for: " if result.terms or rules or whole else nothing)
    if whole:
        line.append("the whole picture  ", _style("whole"))
    for term in result.terms:
        line.append(f"{_mark(term.kind)}{term.term} ", _style(term.kind)).append(f"{term.weight:.2f}  ", "dim")
    for rule in rules:
        line.append(
            f"{'with' if rule.must else 'without'} {printable(rule.thing)}  ", "bold" if rule.must else "bold red"
        )
    out().print(line)
    if not result.hits:
        among = "none of the items that the conditions let through" if narrowed else "no item"
        among += f" {ruled}" if (ruled := _ruled(rules)) else ""
        out().print(Text(f"{among} shares a term with this query" if result.exact else "nothing found on this budget"))
        return
    table = Table("#", Column("score", justify="right"), "id", "item", "why")
    for rank, hit in enumerate(result.hits, 1):
        name = Text(printable(shorten_paths(hit.path)), overflow="fold")
        if hit.caption:
            name.append(f"\n{printable(hit.caption)}", "italic dim")
        if hit.copies > 1:
            name.append(f"\none of {hit.copies} nearly equal pictures", "dim")
        if known := _known(hit):
            name.append(f"\n{printable(known)}", "dim")
        table.add_row(str(rank), f"{hit.score:.3f}", str(hit.id), name, _reasons(hit))
    out().print(table)
    hits = count(len(result.hits), "hit")
    proof = "exactly the best" if result.exact else "possibly not the best, as the budget ended the search"
    pictures = (hit for hit in result.hits if hit.kind == "image")
    words = any(row.written for hit in pictures for row in hit.contributions)
    say(
        f"{hits}, {proof}, in {result.timings_ms['total']:.0f} ms; + marks terms that the model added"
        f"{', written is what captions and keywords say' if words else ''}",
        "dim",
    )


def _ruled(rules: "Sequence[Rule]") -> str:
    """What items must have and not have, as in "with ‘cat’ and without ‘dog’"."""
    return " and ".join(f"{'with' if rule.must else 'without'} ‘{printable(rule.thing)}’" for rule in rules)


def show_report(report: "IndexReport", place: str, items: int) -> None:
    """What indexing did, why files were skipped, and what was no picture or lay in a folder of junk."""
    from core.pictures.folders.listing import files_by_suffix  # here, as it imports what reads pictures

    for _, reason in report.skipped[:SHOWN_SKIPPED]:
        say(f"skipped: {reason}", "yellow")
    if len(report.skipped) > SHOWN_SKIPPED:
        say(f"and {len(report.skipped) - SHOWN_SKIPPED} more were skipped; --json names them all", "yellow")
    if report.passed_over:
        say(f"passed over: {files_by_suffix(report.passed_over)}")
    if report.junk:
        junk = pictures_by_folder(report.junk)
        say(f"left out: {junk}, which are deleted files or others' thumbnails; --all takes them")
    counts = (
        f"{report.added} added, {report.updated} updated, {report.renamed} renamed, {report.removed} removed, "
        f"{report.unchanged} unchanged, {len(report.skipped)} skipped in {report.seconds:.1f} s; "
        f"{printable(shorten_paths(place))} holds {count(items, 'item')}"
    )
    out().print(Text(counts), soft_wrap=True)
    if report.filled:
        out().print(Text(f"{count(report.filled, 'item')} given a dense vector"))
    if report.weighed:
        out().print(Text(f"{count(report.weighed, 'picture')} weighed anew with what is written of them"))
    for file in report.unread_captions:
        say(f"{file} looks like captions of these pictures; to read them, add --captions {file}", "dim")


def show_copies(found: "Sequence[Copies]") -> None:
    """Each group of nearly equal pictures, with what tells them apart; how many there are."""
    for one in found:
        out().print(Text(f"{len(one.items)} {'equal' if one.equal else 'nearly equal'} pictures", "bold"))
        for item in one.items:
            size = f"{item.width} × {item.height}, {item.bytes / 1e3:,.0f} kB"
            line = f"  {item.id}  {printable(shorten_paths(item.path))}  {size}"
            out().print(Text(line), soft_wrap=True)
    more = sum(len(one.items) - 1 for one in found)
    summary = f"{count(len(found), 'group')}; {count(more, 'picture')} more than there need be"
    out().print(Text(summary if found else "No picture is there twice."), soft_wrap=True)


def show_stats(stats: "Stats", counts: "Counts", place: str, model: str, precision: str | None) -> None:
    """A collection in numbers.

    `counts`: of the items that a filter lets through; `precision`: of the model that made the vectors, if known.
    """
    table = Table("collection", Column(printable(shorten_paths(place)).replace("[", r"\["), overflow="fold"))
    table.add_row("model", f"{model}, computed in {precision}" if precision else model)
    kinds = ", ".join(f"{number} {kind}{'s' if number != 1 else ''}" for kind, number in sorted(stats.by_kind.items()))
    table.add_row("items", f"{stats.items} ({kinds})" if kinds else "0")
    table.add_row("terms an item", f"{stats.mean_terms:.1f}")
    table.add_row("terms in use", str(stats.distinct_terms))
    table.add_row("postings", f"{stats.postings:,}")
    if stats.bytes_on_disk is not None:
        table.add_row("on disk", f"{stats.bytes_on_disk / 1e6:.1f} MB")
    if stats.dense_size is not None:
        table.add_row("dense vectors", f"of {count(stats.dense, 'item')}, {stats.dense_size} numbers each")
    if stats.caption_weight is not None or stats.written:
        weight = "nothing" if not stats.caption_weight else f"{stats.caption_weight:g}"
        table.add_row("captions weigh", f"{weight}; words are in the vectors of {count(stats.written, 'picture')}")
    table.add_row("most frequent", ", ".join(f"{term} {number}" for term, number in stats.frequent))
    if counts.items != stats.items:
        table.add_row("let through", count(counts.items, "item"))
    counted = {"folders": counts.folders, "tags": counts.tags, "cameras": counts.cameras, "taken in": counts.years}
    for name, values in counted.items():
        if values:
            first = list(values.items())[:SHOWN_COUNTS]
            lines = [f"{printable(shorten_paths(value))} {number}" for value, number in first]
            table.add_row(name, Text("\n".join(lines), overflow="fold"))
    out().print(table)


def show_finding(finding: "Finding") -> None:
    """One line of the doctor: a mark for good, missing or bad, what was looked at and what was found."""
    mark, style = {"good": ("✓", "green"), "missing": ("–", "yellow"), "bad": ("✗", "bold red")}[finding.state]
    line = (
        Text(f"{mark} ", style)
        .append(f"{finding.what:<24}", "bold")
        .append(printable(shorten_paths(finding.told)), "not bold")
    )
    out().print(line, soft_wrap=True)


def show_parity_check(check: "ParityCheck") -> None:
    """One line: whether the check holds, what was compared, the largest difference and its bound."""
    mark, style = ("✓", "green") if check.passed else ("✗", "bold red")
    wanted = "more than" if check.control else "at most"
    line = Text(f"{mark} ", style).append(f"{check.model}: {check.what}  ", "bold")
    out().print(line.append(f"{check.difference:.2g} ({wanted} {check.bound:g})", "not bold"), soft_wrap=True)


def show_published(row: "PublishedPairing") -> None:
    """What one published encoder and its head make of the reference's picture, or why that is not known."""
    made = row.cosine is not None and row.made_the_data
    mark, style = ("✓", "green") if made else ("–", "yellow") if row.cosine is not None else ("✗", "red")
    line = Text(f"{mark} ", style).append(f"{row.model:<28}", "bold")
    if row.cosine is not None:
        line.append(f"cosine {row.cosine:.6f} to the picture's row in {row.data}")
    out().print(line, soft_wrap=True)
    head = f"{row.head}{' (a name that is inferred)' if row.inferred else ''}"
    for line_below in (f"{head}: {_with_weights(row.terms)}" if row.terms else None, row.problem):
        if line_below is not None:
            out().print(Padding(Text(printable(line_below)), (0, 0, 0, 4)), soft_wrap=True)


def show_published_example(example: "PublishedExample", expected: Mapping[str, float]) -> None:
    """What the attested head gives for the published vector, beside what the reference's README says."""
    mark, style = ("✓", "green") if example.passed else ("✗", "bold red")
    line = Text(f"{mark} ", style).append("the published vector through the published head", "bold")
    out().print(line.append(f"  {_with_weights(example.terms)}", "not bold"), soft_wrap=True)
    out().print(f"    the reference's README  {_with_weights(list(expected.items()))}", markup=False, soft_wrap=True)


def show_makers(rows: "Sequence[PublishedPairing]") -> None:
    """For each published data set, which of the encoders that were compared made it."""
    for data in dict.fromkeys(row.data for row in rows if row.cosine is not None):
        compared = [(row.cosine, row) for row in rows if row.data == data and row.cosine is not None]
        nearest_first = [row for _, row in sorted(compared, key=lambda pair: -pair[0])]
        makers = " or ".join(row.model for row in nearest_first if row.made_the_data)
        sentence = f"made by {makers}" if makers else f"made by none of these; the nearest is {nearest_first[0].model}"
        out().print(f"{data}: {sentence}", markup=False, soft_wrap=True)


def _with_weights(terms: "Sequence[tuple[str, float]]") -> str:
    return ", ".join(f"{term} {weight:.4f}" for term, weight in terms)


def _reasons(hit: "SearchHit") -> Text:
    contributions, pictured = hit.contributions, hit.kind == "image"  # all of a caption is written
    line = Text()
    for row in contributions[:REASONS]:
        line.append(f"{_mark(row.kind)}{row.term} ", _style(row.kind)).append(f"{row.contribution:.2f}", "dim")
        line.append(f"{_written(row) if pictured else ''}  ", "dim")
    rest = contributions[REASONS:]
    if rest:
        line.append(f"and {len(rest)} more {sum(row.contribution for row in rest):.2f}", "dim")
    return line


def _written(row: "Contribution") -> str:
    """How much of what a term adds comes from captions and keywords; nothing where all of it was seen."""
    return {"seen": "", "written": " (written)", "both": f" ({row.written:.2f} written)"}[row.source]


def _known(hit: "SearchHit") -> str:
    """One line: when, with what camera and where a picture was taken, and its tags."""
    place = f"{hit.latitude}, {hit.longitude}" if hit.latitude is not None else ""
    taken = (hit.taken or "")[:16].replace("T", " ")
    return " · ".join(filter(None, (taken, hit.camera, place, *(f"#{tag}" for tag in hit.tags))))


def _mark(kind: str) -> str:
    """Sets expansion terms apart where colours cannot be seen."""
    return "+" if kind == "expansion" else ""


def _style(kind: str) -> str:
    return {"literal": "bold cyan", "whole": "bold green"}.get(kind, "magenta")
