"""Translates the errors of psycopg2 and SQLAlchemy."""

from __future__ import annotations

import logging

import psycopg2
from psycopg2 import errorcodes
from sqlalchemy import exc

from thai_chat.domain.errors import HistoryError, HistoryRefused, HistoryUnavailable

logger = logging.getLogger(__name__)

# The server's function that refuses a row by a policy. A right that is missing has the same code, and may come back.
_POLICIES = "ExecWithCheckOptions"
# The one that refuses a setting, such as a role that is gone: no write has one in its content.
_SETTINGS = "call_string_check_hook"


def translated(error: BaseException) -> HistoryError:
    """Translate psycopg2's and SQLAlchemy's errors, in this one place.

    Only what lies in the content of a write is HistoryRefused. All else, a schema that is gone included, may pass: then
    the write waits and is not lost.
    """
    cause = error.orig if isinstance(error, exc.DBAPIError) else error
    code = getattr(cause, "pgcode", None) or ""
    routine = _routine(cause)
    is_walled = code == errorcodes.INSUFFICIENT_PRIVILEGE and routine == _POLICIES
    is_content = isinstance(cause, (psycopg2.DataError, psycopg2.IntegrityError)) and routine != _SETTINGS
    detail = f"{type(cause).__name__} {code}".strip()
    if is_content or code.startswith("54") or is_walled:
        return HistoryRefused(detail)
    # The server's sentence stays out of what may be shown; it can quote a row.
    logger.debug("%s: %s", detail, str(cause).strip())
    return HistoryUnavailable(detail)


def _routine(cause: BaseException | None) -> str | None:
    """Return the function of the server's source that raised the error."""
    diagnosis = getattr(cause, "diag", None)
    return getattr(cause, "source_function", None) or getattr(diagnosis, "source_function", None)
