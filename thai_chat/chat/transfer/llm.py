"""The log of the command-line tool llm (`llm logs --json`): one entry a turn, each with the id of its conversation."""

from __future__ import annotations

from collections.abc import Sequence

from thai_chat.chat.transfer.fields import Fields, Loaded, SourcePlace
from thai_chat.chat.transfer.said import fenced, files_of, joined, text_of
from thai_chat.chat.transfer.trees import Node, Origin, session_of, straight
from thai_chat.domain.facts import ReplyFacts
from thai_chat.domain.messages import Figures, Role
from thai_chat.domain.transfer import KeptSession

_MAX_INT = 2**31 - 1


def is_llm(value: Loaded) -> bool:
    has_turn = isinstance(value, dict) and "prompt" in value and "response" in value
    return has_turn and isinstance(value, dict) and ("datetime_utc" in value or "conversation_id" in value)


def conversation_of(value: Loaded) -> str | None:
    """Return the id of the conversation that an entry is of; None for one that stands alone."""
    found = value.get("conversation_id") if isinstance(value, dict) else None
    return found if isinstance(found, str) and found else None


def read_session(values: Sequence[Loaded], place: SourcePlace) -> KeptSession:
    """Make one session of the entries of a conversation. Raises ImportRefused."""
    entries = [Fields(value, place) for value in values]
    first, last = entries[0], entries[-1]
    name = next((found for entry in entries if (found := entry.word("conversation_name"))), "")
    for entry in entries:
        entry.entitled(name)
    nodes = [node for entry in entries for node in _turn(entry)]
    origin = Origin(
        program="llm",
        key=first.word("conversation_id", "id"),
        name=name,
        backend="llm",
        model=last.word("model", "conversation_model") or "?",
        created_at=first.moment("datetime_utc"),
        updated_at=last.moment("datetime_utc"),
        system_prompt=next((found for entry in entries if (found := entry.word("system"))), None),
    )
    return session_of(origin, straight(nodes))


def _turn(entry: Fields) -> list[Node]:
    at, key = entry.moment("datetime_utc"), entry.word("id")
    fragments = [fenced(text_of(one.raw("content"))) for one in entry.listed("prompt_fragments")]
    prompt = joined(*fragments, entry.word("prompt") or "", files_of(entry.raw("attachments")))
    response = entry.word("response") or ""
    entry.require_short(prompt, "prompt")
    entry.require_short(response, "response")
    reasoning = entry.word("reasoning")
    nodes = []
    if prompt:
        nodes.append(Node(key=f"{key}/prompt" if key else "", role=Role.USER, content=prompt, at=at))
    if response or reasoning:
        figures = Figures(
            prompt_tokens=_count(entry.raw("input_tokens")),
            completion_tokens=_count(entry.raw("output_tokens")),
            latency_ms=_count(entry.raw("duration_ms")),
        )
        reply = Node(role=Role.ASSISTANT, content=response, at=at, model=entry.word("model"))
        reply.facts = ReplyFacts(reasoning=reasoning)
        reply.key, reply.figures = f"{key}/response" if key else "", figures
        nodes.append(reply)
    return nodes


def _count(value: Loaded) -> int | None:
    return value if type(value) is int and 0 <= value <= _MAX_INT else None
