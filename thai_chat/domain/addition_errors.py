"""Errors of what programs add to a history: contexts, metadata, departments, copies of branches."""

from __future__ import annotations

from thai_chat.domain.errors import BadInput


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
    """A department's id is no text, or longer than `params["limit"]` characters."""

    code = "bad_department"


class BranchTooLong(BadInput):
    """More than `params["limit"]` messages would have to be copied."""

    code = "branch_too_long"
