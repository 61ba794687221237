"""Root reads and writes everything, so a test of what is forbidden does its work in a child that became nobody."""

import json
import os
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

NOBODY = 65534
needs_nobody = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a child process that gives up its privileges")


def as_nobody(work: Callable[[], Any], *reachable: Path) -> Any:
    """What `work` returns, by way of JSON. Makes the folders `reachable`, and those above them, open to everybody."""
    for place in reachable:
        for path in (place, *place.parents):
            if path != Path(path.anchor) and path.stat().st_uid == os.getuid() and not path.stat().st_mode & 0o001:
                path.chmod(path.stat().st_mode | 0o055)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if os.getuid() == 0:
                os.setuid(NOBODY)
            answer = json.dumps(work())
        except BaseException:
            answer = json.dumps(traceback.format_exc())
        os.write(writer, answer.encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        told = pipe.read()
    os.waitpid(child, 0)
    return json.loads(told)
