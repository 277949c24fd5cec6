"""Claude's export: conversations whose messages are a list, since 2025 with the id of the one before; its artifacts."""

from __future__ import annotations

from thai_chat.chat.transfer.fields import Fields, Loaded, SourcePlace
from thai_chat.chat.transfer.folds import tool_call
from thai_chat.chat.transfer.said import attachment, fenced, files_of, joined, name_of, role_of, text_of
from thai_chat.chat.transfer.trees import Node, Origin, session_of, straight
from thai_chat.domain.facts import ReplyFacts
from thai_chat.domain.messages import Role
from thai_chat.domain.transfer import KeptSession

_MODEL = "claude"


def is_claude(value: Loaded) -> bool:
    return isinstance(value, dict) and "chat_messages" in value


def read_session(value: Loaded, place: SourcePlace) -> KeptSession:
    """Return the session that a conversation of Claude becomes. Raises ImportRefused."""
    fields = Fields(value, place)
    name = fields.word("name") or ""
    fields.entitled(name)
    fields.require("chat_messages")
    fields.items("chat_messages")
    found = [node for message in fields.listed("chat_messages") if (node := _node(message))]
    is_tree = all(node.key for node in found) and any(node.parent for node in found)
    origin = Origin(
        program="claude",
        key=fields.key("uuid", "id"),
        name=name,
        backend="anthropic",
        model=fields.word("model") or _MODEL,
        created_at=fields.moment("created_at"),
        updated_at=fields.moment("updated_at"),
        leaf=fields.word("current_leaf_message_uuid"),
        is_pinned=fields.raw("is_starred") is True,
    )
    return session_of(origin, {node.key: node for node in found} if is_tree else straight(found))


def _node(message: Fields) -> Node | None:
    role = role_of(message.raw("sender"))
    if role not in (Role.USER, Role.ASSISTANT):
        return None
    said, folded = _parts(message)
    content = joined(said or message.word("text") or "", _attachments(message), files_of(message.raw("files")))
    message.require_short(content, "content")
    message.require_short(folded, "content")
    reasoning = folded if role is Role.ASSISTANT else ""
    if not content and not reasoning:
        return None
    return Node(
        key=message.word("uuid") or "",
        parent=message.word("parent_message_uuid"),
        role=role,
        content=content,
        at=message.moment("created_at"),
        facts=ReplyFacts(reasoning=reasoning or None),
    )


def _parts(message: Fields) -> tuple[str, str]:
    """Return what was said with its artifacts, and what is folded: thoughts, and calls of tools."""
    parts = message.listed("content")
    results = {part.word("tool_use_id"): part.raw("content") for part in parts if part.raw("type") == "tool_result"}
    said, folded = [], []
    for part in parts:
        match part.raw("type"):
            case "thinking":
                folded.append(part.word("thinking") or "")
            case "tool_use" if part.raw("name") == "artifacts":
                said.append(_artifact(part))
            case "tool_use":
                result = text_of(results.get(part.word("id")))
                folded.append(tool_call(part.word("name") or "", part.raw("input"), result))
            case "tool_result" | "token_budget" | "flag":
                pass
            case _:
                said.append(part.word("text") or "")
    return joined(*said), joined(*folded)


def _artifact(part: Fields) -> str:
    """Return a document as it was made, or what was changed in it."""
    made = part.within("input")
    title = f"📄 **{name}**" if (name := made.word("title", "id")) else "📄"
    if content := made.word("content"):
        is_prose = made.word("type") == "text/markdown"
        return joined(title, content if is_prose else fenced(content, made.word("language") or ""))
    old, new = made.word("old_str") or "", made.word("new_str") or ""
    return joined(title, fenced("\n".join([*_marked("-", old), *_marked("+", new)]), "diff"))


def _marked(sign: str, text: str) -> list[str]:
    return [f"{sign} {line}" for line in text.splitlines()]


def _attachments(message: Fields) -> str:
    """Return the names of the attachments with the text that was taken out of them: what is pasted at length is kept
    nowhere else."""
    told = []
    for item in message.listed("attachments"):
        name = name_of({"file_name": item.raw("file_name")})
        told += [attachment(name) if name else "", fenced(item.word("extracted_content") or "")]
    return joined(*told)
