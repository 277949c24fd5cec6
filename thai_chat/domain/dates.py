"""Dates as people in Thailand and elsewhere write them."""

from __future__ import annotations

from datetime import datetime

_MONTHS_TH = ("ม.ค.", "ก.พ.", "มี.ค.", "เม.ย.", "พ.ค.", "มิ.ย.", "ก.ค.", "ส.ค.", "ก.ย.", "ต.ค.", "พ.ย.", "ธ.ค.")
_MONTHS_EN = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_BUDDHIST_YEARS = 543


def written(local: datetime, *, is_thai: bool) -> str:
    """Return a time as people write it, in the time zone that it has; in Thai with the Buddhist year."""
    month = (_MONTHS_TH if is_thai else _MONTHS_EN)[local.month - 1]
    year = local.year + _BUDDHIST_YEARS if is_thai else local.year
    return f"{local.day} {month} {year} {local:%H:%M}"
