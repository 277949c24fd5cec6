"""One form of errors at every door, ours and Gradio's: wrong methods, bodies, types, names and sizes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, get_args
from uuid import uuid4

import httpx
import pytest
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.routing import BaseRoute
from starlette.types import Scope

from tests.accounts import make_account
from tests.api.conftest import Chat
from tests.api.test_heads import filled, served
from tests.api.test_walk import Walk, walk
from thai_chat import texts
from thai_chat.api.app import SESSIONS_TOO, build_app
from thai_chat.api.errors import retry_after, status_of
from thai_chat.api.openai_door import errors as openai_errors
from thai_chat.domain.error_tree import kinds
from thai_chat.domain.people import PersonRole
from thai_chat.domain.retrying import retry_after_s
from thai_chat.gate.doors import DOORS, RUN, DoorKind, door_of
from thai_chat.gate.refusals import is_refusal, refusal

__all__ = ("served", "walk")
OWN_SHAPE = ("/v1/",)
"""Doors whose errors have another form, which their own tests look at."""
ENDING = {("DELETE", "/api/me"), ("DELETE", "/api/me/sign-ins"), ("POST", "/api/sign-out")}
"""Whoever goes by them is not known at the next door."""
JSON = "application/json"
BODIES: tuple[tuple[str, bytes], ...] = (
    (JSON, b"{"),
    (JSON, b"[]"),
    (JSON, b"\xff\xfe"),
    (JSON, b'{"\\ud800": 1}'),
    (JSON, b"[" * 30_000),
    ("text/plain", b'{"query": "x"}'),
    ("multipart/form-data", b"query=x"),
)


def is_shaped(answer: httpx.Response) -> bool:
    error = answer.json()["error"]
    return (
        answer.headers["content-type"] == JSON
        and {"code", "message"} <= error.keys() <= {"code", "message", "param", "what"}
        and all(isinstance(said, str) and said for said in error.values())
    )


def steps() -> Iterator[tuple[str, str]]:
    for door in DOORS:
        if not door.path.startswith((*OWN_SHAPE, *SESSIONS_TOO)) and door.kind is not DoorKind.SHARED:
            told = [method for method in door.methods if method != "HEAD" and (method, door.path) not in ENDING]
            yield from ((method, door.path) for method in told)


@pytest.mark.asyncio(loop_scope="module")
async def test_no_body_makes_an_error_of_another_form(walk: Walk) -> None:
    boss = await make_account(walk.accounts, password=None, role=PersonRole.ADMINISTRATOR)
    mine = await walk.cookie(boss)
    errors = 0
    for method, door in steps():
        for kind, body in BODIES if method != "GET" else BODIES[:1]:
            headers = {**mine, "Content-Type": kind}
            answer = await walk.http.request(method, filled(door, {}), content=body, headers=headers)
            assert answer.status_code < 500, f"{method} {door} {body[:20]!r}"
            if answer.status_code >= 400:
                assert is_shaped(answer), f"{method} {door} {body[:20]!r}: {answer.text[:200]}"
                errors += 1
    assert errors > 200


@pytest.mark.asyncio(loop_scope="module")
async def test_a_body_that_is_announced_too_large_is_refused_in_the_one_form(walk: Walk) -> None:
    mine = await walk.cookie(walk.owner)
    for method, door in steps():
        if method in ("POST", "PUT", "PATCH"):
            headers = {**mine, "Content-Length": str(10**18)}
            answer = await walk.http.request(method, filled(door, {}), headers=headers)
            assert answer.status_code == 413, f"{method} {door}"
            assert is_shaped(answer)


async def test_files_and_gradios_routes_answer_errors_in_the_one_form(served: httpx.AsyncClient) -> None:
    ranges: tuple[dict[str, str], ...] = ({}, {"Range": "bytes=99999999-"}, {"Range": "bytes=x"})
    for path in (
        *("/static/nothing.js", "/static/%00", "/static/", "/static/img", "/static/..%2fx"),
        *("/assets/x", "/assets/", "/assets/..%2f..%2fetc/passwd", "/ui-static/000000000000/x.js", "/ui-static/x/%ff"),
        *("/docs-static/x", "/docs-static/%00", "/docs-static/", "/docs-static/..%2f..%2fx", "/favicon.ico"),
    ):
        for asked in ranges:
            answer = await served.get(path, headers=asked)
            if path != "/favicon.ico" or asked:
                assert answer.status_code in (400, 404, 416), f"{path} {asked}"
                assert is_shaped(answer), f"{path} {asked}: {answer.text}"
    for kind in (JSON, "text/plain"):
        for body in (b"{", b"[]", b'{"data": [{}], "fn_index": 0}'):
            answer = await served.post(RUN, content=body, headers={"Content-Type": kind})
            assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_event")
    unnamed = await served.post(RUN, content=b'{"data": [], "fn_index": 0}')
    assert (unnamed.status_code, unnamed.json()["error"]["code"]) == (400, "bad_event")


async def test_a_wrong_method_is_told_which_are_right(served: httpx.AsyncClient) -> None:
    for door in DOORS:
        if door.kind is DoorKind.EMBED or door.path.startswith(SESSIONS_TOO):
            continue  # which is not there where the page is embedded nowhere, and the same routes again
        for method in {"GET", "HEAD", "POST", "PUT", "DELETE", "TRACE"} - set(door.methods):
            answer = await served.request(method, filled(door.path, {}))
            assert answer.status_code == 405, f"{method} {door.path}"
            assert answer.headers["allow"].split(", ") == [*door.methods, "OPTIONS"]
            assert method == "HEAD" or door.path.startswith(OWN_SHAPE) or is_shaped(answer)


def routes(found: list[BaseRoute]) -> Iterator[APIRoute]:
    for route in found:
        if (included := getattr(route, "original_router", None)) is not None:
            yield from routes(included.routes)
        elif isinstance(route, APIRoute):
            yield route


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        for field in annotation.model_fields.values():
            yield from models_in(field.annotation)
    for part in get_args(annotation):
        yield from models_in(part)


async def test_every_model_of_a_body_refuses_what_it_does_not_know(chat: Chat) -> None:
    taken = [route for route in routes(build_app(chat.service).routes) if route.body_field is not None]
    models = {model for route in taken for model in models_in(route.body_field.field_info.annotation)}  # type: ignore[union-attr]
    open_ones = {model.__name__ for model in models if model.model_config.get("extra") != "forbid"}
    assert len(models) > 20
    assert open_ones == set()


@pytest.mark.asyncio(loop_scope="module")
async def test_an_unknown_field_is_named_at_every_door_that_takes_a_body(walk: Walk) -> None:
    mine = await walk.cookie(walk.owner)
    described = (await walk.http.get("/openapi.json", headers=mine)).json()
    asked = 0
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            if JSON not in operation.get("requestBody", {}).get("content", {}) or path.startswith(OWN_SHAPE):
                continue
            if path == "/api/me/identities":
                continue  # which comes with an OpenID provider
            address = filled(path, {"kind": "roles", "invitation_id": str(uuid4())})
            door = door_of(address)
            assert door
            answer = await walk.http.request(method, address, json={"modle": 1, "<b>": 1}, headers=mine)
            assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_input"), f"{method} {path}"
            assert "<b>, modle" in answer.json()["error"]["message"], f"{method} {path}"
            asked += 1
    assert asked > 20


async def test_ever_so_many_unknown_fields_make_a_short_answer(chat: Chat) -> None:
    body = {f"{number:06}{'x' * 300}": 1 for number in range(3_000)}
    answer = await chat.http.post("/chat", json={"query": "x", **body})
    assert answer.status_code == 400
    assert len(answer.content) < 1_000


def test_every_error_that_passes_by_itself_says_when_to_ask_again() -> None:
    told: Mapping[str, object] = {"retry_after_s": 30.2}
    for kind in kinds():
        waits = status_of(kind) in (429, 503) or kind.code == "reply_running"
        assert bool(retry_after(kind, {})) == waits, kind
        if status_of(kind) in (429, 503):
            assert retry_after_s(kind, status_of(kind), told) == 31
        for path in ("/api/sessions", "/v1/models"):
            scope: Scope = {"type": "http", "path": path, "headers": []}
            error = kind(what="requests_minute", limit=1, allowed="GET")
            answers = [openai_errors.response(error, status_of(kind), "en")]
            answers += [refusal(error, scope)] if is_refusal(error) else []
            for answer in answers:
                if answer.status_code in (429, 503):
                    assert int(answer.headers["retry-after"]) > 0, f"{kind} {path}"


BUTTONS = re.compile(
    r"\b(?:press|button|click|tap|drag|menu|panel|reload|tab|screen)\w*\b|ปุ่ม|กด|คลิก|แตะ|เมนู|แท็บ|หน้าจอ", re.IGNORECASE
)


def test_what_programs_are_told_speaks_of_no_button() -> None:
    spoken = {
        code: said
        for group in (
            texts.ERRORS,
            texts.ACCOUNT_ERRORS,
            texts.LIMIT_ERRORS,
            texts.OPENID_ERRORS,
            texts.NOTICES,
            texts.REFUSALS,
            texts.SHARE_ERRORS,
        )
        for code, said in group.items()
        if any(BUTTONS.search(text) for text in said)
    }
    assert spoken == {}
    for kind in kinds():
        for language in texts.LANGUAGES:
            assert not BUTTONS.search(texts.text(kind.code, language)), kind
