"""ChatGPT's export: conversations as trees of nodes, of which many are not for people to read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from thai_chat.chat.transfer.fields import Fields, Loaded, Place
from thai_chat.chat.transfer.trees import Node, Origin, session_of
from thai_chat.domain.messages import JsonValue, Role, Status
from thai_chat.domain.transfer import KeptSession

BACKEND = "openai"
_UNKNOWN_MODEL = "chatgpt"
_SHOWN_ROLES = {"user": Role.USER, "assistant": Role.ASSISTANT}
# What is opened ends before the next is: else each one that is never closed would be looked through to the end.
_CITATION = re.compile("\ue200[^\ue200\ue201]*\ue201|[\ue200-\ue2ff]")
_PICTURES = {"image_asset_pointer": "🖼", "audio_asset_pointer": "🔊", "real_time_user_audio_video_asset_pointer": "🔊"}
# Notes for the model, and traces of its work, that its page does not show either.
_HIDDEN_KINDS = {
    "user_editable_context",
    "model_editable_context",
    "reasoning_recap",
    "execution_output",
    "tether_browsing_display",
    "tether_quote",
    "system_error",
    "sonic_webpage",
    "computer_output",
}


def is_chatgpt(value: Loaded) -> bool:
    return isinstance(value, dict) and "mapping" in value


def read_session(value: Loaded, place: Place) -> KeptSession:
    """Raises ImportRefused. What is missing is done without: each year's exports have left out other things."""
    fields = Fields(value, place)
    name = fields.text("title") or ""
    fields.entitled(name)
    fields.require("mapping")
    links = _links(fields)
    nodes, stands_for = _merged(*_shown(links))
    models = [node.model for node in nodes.values() if node.model]
    origin = Origin(
        program="chatgpt",
        key=fields.text("conversation_id") or fields.text("id") or f"{name}/{fields.real('create_time')}",
        name=name,
        backend=BACKEND,
        model=fields.text("default_model_slug") or (models[-1] if models else _UNKNOWN_MODEL),
        created_at=fields.epoch("create_time"),
        updated_at=fields.epoch("update_time"),
        leaf=stands_for.get(fields.text("current_node") or ""),
        is_archived=fields.raw("is_archived") is True,
        is_pinned=fields.raw("is_starred") is True,
    )
    return session_of(origin, nodes)


@dataclass(frozen=True, slots=True)
class _Link:
    """A node of the mapping: whom it hangs on, and its message as it stands in the file."""

    key: str
    parent: str | None
    message: Fields | None


def _links(fields: Fields) -> dict[str, _Link]:
    mapping = fields.each_within("mapping")
    links = {}
    for key, node in mapping.items():
        message = node.within("message") if "message" in node else None
        parent = node.text("parent")
        links[key] = _Link(key, parent if parent in mapping else None, message)
    if len(links) > 1 and all(link.parent is None for link in links.values()):
        # Some exports have no tree at all: then the nodes follow each other.
        keys = [None, *links]
        links = {key: replace(link, parent=keys[place]) for place, (key, link) in enumerate(links.items())}
    return links


def _shown(links: Mapping[str, _Link]) -> tuple[dict[str, Node], dict[str, str]]:
    """The nodes that are for people, each below the nearest such one; and which one stands for each of the others."""
    children: dict[str | None, list[str]] = {}
    for link in links.values():
        children.setdefault(link.parent, []).append(link.key)
    nodes: dict[str, Node] = {}
    stands_for: dict[str, str] = {}
    ahead: list[tuple[str, str | None, _Thought | None]] = [
        (key, None, None) for key in reversed(children.get(None, []))
    ]
    while ahead:
        key, above, thought = ahead.pop()
        message = links[key].message
        if message is not None:
            for text in _thoughts(message):
                thought = _Thought(text, thought)
            if node := _node(key, above, message):
                if thought and node.role is Role.ASSISTANT:
                    node.metadata["reasoning"] = thought.whole()
                    thought = None
                nodes[key] = node
                above = key
        if above:
            stands_for[key] = above
        ahead += [(child, above, thought) for child in reversed(children.get(key, []))]
    return nodes, stands_for


@dataclass(frozen=True, slots=True)
class _Thought:
    """A thought and those before it, which branches share instead of copying."""

    text: str
    before: _Thought | None

    def whole(self) -> str:
        thoughts = []
        thought: _Thought | None = self
        while thought:
            thoughts.append(thought.text)
            thought = thought.before
        return "\n\n".join(reversed(thoughts))


def _merged(nodes: Mapping[str, Node], stands_for: Mapping[str, str]) -> tuple[dict[str, Node], dict[str, str]]:
    """With the pieces of one reply, between which the model used its tools, as one message."""
    below = Counter(node.parent for node in nodes.values())
    merged: dict[str, Node] = {}
    became: dict[str, str] = {}
    pieces: dict[str, list[Node]] = {}
    for key, node in nodes.items():  # parents come first
        parent = became.get(node.parent or "")
        is_piece = parent and node.role is Role.ASSISTANT is merged[parent].role and below[node.parent] == 1
        if parent and is_piece:
            pieces.setdefault(parent, [replace(merged[parent])]).append(node)
            became[key] = parent
        else:
            node.parent = parent
            merged[key] = node
            became[key] = key
    for key, found in pieces.items():
        _join(merged[key], found)
    return merged, {key: became[shown] for key, shown in stands_for.items()}


def _join(whole: Node, pieces: Sequence[Node]) -> None:
    """At once: one after the other, each would copy all before it."""
    whole.content = "\n\n".join(piece.content for piece in pieces if piece.content)
    whole.status = pieces[-1].status
    whole.model = next((piece.model for piece in reversed(pieces) if piece.model), None)
    reasoning = [str(piece.metadata["reasoning"]) for piece in pieces if "reasoning" in piece.metadata]
    for piece in pieces:
        whole.metadata.update(piece.metadata)
    if reasoning:
        whole.metadata["reasoning"] = "\n\n".join(reasoning)


def _node(key: str, above: str | None, message: Fields) -> Node | None:
    """None for what is not for people to read."""
    author, metadata, content = message.within("author"), message.within("metadata"), message.within("content")
    role = _SHOWN_ROLES.get(str(author.raw("role")))
    kind = content.raw("content_type")
    if author.raw("role") == "tool" and _has_picture(content):
        role = Role.ASSISTANT  # a picture that was made
    is_hidden = any(metadata.raw(name) is True for name in ("is_visually_hidden_from_conversation", "is_hidden"))
    to_tool = role is Role.ASSISTANT and message.raw("recipient") not in (None, "", "all", "assistant")
    if role is None or is_hidden or to_tool or kind in _HIDDEN_KINDS or message.raw("channel") == "analysis":
        return None
    text = _CITATION.sub("", _text(content, str(kind))).strip()
    text = "\n\n".join(part for part in (text, _attachments(metadata)) if part)
    if not text:
        return None
    content.require_short(text, "parts")
    return Node(
        key=key,
        parent=above,
        role=role,
        content=text,
        at=message.epoch("create_time"),
        model=_word(metadata, "model_slug") or _word(metadata, "default_model_slug"),
        status=_status(message, metadata) if role is Role.ASSISTANT else Status.COMPLETE,
        metadata=_finish(metadata),
    )


def _text(content: Fields, kind: str) -> str:
    if kind == "thoughts":
        return ""
    parts = content.raw("parts")
    if isinstance(parts, list):
        return "\n\n".join(part for part in map(_part, parts) if part.strip())
    text = content.raw("text")
    if not isinstance(text, str):
        return ""
    if kind != "code":
        return text
    language = _word(content, "language") or ""
    return f"```{language if language != 'unknown' else ''}\n{text}\n```" if text.strip() else ""


def _part(part: Loaded) -> str:
    if isinstance(part, str):
        return part
    if not isinstance(part, dict):
        return ""
    if sign := _PICTURES.get(str(part.get("content_type"))):
        return f"[{sign} {str(part.get('asset_pointer') or '').rpartition('/')[2]}]"
    text = part.get("text")
    return text if isinstance(text, str) else ""


def _has_picture(content: Fields) -> bool:
    parts = content.raw("parts")
    return isinstance(parts, list) and any(
        isinstance(part, dict) and part.get("content_type") == "image_asset_pointer" for part in parts
    )


def _attachments(metadata: Fields) -> str:
    found = metadata.raw("attachments")
    names = [item.get("name") for item in found if isinstance(item, dict)] if isinstance(found, list) else []
    return "\n".join(f"[📎 {name}]" for name in names if isinstance(name, str) and name)


def _thoughts(message: Fields) -> tuple[str, ...]:
    thoughts = message.within("content").raw("thoughts")
    if not isinstance(thoughts, list):
        return ()
    told = (
        "\n".join(str(thought[name]) for name in ("summary", "content") if thought.get(name))
        for thought in thoughts
        if isinstance(thought, dict)
    )
    return tuple(text for text in told if text)


def _status(message: Fields, metadata: Fields) -> Status:
    finish = metadata.raw("finish_details")
    if isinstance(finish, dict) and finish.get("type") == "interrupted":
        return Status.STOPPED
    return Status.INTERRUPTED if message.raw("status") == "in_progress" else Status.COMPLETE


def _finish(metadata: Fields) -> dict[str, JsonValue]:
    finish = metadata.raw("finish_details")
    kind = finish.get("type") if isinstance(finish, dict) else None
    reason = {"stop": "stop", "max_tokens": "length"}.get(str(kind))
    return {"finish_reason": reason} if reason else {}


def _word(fields: Fields, name: str) -> str | None:
    """A text where there is one: in ChatGPT's notes on a message nothing is worth refusing a file for."""
    value = fields.raw(name)
    return value if isinstance(value, str) and value else None
