"""The process that reads an import: `python -m thai_chat.chat.transfer.reader`.

What it reads is foreign, so it has limits of memory and time that hold for it alone, no connection and no secret. Every
format becomes our own one here; the server reads no other. It ends with its parent, because stdin is then closed.
"""

from __future__ import annotations

import contextlib
import os
import resource
import sys
import threading
import traceback
from pathlib import Path
from typing import IO

import orjson

from thai_chat.chat.transfer.files import Import
from thai_chat.chat.transfer.frames import LEFT_OUT, FrameKind, ReadOrder, head_of, refusal_frame
from thai_chat.chat.transfer.objects import message_object, preset_object, session_object
from thai_chat.chat.transfer.upload import Upload
from thai_chat.domain.errors import ImportRefused
from thai_chat.domain.transfer import KeptSession

_NICENESS = 5
"""Replies come first on a small machine."""
_DESCRIPTORS = 64


class _Teller:
    """Writes frames."""

    def __init__(self, output: IO[bytes]) -> None:
        self._output = output
        self.left_out = 0
        self._has_odd = False

    def tell_left_out(self, refusal: ImportRefused) -> None:
        """Tell what is left out; of more than a person reads only the number."""
        self.left_out += 1
        if self.left_out <= LEFT_OUT:
            self.tell(FrameKind.LEFT_OUT, refusal_frame(refusal.params))

    def tell_odd(self, error: Exception) -> None:
        """Tell the first odd session alone: a file has the same oddity a thousand times."""
        if not self._has_odd:
            self._has_odd = True
            self.tell(FrameKind.ODD, _where(error).encode())

    def tell(self, kind: FrameKind, content: bytes = b"") -> None:
        self._output.write(head_of(kind, content))
        self._output.write(content)

    def flush(self) -> None:
        self._output.flush()

    def tell_session(self, kept: KeptSession) -> None:
        """Write a session and its messages. Its size is known to be bounded."""
        head = {**session_object(kept.session), "messages": len(kept.messages), "program": kept.program}
        self.tell(FrameKind.SESSION, orjson.dumps(head))
        for item in kept.messages:
            self.tell(FrameKind.MESSAGE, orjson.dumps(message_object(item)))


def _read(order: ReadOrder, teller: _Teller) -> None:
    with os.fdopen(order.descriptor, "rb") as file:
        upload = Upload(file, order.files)
        opened = Import(upload, order.limits, left_out=teller.tell_left_out, odd=teller.tell_odd)
        opened.open()
        for preset in opened.presets():
            teller.tell(FrameKind.PRESET, orjson.dumps(preset_object(preset)))
        teller.tell(FrameKind.TOTAL, orjson.dumps(opened.total))
        teller.flush()
        for kept, _ in opened.sessions():
            teller.tell_session(kept)
        teller.tell(FrameKind.END, orjson.dumps(teller.left_out))


def _limit(order: ReadOrder) -> None:
    """Bound this process. The kernel counts what it maps of files as no memory of its own, and neither does this."""
    limits = order.limits
    cpu_s = limits.cpu_s + int(limits.cpu_s_per_mb * sum(given.size for given in order.files) / 1_000_000)
    for kind, limit in (
        (resource.RLIMIT_DATA, limits.memory_bytes),
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_NOFILE, _DESCRIPTORS),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        # The soft one alone: its signal says that the time is over, where the hard one is a plain SIGKILL.
        resource.setrlimit(kind, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))
    os.nice(_NICENESS)
    with contextlib.suppress(OSError):  # no Linux
        Path("/proc/self/oom_score_adj").write_text("1000")


def _end_with_the_parent() -> None:
    while os.read(0, 4096):
        pass
    os._exit(0)


def _where(error: BaseException) -> str:
    """Return the kind of an error and the place in the code, without its words: they may quote what somebody wrote."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {frame.name}, {Path(frame.filename).name}:{frame.lineno}"


def main() -> None:
    output = os.fdopen(os.dup(1), "wb", buffering=1 << 18)
    os.dup2(2, 1)  # nothing else gets between the frames
    order = ReadOrder.from_line(sys.stdin.buffer.readline())
    _limit(order)
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    teller = _Teller(output)
    at = {"place": "import_in_file", "file": Upload(output, order.files).names}
    try:
        _read(order, teller)
    except ImportRefused as exc:
        teller.tell(FrameKind.REFUSED, refusal_frame(exc.params))
    except MemoryError:
        teller.tell(FrameKind.REFUSED, refusal_frame({"why": "import_too_heavy", **at}))
    except BrokenPipeError:
        os._exit(0)
    except OSError:
        # All that it writes are unpacked files.
        teller.tell(FrameKind.REFUSED, refusal_frame({"why": "import_no_room", **at}))
    except Exception as exc:  # noqa: BLE001 - the edge of this process: the server says what came of it
        teller.tell(FrameKind.FAILED, _where(exc).encode())
    with contextlib.suppress(BrokenPipeError):
        teller.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
