"""The FastAPI application: routes and errors, over a service that the composition root gives."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from fastapi import Depends, FastAPI

from thai_chat import __version__
from thai_chat.accounts.service import Accounts
from thai_chat.api import (
    audit,
    branches,
    changes,
    chat,
    chat_sessions,
    contexts,
    docs_page,
    errors,
    health,
    invitations,
    keys,
    limits,
    marks,
    me,
    messages,
    models,
    openapi,
    openid,
    operations,
    people,
    presets,
    search,
    sessions,
    shared_page,
    shares,
    sign_in,
    statistics,
    suggestions,
    transfer,
    turns,
    webhook_events,
    webhooks,
)
from thai_chat.api.openai_door import asking as openai_asking
from thai_chat.api.openai_door import models as openai_models
from thai_chat.api.parameters import only_known
from thai_chat.chat.service import ChatService
from thai_chat.sharing.service import Shares
from thai_chat.webhooks.service import Webhooks

SESSIONS = "/api/sessions"
_OF_SESSIONS = (
    sessions.router,
    messages.router,
    turns.router,
    contexts.router,
    branches.router,
    marks.router,
    transfer.session_router,
    shares.session_router,
)
SESSIONS_TOO = ("/api/conversations", "/conversations")
"""Where the same routes answer, for clients that call sessions so; the documentation has them once."""


def build_app(
    service: ChatService,
    accounts: Accounts | None = None,
    sharing: Shares | None = None,
    told: Webhooks | None = None,
    *,
    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]] | None = None,
) -> FastAPI:
    """Return the API without a gate in front of it: serve it through `gate.Gate` only.

    Without `accounts` nobody signs in, and what comes with them is not found.
    """
    app = FastAPI(
        title="Thai Chat",
        version=__version__,
        lifespan=lifespan,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=openapi.operation_id,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.service = service
    app.state.accounts = accounts
    app.state.shares = sharing
    app.state.webhooks = told
    app.state.page_version = ""
    errors.install(app)
    docs_page.install(app)
    openapi.install(app)
    webhook_events.install(app)
    checks = [Depends(only_known)]
    app.include_router(health.router)  # monitors may add what they like to an address
    app.include_router(openid.returning)
    app.include_router(shared_page.router)  # and so may whoever passes a link on
    # Before the others, as routes are looked through in their order; clients of OpenAI's may add to an address, too.
    app.include_router(openai_asking.router)
    app.include_router(openai_models.router)
    # What is asked for most comes first.
    app.include_router(chat.router, dependencies=checks)
    for router in _OF_SESSIONS:
        app.include_router(router, prefix=SESSIONS, dependencies=checks)
    for part in (
        chat_sessions,
        changes,
        search,
        models,
        presets,
        transfer,
        statistics,
        me,
        sign_in,
        keys,
        audit,
        limits,
        invitations,
        people,
        shares,
        webhooks,
        openid,
        operations,
        suggestions,
    ):
        app.include_router(part.router, dependencies=checks)
    for prefix in SESSIONS_TOO:
        for router in _OF_SESSIONS:
            app.include_router(router, prefix=prefix, include_in_schema=False, dependencies=checks)
    return app
