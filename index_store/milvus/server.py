"""A connection to Milvus: finds its packages, serves files of Milvus Lite, explains errors; knows nothing of items.

A "file" of Milvus Lite is a folder that one process may hold at a time. This process serves it while any collection
here has it open, and lets it go when the last one is closed.
"""

import logging
import os
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index_store.address import MilvusAddress
from index_store.errors import (
    CollectionBusy,
    CollectionError,
    CollectionNotFound,
    CollectionUnreachable,
    explain_os_error,
)

if TYPE_CHECKING:
    from pymilvus import MilvusClient

TOKEN = "MILVUS_TOKEN"  # of the environment: user:password, or a key
CONNECT_S = 10.0
ANSWER_S = 30.0
LOAD_S = 300.0  # a server reads a large collection into memory
_UNAVAILABLE = (2, 14)  # codes of pymilvus and of gRPC for a server that is not there
_REFUSED = (1800, 16, 7)  # codes of Milvus and of gRPC: not known to the server; not allowed
_lite_guard = threading.Lock()
_lite_users: Counter[Path] = Counter()  # how many connections of this process have a file open


class Server:
    """A connection to one address. Any thread may use it."""

    def __init__(self, address: MilvusAddress, *, make: bool = False) -> None:
        """make: makes a Milvus Lite file where there is none. CollectionError where no connection can be made."""
        _check_packages(address)
        self.address = address
        self._client: MilvusClient | None = _connected(address, make=make)

    def ask(self, method: str, *arguments: Any, timeout: float = ANSWER_S, **options: Any) -> Any:
        """Calls a method of pymilvus's client; CollectionError where it fails, or takes more than `timeout` seconds."""
        client = self._client
        if client is None:
            raise CollectionError(f"The connection to {self.address} has been closed; open it again to use it.")
        with translated(self.address):
            return getattr(client, method)(*arguments, timeout=timeout, **options)

    def each(self, table: str, where: str, fields: list[str], page: int) -> Iterator[list[dict[str, Any]]]:
        """All rows of a table that meet a condition, by ascending primary key, `page` rows at a time."""
        rows = self.ask("query_iterator", table, filter=where, output_fields=fields, batch_size=page)
        try:
            while True:
                with translated(self.address):
                    some = rows.next()
                if not some:
                    return
                yield some
        finally:
            rows.close()

    def close(self) -> None:
        """Ends the connection; closing twice is fine."""
        client, self._client = self._client, None
        if client is not None:
            _disconnect(self.address, client)


@contextmanager
def translated(address: MilvusAddress) -> Iterator[None]:
    """Errors of pymilvus inside come out as CollectionErrors."""
    from pymilvus.exceptions import MilvusException

    try:
        yield
    except MilvusException as error:
        raise explain(error.code, error.message, address) from error
    except (ConnectionError, TimeoutError) as error:
        raise explain(_UNAVAILABLE[0], str(error), address) from error


def explain(code: int, message: str, address: MilvusAddress) -> CollectionError:
    """Milvus's error as one of ours, chosen by its code."""
    if code in _UNAVAILABLE:
        return CollectionUnreachable(
            f"No Milvus server answers at {address}; check that it runs, and host and port of the address."
        )
    if code in _REFUSED:
        return CollectionUnreachable(
            f"The Milvus server of {address} does not let us in; set {TOKEN} to user:password or to its key."
        )
    reason = " ".join(message.split()).rstrip(".")
    return CollectionError(f"Milvus could not do what was asked of {address} ({reason}).")


def _check_packages(address: MilvusAddress) -> None:
    needed = ["pymilvus"] + (["milvus_lite"] if address.file is not None else [])
    if any(find_spec(name) is None for name in needed):
        raise CollectionError(
            f"{address} needs packages that are not installed; run: pip install 'sightwords[milvus]'."
        )


def _connected(address: MilvusAddress, *, make: bool) -> "MilvusClient":
    from pymilvus import MilvusClient

    # errors are said once, in our words; the last logger complains of calls that Milvus Lite does not know
    for name in ("pymilvus", "milvus_lite", "grpc._server"):  # after the import, which chooses levels too
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    if address.file is not None:
        return _open_file(address, address.file, make=make)
    with translated(address):
        return MilvusClient(address.uri, token=os.environ.get(TOKEN, ""), timeout=CONNECT_S)


def _open_file(address: MilvusAddress, file: Path, *, make: bool) -> "MilvusClient":
    from milvus_lite import DataDirLockedError, MilvusLite
    from pymilvus import MilvusClient

    if not file.exists() and not make:
        raise CollectionNotFound(f"There is no collection at {address}; index some pictures into it first.")
    if file.exists() and not (file / "collections").is_dir() and not (file.is_dir() and not any(file.iterdir())):
        raise CollectionNotFound(f"{file} is not a file of Milvus Lite; name another one.")
    with _lite_guard:
        if not _lite_users[file]:
            try:
                MilvusLite(str(file)).close()  # its error names the reason, where pymilvus only says that it failed
            except DataDirLockedError as error:
                raise CollectionBusy(
                    f"Another program has {address} open, and only one can at a time; close that first, or use a "
                    "Milvus server."
                ) from error
            except OSError as error:
                raise explain_os_error(error, file) from error
        with translated(address):
            client = MilvusClient(str(file))
        _lite_users[file] += 1
        return client


def _disconnect(address: MilvusAddress, client: "MilvusClient") -> None:
    if address.file is None:
        client.close()
        return
    from milvus_lite import server_manager_instance

    with _lite_guard:
        client.close()
        _lite_users[address.file] -= 1
        if not _lite_users[address.file]:
            server_manager_instance.release_server(str(address.file))
