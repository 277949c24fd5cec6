"""The bodies of OpenAI's Responses API, streamed and whole, as its reference has them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from tests.standins.script import Script
from tests.standins.server import as_json

ERROR = (
    b'event: error\ndata: {"type":"error","sequence_number":9,"code":"server_error","message":"The server had an error '
    b'processing your request.","param":null}\n\n'
)
_PARTS = 2
"""Summaries come in parts: one for each thought."""


@lru_cache(maxsize=256)
def frames(script: Script, model: str, prompt: int, summarises: bool) -> tuple[tuple[bytes, ...], bytes]:
    """Return the pieces of the answer, and what ends it. Without a summary the thinking takes its time in silence."""
    head = _event("response.created", response=_response(script, model, "in_progress"))
    head += _event("response.in_progress", response=_response(script, model, "in_progress"))
    pieces = []
    for at, thought in enumerate(script.reasoning):
        piece = ""
        if summarises:
            part = min(at, _PARTS - 1)
            if at < _PARTS:
                piece += _event("response.reasoning_summary_part.added", summary_index=part, output_index=0)
            piece += _event("response.reasoning_summary_text.delta", summary_index=part, delta=thought)
        pieces.append(piece or ": thinking\n\n")
    pieces += [
        _event("response.output_text.delta", output_index=1, content_index=0, delta=text) for text in script.tokens
    ]
    sent = [piece.encode() for piece in pieces]
    if sent:
        sent[0] = head.encode() + sent[0]
    status = _status(script)
    body = whole(script, model, prompt, summarises)
    end = _event("response.output_text.done", output_index=1, content_index=0, text=script.text)
    end += _event(f"response.{status}", response=body)
    return tuple(sent), (end if sent else head + end).encode()


def whole(script: Script, model: str, prompt: int, summarises: bool) -> dict[str, Any]:
    output: list[dict[str, Any]] = []
    if script.reasoning:
        parts = (script.reasoning[:1], script.reasoning[1:])
        summary = [{"type": "summary_text", "text": "".join(part)} for part in parts if part]
        output.append({"type": "reasoning", "id": "rs_standin", "summary": summary if summarises else []})
    if script.tokens:
        content = [{"type": "output_text", "text": script.text, "annotations": []}]
        message = {"type": "message", "id": "msg_standin", "status": "completed", "role": "assistant"}
        output.append(message | {"content": content})
    completion = len(script.reasoning) + len(script.tokens)
    thinking = len(script.reasoning) if script.reasoning_tokens is None else script.reasoning_tokens
    return _response(script, model, _status(script)) | {
        "output": output,
        "usage": {
            "input_tokens": prompt,
            "input_tokens_details": {"cached_tokens": script.cached_tokens},
            "output_tokens": completion,
            "output_tokens_details": {"reasoning_tokens": thinking},
            "total_tokens": prompt + completion,
        },
    }


def _status(script: Script) -> str:
    if script.failed_code:
        return "failed"
    return "completed" if script.finish_reason == "stop" else "incomplete"


def _response(script: Script, model: str, status: str) -> dict[str, Any]:
    reason = {"length": "max_output_tokens"}.get(script.finish_reason, script.finish_reason)
    return {
        "id": "resp_standin",
        "object": "response",
        "created_at": 1_700_000_000,
        "model": model,
        "status": status,
        "error": {"code": script.failed_code, "message": "It failed."} if status == "failed" else None,
        "incomplete_details": {"reason": reason} if status == "incomplete" else None,
        "output": [],
    }


def _event(kind: str, **fields: object) -> str:
    return f"event: {kind}\ndata: {as_json({'type': kind, 'sequence_number': 1, **fields})}\n\n"
