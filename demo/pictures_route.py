"""Serves the pictures of the open collection in large, each by the number of its item; a client names no path, ever.

Every picture comes through our own decoder, as a JPEG without what cameras write into files: so odd formats are shown,
and a place is not told by accident. The file itself is given to people who may know where it lies, and to nobody else.
"""

import io
import os
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route, Router

from core.errors import ImageError
from core.pictures.images import WORKING_BOX, open_image
from core.search.query import check_item
from demo.components.result_grid import folder_key
from demo.state.app import AppState
from index_store.errors import SightwordsError

if TYPE_CHECKING:
    from starlette.requests import Request

BOX = 2048  # pixels a side: what the decoder keeps of a large picture, and a large screen can show
AT_ONCE = 2  # pictures that are decoded at one time, however many are asked for; the others wait without a thread
KEPT = 16  # decoded pictures, some 10 MB: back and forth between a few shows them at once
QUALITY = 90


def pictures_route(state: AppState) -> Router:
    """What answers below /pictures: `KEY/ID` with the picture of that item, `KEY/ID/file` with its file.

    KEY stands for the collection (`folder_key` of its thumbnails), so that an item of another one is never taken for
    it. 404 for what is not there, cannot be read or is no picture; the answer says no more.
    """
    limiter = CapacityLimiter(AT_ONCE)

    async def show(request: "Request") -> Response:
        box = WORKING_BOX if state.public else BOX
        path = await run_sync(_path, state, request)
        try:
            tag = _tag(path) if path else ""
            if tag and request.headers.get("if-none-match") == tag:
                return Response(status_code=304, headers=_headers(tag))
            data = await run_sync(_jpeg, path, tag, box, limiter=limiter) if path else b""
        except (ImageError, OSError):
            data = b""
        return Response(data, media_type="image/jpeg", headers=_headers(tag)) if data else _missing()

    async def give(request: "Request") -> Response:
        path = None if state.public else await run_sync(_path, state, request)
        if path is None or not os.path.isfile(path):
            return _missing()
        headers = _headers("") | {"Content-Disposition": f"attachment; filename*=utf-8''{quote(Path(path).name)}"}
        return FileResponse(path, headers=headers, media_type="application/octet-stream")

    return Router([Route("/{key}/{item:int}", show), Route("/{key}/{item:int}/file", give)])


def _path(state: AppState, request: "Request") -> str | None:
    """The path of the picture that a request names; None where the open collection holds no such picture."""
    collection = state.collection
    if collection is None or request.path_params["key"] != folder_key(collection.thumbnails):
        return None
    number = request.path_params["item"]
    try:
        check_item(number)
        (item,) = collection.items([number])
    except SightwordsError:
        return None
    return item.path if item.kind == "image" else None


def _tag(path: str) -> str:
    status = os.stat(path)
    return f'"{status.st_mtime_ns:x}-{status.st_size:x}"'


@lru_cache(maxsize=KEPT)
def _jpeg(path: str, tag: str, box: int) -> bytes:
    """The picture as a JPEG that fits into `box` pixels a side; `tag` is another one when the file has changed."""
    image = open_image(path)
    if max(image.size) > box:
        image.thumbnail((box, box))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=QUALITY, subsampling=0)
    return buffer.getvalue()


def _headers(tag: str) -> dict[str, str]:
    """Only this browser may keep the answer, and asks each time whether it is still true."""
    return {"Cache-Control": "private, no-cache", "X-Content-Type-Options": "nosniff"} | ({"ETag": tag} if tag else {})


def _missing() -> Response:
    return PlainTextResponse("There is no such picture.", status_code=404)
