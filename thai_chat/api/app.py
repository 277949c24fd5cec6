"""The FastAPI application: routes, errors and guards, over a service that the composition root gives."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from fastapi import FastAPI
from starlette.middleware.trustedhost import TrustedHostMiddleware

from thai_chat import __version__
from thai_chat.api import (
    chat,
    docs_page,
    errors,
    health,
    models,
    presets,
    search,
    sessions,
    statistics,
    transfer,
)
from thai_chat.api.guard import Guard
from thai_chat.chat.service import ChatService

SESSIONS = "/api/sessions"
SESSIONS_TOO = ("/api/conversations", "/conversations")
"""Where the same routes answer, for clients that call sessions so; the documentation has them once."""
LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "[::1]")


def build_app(
    service: ChatService,
    *,
    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]] | None = None,
    local_host: str | None = "127.0.0.1",
) -> FastAPI:
    """`local_host` is an address of this machine alone: then only its names are answered to, so that no web page
    reaches the chats by a name of its own (DNS rebinding). None answers to every name."""
    app = FastAPI(title="Thai Chat", version=__version__, lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.service = service
    errors.install(app)
    docs_page.install(app)
    for part in (health, chat, search, models, presets, transfer, statistics):
        app.include_router(part.router)
    for prefix in (SESSIONS, *SESSIONS_TOO):
        for router in (sessions.router, transfer.session_router):
            app.include_router(router, prefix=prefix, include_in_schema=prefix == SESSIONS)
    app.add_middleware(Guard)
    if local_host:
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=[*LOOPBACK_HOSTS, local_host])
    return app
