"""People for tests."""

from __future__ import annotations

from dataclasses import replace

from thai_chat.domain.people import LOCAL, Person


def as_person(user_id: str) -> Person:
    return replace(LOCAL, user_id=user_id)
