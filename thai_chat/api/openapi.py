"""The description of the API says what is really answered: 400 in our form, where FastAPI would promise its 422."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from thai_chat.api.refusing import ERROR, codes_of, example_of, refusal

_WAYS_IN = {
    "session": {"type": "apiKey", "in": "cookie", "name": "thai_chat", "description": "POST /api/sign-in gives it"},
    "key": {"type": "http", "scheme": "bearer", "description": "POST /api/keys makes keys: tc_<id>_<secret>"},
}
"""How the server knows who asks, where there are accounts; under TLS the cookie is `__Host-thai_chat`."""
_OPEN = (
    *("/healthz", "/readyz", "/api/sign-in", "/api/sign-up", "/api/reset-password", "/api/invitations/{token}"),
    *("/sign-in/oidc", "/sign-in/oidc/callback"),
)
"""Addresses where nobody has to have signed in."""
_BROWSERS = (
    ("post", "/api/keys"),
    ("delete", "/api/keys/{key_id}"),
    ("delete", "/api/me"),
    ("get", "/api/me/identities"),
    ("post", "/api/me/identities"),
    ("delete", "/api/me/identities/{identity_id}"),
    ("post", "/api/me/password"),
    ("get", "/api/me/sign-ins"),
    ("delete", "/api/me/sign-ins"),
    ("delete", "/api/me/sign-ins/{sign_in_id}"),
)
"""No key is taken there."""


def install(app: FastAPI) -> None:
    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = _corrected(get_openapi(title=app.title, version=app.version, routes=app.routes))
            app.openapi_schema = _guarded(schema) if app.state.accounts else schema
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]


def operation_id(route: APIRoute) -> str:
    """Return the name of an operation: that of its function, which clients have as a method."""
    return route.name


def _corrected(schema: dict[str, Any]) -> dict[str, Any]:
    used: set[str] = set()
    for operations in schema["paths"].values():
        operations.pop("head", None)
        for operation in operations.values():
            responses = operation["responses"]
            if unfit := responses.get("422"):
                if not codes_of(unfit):  # FastAPI's
                    del responses["422"]
                _add(responses, "400", "bad_fields", "bad_input")
            for response in responses.values():
                used.update(codes_of(response))
    components = schema.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["Error"] = ERROR
    components["examples"] = {code: example_of(code) for code in sorted(used)}
    return schema


def _add(responses: dict[str, Any], status: str, *codes: str) -> None:
    """Say that an operation may answer with these codes too."""
    responses[status] = refusal([*codes_of(responses.get(status, {})), *codes])


def _guarded(schema: dict[str, Any]) -> dict[str, Any]:
    """Say of each operation how one comes in."""
    schema["components"]["securitySchemes"] = _WAYS_IN
    schema["security"] = [{"session": []}, {"key": []}]
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            if path in _OPEN:
                operation["security"] = []
            elif (method, path) in _BROWSERS:
                operation["security"] = [{"session": []}]
    return schema
