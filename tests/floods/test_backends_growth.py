"""Readers of a model's answer take time that grows as the answer does, whatever is in it and however it is cut."""

from __future__ import annotations

from contextlib import suppress

import pytest

from tests.growth import cost_s, require_linear
from thai_chat.backends.continuation import Continuation
from thai_chat.backends.failures import failure, read_refusal
from thai_chat.backends.lines import Lines
from thai_chat.backends.openai_api.completion_stream import CompletionStream
from thai_chat.backends.reasoning import ReasoningSplitter
from thai_chat.domain.backend_errors import BackendGarbled

CHARS = 80_000

HOSTILE = (
    " ",
    "\n",
    "\n ",
    "a",
    "ก",
    "```\n</think>\n",
    "\n</think>\n",
    "<think></think>",
    "<think>",
    "</think>",
    "[THINK]",
)
HOSTILE += ("<", "<thi", "\n```\n", "]\n", "...", "\u3000", "กำ้")


def cut(text: str, size: int) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]


@pytest.mark.parametrize("size", [3, 1_000_000])
@pytest.mark.parametrize("text", HOSTILE)
def test_looking_for_thinking(text: str, size: int) -> None:
    def work(chars: int) -> None:
        splitter = ReasoningSplitter()
        for piece in cut((text * chars)[:chars], size):
            splitter.feed(piece)
        splitter.end()

    require_linear(work, int, size=CHARS)


@pytest.mark.parametrize("prefilled", [True, False])
@pytest.mark.parametrize("size", [3, 1_000_000])
@pytest.mark.parametrize("text", [" ", "a", "ab", "ข้าว", "... "])
def test_joining_a_reply_to_its_beginning(text: str, size: int, prefilled: bool) -> None:
    def work(chars: int) -> None:
        beginning = (text * chars)[:chars]
        continuation = Continuation(beginning, prefilled=prefilled)
        for piece in cut(beginning + "x", size):
            continuation.feed(piece)
        continuation.end()

    require_linear(work, int, size=CHARS)


@pytest.mark.parametrize("size", [1, 16_384])
@pytest.mark.parametrize("text", [b"x", b"\n", b"data:\n", b"data: x\n", b": ping\n\n", b'data: {"a":1}\n\n'])
def test_cutting_a_stream_into_events(text: bytes, size: int) -> None:
    def work(chars: int) -> None:
        stream, body = CompletionStream(), text * (chars // len(text))
        with suppress(BackendGarbled):  # of so many lines that say nothing
            for at in range(0, len(body), size):
                stream.feed(body[at : at + size])

    require_linear(work, int, size=CHARS)


def test_a_line_that_comes_in_many_pieces_is_whole() -> None:
    lines = Lines()
    assert [lines.feed(piece) for piece in (b"a", b"b\nc", b"", b"d\n\ne")] == [[], [b"ab"], [], [b"cd", b""]]
    assert lines.end() == [b"e"]
    assert lines.end() == []


@pytest.mark.parametrize(
    "text",
    [
        "9",
        " ",
        "'",
        "(",
        "maximum context length is 1 ",
        "Unsupported parameter: 'a",
        "context length is 1 requested 1 ",
    ],
)
def test_the_words_of_an_error_are_read_to_a_bound(text: str) -> None:
    body = {"error": {"message": (text * 1_000_000)[:1_000_000]}}
    assert cost_s(lambda: failure(read_refusal(400, body))) < 1.0
