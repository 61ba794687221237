"""Shortens the paths in a text for the person who reads it: relative to their current folder, or to their home."""

import os
import re
from functools import partial
from pathlib import Path


def shorten_paths(text: str, here: Path | None = None, home: Path | None = None) -> str:
    """The text with each absolute path below `here` made relative to it, and each other path below `home` begun with ~.

    `here`: the current folder where it is None; `home`: the person's own where it is None. The root shortens nothing.
    """
    for base, short in ((here or _here(), ""), (home or _home(), "~")):
        if base is None or base == Path(base.anchor):
            continue
        # the whole name of the folder, at the beginning of a path, as itself or with something below
        pattern = rf"(?<![\w/.~-]){re.escape(str(base))}(?:{re.escape(os.sep)}(?=[^\s'\"])|(?![\w-]|\.\w))"
        text = re.sub(pattern, partial(_replace_base, short=short), text)
    return text


def shorten_home(text: str) -> str:
    """The text with each path below the person's home begun with ~; for a page, where there is no current folder."""
    return shorten_paths(text, here=Path(os.sep))


def _replace_base(found: re.Match[str], short: str) -> str:
    if found.group().endswith(os.sep):
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
