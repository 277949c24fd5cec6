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


def install(app: FastAPI) -> None:
    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _corrected(get_openapi(title=app.title, version=app.version, routes=app.routes))
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
