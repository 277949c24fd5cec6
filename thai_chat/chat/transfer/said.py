"""The ways in which programs keep a message: who said it, its text in parts, and what goes with it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from thai_chat.chat.text import storable
from thai_chat.chat.transfer.fields import Loaded
from thai_chat.domain.messages import Role

_ROLES = {
    **dict.fromkeys(("user", "human", "prompter", "you"), Role.USER),
    **dict.fromkeys(("assistant", "ai", "bot", "model", "gpt", "chatgpt", "chatbot"), Role.ASSISTANT),
    **dict.fromkeys(("system", "developer"), Role.SYSTEM),
}
_BACKTICKS = re.compile(r"`{3,}")
_MOST_DEPTH = 4
_PICTURES = ("image", "image_url", "input_image", "image_file", "image_ref", "img")
_SOUNDS = ("audio", "input_audio", "audio_url")


def role_of(word: Loaded) -> Role | None:
    """Return who said something; None where it is not for people to read, such as the output of a tool."""
    return _ROLES.get(word.strip().lower()) if isinstance(word, str) else None


def text_of(content: Loaded, depth: int = _MOST_DEPTH) -> str:
    """Return a text as it is, or its parts as nearly all programs and servers have them; pictures and sounds are
    named."""
    if isinstance(content, str):
        return storable(content)
    if not depth:
        return ""
    if isinstance(content, list):
        return joined(*(text_of(part, depth - 1) for part in content))
    if not isinstance(content, dict):
        return ""
    kind = content.get("type")
    if kind in _PICTURES:
        return picture(name_of(content))
    if kind in _SOUNDS:
        return sound(name_of(content))
    held = (content.get(name) for name in ("text", "value", "content", "parts"))
    return next((text for value in held if (text := text_of(value, depth - 1))), "")


def joined(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part and not part.isspace())


def name_of(content: Mapping[str, Loaded]) -> str:
    """Return the name of something; "" where it has none, also where its address is the picture itself."""
    names = ("name", "file_name", "fileName", "filename", "title")
    found = next((value for name in names if isinstance(value := content.get(name), str) and value.strip()), "")
    return storable(found.strip())


def files_of(items: Loaded) -> str:
    """Return the names of what was attached, one a line."""
    found: Sequence[Loaded] = items if isinstance(items, list) else ()
    return "\n".join(filter(None, map(_file, found)))


def _file(item: Loaded) -> str:
    if isinstance(item, str):
        return attachment(storable(item)) if item.strip() else ""
    if not isinstance(item, dict):
        return ""
    nested = item.get("file")
    name = name_of(item) or (name_of(nested) if isinstance(nested, dict) else "")
    kind = next((str(value) for key in ("type", "mime", "file_type", "content_type") if (value := item.get(key))), "")
    if kind.startswith("image"):
        return picture(name)
    return attachment(name) if name else ""


def attachment(name: str) -> str:
    return _mark("📎", name)


def picture(name: str = "") -> str:
    return _mark("🖼", name)


def sound(name: str = "") -> str:
    return _mark("🔊", name)


def fenced(code: str, language: str = "") -> str:
    """Return a block of code that no fence within it ends."""
    longest = max((len(found[0]) for found in _BACKTICKS.finditer(code)), default=2)
    fence = "`" * (longest + 1)
    word = language.split("\n")[0].replace("`", "").strip()
    return f"{fence}{word}\n{code}\n{fence}" if code.strip() else ""


def _mark(sign: str, name: str) -> str:
    return f"[{sign} {name}]" if name else f"[{sign}]"
