"""What foreign exports hold is read in time that grows as they do, however it is made to be slow."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.foreign_exports import Json, as_file, node, openwebui_chat, openwebui_message, said
from tests.growth import require_linear
from tests.unit.test_transfer_files import read

SIGNS = 250_000


def reply(content: str) -> Json:
    return openwebui_chat(
        chat={"history": {"messages": {"r": openwebui_message("r", None, "assistant", content)}, "currentId": "r"}}
    )


def chain(size: int, message: Callable[[int], Json]) -> Json:
    """A conversation in which each message answers the one before it."""
    count = size // 200
    links = [node(str(place), str(place - 1) if place else None, message(place)) for place in range(count)]
    return {"mapping": {link["id"]: link for link in links}, "current_node": str(count - 1)}


def hidden_chain(size: int) -> Json:
    count = size // 200
    messages = {
        str(place): openwebui_message(str(place), str(place - 1) if place else None, "system", "x")
        for place in range(count)
    }
    messages |= {
        f"r{place}": openwebui_message(f"r{place}", str(count - 1), "assistant", "x") for place in range(count)
    }
    return openwebui_chat(chat={"history": {"messages": messages, "currentId": str(count - 1)}})


HOSTILE: dict[str, Callable[[int], Json]] = {
    "thoughts that are never closed": lambda size: reply('<details type="reasoning">' * (size // 26)),
    "tags that are never closed": lambda size: reply("<details " * (size // 9)),
    "types without an end": lambda size: reply("<details " + 'type="x" ' * (size // 9)),
    "summaries": lambda size: reply('<details type="reasoning"><summary>' * (size // 35) + "</details>"),
    "closed thoughts": lambda size: reply('<details type="reasoning">> x</details>' * (size // 39)),
    "a number of a character": lambda size: reply(f'<details type="reasoning">&#{"9" * size};</details>'),
    "quotes": lambda size: reply('<details type="reasoning">' + "\n> " * (size // 3) + "</details>"),
    "system messages in a row": hidden_chain,
    "citations that are never closed": lambda size: chain(100, lambda _: said("user", "\ue200" * size)),
    "pieces of one reply": lambda size: chain(size, lambda _: said("assistant", "x" * 200)),
    "thoughts before one reply": lambda size: chain(
        size, lambda _: said("assistant", {"content": "x" * 200}, kind="thoughts")
    ),
    "a long name": lambda size: {"title": "า" * size, "mapping": {}},
    "a first question of marks": lambda size: chain(100, lambda _: said("user", "#>*`_" * (size // 5))),
    "a first question of vowels": lambda size: chain(100, lambda _: said("user", "ำ" * size)),
    "escapes": lambda size: {"title": '\\"' * (size // 2), "mapping": {}},
    "lists": lambda size: {"mapping": {}, "x": [[]] * (size // 4)},
}


def read_whole(content: bytes) -> None:
    (session,) = read(content)
    assert session


@pytest.mark.parametrize("kind", HOSTILE)
def test_four_times_the_text_takes_about_four_times_as_long(kind: str) -> None:
    require_linear(read_whole, lambda size: as_file([HOSTILE[kind](size)]), size=SIGNS)
