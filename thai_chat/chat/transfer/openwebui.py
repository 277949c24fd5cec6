"""Open WebUI's export: chats whose messages are a tree, and those of its first versions, where they are a list."""

from __future__ import annotations

import contextlib
import html
import re
from collections.abc import Iterator, Mapping, Set

from thai_chat.chat.transfer.fields import Fields, Loaded, Place
from thai_chat.chat.transfer.trees import Node, Origin, session_of
from thai_chat.domain.messages import Figures, JsonValue, Role, Status
from thai_chat.domain.transfer import KeptSession

_PROGRAM = "open-webui"
_ROLES = {"user": Role.USER, "assistant": Role.ASSISTANT}
_DETAILS, _DETAILS_END = "<details", "</details>"
_SUMMARY, _SUMMARY_END = "<summary>", "</summary>"
_IS_REASONING = re.compile(r'\btype="reasoning"')
_QUOTED = re.compile(r"^> ?", re.MULTILINE)
_OPENAI = re.compile(r"(?:gpt-|chatgpt|o\d\b)", re.IGNORECASE)
_COUNTS = {
    "prompt_tokens": ("prompt_tokens", "prompt_eval_count", "input_tokens"),
    "completion_tokens": ("completion_tokens", "eval_count", "output_tokens"),
}
_MAX_INT = 2**31 - 1


def is_openwebui(value: Loaded) -> bool:
    if not isinstance(value, dict):
        return False
    chat = value.get("chat")
    return isinstance(chat, dict) or isinstance(value.get("history"), dict) or isinstance(value.get("messages"), list)


def read_session(value: Loaded, place: Place) -> KeptSession:
    """Raises ImportRefused."""
    entry = Fields(value, place)
    chat = entry.within("chat") if "chat" in entry else entry
    name = entry.text("title") or chat.text("title") or ""
    entry.entitled(name)
    chat.entitled(name)
    nodes, leaf, system = _nodes(chat)
    models = [str(model) for model in chat.items("models") if isinstance(model, str) and model]
    model = next((node.model for node in reversed(nodes.values()) if node.model), None) or (models or ["?"])[0]
    origin = Origin(
        program=_PROGRAM,
        key=entry.text("id") or chat.text("id") or f"{name}/{chat.raw('timestamp')}",
        name=name,
        backend=_backend_of(model),
        model=model,
        created_at=entry.epoch("created_at") or chat.epoch("timestamp"),
        updated_at=entry.epoch("updated_at") or chat.epoch("timestamp"),
        leaf=leaf,
        is_archived=entry.raw("archived") is True,
        is_pinned=entry.raw("pinned") is True,
        tags=_tags(entry, chat),
        system_prompt=chat.text("system") or chat.within("params").text("system") or system,
    )
    return session_of(origin, nodes)


def _nodes(chat: Fields) -> tuple[dict[str, Node], str | None, str | None]:
    """The messages by key, the key of the shown branch's last one, and the system prompt where it is a message."""
    history = chat.within("history")
    if "messages" in history:
        found = history.each_within("messages")
        leaf = history.text("currentId")
        parents = {key: message.text("parentId") for key, message in found.items()}
    else:
        chat.require("messages")
        found = {str(place): Fields(item, chat.place, "messages") for place, item in enumerate(chat.items("messages"))}
        leaf = None
        keys = [None, *found]
        parents = {key: keys[place] for place, key in enumerate(found)}
    hidden = {key for key, message in found.items() if str(message.raw("role")) not in _ROLES}
    system = next((_text(found[key]) for key in found if key in hidden and found[key].raw("role") == "system"), None)
    visible = _Visible(parents, hidden)
    nodes = {}
    for key, message in found.items():
        if key not in hidden:
            nodes[key] = _node(key, visible.of(parents.get(key)), message)
    return nodes, visible.of(leaf), system


class _Visible:
    """Finds the nearest message at or above another that is for people to read; each hidden one is passed once."""

    def __init__(self, parents: Mapping[str, str | None], hidden: Set[str]) -> None:
        self._parents = parents
        self._hidden = hidden
        self._found: dict[str, str | None] = {}

    def of(self, key: str | None) -> str | None:
        passed = []
        while key is not None and key in self._hidden and key not in self._found:
            passed.append(key)
            self._found[key] = None  # a circle ends here
            key = self._parents.get(key)
        found = None if key is None else self._found.get(key, key)
        for one in passed:
            self._found[one] = found
        return found


def _node(key: str, parent: str | None, message: Fields) -> Node:
    role = _ROLES[str(message.raw("role"))]
    content = _text(message)
    metadata: dict[str, JsonValue] = {}
    if role is Role.ASSISTANT:
        content, reasoning = _without_reasoning(content)
        if reasoning:
            metadata["reasoning"] = reasoning
    message.require_short(content, "content")
    if files := _files(message):
        content = "\n\n".join(part for part in (content, files) if part)
    return Node(
        key=key,
        parent=parent,
        role=role,
        content=content,
        at=message.epoch("timestamp"),
        model=_word(message, "model") or _word(message, "modelName"),
        status=_status(message, metadata) if role is Role.ASSISTANT else Status.COMPLETE,
        figures=_figures(message),
        metadata=metadata,
    )


def _text(message: Fields) -> str:
    content = message.raw("content")
    if isinstance(content, list):
        texts = (part.get("text") for part in content if isinstance(part, dict))
        return "\n\n".join(text for text in texts if isinstance(text, str))
    return message.text("content") or ""


def _without_reasoning(content: str) -> tuple[str, str]:
    """The reply itself, and what the model thought, which Open WebUI writes into the reply as folded HTML."""
    kept, thoughts = [], []
    position = 0
    for start, opened, end in _folded(content):
        kept.append(content[position:start])
        thoughts.append(_unquoted(content[opened:end].lstrip()))
        position = end + len(_DETAILS_END)
    kept.append(content[position:])
    if not thoughts:
        return content, ""
    replies = [kept[0], *(part.lstrip() for part in kept[1:])]
    return "".join(replies).strip(), "\n\n".join(filter(None, thoughts))


def _folded(content: str) -> Iterator[tuple[int, int, int]]:
    """Yield of each folded thought where its tag begins, where its text begins, and where that ends.

    No sign is looked at more than twice, whatever is opened and never closed: a pattern for all of it would begin anew
    at every tag.
    """
    start = content.find(_DETAILS)
    while start >= 0:
        opened = content.find(">", start) + 1
        if not opened:
            return
        if _IS_REASONING.search(content, start, opened):
            end = content.find(_DETAILS_END, opened)
            if end < 0:
                return
            yield start, opened, end
            opened = end
        start = content.find(_DETAILS, opened)


def _unquoted(thought: str) -> str:
    if thought.startswith(_SUMMARY) and (end := thought.find(_SUMMARY_END)) >= 0:
        thought = thought[end + len(_SUMMARY_END) :]
    with contextlib.suppress(ValueError):  # a number of more digits than Python reads
        thought = html.unescape(thought)
    return _QUOTED.sub("", thought).strip()


def _files(message: Fields) -> str:
    found = message.raw("files")
    names = [item.get("name") for item in found if isinstance(item, dict)] if isinstance(found, list) else []
    return "\n".join(f"[📎 {name}]" for name in names if isinstance(name, str) and name)


def _status(message: Fields, metadata: dict[str, JsonValue]) -> Status:
    if message.raw("error"):
        metadata["error"] = {"code": "backend_error"}
        return Status.FAILED
    return Status.INTERRUPTED if message.raw("done") is False else Status.COMPLETE


def _figures(message: Fields) -> Figures:
    counts: dict[str, int] = {}
    for name in ("usage", "info"):
        usage = message.raw(name)
        if isinstance(usage, dict):
            for figure, names in _COUNTS.items():
                value = next((usage[other] for other in names if type(usage.get(other)) is int), None)
                if value is not None and 0 <= value <= _MAX_INT:
                    counts.setdefault(figure, value)
    return Figures(prompt_tokens=counts.get("prompt_tokens"), completion_tokens=counts.get("completion_tokens"))


def _tags(entry: Fields, chat: Fields) -> list[str]:
    found = [entry.within("meta").raw("tags"), chat.raw("tags")]
    listed = [tag for tags in found if isinstance(tags, list) for tag in tags]
    named = [tag.get("name") if isinstance(tag, dict) else tag for tag in listed]
    return [tag for tag in named if isinstance(tag, str) and tag]


def _backend_of(model: str) -> str:
    """Open WebUI does not say what server a model was of; its name mostly does."""
    if _OPENAI.match(model):
        return "openai"
    return "ollama" if ":" in model else _PROGRAM


def _word(fields: Fields, name: str) -> str | None:
    value = fields.raw(name)
    return value if isinstance(value, str) and value else None
