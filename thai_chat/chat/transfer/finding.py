"""Finds out whose export a JSON file is, and where in it the sessions are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice

from thai_chat.chat.transfer import own, plain
from thai_chat.chat.transfer.fields import Loaded, SourcePlace
from thai_chat.chat.transfer.formats import OWN, PLAIN, ImportFormat, format_of
from thai_chat.chat.transfer.scan import JsonFile, Span
from thai_chat.domain.errors import ImportRefused
from thai_chat.domain.transfer import ImportLimits

_MOST_MEMBERS = 1_000
"""The most members of the object that a file is: exports have a handful, one conversation some twenty."""
_LISTS = ("conversations", "chats", "data", "sessions", "threads")
"""Where the sessions are in an export that is an object."""
_SAID = ("messages", "chat_messages", "mapping", "history")

Load = Callable[[], tuple[ImportFormat, Sequence[Loaded]]]


@dataclass(frozen=True, slots=True)
class JsonPart:
    """A JSON file that holds sessions."""

    file: JsonFile
    groups: Sequence[Sequence[Span]]
    """The entries of each session; mostly one."""
    format: ImportFormat
    limits: ImportLimits
    presets: Sequence[Span] = ()
    is_bare: bool = False
    """True where the file is the list of messages itself."""

    @property
    def total(self) -> int:
        return len(self.groups)

    def sessions(self) -> Iterator[tuple[SourcePlace, Load]]:
        """Yield where each session stands, and what loads it."""
        for number, spans in enumerate(self.groups, 1):
            place = SourcePlace(self.file.name, self.file.line_of(spans[0].start), number)
            yield place, partial(self._load, spans, place)

    def loaded_presets(self) -> Iterator[tuple[Loaded, SourcePlace]]:
        for number, span in enumerate(self.presets, 1):
            place = SourcePlace(self.file.name, self.file.line_of(span.start), number, is_preset=True)
            _require_small((span,), place, self.limits)
            yield self.file.load(span), place

    def _load(self, spans: Sequence[Span], place: SourcePlace) -> tuple[ImportFormat, Sequence[Loaded]]:
        _require_small(spans, place, self.limits)
        values = [self.file.load(span) for span in spans]
        if self.is_bare:
            return PLAIN, [{"messages": values[0]}]
        if self.format.session_of or self.format.is_ours:
            return self.format, values
        return format_of(values[0]) or self.format, values


class ChatLocator:
    """Looks into one file. Raises ImportRefused for what no chats are known in."""

    def __init__(self, file: JsonFile, limits: ImportLimits) -> None:
        self._file = file
        self._limits = limits

    def part(self) -> JsonPart:
        file = self._file
        start, first = file.begin()
        if first == b"[":
            if not file.holds_objects(start):
                raise self._refused("import_unknown", start)
            spans = self._first(file.elements(start, is_all=True))
            if spans and _is_message(self._load(spans[0])):
                return JsonPart(file, [[file.span_at(start)]], PLAIN, self._limits, is_bare=True)
            return self._listed(spans, start)
        if file.is_lines(start):
            return self._listed(self._first(file.lines(start)), start)
        members = dict(islice(file.members(start), _MOST_MEMBERS + 1))
        if len(members) > _MOST_MEMBERS:
            raise self._refused("import_unknown", start)
        head: dict[str, Loaded] = {name: self._load(members[name]) for name in ("format", "version") if name in members}
        if own.is_ours(head):
            return self._own(head, members)
        if "mapping" not in members and (listed := self._sessions_in(members)):
            return self._listed(listed, start)
        return self._listed([file.span_at(start)], start)

    def _sessions_in(self, members: Mapping[str, Span]) -> Sequence[Span]:
        for name in _LISTS:
            span = members.get(name)
            if span and self._file.is_list(span) and self._file.holds_objects(span.start):
                spans = self._first(self._file.elements(span.start))
                if spans and not _is_message(self._load(spans[0])):
                    return spans
        return ()

    def _listed(self, spans: Sequence[Span], start: int) -> JsonPart:
        """Return the part in the format of the first session that is known: whoever exported it exported the rest."""
        if not spans:
            raise self._refused("import_nothing", start)
        refusal: ImportRefused | None = None
        for number, span in enumerate(spans, 1):
            try:
                value = self._load(span, number)
            except ImportRefused as exc:
                if not exc.params.get("number"):
                    raise
                refusal = refusal or exc
                continue
            if found := format_of(value):
                return JsonPart(self._file, self._grouped(spans, found), found, self._limits)
            refusal = refusal or self._unknown(value, span)
        raise refusal or self._refused("import_unknown", start)

    def _grouped(self, spans: Sequence[Span], found: ImportFormat) -> Sequence[Sequence[Span]]:
        """Return the entries of each session together, in the order of the first ones."""
        if found.session_of is None:
            return [(span,) for span in spans]
        groups: dict[str | int, list[Span]] = {}
        for number, span in enumerate(spans, 1):
            try:
                value = self._load(span, number)
            except ImportRefused as exc:
                if not exc.params.get("number"):
                    raise
                groups[number] = [span]  # left out when it is its turn
                continue
            if found.fits(value):
                groups.setdefault(found.session_of(value) or number, []).append(span)
        return list(groups.values())

    def _own(self, head: Mapping[str, Loaded], members: Mapping[str, Span]) -> JsonPart:
        file, version = self._file, head.get("version")
        if not isinstance(version, int) or version < 1:
            raise _in_file("import_wrong", file.name, field="version", expected="import_expects_number")
        if version > own.VERSION:
            raise _in_file("import_newer", file.name, version=version)
        sessions, presets = members.get("sessions"), members.get("presets")
        if sessions is None or not file.is_list(sessions):
            raise _in_file("import_missing", file.name, field="sessions")
        # Exports of single sessions have none, and neither had those before presets were exported.
        of_presets = self._first(file.elements(presets.start)) if presets and file.is_list(presets) else []
        groups = [(span,) for span in self._first(file.elements(sessions.start))]
        return JsonPart(file, groups, OWN, self._limits, of_presets)

    def _first(self, spans: Iterable[Span]) -> list[Span]:
        """Return one more than there may be at most: the rest need not be looked for."""
        return list(islice(spans, self._limits.sessions + 1))

    def _load(self, span: Span, number: int = 1) -> Loaded:
        _require_small((span,), SourcePlace(self._file.name, self._file.line_of(span.start), number), self._limits)
        return self._file.load(span)

    def _unknown(self, value: Loaded, span: Span) -> ImportRefused:
        """Return the refusal of an unknown value: one that has messages of an unknown shape is told so, with where they
        are."""
        held = value if isinstance(value, dict) else {}
        if field := next((name for name in _SAID if held.get(name)), None):
            return self._refused("import_messages_unknown", span.start, field=field)
        return self._refused("import_unknown", span.start)

    def _refused(self, reason: str, position: int, **params: str) -> ImportRefused:
        line = self._file.line_of(position)
        return ImportRefused("", why=reason, place="import_at_line", file=self._file.name, line=line, **params)


def _is_message(value: Loaded) -> bool:
    return format_of(value) is None and plain.is_message(value)


def _require_small(spans: Sequence[Span], place: SourcePlace, limits: ImportLimits) -> None:
    if sum(span.end - span.start for span in spans) > limits.session_bytes:
        raise place.refused("import_session_large", limit=limits.session_bytes // 1_000_000)
    if sum(span.tokens for span in spans) > limits.session_tokens:
        raise place.refused("import_session_tangled", limit=limits.session_tokens)


def _in_file(reason: str, file: str, **params: str | int) -> ImportRefused:
    return ImportRefused("", why=reason, place="import_in_file", file=file, **params)
