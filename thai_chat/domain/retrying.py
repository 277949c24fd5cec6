"""How long a client waits before it asks again, where an error passes by itself (`Retry-After`)."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil

from thai_chat.domain.errors import ReplyRunning, ThaiChatError

_UNTOLD_S = {429: 10, 503: 5}
"""The wait where nobody knows better, by the status of the answer."""
_REPLY_S = 2


def retry_after_s(kind: type[ThaiChatError], status: int, params: Mapping[str, object]) -> int | None:
    """Return the seconds to wait, None for an error that waiting does not mend."""
    if issubclass(kind, ReplyRunning):
        return _REPLY_S
    if status not in _UNTOLD_S:
        return None
    told = params.get("retry_after_s", params.get("seconds"))
    return ceil(told) if isinstance(told, int | float) and told > 0 else _UNTOLD_S[status]
