"""Says paths the way people at a place would: relative to where they are, or to their home; knows nothing else."""

import os
import re
from pathlib import Path


def nearer(text: str, here: Path | None = None, home: Path | None = None) -> str:
    """The text with every absolute path below `here` told from there, and every other one below `home` from ~.

    `here` and `home`: the current folder and the person's own where they are None; the root tells nothing.
    """
    for base, short in ((here or _here(), ""), (home or _home(), "~")):
        if base is None or base == Path(base.anchor):
            continue
        # the whole name of the folder, at the beginning of a path, as itself or with something below
        pattern = rf"(?<![\w/.~-]){re.escape(str(base))}(?:{re.escape(os.sep)}(?=[^\s'\"])|(?![\w-]|\.\w))"
        text = re.sub(pattern, lambda found, short=short: _short(found.group(), short), text)
    return text


def from_home(text: str) -> str:
    """The text with paths below the person's home told from ~: in a page there is no current folder."""
    return nearer(text, here=Path(os.sep))


def _short(found: str, short: str) -> str:
    if found.endswith(os.sep):
        return short + os.sep if short else ""
    return short or os.curdir + os.sep


def _here() -> Path | None:
    try:
        return Path.cwd()
    except OSError:  # it was deleted
        return None


def _home() -> Path | None:
    try:
        return Path.home()
    except RuntimeError:
        return None
