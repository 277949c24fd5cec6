"""`demo-model`: has the small model of a first try there, which answers when no other does."""

from __future__ import annotations

from thai_chat.backends.registry import KINDS
from thai_chat.commands.terminal import tell


def run() -> int:
    """Fetch the demo model. Raises StartError. Safe to call twice."""
    for kind in KINDS:
        if kind.last_resort:
            tell(kind.last_resort.fetch())
    return 0
