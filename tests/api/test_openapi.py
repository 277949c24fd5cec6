"""The description of the API, walked: nothing is left undescribed, and every example is what its schema says."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource

from thai_chat.api.app import build_app
from thai_chat.api.errors import kind_of, status_of
from thai_chat.api.opening import BAD_FIELDS
from thai_chat.domain.openai_shape import is_openai_path
from thai_chat.gate.doors import DOORS, Access, DoorKind

_NO_ROUTE_OF_THE_API = (
    *("/gradio_api/run/predict", "/openapi.json", "/conversations", "/api/conversations", "/sign-in/oidc/callback"),
)
"""Private doors that the description has not: it has one address of several for the same, and its own."""


_OF_THE_GATE = (BAD_FIELDS, "foreign_site", "other_account", "server_busy")
"""Codes with a status of their own there."""


def _described(*, has_accounts: bool) -> dict[str, Any]:
    accounts: Any = SimpleNamespace() if has_accounts else None
    service: Any = SimpleNamespace()
    described: dict[str, Any] = json.loads(json.dumps(build_app(service, accounts).openapi()))
    return described


DESCRIBED = {"accounts": _described(has_accounts=True), "nobody": _described(has_accounts=False)}
described = pytest.mark.parametrize("schema", DESCRIBED.values(), ids=DESCRIBED.keys())


def operations(schema: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, found in schema["paths"].items():
        for method, operation in found.items():
            yield path, method, operation


@described
def test_each_operation_has_a_name_words_and_a_tag(schema: dict[str, Any]) -> None:
    names = Counter(operation["operationId"] for _, _, operation in operations(schema))
    assert [name for name, count in names.items() if count > 1] == []
    told = {tag["name"]: tag["description"] for tag in schema["tags"]}
    for path, method, operation in operations(schema):
        where = f"{method} {path}"
        assert operation["operationId"].isidentifier(), where
        assert operation["summary"], where
        assert len(operation["summary"]) < 120, where
        assert operation["description"], where
        assert " button" not in operation["description"], where
        (tag,) = operation["tags"]
        assert told[tag] != tag, where


@described
def test_each_parameter_and_field_is_described(schema: dict[str, Any]) -> None:
    parameters = [
        f"{parameter['name']} of {method} {path}"
        for path, method, operation in operations(schema)
        for parameter in operation.get("parameters", ())
        if not parameter.get("description")
    ]
    fields = [
        f"{name}.{field}"
        for name, model in schema["components"]["schemas"].items()
        for field, one in model.get("properties", {}).items()
        if not one.get("description")
    ]
    assert (parameters, fields) == ([], [])  # thai_chat/api/fields.py has those that mean the same everywhere


@described
def test_a_parameter_that_may_be_left_out_is_a_plain_value(schema: dict[str, Any]) -> None:
    for path, method, operation in operations(schema):
        for parameter in operation.get("parameters", ()):
            assert '"null"' not in json.dumps(parameter), f"{parameter['name']} of {method} {path}"
            if parameter["name"] in ("Idempotency-Key", "If-Match", "If-None-Match"):
                assert (parameter["in"], parameter["required"]) == ("header", False)
                assert parameter["schema"]["type"] == "string"
                assert parameter["schema"]["examples"]


def test_what_is_made_is_made_once_for_one_key() -> None:
    once = {
        path
        for path, method, operation in operations(DESCRIBED["accounts"])
        if method == "post" and any(one["name"] == "Idempotency-Key" for one in operation.get("parameters", ()))
    }
    session = "/api/sessions/{session_id}"
    assert once >= {
        *("/chat", "/api/operations-chat", "/api/sessions", "/api/chat/start", "/api/presets"),
        *(f"{session}/messages", f"{session}/branch", f"{session}/share"),
        *("/api/keys", "/api/invitations", "/api/webhooks"),
    }
    for path in ("/api/keys", "/api/invitations", "/api/webhooks", f"{session}/share"):
        answers = DESCRIBED["accounts"]["paths"][path]["post"]["responses"]
        assert "already_made" in answers["409"]["content"]["application/json"]["examples"]
        assert "key_reused" in answers["422"]["content"]["application/json"]["examples"]
    told = DESCRIBED["accounts"]["components"]["examples"]["already_made"]["value"]["error"]["message"]
    assert "{" not in told


@described
def test_what_a_request_has_is_refused_where_it_is_not_known(schema: dict[str, Any]) -> None:
    for path, method, operation in operations(schema):
        for content in operation.get("requestBody", {}).get("content", {}).values():
            if "$ref" in content["schema"]:
                model = schema["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]
                assert model["additionalProperties"] is False, f"{method} {path}"


@described
def test_each_example_is_as_its_schema_says(schema: dict[str, Any]) -> None:
    registry = Registry().with_resource("urn:api", Resource.from_contents(schema, default_specification=_dialect()))

    def wrong(pointer: str, example: object) -> list[str]:
        validator = Draft202012Validator(
            {"$ref": f"urn:api#{pointer}"}, registry=registry, format_checker=FormatChecker()
        )
        return [error.message for error in validator.iter_errors(example)]

    for name, model in schema["components"]["schemas"].items():
        examples = model.get("examples", [model.get("example")])
        for example in examples:
            assert wrong(f"/components/schemas/{name}", example) == [], name
    for code, example in schema["components"]["examples"].items():
        shape = "OpenAIError" if code.startswith("openai_") and "type" in example["value"]["error"] else "Error"
        assert wrong(f"/components/schemas/{shape}", example["value"]) == [], code
        said = example["value"]["error"]["code"]
        assert shape == "OpenAIError" or kind_of(said).code == said, code


def _dialect() -> Any:
    from referencing.jsonschema import DRAFT202012

    return DRAFT202012


@described
def test_each_refusal_has_the_status_of_its_codes(schema: dict[str, Any]) -> None:
    for path, method, operation in operations(schema):
        assert any(status < "400" for status in operation["responses"]), f"{method} {path}"
        for status, response in operation["responses"].items():
            assert response["description"], f"{status} of {method} {path}"
            assert "X-Request-Id" in response["headers"], f"{status} of {method} {path}"
            if status < "400":
                continue
            examples = response["content"]["application/json"]["examples"]
            assert examples, f"{status} of {method} {path}"
            for code in examples:
                if code not in _OF_THE_GATE and not is_openai_path(path):
                    assert str(status_of(kind_of(code))) == status, f"{code} of {method} {path}"


@described
def test_each_door_of_the_api_is_described(schema: dict[str, Any]) -> None:
    known = {(path, method.upper()) for path, method, _ in operations(schema)}
    for door in DOORS:
        if door.kind is not DoorKind.PRIVATE or door.path.startswith(_NO_ROUTE_OF_THE_API):
            continue
        for method in door.methods:
            path = door.path.replace(":path", "").replace(":uuid", "").rstrip("/")
            assert method in ("HEAD", "OPTIONS") or (path, method) in known, f"{method} {door.path}"


def test_who_may_come_is_told_where_people_have_accounts() -> None:
    schema = DESCRIBED["accounts"]
    levels = {door.path: door for door in DOORS}
    for path, method, operation in operations(schema):
        door = levels.get(path)
        if door and door.access_for(method.upper()) is not Access.ANYBODY:
            assert "401" in operation["responses"], f"{method} {path}"
    assert "securitySchemes" not in DESCRIBED["nobody"]["components"]


@described
def test_each_event_of_a_stream_has_a_schema(schema: dict[str, Any]) -> None:
    told = 0
    for path, method, operation in operations(schema):
        content = operation["responses"].get("200", {}).get("content", {})
        stream = content.get("text/event-stream")
        if stream and not is_openai_path(path):  # whose events are what model servers send
            told += 1
            for name, event in stream["schema"]["x-events"].items():
                assert event["$ref"].rpartition("/")[2] in schema["components"]["schemas"], f"{name} of {method} {path}"
    assert told >= 3
