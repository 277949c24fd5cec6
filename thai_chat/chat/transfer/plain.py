"""Messages as servers of models take them, `role` and `content` or words like these, and lines of such for training."""

from __future__ import annotations

from thai_chat.chat.transfer.fields import Fields, Loaded, SourcePlace
from thai_chat.chat.transfer.said import files_of, joined, role_of, text_of
from thai_chat.chat.transfer.trees import Node, Origin, session_of, straight
from thai_chat.domain.facts import ReplyFacts
from thai_chat.domain.messages import Role
from thai_chat.domain.transfer import KeptSession

_LISTS = ("messages", "conversations", "conversation", "turns")
_WHO = ("role", "from", "sender", "author")
_WHAT = ("content", "text", "value", "message", "parts")


def is_message(value: Loaded) -> bool:
    return isinstance(value, dict) and any(_role(value, name) for name in _WHO) and any(name in value for name in _WHAT)


def is_plain(value: Loaded) -> bool:
    return isinstance(value, dict) and any(_messages(value, name) for name in _LISTS)


def read_session(value: Loaded, place: SourcePlace) -> KeptSession:
    """Return the session that a list of plain messages becomes. Raises ImportRefused.

    A system message at the beginning is the session's system prompt.
    """
    fields = Fields(value, place)
    name = fields.word("title", "name") or ""
    fields.entitled(name)
    held = next((listed for listed in _LISTS if _messages({listed: fields.raw(listed)}, listed)), "messages")
    nodes: list[Node] = []
    prompts: list[str] = []
    for message in fields.listed(held):
        role = next((who for name in _WHO if (who := _role_at(message, name))), None)
        text = joined(
            next((found for name in _WHAT if (found := text_of(message.raw(name)))), ""),
            *(files_of(message.raw(name)) for name in ("files", "attachments")),
        )
        message.require_short(text, "content")
        if role is Role.SYSTEM and not nodes:
            prompts.append(text)
        elif role and text:
            nodes.append(
                Node(
                    key=message.word("id", "uuid") or "",
                    role=role,
                    content=text,
                    at=message.moment("timestamp", "created_at", "createdAt", "create_time", "time", "date"),
                    model=message.word("model"),
                    facts=ReplyFacts(reasoning=_reasoning(message) if role is Role.ASSISTANT else None),
                )
            )
    origin = Origin(
        program="plain",
        key=fields.key("id", "conversation_id", "uuid"),
        name=name,
        backend="plain",
        model=fields.word("model") or next((node.model for node in reversed(nodes) if node.model), None) or "?",
        created_at=fields.moment("created_at", "createdAt", "create_time", "timestamp", "date"),
        updated_at=fields.moment("updated_at", "updatedAt", "update_time"),
        system_prompt=joined(fields.word("system", "system_prompt") or "", *prompts) or None,
    )
    return session_of(origin, straight(nodes))


def _reasoning(message: Fields) -> str | None:
    return message.word("reasoning_content", "reasoning", "thinking")


def _role(value: dict[str, Loaded], name: str) -> Role | None:
    who = value.get(name)
    return role_of(who.get("role") if isinstance(who, dict) else who)


def _role_at(message: Fields, name: str) -> Role | None:
    return _role({name: message.raw(name)}, name)


def _messages(value: dict[str, Loaded], name: str) -> bool:
    found = value.get(name)
    return isinstance(found, list) and any(map(is_message, found))
