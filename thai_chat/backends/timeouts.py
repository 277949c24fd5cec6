"""How long a server is waited for, and how its connections are kept."""

from __future__ import annotations

from dataclasses import dataclass, replace

MODELS_TIMEOUT_S = 5.0
MAX_CONNECTIONS = 1000
COUNT_TIMEOUT_S = 2.0
KEEP_ALIVE_S = 3.0
"""The time that an idle connection is kept, below uvicorn's 5 s, so that a request never meets one that vLLM is just
closing."""

STALE_S = 1.0
"""A kept connection that its server has closed meanwhile shows it at once; what takes longer is another matter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    connect_s: float = 5.0
    first_token_s: float = 300.0
    """Generous: before the first token a model may have to be loaded and a long history read."""
    between_tokens_s: float = 120.0
    whole_reply_s: float = 600.0
    """The time for a reply that comes in one piece, where streaming was refused: GPT-5 can take minutes."""

    def while_reasoning(self) -> Timeouts:
        """Return the times for models that reason for minutes and send nothing meanwhile."""
        longest_s = max(self.whole_reply_s, self.first_token_s, self.between_tokens_s)
        return replace(self, first_token_s=longest_s, between_tokens_s=longest_s)


DEFAULT_TIMEOUTS = Timeouts()
