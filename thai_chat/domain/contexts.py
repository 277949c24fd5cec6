"""The documents that a message was made with: how many and how long they may be."""

from __future__ import annotations

MOST_CONTEXTS = 100
"""The most contexts of one message."""
CONTEXT_CHARS = 50_000
"""The most characters of one context's content."""
DOC_CHARS = 255
METADATA_BYTES = 20_000
"""The most bytes of metadata as JSON, of a context, a message or a session that is made."""
