"""The words between the server and the process that reads an import: one line with the order, then frames of bounded
size."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import Enum

import orjson

from thai_chat.chat.transfer.upload import GivenFile
from thai_chat.domain.transfer import ImportLimits

FRAME_BYTES = 64_000_000
"""One message with all that is kept of it."""
LEFT_OUT = 100
HEAD = struct.Struct("<cI")
"""A frame's kind and the bytes of what follows."""


class FrameKind(Enum):
    """The kinds of frames, in their order: presets, the number of sessions, the sessions, each followed by its
    messages, and the end. What is left out is told in between, where it is found."""

    PRESET = b"P"
    TOTAL = b"T"
    SESSION = b"S"
    """A session as in our own format, but with the number of messages at `messages`, and with `program`."""
    MESSAGE = b"M"
    LEFT_OUT = b"L"
    """The params of an ImportRefused that leaves out a file or a session alone: the first LEFT_OUT of them."""
    ODD = b"O"
    """The kind of an error of a format's reader, and where it came from: the first alone of those that leave out a
    session. It may be a shape that nobody knows, or a mistake of ours."""
    END = b"E"
    """The number of all that was left out."""
    REFUSED = b"R"
    """The params of an ImportRefused; nothing follows."""
    FAILED = b"F"
    """The kind of an error that should not be, and where it came from; nothing follows."""


@dataclass(frozen=True, slots=True)
class ReadOrder:
    """The files to read. An order comes by a pipe, since a command line with the names of files is seen by everybody
    here."""

    descriptor: int
    files: Sequence[GivenFile]
    limits: ImportLimits

    def to_line(self) -> bytes:
        return orjson.dumps(asdict(self)) + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> ReadOrder:
        value = orjson.loads(line)
        files = [GivenFile(**one) for one in value["files"]]
        return cls(value["descriptor"], files, ImportLimits(**value["limits"]))


def head_of(kind: FrameKind, content: bytes) -> bytes:
    return HEAD.pack(kind.value, len(content))


def refusal_frame(params: Mapping[str, str | int | float]) -> bytes:
    return orjson.dumps(dict(params))
