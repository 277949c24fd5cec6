"""Reads fields of what somebody else's file holds, and says which of them is wrong and where."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import TypeAlias
from uuid import UUID

from thai_chat.chat.options import SYSTEM_PROMPT, checked_as_stored, sampling_of
from thai_chat.chat.text import storable
from thai_chat.chat.transfer.moments import YEARS, moment_of
from thai_chat.chat.words import cut
from thai_chat.domain.errors import BadOption, ImportRefused
from thai_chat.domain.json_types import JsonObject, JsonValue

TITLE_CHARS = 60
_TITLE_READ = 10 * TITLE_CHARS
"""The characters of a title that are read: each entry of a session may have one of any length."""
_MAX_INT = 2**31 - 1
_MOST_CHARS = 10_000_000
"""The most characters of one message."""
_MAX_REAL = sys.float_info.max
_MAX_COST_USD = 999_999
_MAX_DEPTH = 100
"""The deepest nesting of an object; what reads and writes JSON gives up at 254."""
_WHOLE = range(-(2**63), 2**64)
"""The numbers that JSON writes as whole numbers again."""
_NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")

Loaded: TypeAlias = object
"""A value that JSON gives: its type is to be asked for."""


@dataclass(frozen=True, slots=True)
class SourcePlace:
    """Where in what file something was read, for the person who has to mend it."""

    file: str
    line: int
    number: int
    """The number of the session (or preset) in the file, from 1."""
    title: str = ""
    message: int | None = None
    """The number of the message in the session, from 1."""
    is_preset: bool = False

    def refused(self, reason: str, **params: str | int) -> ImportRefused:
        told: dict[str, str | int | float] = {
            "why": reason,
            "place": self._code(),
            "file": self.file,
            "line": self.line,
            "number": self.number,
            "title": self.title or "?",
            "message": self.message or 0,
        }
        return ImportRefused("", **told, **params)

    def _code(self) -> str:
        if self.is_preset:
            return "import_at_preset"
        return "import_at_session" if self.message is None else "import_at_message"


class Fields:
    """An object of a file. Every method raises ImportRefused for a value of another kind; absent is None."""

    def __init__(self, value: Loaded, place: SourcePlace, *names: str) -> None:
        """Take the object and its place. `names` lead to the object, in what is told of it."""
        self.place = place
        self._names = names
        if not isinstance(value, dict):
            raise self._wrong("object")
        self._value = value

    def __contains__(self, name: str) -> bool:
        return self._value.get(name) is not None

    def is_null(self, name: str) -> bool:
        """Tell whether it stands there as null, and is not left out."""
        return name in self._value and self._value[name] is None

    def within(self, name: str) -> Fields:
        """Return the object at `name`, an empty one where there is none."""
        value = self._value.get(name)
        return Fields({} if value is None else value, self.place, *self._names, name)

    def each_within(self, name: str) -> dict[str, Fields]:
        """Return the values of the object at `name`, which are objects too; those that are null are empty."""
        return {
            key: Fields({} if item is None else item, self.place, *self._names, name, key)
            for key, item in self.within(name)._value.items()
        }

    def entitled(self, title: str) -> None:
        """Name the session in what is told from here on."""
        self.place = replace(self.place, title=cut(storable(title[:_TITLE_READ]), TITLE_CHARS))

    def text(self, name: str, *, limit: int | None = None) -> str | None:
        value = self._value.get(name)
        if value is None:
            return None
        if not isinstance(value, str):
            raise self._wrong("text", name)
        if limit and len(value) > limit:
            raise self.place.refused("import_too_long", field=self._path(name), limit=limit)
        return storable(value)

    def require_short(self, text: str, name: str) -> None:
        """Refuse a text that nobody can have written and no page could show."""
        if len(text) > _MOST_CHARS:
            raise self.place.refused("import_too_long", field=self._path(name), limit=_MOST_CHARS)

    def number(self, name: str) -> int | None:
        """Return a count that the database can hold."""
        value = self._value.get(name)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _MAX_INT:
            raise self._wrong("number", name)
        return value

    def real(self, name: str) -> float | None:
        value = self._value.get(name)
        if value is None:
            return None
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise self._wrong("number", name)
        # Infinity comes of 1e999, and a whole number may be too large for anything.
        if not -_MAX_REAL <= value <= _MAX_REAL:
            raise self._wrong("number", name)
        return float(value)

    def decimal(self, name: str) -> Decimal | None:
        value = self._value.get(name)
        if value is None:
            return None
        try:
            found = Decimal(str(value))
        except InvalidOperation as exc:
            raise self._wrong("number", name) from exc
        if not found.is_finite() or not 0 <= found <= _MAX_COST_USD:
            raise self._wrong("number", name)
        return found

    def flag(self, name: str) -> bool:
        value = self._value.get(name)
        if value is not None and not isinstance(value, bool):
            raise self._wrong("flag", name)
        return bool(value)

    def identifier(self, name: str) -> UUID | None:
        value = self._value.get(name)
        if value is None:
            return None
        try:
            return UUID(str(value))
        except ValueError as exc:
            raise self._wrong("id", name) from exc

    def time(self, name: str) -> datetime | None:
        """Return an ISO 8601 time with its zone, in UTC."""
        value = self._value.get(name)
        if value is None:
            return None
        try:
            found = datetime.fromisoformat(str(value))
            if found.tzinfo is not None and found.year in YEARS:
                return found.astimezone(UTC)
        except (ValueError, OverflowError) as exc:
            raise self._wrong("time", name) from exc
        raise self._wrong("time", name)

    def moment(self, *names: str) -> datetime | None:
        """Return the first of the fields that is a time in any way that programs write one."""
        return next((found for name in names if (found := moment_of(self._value.get(name)))), None)

    def word(self, *names: str) -> str | None:
        """Return the first of the fields that is a text with something in it, whatever the others are."""
        found = (self._value.get(name) for name in names)
        return next((storable(value) for value in found if isinstance(value, str) and value.strip()), None)

    def key(self, *names: str) -> str | None:
        """Return the id of something: the first of the fields that is a text with something in it, else a whole
        number."""
        numbers = (value for name in names if type(value := self._value.get(name)) is int)
        return self.word(*names) or next((str(value) for value in numbers if value in _WHOLE), None)

    def listed(self, name: str) -> Sequence[Fields]:
        """Return the objects of the list at `name`; whatever else is there is passed over."""
        value = self._value.get(name)
        found = value if isinstance(value, list) else ()
        return [Fields(item, self.place, *self._names, name) for item in found if isinstance(item, dict)]

    def items(self, name: str) -> Sequence[Loaded]:
        value = self._value.get(name)
        if value is None:
            return ()
        if not isinstance(value, list):
            raise self._wrong("list", name)
        return value

    def texts(self, name: str) -> Sequence[str]:
        found = self.items(name)
        if not all(isinstance(item, str) for item in found):
            raise self._wrong("list", name)
        return tuple(storable(item) for item in found if isinstance(item, str))

    def object(self, name: str) -> dict[str, JsonValue]:
        """Return any JSON object, with the few characters that no store keeps replaced."""
        value = self._value.get(name)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise self._wrong("object", name)
        try:
            return _storable_object(value, _MAX_DEPTH)
        except _TooDeep as exc:
            raise self.place.refused("import_too_deep", field=self._path(name)) from exc

    def values(self, name: str) -> list[JsonValue]:
        """Return the list at `name` with any JSON in it, what no store keeps replaced as in `object`."""
        value = self._value.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self._wrong("list", name)
        try:
            return [_storable(item, _MAX_DEPTH) for item in value]
        except _TooDeep as exc:
            raise self.place.refused("import_too_deep", field=self._path(name)) from exc

    def options(self, name: str) -> JsonObject:
        """Return the options for models that `chat.options` knows. A system prompt may have any length: other programs
        have longer ones."""
        found = self.object(name)
        prompt = found.get(SYSTEM_PROMPT)
        if prompt is not None and not isinstance(prompt, str):
            raise self._wrong("text", f"{name}.{SYSTEM_PROMPT}")
        try:
            return {**({SYSTEM_PROMPT: prompt} if prompt else {}), **checked_as_stored(sampling_of(found))}
        except BadOption as exc:
            field = f"{self._path(name)}.{exc.params['param']}"
            raise self.place.refused("import_option", field=field, allowed=str(exc.params["allowed"])) from exc

    def raw(self, name: str) -> Loaded:
        return self._value.get(name)

    def require(self, name: str) -> None:
        if self._value.get(name) is None:
            raise self.place.refused("import_missing", field=self._path(name))

    def wrong(self, name: str, expected: str) -> ImportRefused:
        """Return the error for the caller to raise: the value at `name` is not what `import_expects_<expected>`
        says."""
        return self._wrong(expected, name)

    def _wrong(self, expected: str, name: str = "") -> ImportRefused:
        return self.place.refused("import_wrong", field=self._path(name), expected=_code(expected))

    def _path(self, name: str) -> str:
        return ".".join(part for part in (*self._names, name) if part) or "{}"


class _TooDeep(Exception):
    pass


def _storable_object(value: Mapping[str, JsonValue], depth: int) -> dict[str, JsonValue]:
    if not depth:
        raise _TooDeep
    return {storable(str(name)): _storable(item, depth - 1) for name, item in value.items()}


def _storable(value: JsonValue, depth: int) -> JsonValue:
    if isinstance(value, str):
        return storable(value) if _NOT_STORABLE.search(value) else value
    if isinstance(value, Mapping):
        return _storable_object(value, depth)
    if isinstance(value, Sequence):
        if not depth:
            raise _TooDeep
        return [_storable(item, depth - 1) for item in value]
    if isinstance(value, int) and value not in _WHOLE:
        return str(value)
    return value


def _code(expected: str) -> str:
    return f"import_expects_{expected}"
