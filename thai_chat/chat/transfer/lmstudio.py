"""LM Studio's conversations, as they lie on its disk: each place in a list has versions, of which one is chosen."""

from __future__ import annotations

from thai_chat.chat.transfer.fields import Fields, Loaded, SourcePlace
from thai_chat.chat.transfer.folds import tool_call
from thai_chat.chat.transfer.said import attachment, joined, picture, role_of, text_of
from thai_chat.chat.transfer.trees import Node, Origin, said_so_far, session_of
from thai_chat.domain.facts import ReplyFacts
from thai_chat.domain.messages import Role
from thai_chat.domain.transfer import KeptSession


def is_lmstudio(value: Loaded) -> bool:
    messages = value.get("messages") if isinstance(value, dict) else None
    return isinstance(messages, list) and any(
        isinstance(message, dict) and isinstance(message.get("versions"), list) for message in messages
    )


def read_session(value: Loaded, place: SourcePlace) -> KeptSession:
    """Return the session that a conversation of LM Studio becomes. Raises ImportRefused."""
    fields = Fields(value, place)
    name = fields.word("name") or ""
    fields.entitled(name)
    nodes: dict[str, Node] = {}
    before: str | None = None
    for message in fields.listed("messages"):
        versions = message.listed("versions")
        chosen = min(message.number("currentlySelected") or 0, len(versions) - 1)
        above = before
        for number, version in enumerate(versions):
            if node := _node(version):
                node.parent = above
                node.key = said_so_far(f"{above}#{number}", node)
                nodes[node.key] = node
                before = node.key if number == chosen else before
    used = fields.within("lastUsedModel")
    model = next((node.model for node in reversed(nodes.values()) if node.model), None)
    origin = Origin(
        program="lm-studio",
        key=None,
        name=name,
        backend="lm-studio",
        model=model or used.word("identifier", "indexedModelIdentifier") or "?",
        created_at=fields.moment("createdAt"),
        updated_at=fields.moment("userLastMessagedAt", "assistantLastMessagedAt"),
        leaf=before,
        is_pinned=fields.raw("pinned") is True,
        system_prompt=fields.word("systemPrompt"),
    )
    return session_of(origin, nodes)


def _node(version: Fields) -> Node | None:
    role = role_of(version.raw("role"))
    if role not in (Role.USER, Role.ASSISTANT):
        return None
    said = [_content(version)]
    folded: list[str] = []
    for step in version.listed("steps"):
        text = _content(step)
        is_reasoning = step.within("style").raw("type") == "thinking"
        (folded if is_reasoning else said).append(text)
        folded.append(_calls(step))
    content, thoughts = joined(*said), joined(*folded)
    version.require_short(content, "content")
    version.require_short(thoughts, "steps")
    reasoning = thoughts if role is Role.ASSISTANT else ""
    if not content and not reasoning:
        return None
    model = version.within("senderInfo").word("senderName")
    return Node(role=role, content=content, model=model, facts=ReplyFacts(reasoning=reasoning or None))


def _content(fields: Fields) -> str:
    told = []
    for part in fields.listed("content"):
        if part.raw("type") == "file":
            name = part.word("fileName", "name") or ""
            told.append(picture(name) if part.raw("fileType") == "image" else attachment(name))
        else:
            told.append(text_of(part.raw("text")))
    return joined(*told)


def _calls(step: Fields) -> str:
    told = []
    for part in step.listed("content"):
        if part.raw("type") == "toolCallRequest":
            told.append(tool_call(part.word("name") or "", part.raw("parameters"), None))
        elif part.raw("type") == "toolCallResult":
            told.append(f"→ {text_of(part.raw('content'))}")
    return joined(*told)
