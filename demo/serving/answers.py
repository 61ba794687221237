"""Plain answers of one sentence, as Gradio's clients read them; and one for each request that goes wrong."""

import logging
import traceback
from pathlib import Path

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger(__name__)

UNREADABLE = "What was sent has not the form of a question; /gradio_api/info tells the form of each."
WENT_WRONG = "This could not be answered; ask in another way, or again in a moment."


def sentence(text: str, status: int) -> JSONResponse:
    """An answer that says why there is none: `detail` is what FastAPI calls it, `error` what Gradio reads."""
    return JSONResponse({"detail": text, "error": text}, status)


def one_line(error: BaseException) -> str:
    """An error for the log: its kind, what it says, and where it was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    return " ".join(f"{type(error).__name__}: {error}".split())[:200] + where


async def unreadable(request: Request, error: Exception) -> JSONResponse:
    """Answers a request that is not in the form that its address takes."""
    log.info("%s %s: %s", request.method, request.url.path, type(error).__name__)
    return sentence(UNREADABLE, 422)


HANDLERS = {RequestValidationError: unreadable}


class OneSentence:
    """ASGI middleware: a request that fails is answered by a sentence, and the log gets a line."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers as the app does, and never fails."""
        begun = False

        async def tell(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, tell)
        except Exception as error:  # whatever a stranger can cause
            if scope["type"] != "http":
                raise
            if not (begun and isinstance(error, HTTPException)):  # how Gradio ends a stream that nobody waits for
                log.warning("%s %s: %s", scope["method"], scope["path"], one_line(error))
            if not begun:
                await sentence(WENT_WRONG, 400)(scope, receive, send)
