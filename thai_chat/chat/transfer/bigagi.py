"""Big-AGI's export: conversations whose messages are made of fragments, and those of its first version, of `text`."""

from __future__ import annotations

from thai_chat.chat.transfer.fields import Fields, Loaded, SourcePlace
from thai_chat.chat.transfer.folds import tool_call
from thai_chat.chat.transfer.said import attachment, fenced, joined, picture, role_of, sound, text_of
from thai_chat.chat.transfer.trees import Node, Origin, session_of, straight
from thai_chat.domain.facts import ReplyFacts
from thai_chat.domain.messages import Role
from thai_chat.domain.transfer import KeptSession

_NAMES = ("systemPurposeId", "autoTitle", "userTitle")


def is_bigagi(value: Loaded) -> bool:
    messages = value.get("messages") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(messages, list):
        return False
    has_fragments = any(isinstance(one, dict) and isinstance(one.get("fragments"), list) for one in messages)
    return has_fragments or any(name in value for name in _NAMES)


def read_session(value: Loaded, place: SourcePlace) -> KeptSession:
    """Return the session that a conversation of Big-AGI becomes. Raises ImportRefused."""
    fields = Fields(value, place)
    name = fields.word("userTitle", "autoTitle", "title") or ""
    fields.entitled(name)
    nodes, prompts = [], []
    for message in fields.listed("messages"):
        role = role_of(message.raw("role"))
        said, folded = _fragments(message)
        message.require_short(said, "fragments")
        message.require_short(folded, "fragments")
        if role is Role.SYSTEM:
            prompts.append(said)
        elif role and (said or folded):
            reasoning = folded if role is Role.ASSISTANT else ""
            nodes.append(
                Node(
                    key=message.word("id") or "",
                    role=role,
                    content=said,
                    at=message.moment("created"),
                    model=message.within("generator").word("name") or message.word("originLLM"),
                    facts=ReplyFacts(reasoning=reasoning or None),
                )
            )
    origin = Origin(
        program="big-agi",
        key=fields.key("id"),
        name=name,
        backend="big-agi",
        model=next((node.model for node in reversed(nodes) if node.model), None) or "?",
        created_at=fields.moment("created"),
        updated_at=fields.moment("updated"),
        is_archived=fields.raw("isArchived") is True,
        system_prompt=joined(*prompts) or None,
    )
    return session_of(origin, straight(nodes))


def _fragments(message: Fields) -> tuple[str, str]:
    said, folded = [], []
    for fragment in message.listed("fragments"):
        part = fragment.within("part")
        name = fragment.word("title") or ""
        match part.raw("pt"):
            case "text":
                said.append(part.word("text") or "")
            case "error":
                said.append(part.word("error") or "")
            case "ma":
                folded.append(part.word("aText") or "")
            case "image_ref" | "reference":
                said.append(picture(name or part.word("altText") or ""))
            case "audio_ref":
                said.append(sound(name))
            case "doc":
                said += [attachment(name) if name else "", fenced(part.within("data").word("text") or "")]
            case "tool_invocation":
                call = part.within("invocation")
                folded.append(tool_call(call.word("name") or "", call.raw("args") or call.raw("code"), None))
            case "tool_response":
                folded.append(f"→ {text_of(part.within('response').raw('result'))}")
    return joined(*said) or message.word("text") or "", joined(*folded)
