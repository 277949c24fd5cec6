"""The id of the request that is being answered: in its answer, and in each line of the log that it causes."""

from __future__ import annotations

from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""Letters, digits and a few signs; empty outside of a request. What a request has begun keeps it."""
