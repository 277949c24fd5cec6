"""LibreChat's export of a conversation: its messages as a list, or each within the one that it answers."""

from __future__ import annotations

from collections.abc import Iterator

from thai_chat.chat.transfer.fields import Fields, Loaded, SourcePlace
from thai_chat.chat.transfer.folds import tool_call
from thai_chat.chat.transfer.said import files_of, joined, role_of, text_of
from thai_chat.chat.transfer.trees import FAILED_THERE, Node, Origin, session_of, straight
from thai_chat.domain.facts import ReplyFacts
from thai_chat.domain.messages import Role, Status
from thai_chat.domain.transfer import KeptSession

_LISTS = ("messages", "messagesTree")
_NAMES = ("messageId", "parentMessageId", "isCreatedByUser")


def is_librechat(value: Loaded) -> bool:
    held = [value.get(name) for name in _LISTS] if isinstance(value, dict) else []
    messages = [message for found in held if isinstance(found, list) for message in found]
    return any(isinstance(message, dict) and any(name in message for name in _NAMES) for message in messages)


def read_session(value: Loaded, place: SourcePlace) -> KeptSession:
    """Return the session that a conversation of LibreChat becomes. Raises ImportRefused."""
    fields = Fields(value, place)
    name = fields.word("title") or ""
    fields.entitled(name)
    found = [node for message, parent in _messages(fields) if (node := _node(message, parent))]
    is_tree = all(node.key for node in found) and any(node.parent for node in found)
    options = fields.within("options")
    model = next((node.model for node in reversed(found) if node.model), None)
    origin = Origin(
        program="librechat",
        key=fields.key("conversationId"),
        name=name,
        backend=(fields.word("endpoint") or "librechat").lower(),
        model=options.word("model") or model or "?",
        created_at=fields.moment("createdAt"),
        updated_at=fields.moment("updatedAt"),
        leaf=None,
        system_prompt=options.word("promptPrefix", "system"),
    )
    return session_of(origin, {node.key: node for node in found} if is_tree else straight(found))


def _messages(fields: Fields) -> Iterator[tuple[Fields, str | None]]:
    """Yield each message with the id of the one that it stands in."""
    first = next((listed for name in _LISTS if (listed := fields.listed(name))), ())
    ahead: list[tuple[Fields, str | None]] = [(one, None) for one in reversed(first)]
    while ahead:
        message, parent = ahead.pop()
        yield message, parent
        key = message.word("messageId")
        # Errors name the list, not the whole way through it.
        ahead += [
            (Fields(child, fields.place, "children"), key)
            for child in reversed(message.items("children"))
            if isinstance(child, dict)
        ]


def _node(message: Fields, parent: str | None) -> Node | None:
    is_own = message.raw("isCreatedByUser")
    role = (Role.USER if is_own else Role.ASSISTANT) if isinstance(is_own, bool) else role_of(message.raw("sender"))
    if role not in (Role.USER, Role.ASSISTANT):
        return None
    said, folded = _parts(message)
    content = joined(said or message.word("text") or "", files_of(message.raw("files")))
    message.require_short(content, "text")
    message.require_short(folded, "content")
    reasoning = folded if role is Role.ASSISTANT else ""
    if not content and not reasoning:
        return None
    status = _status(message) if role is Role.ASSISTANT else Status.COMPLETE
    return Node(
        key=message.word("messageId") or "",
        parent=message.word("parentMessageId") or parent,
        role=role,
        content=content,
        at=message.moment("createdAt"),
        model=message.word("model"),
        status=status,
        facts=ReplyFacts(reasoning=reasoning or None, error=FAILED_THERE if status is Status.FAILED else None),
    )


def _parts(message: Fields) -> tuple[str, str]:
    said, folded = [], []
    for part in message.listed("content"):
        match part.raw("type"):
            case "think":
                folded.append(text_of(part.raw("think")))
            case "tool_call":
                call = part.within("tool_call")
                folded.append(tool_call(call.word("name") or "", call.raw("args"), call.raw("output")))
            case "error":
                said.append(text_of(part.raw("error")))
            case "text":
                said.append(text_of(part.raw("text")))
            case _:
                said.append(text_of({"type": part.raw("type"), "text": part.raw("text")}))
    return joined(*said), joined(*folded)


def _status(message: Fields) -> Status:
    if message.raw("error") is True:
        return Status.FAILED
    return Status.STOPPED if message.raw("unfinished") is True else Status.COMPLETE
