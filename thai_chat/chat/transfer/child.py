"""The server's side of the process that reads an import: starts it, hears its frames, and ends it."""

from __future__ import annotations

import contextlib
import logging
import os
import select
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace

import orjson

from thai_chat.chat.transfer import own
from thai_chat.chat.transfer.fields import SourcePlace
from thai_chat.chat.transfer.frames import FRAME_BYTES, HEAD, LEFT_OUT, FrameKind, ReadOrder
from thai_chat.chat.transfer.upload import Upload
from thai_chat.domain import python_process
from thai_chat.domain.errors import ImportRefused, ImportStopped, ThaiChatError
from thai_chat.domain.presets import Preset
from thai_chat.domain.transfer import ImportLimits, KeptSession, Refusal

logger = logging.getLogger(__name__)

_PIECE_BYTES = 1 << 16
_END_S = 5.0
_PROGRAM_CHARS = 40


class ImportReader:
    """A `Given` whose files another process reads. Call its methods in a thread: they wait for that process.

    All but `cancel` and `close` raise ImportRefused, ImportStopped once `cancel` was called, and ThaiChatError when the
    process fails. No more than one session is in memory.
    """

    def __init__(self, upload: Upload, limits: ImportLimits, *, may_share: bool = True) -> None:
        """Take over `upload`, which is closed with the reader. Without `may_share` no preset of it is for everybody."""
        self._may_share = may_share
        self._upload = upload
        self._limits = limits
        self._child: _Child | None = None
        self._lock = threading.Lock()
        self._is_over = False
        self._has_begun = False
        self._presets: list[Preset] = []
        self.total = 0
        """Sessions in all files, known once it is open."""
        self.left_out: list[Refusal] = []
        """Why files and sessions were left out: the first of them."""
        self.left_out_count = 0
        self._has_odd = False
        self._is_odd_logged = False

    def open(self) -> None:
        """Start the process and wait until it has looked through all files."""
        with self._lock:
            if self._is_over:
                raise ImportStopped
            self._child = _Child(self._upload, self._limits)
        self._has_begun = False
        self._presets = []
        self.left_out, self.left_out_count = [], 0
        self._has_odd = False
        place = SourcePlace(self._upload.names, 1, 0)
        while (frame := self._hear())[0] is FrameKind.PRESET:
            if len(self._presets) >= self._limits.presets:
                raise _unfit(frame[0])
            self._presets.append(own.read_preset(orjson.loads(frame[1]), place))
        if frame[0] is not FrameKind.TOTAL:
            raise _unfit(frame[0])
        self.total = int(orjson.loads(frame[1]))

    def presets(self) -> Sequence[Preset]:
        return self._presets if self._may_share else [replace(one, is_shared=False) for one in self._presets]

    def sessions(self) -> Iterator[KeptSession]:
        """Yield the sessions. Called anew, it has the files read anew."""
        if self._has_begun:
            self._end_child()
            self.open()
        self._has_begun = True
        number = 0
        while (frame := self._hear())[0] is FrameKind.SESSION:
            number += 1
            yield self._session(frame[1], number)
        if frame[0] is not FrameKind.END:
            raise _unfit(frame[0])
        self.left_out_count = int(orjson.loads(frame[1]))

    def cancel(self) -> None:
        """End the process at once, and whoever waits for it. Safe to call at any time, from any thread."""
        with self._lock:
            self._is_over = True
            if self._child:
                self._child.kill()

    def close(self) -> None:
        """End the process and close the upload, which is gone then. Safe to call twice."""
        self.cancel()
        self._end_child()
        self._upload.close()

    def _session(self, head: bytes, number: int) -> KeptSession:
        value = orjson.loads(head)
        count, left_bytes = int(value["messages"]), 2 * self._limits.session_bytes
        if not 0 <= count <= self._limits.session_messages:
            raise _unfit(FrameKind.SESSION)
        messages = []
        for _ in range(count):
            kind, content = self._hear()
            left_bytes -= len(content)
            if kind is not FrameKind.MESSAGE or left_bytes < 0:
                raise _unfit(kind)
            messages.append(orjson.loads(content))
        kept = own.read_session({**value, "messages": messages}, SourcePlace(self._upload.names, 1, number))
        return replace(kept, program=str(value["program"])[:_PROGRAM_CHARS])

    def _hear(self) -> tuple[FrameKind, bytes]:
        """Return the next frame that is no note of what is left out."""
        while (frame := self._hear_any())[0] in (FrameKind.LEFT_OUT, FrameKind.ODD):
            if frame[0] is FrameKind.ODD:
                self._note_odd(frame[1])
                continue
            if len(self.left_out) >= LEFT_OUT:
                raise _unfit(frame[0])
            self.left_out.append(orjson.loads(frame[1]))
            self.left_out_count = len(self.left_out)
        return frame

    def _note_odd(self, where: bytes) -> None:
        """Log once that a reader failed at a session, also where the files are read anew."""
        if self._has_odd:
            raise _unfit(FrameKind.ODD)
        self._has_odd = True
        if not self._is_odd_logged:
            self._is_odd_logged = True
            logger.warning("an import has a session that its reader failed at, left out: %s", _ascii(where))

    def _hear_any(self) -> tuple[FrameKind, bytes]:
        assert self._child is not None
        try:
            kind, content = self._child.hear()
        except _Ended as exc:
            if self._is_over:
                raise ImportStopped from exc
            raise self._refused(exc.reason) from exc
        if kind is FrameKind.REFUSED:
            params = orjson.loads(content)
            raise ImportRefused("", **params)
        if kind is FrameKind.FAILED:
            logger.error("the process that reads an import failed: %s", _ascii(content))
            raise ThaiChatError("an import could not be read")
        return kind, content

    def _refused(self, reason: str) -> ImportRefused:
        return ImportRefused("", why=reason, place="import_in_file", file=self._upload.names)

    def _end_child(self) -> None:
        if self._child:
            self._child.close()


class _Ended(Exception):
    """The process ended before all was told; `reason` is a code for people."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class _Child:
    """The process itself, made running."""

    def __init__(self, upload: Upload, limits: ImportLimits) -> None:
        self._silence_s = limits.silence_s
        self._buffer = bytearray()
        self._hearing = threading.Lock()
        descriptor = upload.file.fileno()
        self._process = subprocess.Popen(
            python_process.command("thai_chat.chat.transfer.reader"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=(descriptor,),
            # The same modules as here, and nothing else of an environment that holds keys and passwords.
            env={"PYTHONPATH": python_process.search_path(), "TMPDIR": tempfile.gettempdir()},
            cwd="/",
            start_new_session=True,  # Ctrl-C ends an import in good order, by the server
        )
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(ReadOrder(descriptor, upload.files, limits).to_line())
            self._process.stdin.flush()

    def hear(self) -> tuple[FrameKind, bytes]:
        """Return the next frame. Raises _Ended."""
        with self._hearing:
            kind, size = HEAD.unpack(self._take(HEAD.size))
            if size > FRAME_BYTES:
                raise _unfit(kind)
            return FrameKind(kind), self._take(size)

    def kill(self) -> None:
        self._process.kill()

    def close(self) -> None:
        self.kill()
        with self._hearing:  # the pipe is not closed under whoever hears; the process is gone, so that ends at once
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe:
                    with contextlib.suppress(BrokenPipeError):
                        pipe.close()
        self._process.wait()

    def _take(self, size: int) -> bytes:
        while len(self._buffer) < size:
            self._fill()
        taken = bytes(memoryview(self._buffer)[:size])
        del self._buffer[:size]
        return taken

    def _fill(self) -> None:
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        if not poll.poll(self._silence_s * 1000):
            self.kill()
            raise _Ended("import_too_slow")
        piece = os.read(descriptor, _PIECE_BYTES)
        if not piece:
            raise _Ended(self._reason())
        self._buffer += piece

    def _reason(self) -> str:
        """Return why the process ended by itself: its time was over, or the kernel had no memory for it."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_END_S)
        self.kill()
        return "import_too_slow" if self._process.wait() == -signal.SIGXCPU else "import_too_heavy"


def _ascii(where: bytes) -> str:
    return where[:200].decode("ascii", "replace")


def _unfit(kind: object) -> ThaiChatError:
    return ThaiChatError(f"the process that reads an import told {kind} where it may not")
