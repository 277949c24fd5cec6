"""The description of the API says what is really answered: 400 in our form, where FastAPI would promise its 422."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

_OURS = {
    "title": "Error",
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {
                "code": {"type": "string", "description": "Stays the same", "examples": ["bad_fields"]},
                "message": {"type": "string", "description": "For people, in the language of Accept-Language"},
                "param": {"type": "string", "description": "The option that was refused, where it was one"},
            },
        }
    },
}
_REFUSED = {
    "description": "The request isn't valid",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
}

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
    ("post", "/api/me/identities"),
    ("post", "/api/me/password"),
    ("get", "/api/me/sign-ins"),
    ("delete", "/api/me/sign-ins"),
    ("delete", "/api/me/sign-ins/{sign_in_id}"),
)
"""No key is taken there."""
"""All that no key may do."""


def install(app: FastAPI) -> None:
    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = _corrected(get_openapi(title=app.title, version=app.version, routes=app.routes))
            app.openapi_schema = _guarded(schema) if app.state.accounts else schema
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]


def _corrected(schema: dict[str, Any]) -> dict[str, Any]:
    for operations in schema["paths"].values():
        for operation in operations.values():
            if operation["responses"].pop("422", None):
                operation["responses"]["400"] = _REFUSED
    schemas = schema.setdefault("components", {}).setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["Error"] = _OURS
    return schema


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
