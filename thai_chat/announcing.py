"""The lines that a person at the terminal reads at the end of the start: the address, every state, the first link."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, assert_never

from thai_chat import connecting, texts
from thai_chat.domain.errors import HistoryUnavailable
from thai_chat.domain.ports.backend import BackendState
from thai_chat.domain.ports.conversation import DatabaseState
from thai_chat.settings import Settings

if TYPE_CHECKING:
    from thai_chat.accounts.service import Accounts
    from thai_chat.chat.service import ChatService
    from thai_chat.gate.guests import Guests
    from thai_chat.routing.router import BackendChoices


async def summary(settings: Settings, service: ChatService, guests: Guests | None = None) -> Sequence[str]:
    """Return the lines that a person at the terminal wants to read at the end of the start."""
    history = await service.state()
    named = "DATABASE_URL" if settings.database_url else "POSTGRES_HOST"
    where = f"the server of {named}" if settings.database_address else f"embedded, in {settings.data_dir}/postgres"
    lines = [f"Thai Chat is ready at {address_of(settings)}"]
    if settings.public_url:
        lines.append(f"  listening on {_listened_on(settings)}, where a proxy or that name has to lead")
    lines += ["", f"  open to   {connecting.told(settings, guests)}"]
    if history.database is DatabaseState.POSTGRESQL:
        lines.append(f"  database  PostgreSQL ({where})")
    else:
        lines.append(f"  database  memory only, until PostgreSQL ({where}) answers; ./manage.sh doctor says why")
    for kind, backend in zip(settings.kinds, service.backends(), strict=True):
        lines.append(f"  {backend.name:<9} {_state_line(backend, kind.configured_by)}")
    return [*lines, "", "Press Ctrl-C to stop."]


async def first_link(settings: Settings, accounts: Accounts | None) -> Sequence[str]:
    """Return the lines with the link for the first administrator, while there is none. They are for the terminal alone:
    whoever has the link administers."""
    if accounts is None:
        return ()
    try:
        issued = await accounts.invitations.first()
    except HistoryUnavailable:
        return ()
    if issued is None:
        return ()
    return (
        "",
        "Nobody administers yet. This link makes the first administrator, once, within 24 hours:",
        f"  {address_of(settings)}{issued.path}",
        "Another start, and ./manage.sh user add NAME --admin, make another one.",
    )


def address_of(settings: Settings) -> str:
    return settings.public_url or f"http://{_listened_on(settings)}"


def _listened_on(settings: Settings) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"{host}:{settings.port}"


def _state_line(backend: BackendChoices, configured_by: str) -> str:
    match backend.state:
        case BackendState.UP:
            names = ", ".join(model.model for model in backend.models[:3])
            more = f" and {len(backend.models) - 3} more" if len(backend.models) > 3 else ""
            return f"up: {names}{more}"
        case BackendState.LOADING:
            return "loading its model"
        case BackendState.SLOW:
            return "up, but slow to begin"
        case BackendState.QUOTA:
            return "refuses for now: too many requests, or its quota is used up"
        case BackendState.DOWN:
            return f"down ({texts.text(backend.error_code or 'backend_unreachable', 'en', {'backend': backend.name})})"
        case BackendState.NOT_CONFIGURED:
            return f"not configured (set {configured_by} in .env)"
        case _:
            assert_never(backend.state)
