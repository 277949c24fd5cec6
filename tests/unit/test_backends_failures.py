"""Every refusal and every foreign error becomes one of ours, and takes no text or key along."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import aiohttp
import httpx
import httpx2
import ollama
import openai
import orjson
import pytest

from thai_chat.backends.failures import failure, read_refusal, retry_after_s
from thai_chat.backends.ollama import errors as ollama_errors
from thai_chat.backends.openai_api import errors as openai_errors
from thai_chat.domain.backend_errors import (
    BackendDenied,
    BackendError,
    BackendFailed,
    BackendGarbled,
    BackendLoading,
    BackendTimeout,
    BackendUnreachable,
    ContextOverflow,
    EngineDead,
    ModelDenied,
    ModelNotFound,
    NoChatTemplate,
    NotOffered,
    QuotaExceeded,
    RateLimited,
    ReplyFiltered,
    UnsupportedParameter,
)

OVERFLOWS = [
    (
        "This model's maximum context length is 4096 tokens. However, you requested 5034 tokens (5024 in the messages, "
        "10 in the completion). Please reduce the length of the messages or completion.",
        {"limit": 4096, "prompt": 5024, "requested": 5034},
    ),
    (
        "This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens. "
        "Please reduce the length of the messages.",
        {"limit": 8192, "prompt": 9001, "requested": 9001},
    ),
    ("max_tokens must be at least 1, got -186.", {}),
    (
        "Input length (4100) exceeds model's maximum context length (4096).",
        {"limit": 4096, "prompt": 4100, "requested": 4100},
    ),
    (
        "'max_tokens' or 'max_completion_tokens' is too large: 2045. This model's maximum context length is 2048 "
        "tokens and your request has 8 input tokens (2045 > 2048 - 8).",
        {"limit": 2048, "prompt": 8, "requested": 2053},
    ),
    (
        "This model's maximum context length is 2048 tokens. However, your request has 8 input tokens plus 2045 "
        "'max_tokens'.",
        {"limit": 2048, "prompt": 8, "requested": 2053},
    ),
    (
        "request (5031 tokens) exceeds the available context size (4096 tokens), try increasing it",
        {"limit": 4096, "prompt": 5031, "requested": 5031},
    ),
    (
        "The prompt (total length 9000) is longer than the maximum model length of 4096.",
        {"limit": 4096, "prompt": 9000, "requested": 9000},
    ),
    (
        "This model's maximum context length is 4096 tokens. However, you requested 512 output tokens and your prompt "
        "contains at least 3585 input tokens, for a total of at least 4097 tokens.",
        {"limit": 4096, "prompt": 3585, "requested": 4097},
    ),
    (  # vLLM 0.32
        "This model's maximum context length is 1024 tokens. However, your prompt contains at least 1025 input tokens, "
        "which exceeds this limit even without any output tokens. Please reduce the length of the input prompt. "
        "(parameter=input_tokens, value=1025)",
        {"limit": 1024, "prompt": 1025, "requested": 1025},
    ),
    (
        "This model's maximum context length is 4097 tokens, however you requested 5000 tokens (1000 in your prompt; "
        "4000 for the completion). Please reduce your prompt; or completion length.",
        {"limit": 4097, "prompt": 1000, "requested": 5000},
    ),
    ("Your input exceeds the context window of this model. Please adjust your input and try again.", {}),
]


@pytest.mark.parametrize(("message", "figures"), OVERFLOWS)
@pytest.mark.parametrize("status", [400, 500])
def test_every_wording_of_an_overflow_is_known_with_its_figures(
    message: str, figures: dict[str, int], status: int
) -> None:
    enveloped = {"error": {"message": message, "type": "BadRequestError", "code": 400, "param": None}}
    bare = {"object": "error", "message": message, "type": "BadRequestError", "code": 400}
    for body in (enveloped, bare, {"error": message}, message):
        error = failure(read_refusal(status, body))
        assert isinstance(error, ContextOverflow), body
        assert error.params == figures


@pytest.mark.parametrize(
    ("status", "error", "expected", "params"),
    [
        (400, {"code": "context_length_exceeded", "message": "too long"}, ContextOverflow, {}),
        (401, {"message": "Incorrect API key provided: sk-secret"}, BackendDenied, {}),
        (403, {"message": "not allowed"}, BackendDenied, {}),
        (400, {"message": "Your organization must be verified to use the model `gpt-9`."}, ModelDenied, {}),
        (403, {"message": "Project `p` does not have access to model `x`", "code": "model_not_found"}, ModelDenied, {}),
        (402, {"message": "Insufficient Balance"}, QuotaExceeded, {}),
        (404, {"message": "The model `x` does not exist.", "code": "model_not_found"}, ModelNotFound, {}),
        (404, {"message": "The model `x` does not exist.", "type": "NotFoundError", "code": 404}, ModelNotFound, {}),
        (400, {"message": "invalid model", "code": "model_not_found"}, ModelNotFound, {}),
        (404, {"message": "Not Found"}, BackendFailed, {"status": 404}),
        (429, {"message": "slow down"}, RateLimited, {}),
        (429, {"message": "You exceeded your current quota", "code": "insufficient_quota"}, QuotaExceeded, {}),
        (
            400,
            {"message": "Use 'max_completion_tokens'", "code": "unsupported_parameter", "param": "max_tokens"},
            UnsupportedParameter,
            {"param": "max_tokens", "refused": "name"},
        ),
        (  # vLLM 0.32
            400,
            {
                "message": "1 validation error:\n  {'type': 'float_parsing', 'loc': 'body.temperature', 'msg': '...'}",
                "type": "Bad Request",
                "param": "body.temperature",
                "code": 400,
            },
            UnsupportedParameter,
            {"param": "temperature", "refused": "value"},
        ),
        (
            400,
            {"message": "Only the default (1)", "code": "unsupported_value", "param": "temperature"},
            UnsupportedParameter,
            {"param": "temperature", "refused": "name"},
        ),
        (
            400,
            {"message": "Unsupported parameter: 'reasoning.effort' is not supported with this model."},
            UnsupportedParameter,
            {"param": "reasoning.effort", "refused": "name"},
        ),
        (
            400,
            {"message": "Unrecognized request argument supplied: stream_options"},
            UnsupportedParameter,
            {"param": "stream_options", "refused": "name"},
        ),
        (
            400,
            {"message": "'minimal' is not supported", "code": "unsupported_value", "param": "reasoning_effort"},
            UnsupportedParameter,
            {"param": "reasoning_effort", "refused": "value"},
        ),
        (
            400,
            {
                "message": "temperature must be non-negative",
                "type": "BadRequestError",
                "param": "temperature",
                "code": 400,
            },
            UnsupportedParameter,
            {"param": "temperature", "refused": "value"},
        ),
        (
            400,
            {"message": "bad roles", "type": "BadRequestError", "param": "messages", "code": 400},
            BackendFailed,
            {"status": 400},
        ),
        (
            400,
            {"message": "[{'type': 'extra_forbidden', 'loc': ('body', 'top_k'), 'msg': 'Extra inputs'"},
            UnsupportedParameter,
            {"param": "top_k", "refused": "name"},
        ),
        (
            400,
            {"message": "thinking_token_budget is set but reasoning_config is not configured."},
            UnsupportedParameter,
            {"param": "thinking_token_budget", "refused": "name"},
        ),
        (
            400,
            {"message": "Field 'top_k': [json.exception.type_error.302] type must be number, but is string"},
            UnsupportedParameter,
            {"param": "top_k", "refused": "value"},
        ),
        (404, {"message": "This model is only supported in v1/responses"}, NotOffered, {"api": "responses"}),
        (
            404,
            {"message": "This is not a chat model and thus not supported in the v1/chat/completions endpoint."},
            NotOffered,
            {"api": "responses"},
        ),
        (
            400,
            {"message": "As of transformers v4.44, default chat template is no longer allowed, so you must provide a"},
            NoChatTemplate,
            {},
        ),
        (400, {"message": "Cannot use chat template: tokenizer.chat_template is not set"}, NoChatTemplate, {}),
        (400, {"message": "The response was filtered", "code": "content_filter", "param": "prompt"}, ReplyFiltered, {}),
        (500, {"message": "EngineCore encountered an issue. See stack trace (above)."}, EngineDead, {}),
        (503, {"message": "Loading model", "type": "unavailable_error", "code": 503}, BackendLoading, {}),
        (503, {"message": "engine is dead"}, EngineDead, {}),
        (503, {"message": "busy"}, BackendFailed, {"status": 503}),
        (500, {"message": "oops"}, BackendFailed, {"status": 500}),
        (400, {"message": "no"}, BackendFailed, {"status": 400}),
        (418, {}, BackendFailed, {"status": 418}),
    ],
)
def test_a_refusal_becomes_the_error_it_stands_for(
    status: int, error: dict[str, Any], expected: type[BackendError], params: dict[str, str | int]
) -> None:
    given = failure(read_refusal(status, {"error": error}))
    assert type(given) is expected
    assert given.params == params


def test_what_the_server_wrote_goes_no_further_than_the_translator() -> None:
    given = failure(read_refusal(401, {"error": {"message": "Incorrect API key provided: sk-secret, บอกความลับ"}}))
    assert "sk-secret" not in f"{given} {given.params}"
    assert "ความลับ" not in f"{given} {given.params}"


@pytest.mark.parametrize(
    "body", [None, [], 5, "", "<html>502 Bad Gateway</html>", {"detail": "Not Found"}, {"error": 5}]
)
def test_a_body_of_any_shape_can_be_read(body: object) -> None:
    assert type(failure(read_refusal(502, body))) is BackendFailed


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("1.5", 1.5),
        ("-3", 0.0),
        ("Fri, 20 Nov 2026 10:00:30 GMT", 30.0),
        ("Fri, 20 Nov 2026 09:00:00 GMT", 0.0),
        ("soon", None),
        ("Fri, 20 Nov 99999999999999999999 10:00:00 GMT", None),
        ("Fri, 31 Feb 2026 10:00:00 GMT", None),
        ("Fri, 20 Nov 2026 10:00:00 +9999", None),
        ("1e999", None),
        ("1e300", 86_400.0),
        ("Fri, 20 Nov 9999 10:00:00 GMT", 86_400.0),
        ("๗", 7.0),
        ("nan", None),
        ("inf", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(header: str | None, seconds: float | None) -> None:
    assert retry_after_s(header, datetime(2026, 11, 20, 10, 0, tzinfo=UTC)) == seconds


def _exceptions(module: ModuleType) -> list[type[Exception]]:
    """Return the errors that the library raises, without what concerns only a jar of cookies, which our clients do not
    have."""
    # By their type: to ask what a proxy of the library's is would import all of it.
    found = {value for value in vars(module).values() if type(value) is type and issubclass(value, Exception)}
    found = {
        kind for kind in found if kind.__module__.startswith(module.__name__) and kind.__name__ != "CookieConflict"
    }
    return sorted(found, key=lambda kind: kind.__name__)


def _instance(kind: type[Exception]) -> Exception:
    """Return an instance without the arguments that only the library knows."""
    error = kind.__new__(kind)
    if isinstance(error, openai.APIStatusError):
        error.status_code = getattr(kind, "status_code", 500)
        error.body = {"message": "x"}
        error.response = httpx2.Response(error.status_code)
    if isinstance(error, ollama.ResponseError):
        error.status_code, error.error = 500, "x"
    return error


def _is_ours(translated: type[BackendError] | BackendError | None) -> bool:
    kind = translated if isinstance(translated, type) else type(translated)
    return issubclass(kind, BackendError)


AIOHTTP = [kind for kind in _exceptions(aiohttp) if issubclass(kind, aiohttp.ClientError | OSError)]
OPENAI = [*_exceptions(openai), *_exceptions(openai._exceptions), *_exceptions(httpx2), *AIOHTTP]
OLLAMA = [ollama.ResponseError, ollama.RequestError, json.JSONDecodeError, *_exceptions(httpx), *AIOHTTP]


@pytest.mark.parametrize(
    "kind", dict.fromkeys([*OPENAI, ConnectionError, TimeoutError]), ids=lambda kind: kind.__name__
)
def test_every_exception_of_the_openai_client_and_of_what_is_below_is_translated(kind: type[Exception]) -> None:
    assert _is_ours(openai_errors.translate(_instance(kind)))


@pytest.mark.parametrize(
    "kind", dict.fromkeys([*OLLAMA, ConnectionError, TimeoutError]), ids=lambda kind: kind.__name__
)
def test_every_exception_of_the_ollama_client_and_of_what_is_below_is_translated(kind: type[Exception]) -> None:
    assert _is_ours(ollama_errors.translate(_instance(kind)))


@pytest.mark.parametrize("translate", [openai_errors.translate, ollama_errors.translate])
def test_time_outs_are_told_from_connections_that_were_closed(translate: Any) -> None:
    assert translate(TimeoutError()) is BackendTimeout
    closed = httpx.ConnectTimeout("") if translate is ollama_errors.translate else httpx2.ConnectTimeout("")
    closed.__cause__ = aiohttp.ServerDisconnectedError()
    assert translate(closed) is BackendUnreachable
    slow = httpx.ReadTimeout("") if translate is ollama_errors.translate else httpx2.ReadTimeout("")
    slow.__cause__ = aiohttp.SocketTimeoutError()
    assert translate(slow) is BackendTimeout


@pytest.mark.parametrize("translation", [openai_errors.translation, ollama_errors.translation])
def test_cancellation_bugs_and_our_own_errors_pass_through(translation: Any) -> None:
    with pytest.raises(asyncio.CancelledError), translation(backend="vllm"):
        raise asyncio.CancelledError
    with pytest.raises(ZeroDivisionError), translation(backend="vllm"):
        raise ZeroDivisionError
    with pytest.raises(BackendGarbled) as caught, translation(backend="vllm", model="m"):
        raise BackendGarbled("x")
    assert caught.value.params == {"backend": "vllm", "model": "m"}


def test_a_body_that_is_no_json_is_garbage() -> None:
    with pytest.raises(BackendGarbled) as caught, openai_errors.translation(backend="vllm"):
        orjson.loads(b"<html>")
    assert isinstance(caught.value.__cause__, orjson.JSONDecodeError)
