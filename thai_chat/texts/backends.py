"""How people write the backends' names, and the settings that connect one: told once, by the composition root."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from thai_chat.domain.alternatives import alternatives

_OR = ("หรือ", "or")
"""The word between alternatives, by the index of the language."""


class Kind(Protocol):
    """The part of a kind of backend that the texts tell."""

    @property
    def name(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def configured_by(self) -> str: ...
    @property
    def is_cloud(self) -> bool: ...
    @property
    def is_suggested(self) -> bool: ...


@dataclass(slots=True)
class _Names:
    labels: dict[str, str] = field(default_factory=dict)
    settings: dict[str, tuple[str, str]] = field(default_factory=dict)
    """The settings by param, in each language."""


_names = _Names()


def name_backends(kinds: Sequence[Kind]) -> None:
    """Set the names for the whole process, in place of those from before."""
    suggested = [kind for kind in kinds if kind.is_suggested]
    own = [kind.configured_by for kind in suggested if not kind.is_cloud]
    clouds = [kind.configured_by for kind in suggested if kind.is_cloud]
    _names.labels = {kind.name: kind.label for kind in kinds}
    thai, english = ((alternatives([*own, *clouds], word), _with_clouds(own, clouds, word)) for word in _OR)
    _names.settings = {
        "settings_of_backends": (thai[0], english[0]),
        "settings_of_servers": (thai[1], english[1]),
    }


def label_of(backend: str) -> str:
    """Return how people write a backend's name."""
    return _names.labels.get(backend, backend)


def with_settings(template: str, language: int) -> str:
    """Return the template with the settings that connect a backend in the place of their params."""
    for param, said in _names.settings.items():
        template = template.replace(f"{{{param}}}", said[language])
    return template


def _with_clouds(own: Sequence[str], clouds: Sequence[str], word: str) -> str:
    """Return "A or B (or C)": servers of one's own first."""
    if not (own and clouds):
        return alternatives([*own, *clouds], word)
    return f"{alternatives(own, word)} ({word} {alternatives(clouds, word)})"
