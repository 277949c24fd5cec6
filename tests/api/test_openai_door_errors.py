"""Errors below `/v1`: OpenAI's form, and the class that the official client raises for each."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import openai
import pytest

from tests.api.programs import ASK, MODEL, Programs, programs
from tests.standins.script import Script, openai_error, thai_tokens
from thai_chat.api.openai_door import bodies

ENGLISH = {"Accept-Language": "en"}


@pytest.fixture
async def app() -> AsyncIterator[Programs]:
    async with programs() as app:
        yield app


async def raised(app: Programs, model: str = MODEL, **more: object) -> openai.APIStatusError:
    with pytest.raises(openai.APIStatusError) as caught:
        await app.client(**ENGLISH).chat.completions.create(model=model, messages=ASK, **more)  # type: ignore[call-overload]
    return caught.value


@pytest.mark.parametrize(
    ("script", "kind", "code", "param"),
    [
        (
            openai_error(400, "no such voice", code="bad_voice", param="voice"),
            openai.BadRequestError,
            "bad_voice",
            "voice",
        ),
        (Script(overflow="openai"), openai.BadRequestError, "context_length_exceeded", None),
        (openai_error(404, "gone", code="model_not_found"), openai.NotFoundError, "model_not_found", "model"),
        (
            openai_error(401, "Incorrect API key provided: sk-wr***ong."),
            openai.InternalServerError,
            "backend_denied",
            None,
        ),
        (openai_error(500, "boom"), openai.InternalServerError, "backend_failed", None),
    ],
    ids=["refused", "overflow", "no-model", "denied", "failed"],
)
async def test_what_a_server_answers_raises_the_right_class(
    app: Programs, script: Script, kind: type[openai.APIStatusError], code: str, param: str | None
) -> None:
    app.standin.script = script
    app.standin.models["thai-model"] = 4
    for stream in (False, True):
        error = await raised(app, stream=stream)
        assert (type(error), error.code) == (kind, code)
        assert param is None or error.param == param
        assert "sk-" not in str(error)


async def test_a_servers_own_words_on_a_request_are_passed_on(app: Programs) -> None:
    app.standin.script = openai_error(422, "`temperature` must be below 2", code="too_hot", param="temperature")
    error = await raised(app, temperature=3)
    assert "`temperature` must be below 2" in error.message
    assert (error.code, error.param) == ("too_hot", "temperature")


@pytest.mark.parametrize("name", ["gpt-4o", "nobody/has-this"])
async def test_a_model_that_nobody_has_is_not_found(app: Programs, name: str) -> None:
    error = await raised(app, model=name)
    assert isinstance(error, openai.NotFoundError)
    assert (error.code, error.param, error.type) == ("model_not_found", "model", "invalid_request_error")
    with pytest.raises(openai.NotFoundError):
        await app.client().models.retrieve(name)
    assert app.standin.seen == []


async def test_a_server_that_says_when_to_come_back_is_asked_again_then(app: Programs) -> None:
    app.standin.script = openai_error(429, "slow down", code="rate_limit_exceeded", retry_after="120")
    error = await raised(app)
    assert isinstance(error, openai.RateLimitError)
    assert error.code == "rate_limit_exceeded"
    assert 0 < int(error.response.headers["retry-after"]) <= 120


@pytest.mark.parametrize(
    ("content", "status", "code", "param"),
    [
        (b"{", 400, "bad_input", None),
        (b"[1]", 400, "not_an_object", None),
        (b"{}", 400, "bad_input", "model"),
        (b'{"model": 5, "messages": []}', 400, "bad_input", "model"),
        (b'{"model": "thai-model", "stream": "yes"}', 400, "bad_input", "stream"),
        (b"[" + b"1," * (bodies._MOST_VALUES + 1) + b"1]", 400, "too_many_values", None),
        (b'{"model": "' + b"x" * 32_000_000 + b'"}', 413, "body_too_large", None),
    ],
    ids=["half", "list", "no-model", "number", "stream", "many", "large"],
)
async def test_a_body_that_is_none_is_refused(
    app: Programs, content: bytes, status: int, code: str, param: str | None
) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await app.http.post("/v1/chat/completions", content=content, headers=headers)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (status, code, param)
    assert set(error) == {"message", "type", "param", "code"}


async def test_the_gate_refuses_in_openais_form_too(app: Programs) -> None:
    for method, path, headers, status, code in (
        ("GET", "/v1/nothing", {}, 404, "unknown_url"),
        ("GET", "/v1", {}, 404, "unknown_url"),
        ("PUT", "/v1/models", {"Accept": "text/html"}, 405, "http_405"),
        ("GET", "/v1/models", {"Host": "foreign.example"}, 400, "foreign_host"),
        ("POST", "/v1/embeddings", {"Origin": "https://foreign.example"}, 403, "foreign_site"),
        ("POST", "/v1/chat/completions", {"Sec-Fetch-Site": "cross-site"}, 403, "foreign_site"),
    ):
        answer = await app.http.request(method, path, headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), path
        assert set(answer.json()["error"]) == {"message", "type", "param", "code"}


@pytest.mark.parametrize("fault", ["drop", "end", "error", "garbage"])
async def test_a_stream_that_breaks_ends_with_an_error(app: Programs, fault: str) -> None:
    app.standin.script = Script(tokens=thai_tokens(9), fault=fault, fault_after=4)  # type: ignore[arg-type]
    parts: list[str] = []
    with pytest.raises(openai.APIError) as caught:
        await _read(app, parts)
    assert "".join(parts) == "".join(app.standin.script.tokens[:4])
    assert caught.value.code in ("reply_cut", "backend_failed", "backend_garbled")
    assert "is kept" not in caught.value.message
    text = (await app.http.post("/v1/chat/completions", json={"model": MODEL, "messages": ASK, "stream": True})).text
    assert "[DONE]" not in text
    last = json.loads(text.strip().splitlines()[-1].removeprefix("data: "))
    assert set(last["error"]) == {"message", "type", "param", "code"}


async def _read(app: Programs, parts: list[str]) -> None:
    async for part in await app.client(**ENGLISH).chat.completions.create(model=MODEL, messages=ASK, stream=True):
        parts.append(part.choices[0].delta.content or "")


async def test_nothing_is_streamed_where_nothing_streams(app: Programs) -> None:
    answer = await app.http.post("/v1/embeddings", json={"model": MODEL, "input": "x", "stream": True})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "stream")
