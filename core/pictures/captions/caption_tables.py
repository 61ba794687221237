"""Reads tables of captions: commas, semicolons, tabs or bars between the cells, with a header or without.

Python's csv is not used: where a quote is never closed it takes the rest of the file for one cell, and here one bad row
must not cost the others.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from core.errors import DatasetError
from core.pictures.captions.caption_rows import Columns, Row, columns_of, names_picture, row

DELIMITERS = "\t|;,"
_SEP_LINE = re.compile(r'"?sep=(.)"?[ \t]*\n')  # how a table tells Excel what stands between its cells
_NUMBER = re.compile(r"\s*[-+]?\d*\.?\d*(?:e-?\d+)?\s*", re.IGNORECASE)
_WHOLE = re.compile(r'"((?:[^"\n]|"")*)"')  # a line that was quoted as a whole
_SPACED = re.compile(r"(\S[^\n]*?\.\w{3,5}(?:#\d+)?)(?:\s*:\s+|\s+)(\S.*)")  # a name, spaces or a colon, a caption

Record = tuple[int, list[str]]  # number of its first line (from 1), cells


@dataclass(frozen=True)
class _Form:
    """How a table is written: what stands between its cells, and its columns.

    `headers`: empty without a header. `width`: number of columns; None where a row has as many as it has.
    """

    delimiter: str
    columns: Columns
    headers: tuple[str, ...]
    width: int | None


def table_rows(text: str, file: str) -> Iterator[Row]:
    """The rows of a table; DatasetError, which names `file`, for what is none. Lines of `text` end with a newline."""
    first = 1
    forced = _SEP_LINE.match(text)
    if forced:
        text, first = text[forced.end() :], 2
    form = _form(text, forced[1] if forced else DELIMITERS)
    if form is None and (unwrapped := _unwrapped(text)) is not None:
        text, form = unwrapped, _form(unwrapped, DELIMITERS)
    if form is None:
        if (spaced := list(_spaced(text))) and names_picture(spaced[0].name):
            yield from spaced
            return
        raise DatasetError(_no_table(text, file, forced[1] if forced else DELIMITERS))
    rest = records(text, form.delimiter, form.width)
    if form.headers:
        next(rest)
    for number, cells in rest:
        yield _row(f"line {number + first - 1}", cells, form)


def records(text: str, delimiter: str, width: int | None = None) -> Iterator[Record]:
    """The cells of a table, row by row, without empty rows; quotes that do not fit together are taken literally.

    A quoted cell may span lines, unless one of them has a picture's name in a cell, as rows have: then its first quote
    was never closed. `width`: number of columns, to know the last one, which ends with its line.
    """
    mark = re.escape(delimiter)
    blank = " *" if delimiter == "\t" else r"[ \t]*"
    end = rf"{blank}(?={mark}|\n|\Z)"
    quoted = re.compile(rf'{blank}"((?>(?:[^"]|"")*))"{end}')
    escaped = re.compile(rf'{blank}"((?>(?:[^"\\\n]|\\[^\n]|"")*))"{end}')
    loose, last = re.compile(rf'{blank}"([^\n]*?)"{end}'), re.compile(rf'{blank}"([^\n]*)"[ \t]*(?=\n|\Z)')
    plain = re.compile(rf"[^{mark}\n]*")

    def cell(at: int, column: int) -> tuple[str, int]:
        if found := quoted.match(text, at):
            following = found[1].split("\n")[1:]
            if not any(names_picture(value) for line in following for value in line.split(delimiter)):
                return found[1].replace('""', '"'), found.end()
        if found := escaped.match(text, at):
            return re.sub(r'\\(["\\])', r"\1", found[1].replace('""', '"')), found.end()
        if found := (last if column + 1 == width else loose).match(text, at):
            return found[1], found.end()
        found = plain.match(text, at)
        assert found is not None  # it matches nothing at all, too
        bare = found[0]
        lone = bare.lstrip().startswith('"') and bare.count('"') == 1
        return (bare.replace('"', "") if lone else bare), found.end()

    at, line = 0, 1
    while at < len(text):
        cells: list[str] = []
        start = at
        while True:
            value, at = cell(at, len(cells))
            cells.append(value)
            if at >= len(text) or text[at] == "\n":
                break
            at += 1  # over the delimiter
        at += 1  # over the end of the line
        if any(value.strip() for value in cells):
            yield line, cells
        line += text.count("\n", start, at)


def _form(text: str, delimiters: str) -> _Form | None:
    """How the table is written, by its first row: a header that is understood, or else a row with a picture's name."""
    firsts = [(delimiter, cells) for delimiter in delimiters for _, cells in _first(text, delimiter)]
    for delimiter, cells in firsts:
        columns = columns_of(cells)
        if columns.files and columns.captions:
            while not cells[-1].strip():
                cells.pop()
            return _Form(delimiter, columns, tuple(cells), len(cells))
    for delimiter, cells in firsts:
        named = next((i for i, cell in enumerate(cells) if names_picture(cell)), None)
        if named is not None and named + 1 < len(cells) and not any(map(names_picture, cells[named + 1 :])):
            return _headless(text, delimiter, cells, named)
    return None


def _first(text: str, delimiter: str) -> list[Record]:
    return [found for found in [next(records(text, delimiter), None)] if found is not None]


def _headless(text: str, delimiter: str, cells: Sequence[str], named: int) -> _Form:
    """A table without a header: behind the column of names, all that is no number is a caption.

    What is divided, but not by tabs, is one caption with commas in it, unless every row has as many of them, and no
    space behind one.
    """
    texts = [i for i in range(named + 1, len(cells)) if not _NUMBER.fullmatch(cells[i])] or [len(cells) - 1]
    if delimiter != "\t" and len(texts) > 1:
        some = [cells for _, cells in islice(records(text, delimiter), 1_000)]
        even = {len(row) for row in some} == {len(cells)}
        if not even or any(cell[:1] == " " for row in some for cell in row[texts[1] :]):
            return _Form(delimiter, Columns((named,), (texts[0],)), (), texts[0] + 1)
    return _Form(delimiter, Columns((named,), tuple(texts)), (), len(cells))


def _row(position: str, cells: list[str], form: _Form) -> Row:
    width, captions = form.width or len(cells), form.columns.captions
    while len(cells) > width and not cells[-1].strip():
        cells.pop()
    more = len(cells) - width
    if more > 0:  # a caption with the delimiter in it, that nobody quoted
        at = captions[0] if len(captions) == 1 else captions[-1]
        if len(captions) > 1 and at != width - 1:
            return Row(position, fault=f"it has {len(cells)} cells, but the header has {width}")
        cells[at : at + more + 1] = [form.delimiter.join(cells[at : at + more + 1])]
    cells += [""] * (width - len(cells))
    names = {form.headers[i] if form.headers else str(i): cells[i] for i in form.columns.files}
    return row(position, names, [_unquoted(cells[i]) for i in captions])


def _unquoted(text: str) -> str:
    """A text without the single quotes around all of it."""
    bare = text.strip()
    around = len(bare) > 2 and bare[0] == bare[-1] == "'" and bare.count("'") == 2
    return bare[1:-1] if around else text


def _unwrapped(text: str) -> str | None:
    """The table in lines that were each quoted as a whole, as by a program that took them for cells; None otherwise."""
    lines = text.rstrip("\n").split("\n")
    found = [_WHOLE.fullmatch(line.rstrip(" \t;,")) for line in lines]
    if not found[0]:
        return None
    inside = (one[1].replace('""', '"') if one else line for one, line in zip(found, lines, strict=True))
    return "\n".join(inside) + "\n"


def _spaced(text: str) -> Iterator[Row]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            found = _SPACED.fullmatch(line.strip())
            fits = found is not None and names_picture(found[1])
            position = f"line {number}"
            yield (
                row(position, {"": found[1]}, [found[2]])
                if found and fits
                else Row(position, fault="a picture's name and its caption were expected")
            )


def _no_table(text: str, file: str, delimiters: str) -> str:
    """Why a text is no table of captions, in a sentence."""
    headers = max((cells for delimiter in delimiters for _, cells in _first(text, delimiter)), key=len, default=[])
    columns = columns_of(headers)
    found = ", ".join(header.strip()[:40] for header in headers[:8])
    if columns.captions:
        fault = f"it has captions, but no column that says which picture each is of (found: {found})"
        return f"{file}, line 1: {fault}; name one file, image or path."
    if columns.files:
        fault = f"it names pictures, but has no column of captions (found: {found})"
        return f"{file}, line 1: {fault}; name one caption, text or description."
    return (
        f"{file}, line 1: expected a header with a column file (or filename, image, path …) and a column caption (or "
        f"text, comment, description …)" + (f"; found: {found}." if found else ".")
    )
