"""Where Sightwords keeps what it makes for itself on this machine; must not know what that is."""

import os
import sys
from pathlib import Path


def home_folder() -> Path:
    """`SIGHTWORDS_HOME` when set, else the platform's folder for application data; not created here."""
    chosen = os.environ.get("SIGHTWORDS_HOME")
    if chosen:
        return Path(os.path.expanduser(chosen)).absolute()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "sightwords"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "sightwords"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "sightwords"
