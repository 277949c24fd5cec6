"""Receives the files of a form: each byte goes to the disk as it comes, and none of them is looked at here."""

from __future__ import annotations

import asyncio
import tempfile
from typing import IO

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.exceptions import HTTPException

from thai_chat.chat.transfer.upload import GivenFile, Upload
from thai_chat.domain.errors import ImportRefused

MOST_FILES = 1000
MOST_PARTS = MOST_FILES + 10
"""The most parts of a form: its files, and what it has beside them."""
NAME_CHARS = 200
_BUFFER_BYTES = 1 << 20


async def received(request: Request) -> Upload:
    """Return the files of the form, which whoever gets them closes.

    Raises ImportRefused where there are none, too many, or no room for them, and HTTPException for what is no form.
    Starlette's own reading of forms takes a descriptor and up to a megabyte of memory for each file.
    """
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise _refused("import_no_file", "?")
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the upload closes it
    try:
        form = _Form(options[b"boundary"], file)
        async for chunk in request.stream():
            form.feed(chunk)
            if form.waiting_bytes >= _BUFFER_BYTES:
                await asyncio.to_thread(form.flush)
        form.end()
        await asyncio.to_thread(form.flush)
        if not form.files:
            raise _refused("import_no_file", "?")
        return Upload(file, form.files)
    except BaseException as exc:
        file.close()
        if isinstance(exc, FormParserError):
            raise HTTPException(400) from exc
        if isinstance(exc, OSError):
            raise _refused("import_no_room", form.name) from exc
        raise


class _Form:
    """A form as it comes: its files one after the other in `file`, all else left out."""

    def __init__(self, boundary: bytes, file: IO[bytes]) -> None:
        self.files: list[GivenFile] = []
        self.name = "?"
        """The name of the file that comes now."""
        self._file = file
        self._waiting: list[bytes] = []
        self.waiting_bytes = 0
        self._received_bytes = 0
        self._start: int | None = None
        """Where the file that comes now begins; None outside of files."""
        self._parts = 0
        self._header = b""
        self._value = b""
        self._disposition = b""
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin_part,
                "on_header_field": self._add_header,
                "on_header_value": self._add_value,
                "on_header_end": self._end_header,
                "on_headers_finished": self._begin_content,
                "on_part_data": self._add_content,
                "on_part_end": self._end_part,
            },
        )

    def feed(self, chunk: bytes) -> None:
        """Read a piece of the form. Raises FormParserError, and ImportRefused for more files than may be."""
        self._parser.write(chunk)

    def end(self) -> None:
        """Read the end of the form. Raises FormParserError for one that is cut off."""
        self._parser.finalize()

    def flush(self) -> None:
        """Write what waits to the disk. Raises OSError."""
        waiting, self._waiting, self.waiting_bytes = self._waiting, [], 0
        self._file.writelines(waiting)
        self._file.flush()

    def _begin_part(self) -> None:
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise _refused("import_many_files", self.name, limit=MOST_FILES)
        self._start, self._disposition = None, b""

    # The parser bounds headers in number and size.
    def _add_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _add_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header = self._value = b""

    def _begin_content(self) -> None:
        _, options = parse_options_header(self._disposition)
        if b"filename" not in options:
            return
        self.name = options[b"filename"].decode("utf-8", "replace")[:NAME_CHARS] or "?"
        if len(self.files) == MOST_FILES:
            raise _refused("import_many_files", self.name, limit=MOST_FILES)
        self._start = self._received_bytes

    def _add_content(self, data: bytes, start: int, end: int) -> None:
        if self._start is not None:
            self._waiting.append(data[start:end])
            self.waiting_bytes += end - start
            self._received_bytes += end - start

    def _end_part(self) -> None:
        if self._start is not None:
            self.files.append(GivenFile(self.name, self._start, self._received_bytes - self._start))
            self._start = None


def _refused(reason: str, file: str, **params: str | int) -> ImportRefused:
    return ImportRefused("", why=reason, place="import_in_file", file=file, **params)
