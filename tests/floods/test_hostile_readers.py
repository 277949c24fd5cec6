"""All that reads what models, servers and people write takes linear time over it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import orjson
import pytest

from tests.growth import require_linear
from thai_chat.backends.continuation import Continuation
from thai_chat.backends.failures import failure, read_refusal
from thai_chat.backends.json_text import Halves, whole
from thai_chat.backends.lines import Lines
from thai_chat.backends.openai_api.completion_stream import CompletionStream
from thai_chat.backends.reasoning import ReasoningSplitter
from thai_chat.chat import questions, titles
from thai_chat.chat.search import keyboard, ranking
from thai_chat.chat.search.signs import signs_in
from thai_chat.chat.text import storable
from thai_chat.chat.transfer import companions, folds, hypertext, markdown, moments, said, tables
from thai_chat.chat.words import cut
from thai_chat.domain.backend_errors import BackendError
from thai_chat.domain.searching import terms_of
from thai_chat.domain.spelling import fold
from thai_chat.history.postgres.search.keys import packed
from thai_chat.routing.tokens import estimate_tokens

PIECE = 4
"""Characters that come at once, about a token."""


def pieces(text: str, size: int = PIECE) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]


def split(text: str) -> None:
    """Read reasoning in tags."""
    for opened in ("", "</think>"):
        splitter = ReasoningSplitter(opened=opened)
        for piece in pieces(text):
            splitter.feed(piece)
        splitter.end()


def go_on(text: str) -> None:
    """Read a reply that is said again."""
    for prefilled in (True, False):
        continuation = Continuation(text + "x", prefilled=prefilled)
        for piece in pieces(text):
            continuation.feed(piece)
        continuation.end()


def go_on_blank(text: str) -> None:
    continuation = Continuation("จบ" + text, prefilled=True)
    for piece in ("ต่อ", *pieces(text)):
        continuation.feed(piece)


def cut_into_lines(text: str) -> None:
    lines = Lines()
    for piece in pieces(text):
        lines.feed(piece.encode())
    lines.end()


def stream(text: str) -> None:
    reply = CompletionStream()
    with suppress(BackendError):
        for piece in pieces(text, 64):
            reply.feed(piece.encode())
        reply.last()
        reply.end()


def stream_lines(text: str) -> None:
    stream("".join(f"data: {piece}\n" for piece in pieces(text)))


def stream_texts(text: str) -> None:
    for name in ("content", "reasoning"):
        parts = ({"choices": [{"index": 0, "delta": {name: piece}}]} for piece in pieces(text, 16))
        stream("".join(f"data: {orjson.dumps(part).decode()}\n\n" for part in parts))


def refuse(text: str) -> None:
    for status in (400, 404, 500, 503):
        for body in (text, {"error": text}, {"error": {"message": text, "code": text, "param": text}}):
            failure(read_refusal(status, body))


def look_in_the_other_layout(text: str) -> None:
    keyboard.makes_no_sense(text[:1_000])
    keyboard.is_probably(keyboard.in_other_layout(text[:1_000]) or "")


def halves_of(text: str) -> None:
    halves = Halves()
    for piece in pieces(text, 1):
        halves.feed(piece + "\ud83d")
    halves.end()


READERS: dict[str, Callable[[str], object]] = {
    "whole characters": whole,
    "halves of characters": halves_of,
    "fold": lambda text: packed(fold(text)),
    "terms": terms_of,
    "signs of Markdown": lambda text: signs_in(text, max(0, len(text) - 200), len(text)),
    "cut": lambda text: cut(text, 200),
    "name": titles.name_of,
    "question": questions.words_of,
    "keyboard": look_in_the_other_layout,
    "storable": storable,
    "tokens": lambda text: estimate_tokens(text, "gpt-4o"),
    "Markdown export": markdown._closed,
    "a quotation in an export": markdown._quoted,
    "CSV export": tables.guarded,
    "a reply in HTML": hypertext.text_in,
    "a reply with folds": folds.unfolded,
    "a block of code": said.fenced,
    "a time": moments.moment_of,
    "the name of a file": companions.is_companion,
    "thinking": split,
    "what goes on": go_on,
    "blanks that go on": go_on_blank,
    "lines": cut_into_lines,
    "events": stream,
    "lines of events": stream_lines,
    "texts of events": stream_texts,
    "refusals": refuse,
}
HOSTILE = (
    *(
        "a",
        "1",
        "ก",
        "่",
        "ํ่",
        "\u0301",
        "👩\u200d",
        " ",
        "\t",
        "\n",
        " \n",
        "a ",
        "aB3+",
        '"',
        "“",
        "\\",
        "`",
        "```\n",
        "~~~a\n",
    ),
    *(
        "<",
        "<!--\n",
        "<think>",
        "</think>",
        "\n</think>\n",
        "```\n</think>\n",
        "</th",
        "**a ",
        "[a](",
        "> ",
        "- ",
        "| ",
        "=",
        "a_",
    ),
    *('<details type="reasoning">', "</details>", "<summary>", "<p>", '<a href="http://', "&#9", "&amp;", "<pre>"),
    *("data:", "data: \n", "data: {}\n\n", "data: {\n", "context length is 1", "model ", "too large: 1."),
)


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_reading_takes_linear_time(reader: Callable[[str], object]) -> None:
    for hostile in HOSTILE:
        require_linear(reader, lambda size: hostile * (size // len(hostile)), size=8_000)  # noqa: B023 - called at once


def test_a_closing_tag_in_code_is_no_end_of_thinking_however_long_the_code_is() -> None:
    for line, count in (("ย่อหน้า\n", 900), ("x" * 9_000 + "\n", 1)):
        code = "```\n" + line * count + "</think>\n" + line * count + "```\n"
        for size in (3, 50, 7_000):
            splitter = ReasoningSplitter()
            given = [part for piece in pieces(code + "\n</think>\nตอบ", size) for part in splitter.feed(piece)]
            given += splitter.end()
            assert [type(part).__name__ for part in given if type(part).__name__ == "WasReasoning"] == ["WasReasoning"]
            assert splitter.opened == "</think>"
            after = [type(part).__name__ for part in given].index("WasReasoning")
            assert "".join(part.text for part in given[after + 1 :] if hasattr(part, "text")) == "ตอบ"


def test_ranking_takes_what_is_around_a_hit_of_a_long_text() -> None:
    assert ranking.around_hits("คำ " * 50_000 + "พบ" + "คำ " * 50_000, terms_of("พบ")).count("พบ") == 1
