"""Serves the small pictures of collections; an address does not show where a collection lies."""

import os
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.staticfiles import StaticFiles

from demo.components.result_grid import folder_key


class Thumbnails:
    """The thumbnails of the collections that were opened."""

    def __init__(self) -> None:
        self._folders: dict[str, StaticFiles] = {}
        # a route and not a mount, which behind a proxy takes the path of the proxy for a part of the file's name
        self.route = Route("/thumbnails/{key}/{name:path}", self._answer)

    def add(self, folder: Path) -> None:
        """Serves the thumbnails in this folder too."""
        self._folders[folder_key(folder)] = StaticFiles(directory=folder, check_dir=False)

    async def _answer(self, request: Request) -> Response:
        folder = self._folders.get(request.path_params["key"])
        if folder is None:
            raise HTTPException(404)
        return await folder.get_response(os.path.normpath(request.path_params["name"]), request.scope)
