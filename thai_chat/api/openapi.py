"""The description of the API, `/openapi.json`: OpenAPI 3.1, and what is really answered.

FastAPI knows routes and fields. Added here, once: the errors that any route of its kind answers with and who may come
(`api/opening.py`), words and examples for fields that are the same everywhere (`api/fields.py`), and the events of
streams (`api/streaming.py`).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from thai_chat.api.fields import DESCRIPTIONS, completed, example_of
from thai_chat.api.opening import WAYS_IN, common_errors, security_of, without_accounts
from thai_chat.api.refusing import ERROR, OPENAI_ERROR, codes_of, error_example, in_openai_form, refusal
from thai_chat.api.streaming import event_schemas
from thai_chat.domain.openai_shape import is_openai_path

TAGS = {
    "chat": "Ask a question and read the answer, as the first clients of this page do.",
    "suggestions": "Questions that one could ask.",
    "sessions": "Sessions, their messages and turns, replies while they grow, and what changes.",
    "operations": "The same chat as the operations assistant's clients know it.",
    "openai": "The door for programs that speak OpenAI's protocol: give them this address with `/v1` and an API key.",
    "search": "Find what was ever said, by any part of it.",
    "models": "The models that answer, and what they are loaded from.",
    "presets": "Options for models under a name.",
    "export and import": "Sessions as files: JSON, Markdown, CSV, and lines for fine-tuning.",
    "shares": "Links to snapshots of sessions.",
    "statistics": "What messages add up to.",
    "webhooks": "Tell another server what happens: a reply has ended, a session was made, feedback was given.",
    "people": "Accounts: signing in, keys, limits, and administering people. Without accounts (AUTH=none) they are "
    "404 `no_accounts`, but `GET /api/me`.",
    "health": "How the server is, for monitors.",
}
_ABOUT = """\
Ask with `POST /chat`: `{"query": "..."}` starts a session, and with its `session_id` the next question goes on with it.
With `"stream": true` the answer comes as server-sent events while it grows.

* **Who asks.** Where people have accounts, a program sends an API key as `Authorization: Bearer tc_...`; somebody who
  is signed in makes one with `POST /api/keys`.
* **Errors** are `{"error": {"code", "message"}}`; `code` stays the same between versions, `message` is for people, in
  the language of `Accept-Language` (`th` or `en`). A method that an address does not have is 405, an address that is
  not there 404. Below `/v1` they have OpenAI's form.
* **Unknown** fields of a body and parameters of an address are refused by name (400 `bad_input`).
* **Sent twice, carried out once**: requests with the same `Idempotency-Key`. With `If-Match` and an `ETag` only what
  is still as it was read is changed.
* **Addresses.** All below `/api/sessions` answers at `/api/conversations` and `/conversations` too.
"""
_DONE = {
    "200": "Done",
    "201": "Made",
    "202": "Accepted: it goes on after this answer",
    "204": "Done; there is nothing to tell",
    "303": "Go on at `Location`",
}
_HEADERS = {
    "X-Request-Id": {
        "description": "The request's name in the server's log: the one that the client has sent, or a new one",
        "required": True,
        "schema": {"type": "string"},
    },
    "Retry-After": {
        "description": "When to ask again, in seconds; left out where waiting does not help",
        "schema": {"type": "string"},
    },
    "WWW-Authenticate": {"description": "`Bearer`", "schema": {"type": "string"}},
    "Allow": {"description": "The methods that the address has", "schema": {"type": "string"}},
    "Location": {"description": "Where to go on", "schema": {"type": "string"}},
}
_SENT_WITH: dict[str, tuple[str, ...]] = {
    "X-Request-Id": (),
    "Retry-After": ("409", "429", "503"),
    "WWW-Authenticate": ("401",),
    "Allow": ("405",),
    "Location": ("303",),
}
"""The headers of all answers, by their status; none: of every answer."""
_VALIDATION = "HTTPValidationError"
"""FastAPI's answer 422, which none of ours is."""
_END_OF_SUMMARY = re.compile(r"(?<=[^.])[.:;](?:\s|$)")
_IDENTIFIER = re.compile(r"(?:session|message|preset|webhook|account|share|sign_in|invitation|leaf)_id|edits")


def install(app: FastAPI) -> None:
    """Describe `app`, once: at the first question, in a thread, for it takes a moment."""
    made: list[tuple[bytes, str]] = []

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(title=app.title, version=app.version, routes=app.routes, webhooks=app.webhooks.routes)
            app.openapi_schema = _completed(schema, has_accounts=bool(app.state.accounts))
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]

    @app.get("/openapi.json", include_in_schema=False)
    async def openapi_json(request: Request) -> Response:
        if not made:
            body = await asyncio.to_thread(lambda: orjson.dumps(described()))
            made.append((body, f'"{sha256(body).hexdigest()[:32]}"'))
        body, etag = made[0]
        headers = {"ETag": etag, "Cache-Control": "no-cache"}
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers=headers)
        return Response(body, media_type="application/json", headers=headers)


def operation_id(route: APIRoute) -> str:
    """Return the name of an operation: that of its function, which clients have as a method."""
    return route.name


def _completed(schema: dict[str, Any], *, has_accounts: bool) -> dict[str, Any]:
    components = schema.setdefault("components", {})
    schemas = components["schemas"] = {
        **components.get("schemas", {}),
        **event_schemas(),
        "Error": ERROR,
        "OpenAIError": OPENAI_ERROR,
    }
    for name in (_VALIDATION, "ValidationError"):
        schemas.pop(name, None)
    schema["info"]["description"] = _ABOUT
    schema["servers"] = [{"url": "/", "description": "Where this description comes from"}]
    used: set[str] = set()
    tags: set[str] = set()
    for path, method, operation in _operations(schema):
        _complete_operation(operation, path, method, has_accounts=has_accounts)
        used.update(code for response in operation["responses"].values() for code in codes_of(response))
        if is_openai_path(path):
            components.setdefault("examples", {}).update(in_openai_form(operation["responses"]))
        tags.update(operation.get("tags", ()))
        if has_accounts and (security := security_of(path, method)) is not None:
            operation["security"] = security
    schema["tags"] = [{"name": tag, "description": TAGS.get(tag, tag)} for tag in sorted(tags, key=_place)]
    components.setdefault("examples", {}).update((code, error_example(code)) for code in sorted(used))
    components["headers"] = _HEADERS
    if has_accounts:
        components["securitySchemes"] = WAYS_IN
        schema["security"] = [{way: []} for way in WAYS_IN]
    _complete_models(schemas)
    return schema


def _operations(schema: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, operations in schema["paths"].items():
        operations.pop("head", None)
        for method, operation in operations.items():
            yield path, method, operation


def _place(tag: str) -> int:
    return list(TAGS).index(tag) if tag in TAGS else len(TAGS)


def _complete_operation(operation: dict[str, Any], path: str, method: str, *, has_accounts: bool) -> None:
    told = " ".join(operation.get("description", "").partition("\n\n")[0].split())
    if told:
        operation["summary"] = _END_OF_SUMMARY.split(told, maxsplit=1)[0].replace("`", "")
    for parameter in operation.get("parameters", ()):
        name = parameter["name"]
        parameter.setdefault("description", DESCRIPTIONS.get(name.replace("-", "_").lower(), ""))
        parameter["schema"] = _without_null(parameter["schema"])
        _format(name, parameter["schema"])
        if "examples" in parameter["schema"]:
            parameter["schema"].pop("title", None)
    operation["tags"] = operation.get("tags", [])[-1:]  # its own, where its router has one too
    responses = operation["responses"]
    unfit = responses.get("422")
    was_checked = unfit is not None
    if unfit and not codes_of(unfit):  # FastAPI's
        del responses["422"]
    for status, codes in common_errors(
        operation, path, method, was_checked=was_checked, has_accounts=has_accounts
    ).items():
        known = codes_of(responses.get(status, {}))
        responses[status] = {**responses.get(status, {}), **refusal([*known, *codes])}
    if not has_accounts:
        without_accounts(responses)
    for status, response in responses.items():
        if response["description"] == "Successful Response":
            response["description"] = _DONE.get(status, "Done")
        named = [name for name, statuses in _SENT_WITH.items() if not statuses or status in statuses]
        sent = {name: {"$ref": f"#/components/headers/{name}"} for name in named}
        response["headers"] = {**sent, **response.get("headers", {})}
    operation["responses"] = dict(sorted(responses.items()))


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a parameter's schema without null, which nobody can send in an address or a header."""
    kinds = schema.get("anyOf", ())
    sent = [kind for kind in kinds if kind.get("type") != "null"]
    if len(sent) == len(kinds):
        return schema
    others = {name: value for name, value in schema.items() if name != "anyOf"}
    return {**sent[0], **others} if len(sent) == 1 else {**others, "anyOf": sent}


def _format(name: str, schema: dict[str, Any]) -> None:
    """Say that a text is an identifier; one that is none is answered by 400 `invalid_identifier`."""
    if not _IDENTIFIER.search(name):
        return
    for one in (schema, *schema.get("anyOf", ())):
        for text in (one, one.get("items", {})):
            if text.get("type") == "string":
                text["format"] = "uuid"


def _complete_models(schemas: dict[str, Any]) -> None:
    for name, model in schemas.items():
        for field, schema in model.get("properties", {}).items():
            if "description" not in schema and field in DESCRIPTIONS:
                schema["description"] = DESCRIPTIONS[field]
            _format(field, schema)
        model.setdefault("title", name)
    for model in schemas.values():
        if "example" in model:
            model["example"] = completed(model["example"], model, schemas)
        elif "examples" not in model:
            model["example"] = example_of(model, schemas)
