"""What `--help` says beyond the arguments."""

from __future__ import annotations

from collections.abc import Iterator

from thai_chat.settings import Settings

SERVE = "Serve the page and the API until Ctrl-C. Settings, in the environment or in .env, with their defaults:"


def every_setting() -> str:
    """Return each setting with its default, and below it what it is for."""
    return "\n".join(_described())


def _described() -> Iterator[str]:
    for name, field in Settings.model_fields.items():
        yield f"  {name.upper()}={_spelled(field.get_default())}"
        yield f"      {field.description}"


def _spelled(default: object) -> str:
    """Return a default as it is written in `.env`."""
    if isinstance(default, bool):
        return "yes" if default else "no"
    if isinstance(default, tuple):
        return ",".join(map(str, default))
    return "" if default is None else str(default)
