"""Tells whether a program's request has a server fetch something."""

from __future__ import annotations

from collections.abc import Mapping

from thai_chat.domain.json_types import JsonObject, JsonValue

_HELD_IN = ("messages", "input")
_FETCHED = ("http:", "https:", "file:", "ftp:")


def names_address(body: JsonObject) -> bool:
    """Tell whether a picture, a sound, a film or a file in the request is an address instead of the thing itself."""
    waiting: list[JsonValue] = [body.get(name) for name in _HELD_IN]
    while waiting:
        match waiting.pop():
            case list() as items:
                waiting += [one for one in items if isinstance(one, dict | list)]
            case Mapping() as part:
                for name, value in part.items():
                    if not isinstance(value, str | list | Mapping):
                        continue
                    if name.endswith("_url") and (address := _text(value, "url")) and not address.startswith("data:"):
                        return True
                    if name == "input_audio" and _text(value, "data").startswith(_FETCHED):
                        return True
                    if not isinstance(value, str):
                        waiting.append(value)
    return False


def _text(value: JsonValue, name: str) -> str:
    """Return the beginning of an address, which stands there by itself or as `name`."""
    address = value.get(name) if isinstance(value, Mapping) else value
    return address[:40].strip().lower() if isinstance(address, str) else ""
