"""ChatGPT's export: conversations as trees of nodes, of which many are not for people to read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from thai_chat.chat.transfer.chatgpt_canvas import TOOL, Canvas, CanvasFile
from thai_chat.chat.transfer.chatgpt_marks import as_prose
from thai_chat.chat.transfer.fields import Fields, Loaded, SourcePlace
from thai_chat.chat.transfer.said import files_of, joined, picture, sound
from thai_chat.chat.transfer.trees import Node, Origin, session_of
from thai_chat.domain.events import LENGTH
from thai_chat.domain.facts import ReplyFacts
from thai_chat.domain.messages import Role, Status
from thai_chat.domain.transfer import KeptSession

BACKEND = "openai"
_UNKNOWN_MODEL = "chatgpt"
_MOST_REASONING = 50_000_000
"""Characters of the thoughts of all replies of one conversation."""
_SHOWN_ROLES = {"user": Role.USER, "assistant": Role.ASSISTANT}
_POINTERS = {
    "image_asset_pointer": picture,
    "audio_asset_pointer": sound,
    "real_time_user_audio_video_asset_pointer": sound,
}
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


def read_session(value: Loaded, place: SourcePlace) -> KeptSession:
    """Return the session that a conversation of ChatGPT becomes.

    Fields that are missing are done without: each year's exports have left out other ones. Raises ImportRefused.
    """
    fields = Fields(value, place)
    name = fields.word("title") or ""
    fields.entitled(name)
    fields.require("mapping")
    links = _links(fields)
    nodes, stands_for = _merged(*_shown(links))
    models = [node.model for node in nodes.values() if node.model]
    origin = Origin(
        program="chatgpt",
        key=fields.key("conversation_id", "id"),
        name=name,
        backend=BACKEND,
        model=fields.word("default_model_slug") or (models[-1] if models else _UNKNOWN_MODEL),
        created_at=fields.moment("create_time"),
        updated_at=fields.moment("update_time"),
        leaf=stands_for.get(fields.word("current_node") or ""),
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
        parent = node.word("parent")
        links[key] = _Link(key, parent if parent in mapping else None, message)
    if len(links) > 1 and all(link.parent is None for link in links.values()):
        # Some exports have no tree at all: then the nodes follow each other.
        keys = [None, *links]
        links = {key: replace(link, parent=keys[place]) for place, (key, link) in enumerate(links.items())}
    return links


def _shown(links: Mapping[str, _Link]) -> tuple[dict[str, Node], dict[str, str]]:
    """Return the nodes that are for people, each below the nearest such one, and by key the one that stands for each of
    the others."""
    children: dict[str | None, list[str]] = {}
    for link in links.values():
        children.setdefault(link.parent, []).append(link.key)
    nodes: dict[str, Node] = {}
    stands_for: dict[str, str] = {}
    canvas = Canvas()
    left = _MOST_REASONING
    ahead: list[tuple[str, str | None, _Reasoning | None, CanvasFile | None]] = [
        (key, None, None, None) for key in reversed(children.get(None, []))
    ]
    while ahead:
        key, above, thought, document = ahead.pop()
        message = links[key].message
        if message is not None:
            for text in _thoughts(message):
                thought = _Reasoning(text, thought, len(text) + (thought.chars if thought else 0))
            told, document = _canvas(message, canvas, document)
            if node := _node(key, above, message, told):
                if thought and node.role is Role.ASSISTANT:
                    left -= thought.chars
                    if left < 0:  # replies beside each other all have what was thought above them
                        raise message.place.refused("import_session_large", limit=_MOST_REASONING // 1_000_000)
                    node.facts = replace(node.facts, reasoning=thought.whole())
                    thought = None
                nodes[key] = node
                above = key
        if above:
            stands_for[key] = above
        ahead += [(child, above, thought, document) for child in reversed(children.get(key, []))]
    return nodes, stands_for


@dataclass(frozen=True, slots=True)
class _Reasoning:
    """A thought and those before it, which branches share instead of copying."""

    text: str
    before: _Reasoning | None
    chars: int
    """Characters of `text` and of those before it together."""
    _whole: list[str] = field(default_factory=list)

    def whole(self) -> str:
        """Return all thoughts, made once for all the replies that are below the same one."""
        if not self._whole:
            thoughts = []
            thought: _Reasoning | None = self
            while thought:
                thoughts.append(thought.text)
                thought = thought.before
            self._whole.append("\n\n".join(reversed(thoughts)))
        return self._whole[0]


def _merged(nodes: Mapping[str, Node], stands_for: Mapping[str, str]) -> tuple[dict[str, Node], dict[str, str]]:
    """Return the nodes with the pieces of one reply, between which the model used its tools, as one message."""
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
    """Join the pieces into `whole` at once: one after the other, each would copy all before it."""
    whole.content = "\n\n".join(piece.content for piece in pieces if piece.content)
    whole.status = pieces[-1].status
    whole.model = next((piece.model for piece in reversed(pieces) if piece.model), None)
    reasons = (piece.facts.finish_reason for piece in reversed(pieces))
    thoughts = [piece.facts.reasoning for piece in pieces if piece.facts.reasoning is not None]
    whole.facts = ReplyFacts(
        finish_reason=next((reason for reason in reasons if reason), None),
        reasoning="\n\n".join(thoughts) if thoughts else None,
    )


def _canvas(message: Fields, canvas: Canvas, document: CanvasFile | None) -> tuple[str, CanvasFile | None]:
    """Return how people read a call of the canvas' tool ("" if it is none), and the canvas' document from there on."""
    recipient = message.raw("recipient")
    if not isinstance(recipient, str) or not recipient.startswith(TOOL):
        return "", document
    content = message.within("content")
    parts = content.raw("parts")
    words = [part for part in parts if isinstance(part, str)] if isinstance(parts, list) else []
    return canvas.told(content.word("text") or "".join(words), document)


def _node(key: str, above: str | None, message: Fields, document: str) -> Node | None:
    """Return the message as a node; None where it is not for people to read. `document` is what a canvas holds after
    it."""
    author, metadata, content = message.within("author"), message.within("metadata"), message.within("content")
    role = _SHOWN_ROLES.get(str(author.raw("role")))
    kind = str(content.raw("content_type"))
    if author.raw("role") == "tool" and _has_picture(content):
        role = Role.ASSISTANT  # a picture that was made
    is_hidden = any(metadata.raw(name) is True for name in ("is_visually_hidden_from_conversation", "is_hidden"))
    to_tool = role is Role.ASSISTANT and message.raw("recipient") not in (None, "", "all", "assistant")
    is_work = kind in _HIDDEN_KINDS or message.raw("channel") == "analysis"
    if role is None or is_hidden or (not document and (to_tool or is_work)):
        return None
    text = document or as_prose(_text(content, kind), metadata).strip()
    text = joined(text, files_of(metadata.raw("attachments")))
    if not text:
        return None
    content.require_short(text, "parts")
    return Node(
        key=key,
        parent=above,
        role=role,
        content=text,
        at=message.moment("create_time"),
        model=metadata.word("model_slug", "default_model_slug"),
        status=_status(message, metadata) if role is Role.ASSISTANT else Status.COMPLETE,
        facts=ReplyFacts(finish_reason=_finish(metadata)),
    )


def _text(content: Fields, kind: str) -> str:
    if kind == "thoughts":
        return ""
    parts = content.raw("parts")
    if isinstance(parts, list):
        return joined(*map(_part, _without_sounds(parts)))
    text = content.raw("text")
    if not isinstance(text, str):
        return ""
    if kind != "code":
        return text
    language = content.word("language") or ""
    return f"```{language if language != 'unknown' else ''}\n{text}\n```" if text.strip() else ""


def _without_sounds(parts: Sequence[Loaded]) -> Sequence[Loaded]:
    """Return the parts without the sounds, where the words that were spoken are among them."""
    kinds = [part.get("content_type") if isinstance(part, dict) else None for part in parts]
    if "audio_transcription" not in kinds:
        return parts
    return [part for part, kind in zip(parts, kinds, strict=True) if _POINTERS.get(str(kind)) is not sound]


def _part(part: Loaded) -> str:
    if isinstance(part, str):
        return part
    if not isinstance(part, dict):
        return ""
    if sign := _POINTERS.get(str(part.get("content_type"))):
        return sign(str(part.get("asset_pointer") or "").rpartition("/")[2])
    text = part.get("text")
    return text if isinstance(text, str) else ""


def _has_picture(content: Fields) -> bool:
    parts = content.raw("parts")
    return isinstance(parts, list) and any(
        isinstance(part, dict) and part.get("content_type") == "image_asset_pointer" for part in parts
    )


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


def _finish(metadata: Fields) -> str | None:
    finish = metadata.raw("finish_details")
    kind = finish.get("type") if isinstance(finish, dict) else None
    return {"stop": "stop", "max_tokens": LENGTH}.get(str(kind))
