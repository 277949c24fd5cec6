"""Reads what a person hands in, session by session: JSON files, databases, and ZIP archives of them.

It is foreign, so all of this runs in a process of its own (`reader`).
"""

from __future__ import annotations

import mmap
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import IO, Protocol

from thai_chat.chat.transfer import archives, formats, own, sizes
from thai_chat.chat.transfer.companions import is_companion, why_alone
from thai_chat.chat.transfer.fields import SourcePlace
from thai_chat.chat.transfer.finding import ChatLocator, JsonPart, Load
from thai_chat.chat.transfer.llm_database import LlmFile, is_database
from thai_chat.chat.transfer.scan import JsonFile, Source
from thai_chat.chat.transfer.upload import GivenFile, Upload
from thai_chat.domain.errors import ImportRefused
from thai_chat.domain.presets import Preset
from thai_chat.domain.transfer import ImportLimits, KeptSession

_HOLDS_NOTHING = (
    *("import_unknown", "import_messages_unknown", "import_no_json", "import_empty", "import_nothing"),
    *("import_zip_nothing", "import_database_other", "import_companion"),
)
"""Why a file is left out where others have chats. What is damaged refuses all: its chats would be missed."""
_ODD_SESSION = ("import_at_session", "import_at_message")


class Part(Protocol):
    """A file that holds sessions."""

    @property
    def total(self) -> int: ...

    def sessions(self) -> Iterator[tuple[SourcePlace, Load]]: ...


class Import:
    """The sessions of an upload. Its methods read the disk, and raise ImportRefused."""

    def __init__(
        self,
        upload: Upload,
        limits: ImportLimits,
        *,
        left_out: Callable[[ImportRefused], None] = lambda _: None,
        odd: Callable[[Exception], None] = lambda _: None,
    ) -> None:
        """Take an upload, which stays open.

        `left_out` hears of each file and session that is passed over, and why; `odd` of each error of a reader for
        which a session is.
        """
        self._upload = upload
        self._limits = limits
        self._left_out = left_out
        self._odd = odd
        self._parts: list[Part] = []
        self._empty: list[ImportRefused] = []
        self._presets = 0
        self.total = 0
        """Sessions in all files, those included that turn out to be unreadable."""
        self._stack = ExitStack()

    def open(self) -> None:
        """Find the place of every session, and keep no more of them in memory."""
        unpacked: IO[bytes] = self._stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
        found: list[tuple[bool, GivenFile]] = []
        for given in self._upload.files:
            if not archives.is_archive(self._upload.file, given):
                found.append((False, given))
                continue
            try:
                found += [(True, file) for file in archives.unpack(self._upload.file, given, unpacked, self._limits)]
            except ImportRefused as exc:
                self._pass_over(exc)
        unpacked.flush()
        # One map for all files of a kind: each map holds a descriptor.
        files = {False: self._upload.file, True: unpacked}
        sources = {is_unpacked: self._mapped(file) for is_unpacked, file in files.items()}
        for is_unpacked, given in found:
            try:
                self._parts.append(self._part(files[is_unpacked], sources[is_unpacked], given))
            except ImportRefused as exc:
                self._pass_over(exc)
                continue
            self._count(self._parts[-1])
        if not self._parts:
            raise _alone(_worst(self._empty))
        for refusal in self._empty:
            self._left_out(refusal)

    def _count(self, part: Part) -> None:
        """Count the sessions and presets of a part; all parts anew after each would take a square of their number.

        Raises ImportRefused for more than may be.
        """
        self.total += part.total
        self._require_few("sessions", self.total, self._limits.sessions)
        self._presets += len(part.presets) if isinstance(part, JsonPart) else 0
        self._require_few("presets", self._presets, self._limits.presets)

    def close(self) -> None:
        """Remove the unpacked files. Safe to call twice."""
        self._parts.clear()
        self._stack.close()

    def sessions(self) -> Iterator[tuple[KeptSession, SourcePlace]]:
        """Yield each session when it is asked for, with where it stands.

        A session that can't be read is left out. Raises ImportRefused where that goes for all.
        """
        refusals: list[ImportRefused] = []
        has_any = any(isinstance(part, JsonPart) and part.presets for part in self._parts)
        for part in self._parts:
            for place, load in part.sessions():
                is_strict = isinstance(part, JsonPart) and part.format.is_ours
                kept = self._read(place, load, refusals, is_strict=is_strict)
                if kept:
                    has_any = True
                    yield kept, place
        if refusals and not has_any:
            raise _worst(refusals)

    def presets(self) -> Iterator[Preset]:
        """Yield the presets of our own files."""
        for part in self._parts:
            if isinstance(part, JsonPart):
                for value, place in part.loaded_presets():
                    yield own.read_preset(value, place)

    def _read(
        self, place: SourcePlace, load: Load, refusals: list[ImportRefused], *, is_strict: bool
    ) -> KeptSession | None:
        try:
            found, values = load()
            kept = formats.read(found, values, place)
            sizes.require_bounded(kept, place, self._limits)
            return kept
        except ImportRefused as exc:
            if exc.params["place"] not in _ODD_SESSION or is_strict:
                raise
            refusal = exc
        except (MemoryError, OSError):
            raise
        except Exception as exc:
            # No format has a shape that is not in somebody's file in another one: the others' chats are read.
            if is_strict:
                raise
            self._odd(exc)
            refusal = place.refused("import_session_odd")
        self._left_out(refusal)
        refusals[:] = [_worst([*refusals, refusal])]
        return None

    def _part(self, file: IO[bytes], source: Source, given: GivenFile) -> Part:
        if is_database(file, given):
            database = LlmFile(file, given, self._limits)
            self._stack.callback(database.close)
            return database
        return ChatLocator(JsonFile(source, given.name, given.start, given.start + given.size), self._limits).part()

    def _pass_over(self, refusal: ImportRefused) -> None:
        """Note a file that holds no chats; raise the refusal again where more than that is wrong."""
        params = refusal.params
        is_no_text = params["why"] == "import_not_utf8" and (params.get("line"), params.get("column")) == (1, 1)
        if params["why"] not in _HOLDS_NOTHING and not is_no_text:
            raise refusal
        if is_companion(str(params["file"])):
            refusal = ImportRefused("", why="import_companion", place="import_in_file", file=params["file"])
        self._empty.append(refusal)

    def _mapped(self, file: IO[bytes]) -> Source:
        file.seek(0, 2)
        if file.tell() == 0:
            return b""
        return self._stack.enter_context(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))

    def _require_few(self, what: str, number: int, limit: int) -> None:
        if number > limit:
            raise ImportRefused(
                "", why=f"import_many_{what}", place="import_in_file", file=self._upload.names, limit=limit
            )


def _alone(refusal: ImportRefused) -> ImportRefused:
    """Return it in words for a file that came with no export."""
    if refusal.params["why"] != "import_companion":
        return refusal
    file = str(refusal.params["file"])
    return ImportRefused("", why=why_alone(file), place="import_in_file", file=file)


def _worst(refusals: list[ImportRefused]) -> ImportRefused:
    """Return the refusal to tell: rather of what can't be read than of what is empty."""
    mild = ("import_companion", "import_no_messages", "import_nothing", "import_empty")
    return next((one for one in refusals if one.params["why"] not in mild), refusals[0])
