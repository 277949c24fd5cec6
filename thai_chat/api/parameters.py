"""Query parameters that a route does not have are refused: a misspelt filter must not count as none."""

from __future__ import annotations

from collections.abc import Collection

from fastapi import Request
from fastapi.dependencies.utils import get_flat_params
from fastapi.routing import APIRoute

from thai_chat.domain.errors import BadInput

_MOST, _CHARS = 5, 60
"""Names that are repeated in an answer, and how much of each."""
_NAMES = "known_parameters"
"""The attribute of a route that keeps them: to gather them at each request takes longer than to read it."""


async def only_known(request: Request) -> None:
    """Raise BadInput that names the query parameters which the route of the request does not know."""
    if not request.query_params:
        return
    if unknown := request.query_params.keys() - _known(request.scope["route"]):
        raise BadInput(unknown=listed(unknown))


def listed(names: Collection[str]) -> str:
    """Return some of the names that somebody sent, each cut, for an answer that repeats them."""
    shown = (name[:_CHARS].encode("utf-8", "replace").decode() for name in sorted(names)[:_MOST])
    return ", ".join(shown)


def _known(route: APIRoute) -> frozenset[str]:
    """Return the names of its parameters; those of path and headers are among them and do no harm."""
    names: frozenset[str] | None = getattr(route, _NAMES, None)
    if names is None:
        names = frozenset(field.alias for field in get_flat_params(route.dependant))
        setattr(route, _NAMES, names)
    return names
