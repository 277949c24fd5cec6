"""Open WebUI's export: chats whose messages are a tree, and those of its first versions, where they are a list.

Qwen's page is made of it: its exports are of the same kind, with the replies in phases.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set

from thai_chat.chat.transfer.fields import Fields, Loaded, SourcePlace
from thai_chat.chat.transfer.folds import tool_call, unfolded
from thai_chat.chat.transfer.said import files_of, joined, role_of, text_of
from thai_chat.chat.transfer.trees import FAILED_THERE, Node, Origin, session_of, straight
from thai_chat.domain.facts import ReplyFacts
from thai_chat.domain.messages import Figures, Role, Status
from thai_chat.domain.transfer import KeptSession

OPEN_WEBUI, QWEN = "open-webui", "qwen"
_OPENAI = re.compile(r"(?:gpt-|chatgpt|o\d\b)", re.IGNORECASE)
_COUNTS = {
    "prompt_tokens": ("prompt_tokens", "prompt_eval_count", "input_tokens"),
    "completion_tokens": ("completion_tokens", "eval_count", "output_tokens"),
}
_MAX_INT = 2**31 - 1


def is_openwebui(value: Loaded) -> bool:
    if not isinstance(value, dict):
        return False
    return isinstance(value.get("chat"), dict) or isinstance(value.get("history"), dict) or _is_old(value)


def is_qwen(value: Loaded) -> bool:
    """Tell whether a chat is Qwen's: its replies are in `content_list`, and their `content` is empty."""
    chat = value.get("chat") if isinstance(value, dict) else None
    history = chat.get("history") if isinstance(chat, dict) else None
    messages = history.get("messages") if isinstance(history, dict) else None
    found = messages.values() if isinstance(messages, dict) else ()
    return any(isinstance(message, dict) and "content_list" in message for message in found)


def read_session(value: Loaded, place: SourcePlace) -> KeptSession:
    """Return the session that a chat of Open WebUI or Qwen becomes. Raises ImportRefused."""
    entry = Fields(value, place)
    chat = entry.within("chat") if "chat" in entry else entry
    name = entry.word("title") or chat.word("title") or ""
    entry.entitled(name)
    chat.entitled(name)
    nodes, leaf, system = _nodes(chat)
    models = [str(model) for model in chat.items("models") if isinstance(model, str) and model]
    model = next((node.model for node in reversed(nodes.values()) if node.model), None) or (models or ["?"])[0]
    program = QWEN if is_qwen(value) else OPEN_WEBUI
    origin = Origin(
        program=program,
        key=entry.key("id") or chat.key("id"),
        name=name,
        backend=program if program == QWEN else _backend_of(model),
        model=model,
        created_at=entry.moment("created_at") or chat.moment("timestamp"),
        updated_at=entry.moment("updated_at") or chat.moment("timestamp"),
        leaf=leaf,
        is_archived=entry.raw("archived") is True,
        is_pinned=entry.raw("pinned") is True,
        tags=_tags(entry, chat),
        system_prompt=chat.word("system") or chat.within("params").word("system") or system,
    )
    return session_of(origin, nodes)


def _is_old(value: Mapping[str, Loaded]) -> bool:
    return isinstance(value.get("messages"), list) and "models" in value


def _nodes(chat: Fields) -> tuple[dict[str, Node], str | None, str | None]:
    """Return the messages by key, the key of the shown branch's last one, and the system prompt where it is a
    message."""
    history = chat.within("history")
    if history.raw("messages") in (None, {}):
        chat.require("messages")
        listed = chat.listed("messages")
        system = next((text_of(one.raw("content")) for one in listed if one.raw("role") == "system"), None)
        return straight(node for one in listed if (node := _node(one.word("id") or "", None, one))), None, system
    found = history.each_within("messages")
    leaf = history.word("currentId")
    parents = {key: message.word("parentId") for key, message in found.items()}
    read = {key: _node(key, None, message) for key, message in found.items()}
    hidden = {key for key, node in read.items() if not node}
    systems = (message for key, message in found.items() if key in hidden and message.raw("role") == "system")
    system = next((text_of(message.raw("content")) for message in systems), None)
    visible = _Visible(parents, hidden)
    nodes = {}
    for key, node in read.items():
        if node:
            node.parent = visible.of(parents.get(key))
            nodes[key] = node
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


def _node(key: str, parent: str | None, message: Fields) -> Node | None:
    """Return the message as a node; None where it is not for people to read."""
    role = role_of(message.raw("role"))
    if role not in (Role.USER, Role.ASSISTANT):
        return None
    content, folded = _said(message)
    message.require_short(content, "content")
    message.require_short(folded, "content")
    reasoning = folded if role is Role.ASSISTANT else ""
    status = _status(message) if role is Role.ASSISTANT else Status.COMPLETE
    return Node(
        key=key,
        parent=parent,
        role=role,
        content=joined(content, files_of(message.raw("files"))),
        at=message.moment("timestamp"),
        model=message.word("model", "modelName"),
        status=status,
        figures=_figures(message),
        facts=ReplyFacts(reasoning=reasoning or None, error=FAILED_THERE if status is Status.FAILED else None),
    )


def _said(message: Fields) -> tuple[str, str]:
    """Return what was said, and what is folded beside it. Where the content is empty newer versions have both in
    parts."""
    content = text_of(message.raw("content"))
    if role_of(message.raw("role")) is Role.USER:
        return content, ""
    content, folded = unfolded(content)
    if not content:
        content, more = _output(message)
        folded = folded or more
    if not content:
        content, more = _phases(message)
        folded = folded or more
    return content, folded or message.word("reasoning_content") or ""


def _output(message: Fields) -> tuple[str, str]:
    """Return what was said and what is folded in `output`, which is as in OpenAI's Responses."""
    items = message.listed("output")
    results = {item.word("call_id"): text_of(item.raw("output")) for item in items if "output" in item}
    said, folded = [], []
    for item in items:
        match item.raw("type"):
            case "message":
                said.append(text_of(item.raw("content")))
            case "reasoning":
                folded.append(text_of(item.raw("content")) or text_of(item.raw("summary")))
            case "function_call":
                result = results.get(item.word("call_id"), "")
                folded.append(tool_call(item.word("name") or "", item.raw("arguments"), result))
    return joined(*said), joined(*folded)


def _phases(message: Fields) -> tuple[str, str]:
    """Return the answer in Qwen's `content_list`, and what came before it."""
    said: list[str] = []
    folded: list[str] = []
    for part in message.listed("content_list"):
        is_answer = part.raw("phase") in ("answer", None)
        (said if is_answer else folded).append(part.word("content") or "")
    return "".join(said).strip(), joined(*folded)


def _status(message: Fields) -> Status:
    if message.raw("error"):
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
    return "ollama" if ":" in model else OPEN_WEBUI
