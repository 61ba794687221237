"""A password before everything: Gradio asks for it on its page, and guards some of its addresses; this guards all."""

import asyncio
import os
import re
from base64 import b64decode
from binascii import Error as NotBase64
from hmac import compare_digest

from gradio.routes import App as Server
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from demo.serving.answers import sentence
from index_store.errors import SightwordsError

PASSWORD = "SIGHTWORDS_PASSWORD"  # the variable that holds it
WRONG_S = 1.0  # a wrong password is answered after so long
NOT_LOGGED_IN = "Log in first; this app asks for a name and a password."

# What the page needs before anybody has logged in: itself, and files that are the same in every app of Gradio.
OPEN = re.compile(
    r"/|/config/?|/login/?|/logout|/theme\.css|/favicon\.ico|/robots\.txt|/manifest\.json|/(?:static|assets|svelte)/.*|"
    r"/gradio_api/(?:startup-events|login_check/?|app_id/?|user/?|theme\.css)"
)


class Login:
    """The one user of an app, and whether a request comes from them. Raises SightwordsError without a password."""

    def __init__(self, user: str, password: str | None = None) -> None:
        """`password`: the one in the environment where it is None."""
        self._user = user.strip()
        self._password = password or os.environ.get(PASSWORD, "")
        if not self._user:
            raise SightwordsError("The user of --auth has no name; give one, as in --auth anna.")
        if not self._password:
            raise SightwordsError(
                f"--auth {self._user} needs a password, which is read from the environment; set {PASSWORD}."
            )

    async def check(self, user: str, password: str) -> bool:
        """Whether these are the user's name and password; slow where they are not, so that nobody tries many."""
        right = self._is(user, password)
        if not right:
            await asyncio.sleep(WRONG_S)
        return right

    async def knows(self, request: Request, server: Server) -> bool:
        """Whether somebody logged in on the page, or sends name and password with the request (HTTP Basic)."""
        names = (f"access-token-{server.cookie_id}", f"access-token-unsecure-{server.cookie_id}")
        if any(request.cookies.get(name) in server.tokens for name in names):
            return True
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return False
        try:
            user, _, password = b64decode(given).decode().partition(":")
        except (NotBase64, ValueError):
            return False
        return await self.check(user, password)

    def _is(self, user: str, password: str) -> bool:
        pairs = ((user.strip(), self._user), (password, self._password))
        return all([compare_digest(given.encode(), own.encode()) for given, own in pairs])


class LoginRequired:
    """ASGI middleware that answers nobody but who has logged in; `scope["app"]` is Gradio's server."""

    def __init__(self, app: ASGIApp, login: Login) -> None:
        self._app, self._login = app, login

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers as the app does, or asks to log in."""
        path = scope["path"].removeprefix(scope.get("root_path", "")) if scope["type"] == "http" else ""
        free = scope["type"] == "lifespan" or OPEN.fullmatch(path)
        if free or (scope["type"] == "http" and await self._login.knows(Request(scope), scope["app"])):
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await sentence(NOT_LOGGED_IN, 401)(scope, receive, send)
