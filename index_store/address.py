"""The address of a collection, as people write it: a folder, `milvus://host:port/name`, or `milvus:./file.db`.

Knows nothing of what lies there, and imports nothing heavy, because the command line imports it even for --help.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from index_store.errors import CollectionError

PORT = 19530  # Milvus's own
IN_FILE = "sightwords"  # the one collection of a Milvus Lite file
EXAMPLES = "milvus://localhost:19530/pictures, milvus+tls://example.org:443/pictures or milvus:./pictures.db"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")  # what Milvus allows, and short enough to add to


@dataclass(frozen=True)
class MilvusAddress:
    """A collection on a Milvus server (`uri`: http or https), or in a file of Milvus Lite (`file`: absolute)."""

    collection: str
    uri: str = ""
    file: Path | None = None

    @property
    def name(self) -> str:
        """What to call the collection in a list."""
        return self.file.stem if self.file is not None else self.collection

    def __str__(self) -> str:
        if self.file is not None:
            return f"milvus:{self.file}"
        scheme, _, host = self.uri.partition("://")
        return f"{'milvus+tls' if scheme == 'https' else 'milvus'}://{host}/{self.collection}"


Address = Path | MilvusAddress


def parse_address(text: str) -> Address:
    """Reads an address as a person writes it; CollectionError, with examples, for an impossible Milvus address."""
    scheme, colon, rest = text.partition(":")
    if not colon or scheme not in ("milvus", "milvus+tls"):
        return _folder(text)
    if scheme == "milvus" and not rest.startswith("//"):
        if not rest.endswith(".db"):
            raise CollectionError(f"'{text}' names no Milvus Lite file, which ends in .db; write one like {EXAMPLES}.")
        return MilvusAddress(IN_FILE, file=Path(os.path.expanduser(rest)).absolute())
    if "@" in rest:
        raise CollectionError("A Milvus address holds no password; give it in the environment as MILVUS_TOKEN.")
    try:
        parts = urlsplit(text)
        host, port, name = parts.hostname, parts.port or PORT, parts.path.strip("/")
    except ValueError:  # a port that is none
        host, port, name = None, PORT, ""
    if not host or not _NAME.fullmatch(name):
        raise CollectionError(
            f"'{text}' is no Milvus address (host, then a name of letters, digits and _); write one like {EXAMPLES}."
        )
    shown = f"[{host}]" if ":" in host else host
    return MilvusAddress(name, uri=f"{'https' if scheme == 'milvus+tls' else 'http'}://{shown}:{port}")


def _folder(text: str) -> Path:
    """The folder that people mean: `~` is their home, and `..` is resolved."""
    try:
        path = Path(os.path.expanduser(text))
        return Path(os.path.realpath(path)) if ".." in path.parts else path
    except (OSError, RuntimeError, ValueError):  # nobody's home, a link to itself: opening the folder will say so
        return Path(text)
