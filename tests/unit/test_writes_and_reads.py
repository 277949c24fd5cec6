"""Writes and reads say which session they are about, and whose, under one name: the outage code goes by it."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from tests.toy_upstreams import CountMessages, Toast
from thai_chat.domain import reads, writes

KINDS = [
    kind
    for module, base in ((writes, writes.Write), (reads, reads.Read))
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, base) and kind is not base
]
OF_NO_SESSION = {writes.Checkpoints, reads.ReadSessions, reads.ReadSessionCount, reads.ReadLabels, reads.ReadMessage}
OF_NOBODY = {writes.Checkpoints, writes.FinishReply}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_what_is_about_a_session_or_of_a_user_has_it_as_a_field(kind: type[Any]) -> None:
    names = {field.name for field in fields(kind)}
    assert ("session_id" in names, "user_id" in names) == (kind not in OF_NO_SESSION, kind not in OF_NOBODY)


def test_the_session_and_the_user_have_no_default() -> None:
    with pytest.raises(TypeError, match=r"session_id.*user_id"):
        writes.BeginTurn()  # type: ignore[call-arg]


def test_what_is_about_no_session_says_none() -> None:
    assert (Toast().session_id, Toast().user_id) == (None, None)
    assert CountMessages("somebody").session_id is None
    assert (writes.Checkpoints([]).session_id, writes.Checkpoints([]).user_id) == (None, None)
