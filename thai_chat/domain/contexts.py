"""The documents that a message was made with: how many and how long they may be."""

from __future__ import annotations

from thai_chat.domain.errors import BadInput

MOST_CONTEXTS = 100
"""The most contexts of one message."""
CONTEXT_CHARS = 50_000
"""The most characters of one context's content."""
DOC_CHARS = 255
METADATA_BYTES = 20_000
"""The most bytes of metadata as JSON, of a context, a message or a session that is made."""


class TooManyContexts(BadInput):
    """A message would have more than `params["limit"]` contexts."""

    code = "too_many_contexts"


class MetadataTooLarge(BadInput):
    """Metadata takes more than `params["limit"]` bytes as JSON, or is nested too deeply."""

    code = "metadata_too_large"


class ReservedMetadata(BadInput):
    """Metadata has keys that are filled in here alone; `params["names"]` has them."""

    code = "reserved_metadata"


class BadDepartment(BadInput):
    """A department's id is longer than `params["limit"]` characters."""

    code = "bad_department"


class BranchTooLong(BadInput):
    """More than `params["limit"]` messages would have to be copied."""

    code = "branch_too_long"
