"""Reads times as other programs write them: numbers since 1970, the same as text, ISO 8601, and MongoDB's objects."""

from __future__ import annotations

from datetime import UTC, datetime

YEARS = range(1900, 3000)
"""Times at the ends of the calendar could not be told in other time zones."""
_MOST_CHARS = 40
_MOST = 1e22


def moment_of(value: object) -> datetime | None:
    """Return the time in UTC, which it is without a zone; None for no time: no conversation is worth refusing for
    that."""
    if isinstance(value, dict):
        value = value.get("$date", value.get("$numberLong"))
        if isinstance(value, dict):
            value = value.get("$numberLong")
    if isinstance(value, str):
        text = value.strip()[:_MOST_CHARS]
        try:
            value = float(text)
        except ValueError:
            return _of_iso(text)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return _of_number(value)


def _of_number(value: float) -> datetime | None:
    """Return the time of so many seconds, or of their thousandth, millionth or billionth part."""
    if not 0 < value < _MOST:
        return None
    while value > 1e11:
        value /= 1000
    found = datetime.fromtimestamp(value, UTC)
    return found if found.year in YEARS else None


def _of_iso(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
        if found.year not in YEARS:
            return None
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
