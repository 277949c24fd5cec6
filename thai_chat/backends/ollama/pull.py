"""Adds up what `/api/pull` reports layer by layer."""

from __future__ import annotations

import ollama

from thai_chat.domain.events import Progress

_MOST_LAYERS = 1_000
"""A model has about five; a server that reports others without end makes no sum of ours slower."""
_STATUS_CHARS = 200


class Layers:
    """A model is fetched as several layers, some at once; their sizes become known as each begins."""

    def __init__(self) -> None:
        self._total: dict[str, int] = {}
        self._completed: dict[str, int] = {}

    def add(self, part: ollama.ProgressResponse) -> Progress:
        """Return what has come and what is known to come of all layers together, with the server's word for this
        step."""
        if part.digest and (part.digest in self._total or len(self._total) < _MOST_LAYERS):
            # `completed` is left out until the first bytes, and goes back when a broken piece is fetched again.
            self._total[part.digest] = part.total or self._total.get(part.digest, 0)
            self._completed[part.digest] = min(part.completed or 0, self._total[part.digest])
        return Progress((part.status or "")[:_STATUS_CHARS], sum(self._completed.values()), sum(self._total.values()))
