"""Foreign exports are read in time that grows as they do, however they are made to be slow."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.foreign_exports import Json, as_file, node, openwebui_chat, openwebui_message, said
from tests.growth import require_linear
from tests.imported import read

SIGNS = 250_000


def reply(content: str) -> Json:
    return openwebui_chat(
        chat={"history": {"messages": {"r": openwebui_message("r", None, "assistant", content)}, "currentId": "r"}}
    )


def chain(size: int, message: Callable[[int], Json]) -> Json:
    """Return a conversation in which each message answers the one before it."""
    count = size // 200
    links = [node(str(place), str(place - 1) if place else None, message(place)) for place in range(count)]
    return {"mapping": {link["id"]: link for link in links}, "current_node": str(count - 1)}


def thoughts(count: int, *, is_deep: bool) -> Json:
    """Return a chat with thoughts below each other, and as many replies: all below the last one, or one below each."""
    chat = chain(200 * count, lambda _: said("assistant", {"content": "x"}, kind="thoughts"))
    mapping = chat["mapping"]
    for place in range(count):
        reply = node(f"r{place}", str(place if is_deep else count - 1), said("assistant", "x"))
        mapping[reply["id"]] = reply
    mapping["q"] = node("q", None, said("user", "x"))
    return chat


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
    "citations that are never closed": lambda size: chain(200, lambda _: said("user", "x" + "\ue200" * size)),
    "pieces of one reply": lambda size: chain(size, lambda _: said("assistant", "x" * 200)),
    "thoughts before one reply": lambda size: chain(
        size,
        lambda place: said(
            "assistant", *([{"content": "x" * 200}] if place else "x"), kind=("thoughts" if place else "text")
        ),
    ),
    "an id without end": lambda size: {
        **chain(size // 4, lambda _: said("user", "x")),
        "conversation_id": "x" * (size // 2),
    },
    "replies with the same thoughts": lambda size: thoughts(size // 400, is_deep=False),
    "replies below each thought": lambda size: thoughts(size // 400, is_deep=True),
    "a long name": lambda size: named("า" * size),
    "a first question of marks": lambda size: chain(200, lambda _: said("user", "#>*`_" * (size // 5))),
    "a first question of vowels": lambda size: chain(200, lambda _: said("user", "ำ" * size)),
    "escapes": lambda size: named('\\"' * (size // 2)),
    "lists": lambda size: {**named("x"), "x": [[]] * (size // 4)},
    "marks": lambda size: chain(200, lambda _: said("user", "x\ue200entity\ue202[\ue201" * (size // 10))),
    "marks and sources": lambda size: chain(200, lambda _: sourced(size // 100)),
    "calls of tools": lambda size: reply(
        '<details type="tool_calls" arguments="&quot;x">' * (size // 44) + "</details>"
    ),
    "attributes": lambda size: reply('<details type="tool_calls" ' + 'name="x" ' * (size // 9) + "></details>"),
    "a canvas that is changed": lambda size: canvas(size, {"pattern": "b", "replacement": "b"}),
    "a canvas that doubles": lambda size: canvas(size, {"pattern": "b", "multiple": True, "replacement": "bb"}),
    "plain messages": lambda size: {"messages": [{"role": "user", "content": "x"}] * (size // 30)},
    "parts in parts": lambda size: {"messages": [{"role": "user", "content": [[["x"]]] * (size // 30)}]},
    "versions": lambda size: {"messages": [{"versions": [version()] * (size // 60)}]},
    "places with versions": lambda size: {"messages": [{"versions": [version()]}] * (size // 60)},
    "a tree of LibreChat": lambda size: {"messages": [flat(place) for place in range(size // 100)]},
    "DeepSeek's nodes": lambda size: {**chain(size, lambda _: {"fragments": [{"content": "x"}]}), "id": "d"},
    "backticks": lambda size: {
        "chat_messages": [{"sender": "human", "attachments": [{"extracted_content": "`" * size}]}]
    },
    "Big-AGI's fragments": lambda size: {
        "messages": [{"role": "user", "fragments": [{"part": {"pt": "text", "text": "x"}}] * (size // 50)}]
    },
    **{
        f"a reply of Gemini: {html}": lambda size, html=html: takeout(html * (size // len(html)))
        for html in ("<", "<a", "<p>", "</a>", "<pre>", " ", "\t\n", '<a href="http://', "&#9", "<script>", "&amp;")
    },
}


def named(title: str) -> Json:
    return {"title": title, "mapping": {"q": node("q", None, said("user", "x"))}}


def sourced(count: int) -> Json:
    marks = [f"\ue200cite\ue202turn0search{number}\ue201" for number in range(count)]
    references = [{"matched_text": one, "alt": "x"} for one in marks]
    return said("user", "".join(marks), metadata={"content_references": references})


def canvas(size: int, update: Json) -> Json:
    calls = [
        {"name": "x", "type": "document", "content": "b" * (size // 4)},
        *[{"updates": [update] * 5}] * (size // 400),
    ]
    return chain(
        200 * len(calls),
        lambda place: said("assistant", json.dumps(calls[place]), kind="code", recipient="canmore.x_textdoc"),
    )


def version() -> Json:
    return {"role": "user", "content": [{"type": "text", "text": "x"}]}


def flat(place: int) -> Json:
    return {"messageId": str(place), "parentMessageId": str(place - 1), "text": "x", "isCreatedByUser": True}


def takeout(html: str) -> Json:
    return {
        "header": "Gemini Apps",
        "title": "Prompted x",
        "time": "2026-03-04T05:06:00Z",
        "safeHtmlItem": [{"html": html}],
    }


def read_whole(content: bytes) -> None:
    (session,) = read(content)
    assert session


def test_turns_of_many_conversations_are_put_together_in_linear_time() -> None:
    def turns(size: int) -> bytes:
        entries = [{"prompt": "x", "response": "y", "conversation_id": str(place % 50)} for place in range(size // 100)]
        return as_file(entries)

    require_linear(read, turns, size=SIGNS)


def test_a_database_is_read_in_linear_time(tmp_path: Path) -> None:
    def database(size: int) -> bytes:
        path = tmp_path / f"{size}.db"
        path.unlink(missing_ok=True)
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("CREATE TABLE responses (id TEXT PRIMARY KEY, prompt, response, conversation_id)")
            rows = ((str(place), "x", "y", str(place % 50)) for place in range(size // 100))
            connection.executemany("INSERT INTO responses VALUES (?, ?, ?, ?)", rows)
            connection.commit()
        return path.read_bytes()

    require_linear(read, database, size=SIGNS)


@pytest.mark.parametrize("kind", HOSTILE)
def test_four_times_the_text_takes_about_four_times_as_long(kind: str) -> None:
    require_linear(read_whole, lambda size: as_file([HOSTILE[kind](size)]), size=SIGNS)


def test_a_database_without_indexes_whose_turns_stand_in_each_others_way_is_read_in_linear_time(tmp_path: Path) -> None:
    def database(size: int) -> bytes:
        count = size // 100
        path = tmp_path / f"{size}.db"
        path.unlink(missing_ok=True)
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(
                "CREATE TABLE responses (id, prompt, response, conversation_id);"
                "CREATE TABLE conversations (id, name); CREATE TABLE fragments (id, content);"
                'CREATE TABLE prompt_fragments (response_id, fragment_id, "order");'
                "CREATE TABLE turns (id, thread_id, parent_message_hash, tip_message_hash);"
                "CREATE TABLE threads (id, name); CREATE TABLE messages (hash, parent_hash, role);"
                "CREATE TABLE parts (id, message_hash, position, type, text, payload)"
            )
            for statement, row in (
                ("INSERT INTO responses VALUES (?, 'x', 'y', ?)", lambda one: (one, one)),
                ("INSERT INTO conversations VALUES (?, 'name')", lambda one: (one,)),
                ("INSERT INTO fragments VALUES (?, 'x')", lambda one: (one,)),
                ("INSERT INTO prompt_fragments VALUES (?, ?, 0)", lambda one: (one, one)),
                ("INSERT INTO turns VALUES (?, ?, NULL, ?)", lambda one: (one, f"t{one}", one)),
                ("INSERT INTO messages VALUES (?, ?, 'assistant')", lambda one: (one, int(one) - 1)),
                ("INSERT INTO parts VALUES (?, ?, 0, 'text', 'x', NULL)", lambda one: (one, one)),
            ):
                connection.executemany(statement, (row(str(place)) for place in range(count)))
            connection.commit()
        return path.read_bytes()

    require_linear(read, database, size=SIGNS // 2, most_s=5.0)


def test_many_files_are_counted_in_linear_time() -> None:
    def files(size: int) -> list[bytes]:
        return [as_file([named(str(place))]) for place in range(size // 250)]

    require_linear(lambda given: read(*given), files, size=SIGNS, most_s=3.0)
