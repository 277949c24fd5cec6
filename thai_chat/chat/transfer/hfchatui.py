"""HuggingChat's export and that of any chat-ui: messages `from` somebody, as a list or with the ids of those above."""

from __future__ import annotations

from collections.abc import Sequence

from thai_chat.chat.transfer.fields import Fields, Loaded, SourcePlace
from thai_chat.chat.transfer.said import files_of, joined, role_of, text_of
from thai_chat.chat.transfer.trees import Node, Origin, session_of, straight
from thai_chat.domain.facts import ReplyFacts
from thai_chat.domain.messages import Role, Status
from thai_chat.domain.transfer import KeptSession


def is_hfchatui(value: Loaded) -> bool:
    messages = value.get("messages") if isinstance(value, dict) else None
    return isinstance(messages, list) and any(
        isinstance(message, dict) and isinstance(message.get("from"), str) and "content" in message
        for message in messages
    )


def read_session(value: Loaded, place: SourcePlace) -> KeptSession:
    """Return the session that a conversation of HuggingChat becomes. Raises ImportRefused."""
    fields = Fields(value, place)
    name = fields.word("title") or ""
    fields.entitled(name)
    listed = fields.listed("messages")
    prompts = [text_of(one.raw("content")) for one in listed if role_of(one.raw("from")) is Role.SYSTEM]
    parents = _parents(listed)
    found = [node for message in listed if (node := _node(message, parents))]
    is_tree = any("ancestors" in one for one in listed) and all(node.key for node in found)
    model = fields.word("model") or "?"
    origin = Origin(
        program="hf-chat-ui",
        key=_id(fields),
        name=name,
        backend="huggingface",
        model=model,
        created_at=fields.moment("createdAt"),
        updated_at=fields.moment("updatedAt"),
        system_prompt=fields.word("preprompt") or joined(*prompts) or None,
    )
    return session_of(origin, {node.key: node for node in found} if is_tree else straight(found))


def _id(fields: Fields) -> str | None:
    held = fields.raw("_id")
    return fields.word("id", "_id") or (fields.within("_id").word("$oid") if isinstance(held, dict) else None)


def _parents(listed: Sequence[Fields]) -> dict[str, str | None]:
    """Return by key the nearest message above each that is for people to read."""
    systems = {one.word("id") for one in listed if role_of(one.raw("from")) is Role.SYSTEM}
    parents: dict[str, str | None] = {}
    for one in listed:
        above = [key for key in one.items("ancestors") if isinstance(key, str) and key not in systems]
        parents[one.word("id") or ""] = above[-1] if above else None
    return parents


def _node(message: Fields, parents: dict[str, str | None]) -> Node | None:
    role = role_of(message.raw("from"))
    if role not in (Role.USER, Role.ASSISTANT):
        return None
    content = joined(text_of(message.raw("content")), files_of(message.raw("files")))
    message.require_short(content, "content")
    reasoning = message.word("reasoning") if role is Role.ASSISTANT else None
    if not content and not reasoning:
        return None
    key = message.word("id") or ""
    return Node(
        key=key,
        parent=parents.get(key),
        role=role,
        content=content,
        at=message.moment("createdAt"),
        status=Status.STOPPED if message.raw("interrupted") is True else Status.COMPLETE,
        facts=ReplyFacts(reasoning=reasoning),
    )
