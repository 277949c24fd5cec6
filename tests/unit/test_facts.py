"""The facts of a reply, in the row's metadata and out of it."""

from __future__ import annotations

import ast
import random
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest

from thai_chat.domain.events import Notice
from thai_chat.domain.fact_values import (
    MOST_READ,
    ContextUsed,
    Precision,
    Rating,
    ReplyError,
    Vote,
)
from thai_chat.domain.facts import (
    ReplyFacts,
)
from thai_chat.domain.json_types import JsonObject, JsonValue
from thai_chat.domain.messages import Choice

REPLY_ID = UUID("0199a1b2-0000-7000-8000-000000000002")
RATED_AT = datetime(2026, 11, 29, 4, tzinfo=UTC)
VLLM, OLLAMA = Choice("vllm", "typhoon"), Choice("ollama", "qwen3:8b")
WHOLE = ReplyFacts(
    finish_reason="stop",
    asked=VLLM,
    answered_by=OLLAMA,
    reason="backend_failed",
    continues=REPLY_ID,
    begun_by=(VLLM, OLLAMA),
    context_used=ContextUsed(messages_sent=4, messages_left_out=2, estimated_tokens=90, context_window=2048),
    options={"temperature": 0.7, "stop": ["จบ"]},
    tokens=Precision.EXACT,
    prompt_tokens=Precision.ESTIMATED,
    reasoning_tokens=Precision.ESTIMATED,
    cached_tokens=64,
    cost=Precision.EXACT,
    cost_thb=0.0137,
    reasoning="คิดก่อนตอบ",
    notices=(Notice("answered_by_other", {"asked": "vllm", "reason": "backend_failed"}), Notice("answer_not_streamed")),
    error=ReplyError("reply_cut", {"backend": "vllm", "seconds": 3}),
    audio_files=("เสียง.wav",),
    function_calls=({"name": "weather", "arguments": {}},),
    beside=REPLY_ID,
    reasoning_ms=1200,
    fingerprint="0f3c",
    rating=Rating(value=-1, reason="ปีผิด", tags=("wrong",), rated_at=RATED_AT),
    vote=Vote(over=(REPLY_ID,), reason="สั้น", at=RATED_AT),
    purged=False,
    others={"ของเรา": [1, None]},
)
METADATA: JsonObject = {
    "finish_reason": "stop",
    "asked": {"backend": "vllm", "model": "typhoon"},
    "answered_by": {"backend": "ollama", "model": "qwen3:8b"},
    "reason": "backend_failed",
    "continues": str(REPLY_ID),
    "begun_by": [{"backend": "vllm", "model": "typhoon"}, {"backend": "ollama", "model": "qwen3:8b"}],
    "context_used": {"messages_sent": 4, "messages_left_out": 2, "estimated_tokens": 90, "context_window": 2048},
    "options": {"temperature": 0.7, "stop": ["จบ"]},
    "tokens": "exact",
    "prompt_tokens": "estimated",
    "reasoning_tokens": "estimated",
    "cached_tokens": 64,
    "cost": "exact",
    "cost_thb": 0.0137,
    "reasoning": "คิดก่อนตอบ",
    "notices": [
        {"code": "answered_by_other", "asked": "vllm", "reason": "backend_failed"},
        {"code": "answer_not_streamed"},
    ],
    "error": {"code": "reply_cut", "backend": "vllm", "seconds": 3},
    "audio_files": ["เสียง.wav"],
    "function_calls": [{"name": "weather", "arguments": {}}],
    "beside": str(REPLY_ID),
    "fingerprint": "0f3c",
    "reasoning_ms": 1200,
    "rating": {"value": -1, "reason": "ปีผิด", "tags": ["wrong"], "rated_at": "2026-11-29T04:00:00+00:00"},
    "vote": {"over": [str(REPLY_ID)], "reason": "สั้น", "at": "2026-11-29T04:00:00+00:00"},
    "purged": False,
    "ของเรา": [1, None],
}
"""The metadata that clients and rows have had from the beginning: the names are a promise."""
NAMES = [one.name for one in fields(ReplyFacts) if one.name != "others"]


def as_json(value: object) -> Any:
    return orjson.loads(orjson.dumps(value))


def test_all_facts_have_their_names_in_the_metadata() -> None:
    assert all(getattr(WHOLE, name) is not None for name in NAMES)
    assert as_json(WHOLE.to_metadata()) == METADATA


def test_all_facts_come_back() -> None:
    read = ReplyFacts.from_metadata(METADATA)
    assert replace(read, audio_files=WHOLE.audio_files, function_calls=WHOLE.function_calls) == WHOLE
    assert as_json(read.to_metadata()) == METADATA


@pytest.mark.parametrize("name", NAMES)
def test_a_fact_that_is_not_known_stands_for_no_key(name: str) -> None:
    metadata = replace(WHOLE, **{name: None}).to_metadata()
    assert as_json(metadata) == {key: value for key, value in METADATA.items() if key != name}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "junk", [None, True, -1, 1e300, "x", "ก" * 40, [], [[]], [None, 5], {}, {"code": 5}, {"a": {}}]
)
def test_junk_is_not_understood_and_given_back_as_it_came(name: str, junk: JsonValue) -> None:
    metadata = {**METADATA, name: junk}
    facts = ReplyFacts.from_metadata(metadata)
    assert as_json(facts.to_metadata()) == metadata
    for other in NAMES:
        if other != name:
            assert getattr(facts, other) == getattr(ReplyFacts.from_metadata(METADATA), other)


@pytest.mark.parametrize("metadata", [None, [], "x", 5])
def test_metadata_that_is_no_object_has_no_facts(metadata: Any) -> None:
    assert ReplyFacts.from_metadata(metadata) == ReplyFacts()


def test_a_fact_that_is_changed_goes_over_what_came() -> None:
    came: JsonObject = {"finish_reason": 5, "asked": {"backend": "a", "model": "b", "more": 1}, "tokens": "exact"}
    facts = ReplyFacts.from_metadata(came)
    assert (facts.finish_reason, facts.asked) == (None, Choice("a", "b"))
    assert replace(facts, tokens=None).to_metadata() == {name: came[name] for name in ("finish_reason", "asked")}
    changed = replace(facts, finish_reason="stop", asked=VLLM).to_metadata()
    assert changed == {"finish_reason": "stop", "asked": {"backend": "vllm", "model": "typhoon"}, "tokens": "exact"}
    assert replace(facts, asked=None).to_metadata() == {"finish_reason": 5, "tokens": "exact"}


def test_any_metadata_comes_back_as_it_was() -> None:
    chance = random.Random(12)
    for _ in range(3_000):
        metadata = {name: odd(chance, 4) for name in chance.sample([*NAMES, "x", "", "ก"], k=6)}
        facts = ReplyFacts.from_metadata(metadata)
        assert as_json(facts.to_metadata()) == metadata
        assert ReplyFacts.from_metadata(facts.to_metadata()) == facts


def odd(chance: random.Random, depth: int) -> JsonValue:
    """Return any JSON value, often near to what a fact is made of."""
    near = [METADATA[name] for name in NAMES]
    kinds = ["scalar", "near", "list", "object"] if depth else ["scalar"]
    match chance.choice(kinds):
        case "near":
            return chance.choice(near)
        case "list":
            return [odd(chance, depth - 1) for _ in range(chance.randrange(4))]
        case "object":
            names = ["backend", "model", "code", "messages_sent", "exact_tokens", "fetchable", "x"]
            return {name: odd(chance, depth - 1) for name in chance.sample(names, k=3)}
        case _:
            return chance.choice([None, True, False, 0, 2**60, -0.5, "", "stop", "exact", "ก้", str(REPLY_ID)])


def test_what_a_file_repeats_without_end_is_read_a_few_times_and_kept_whole() -> None:
    many: JsonObject = {"notices": [{"code": "x"}] * 30_000, "begun_by": [METADATA["asked"]] * 30_000}
    facts = ReplyFacts.from_metadata(many)
    assert facts.to_metadata() == many
    assert len(facts.notices or ()) == MOST_READ


def test_who_began_a_reply_is_kept_whatever_an_import_knew_of_them() -> None:
    begun_by: JsonValue = [{"backend": "claude", "model": None}, *[{"backend": "ollama", "model": "qwen"}] * 80]
    facts = ReplyFacts.from_metadata({"begun_by": begun_by})
    assert (facts.begun_by or ())[0] == Choice("claude", "")
    assert ReplyFacts(begun_by=facts.begun_by).to_metadata() == {"begun_by": begun_by}


def test_a_merge_of_metadata_is_a_merge_of_facts() -> None:
    before = ReplyFacts(context_used=WHOLE.context_used, reasoning="คิด", others={"x": 1})
    merged = {**before.to_metadata(), **ReplyFacts(reasoning="คิดแล้ว", finish_reason="stop").to_metadata()}
    assert ReplyFacts.from_metadata(merged) == replace(before, reasoning="คิดแล้ว", finish_reason="stop")


def test_a_missing_model_is_told_where_its_server_can_fetch_it() -> None:
    swap: JsonObject = {"asked": "ollama", "asked_model": "qwen3:8b"}
    assert ReplyFacts(notices=[Notice("x"), Notice("y", {**swap, "fetchable": True})]).missing == OLLAMA
    assert ReplyFacts(notices=[Notice("y", swap)]).missing is None
    assert ReplyError("x", {"fetchable": True, "backend": "ollama", "model": "qwen3:8b"}).missing == OLLAMA
    assert ReplyError("x", {"fetchable": True, "backend": 5, "model": "qwen3:8b"}).missing is None


PACKAGE = Path(__file__).parents[2] / "thai_chat"
CODEC = PACKAGE / "domain" / "facts.py"
ELSEWHERE = ("migrations", "backends", "openai_door", "recording.py", "relay.py")
"""Steps stay as they were written; servers, and programs that speak OpenAI's protocol, have names of their own."""
READERS = ("get", "pop", "setdefault", "update")
ALSO_WORDS_OF_OTHERS = {
    # columns, options, events and texts have these names too
    *("reason", "asked", "options", "tokens", "prompt_tokens", "reasoning_tokens", "cost", "reasoning", "notices"),
    *("error", "begun_by", "continues", "cached_tokens", "rating"),
}


def test_no_key_of_the_metadata_is_spelled_out_elsewhere() -> None:
    modules = [path for path in PACKAGE.rglob("*.py") if path != CODEC and not {*ELSEWHERE} & {*path.parts}]
    assert [(path.name, *found) for path in modules for found in keys_in(path.read_text())] == []


def test_the_search_for_keys_finds_every_way_to_spell_one() -> None:
    code = """
a = message.metadata["error"]
message.metadata.get("tokens")
if "options" in reply.metadata: pass
metadata = {"reasoning": 1}
metadata: dict[str, int] = {"cost": 1} if b else {}
f(metadata={"imported": 1})
g.setdefault("finish_reason", 1)
h["context_used"]
replace(x, metadata={**x.metadata, "continues": 1})
"""
    assert [line for line, _ in keys_in(code)] == [2, 3, 4, 5, 6, 7, 8, 9, 10]


def keys_in(code: str) -> list[tuple[int, str]]:
    """Return the lines and keys of every metadata that code writes or reads by a text."""
    own = set(NAMES) - ALSO_WORDS_OF_OTHERS
    return sorted({(line, key) for node in ast.walk(ast.parse(code)) for line, key in _keys_at(node, own)})


def _keys_at(node: ast.AST, own: set[str]) -> Iterator[tuple[int, str]]:
    match node:
        case ast.Subscript(value=held, slice=ast.Constant(value=str(key))) if _is_metadata(held) or key in own:
            yield node.lineno, key
        case ast.Call(func=ast.Attribute(value=held, attr=name), args=[ast.Constant(value=str(key)), *_]) if (
            name in READERS and (_is_metadata(held) or key in own)
        ):
            yield node.lineno, key
        case ast.Compare(left=ast.Constant(value=str(key)), comparators=[held, *_]) if _is_metadata(held):
            yield node.lineno, key
        case ast.keyword(arg="metadata", value=held):
            yield from _written(held)
        case ast.Assign(targets=[target], value=held) | ast.AnnAssign(target=target, value=held) if (
            held is not None and _is_metadata(target)
        ):
            yield from _written(held)


def _written(held: ast.expr) -> Iterator[tuple[int, str]]:
    match held:
        case ast.Dict():
            yield from ((key.lineno, str(key.value)) for key in held.keys if isinstance(key, ast.Constant))
        case ast.IfExp():
            yield from (*_written(held.body), *_written(held.orelse))


def _is_metadata(held: ast.expr) -> bool:
    name = held.attr if isinstance(held, ast.Attribute) else getattr(held, "id", "")
    return name == "metadata"
