"""What is refused before any route: other names than this machine's, pages of other sites acting in a person's name,
and bodies without end.

Pure ASGI, since Starlette's BaseHTTPMiddleware would wrap every event stream.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from thai_chat.api import errors
from thai_chat.domain.errors import ForeignHost, ForeignSite, ImportTooLarge, QuestionTooLong, ThaiChatError
from thai_chat.domain.messages import MAX_QUESTION_CHARS

BODY_BYTES = 4_000_000
IMPORT_PATH = "/api/import"
IMPORT_BYTES = 512_000_000
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})
_HOST = re.compile(r"(\[[0-9a-f:.%]+\]|[^\[\]:/?#@\s]+)(:\d*)?", re.IGNORECASE)


class OwnNames:
    """Answers to names of this machine alone, so that no web page reaches the chats by a name of its own
    (DNS rebinding). Starlette's TrustedHostMiddleware refuses in words of its own."""

    def __init__(self, app: ASGIApp, local_host: str) -> None:
        self._app = app
        self._names = LOOPBACK_HOSTS | {f"[{local_host}]" if ":" in local_host else local_host}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket") and not self._is_own(Headers(scope=scope)):
            await errors.response(ForeignHost(), HTTPConnection(scope))(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _is_own(self, headers: Headers) -> bool:
        found = _HOST.fullmatch(headers.get("host", ""))
        return found is not None and found[1].lower() in self._names


class Guard:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in _SAFE:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if _is_foreign(headers):
            await errors.response(ForeignSite(), Request(scope))(scope, receive, send)
            return
        limit = IMPORT_BYTES if scope["path"] == IMPORT_PATH else BODY_BYTES
        if int(headers.get("content-length") or 0) > limit:
            await errors.response(_too_large(limit), Request(scope))(scope, receive, send)
        else:
            await self._app(scope, _bounded(receive, limit), send)


def _is_foreign(headers: Headers) -> bool:
    """True when a browser says that another site's page sends this. Clients that are no browsers say nothing."""
    if (site := headers.get("sec-fetch-site")) is not None:
        return site not in ("same-origin", "none")
    origin = headers.get("origin")
    try:
        return origin is not None and urlsplit(origin).netloc != headers.get("host")
    except ValueError:  # what no browser sends
        return True


def _too_large(limit: int) -> ThaiChatError:
    if limit == IMPORT_BYTES:
        return ImportTooLarge(limit=limit // 1_000_000)
    return QuestionTooLong(limit=MAX_QUESTION_CHARS)


def _bounded(receive: Receive, limit: int) -> Receive:
    """Ends a chunked body that goes on beyond `limit` bytes."""
    received_bytes = 0

    async def bounded() -> Message:
        nonlocal received_bytes
        message = await receive()
        received_bytes += len(message.get("body", b""))
        if received_bytes > limit:
            if limit == IMPORT_BYTES:
                raise _too_large(limit)
            # FastAPI turns any other error while it reads a body into "400".
            raise HTTPException(413)
        return message

    return bounded
