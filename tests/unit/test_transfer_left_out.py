"""One session that can't be read, or is more than may be, is left out and named; the others are read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.foreign_exports import Json, as_file, chatgpt_conversation, node, said
from tests.uploads import upload
from thai_chat import texts
from thai_chat.chat.transfer import chatgpt, formats
from thai_chat.chat.transfer.fields import SourcePlace
from thai_chat.chat.transfer.files import Import
from thai_chat.domain.errors import ImportRefused
from thai_chat.domain.transfer import ImportLimits, KeptSession


def numbers_and_reasons(content: bytes, limits: ImportLimits) -> tuple[list[int], list[tuple[str, int]]]:
    """Return the numbers of the sessions that are read, and why which of them are left out."""
    left_out: list[ImportRefused] = []
    given = upload(content)
    odd: list[Exception] = []
    opened = Import(given, limits, left_out=left_out.append, odd=odd.append)
    try:
        opened.open()
        read = [place.number for _, place in opened.sessions()]
    finally:
        opened.close()
        given.close()
    assert opened.total == len(read) + len(left_out)
    assert len(odd) == sum(one.params["why"] == "import_session_odd" for one in left_out)
    for refusal in left_out:
        for language in texts.LANGUAGES:
            assert "import_" not in texts.text("import_left_out", language, refusal.params)
    return read, [(str(one.params["why"]), int(one.params["number"])) for one in left_out]


def chain(count: int) -> Json:
    links = [node(str(place), str(place - 1) if place else None, said("user", "x")) for place in range(count)]
    return {"title": "long", "mapping": {link["id"]: link for link in links}, "id": "long"}


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        ({"session_messages": 50}, "import_session_long"),
        ({"session_values": 60}, "import_session_tangled"),
        ({"session_bytes": 9000}, "import_session_large"),
    ],
)
def test_one_that_is_larger_than_may_be_is_left_out(limits: dict[str, int], why: str) -> None:
    chats = [chatgpt_conversation(id="1"), chain(60), chatgpt_conversation(id="2")]
    assert numbers_and_reasons(as_file(chats), ImportLimits(**limits)) == ([1, 3], [(why, 2)])


def test_one_in_a_shape_that_nobody_thought_of_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(value: object, place: SourcePlace) -> KeptSession:
        if place.number == 2:
            raise TypeError("ก secret")
        return chatgpt.read_session(value, place)

    known = next(one for one in formats.FORMATS if one.program == "chatgpt")
    monkeypatch.setattr(formats, "FORMATS", (replace(known, read=lambda values, place: breaks(values[0], place)),))
    chats = [chatgpt_conversation(id=str(number)) for number in range(3)]
    assert numbers_and_reasons(as_file(chats), ImportLimits()) == ([1, 3], [("import_session_odd", 2)])


def test_one_with_an_entry_that_is_too_large_is_left_out() -> None:
    entries = [{"prompt": "x", "response": "y" * size, "conversation_id": str(size)} for size in (10, 5000, 20)]
    found = numbers_and_reasons(as_file(entries), ImportLimits(session_bytes=1000))
    assert found == ([1, 3], [("import_session_large", 2)])
