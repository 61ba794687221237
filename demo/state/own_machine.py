"""Opens a picture, or the folder that it lies in, with the programs of the computer that the app runs on.

Only for a person who sits at that computer: the app listens to it alone, and the request comes from its browser.
"""

import os
import shutil
import sys
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import typer

from core.errors import ImageError

PASSED_ON = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")  # headers that a proxy adds


def is_loopback(host: str) -> bool:
    """Whether only this computer reaches a server that listens there, or is called so."""
    name = host.strip("[]").casefold()
    if name == "localhost":
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def has_screen() -> bool:
    """Whether this computer has a screen, and a program that opens files on it."""
    if sys.platform in ("darwin", "win32"):
        return True
    screen = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return bool(screen) and shutil.which("xdg-open") is not None


def asked_from_here(client: str, headers: Mapping[str, str]) -> bool:
    """Whether a request was made by a browser of this computer. `client`: the address that it came from.

    A proxy makes everybody seem to be here; it is told by the headers that it adds, or by the page's own address.
    """
    names = [urlsplit(f"//{headers.get('host', '')}"), urlsplit(headers.get("origin", ""))]
    return (
        is_loopback(client)
        and not any(name in headers for name in PASSED_ON)
        and all(is_loopback(name.hostname or "") for name in names)
    )


def open_here(path: str, folder: bool = False) -> None:
    """Opens a file, or with `folder` shows it in its folder. ImageError where it is gone, or no program opens it."""
    if not os.path.isfile(path):
        raise ImageError(f"There is no picture at {path}.")
    if typer.launch(str(Path(path).absolute()), locate=folder):
        raise ImageError("No program of this computer opens it.")
