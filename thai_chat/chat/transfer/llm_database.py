"""The database of the command-line tool llm (`logs.db`), in which anything may stand: SQLite is opened to read alone.

What is in the file can neither run nor write: no extension, no function, no view and no trigger is let through, and
nothing but the tables that are named here is read. What it may take of time and memory the process is bound by.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import IO
from urllib.parse import quote

import orjson

from thai_chat.chat.transfer.fields import Loaded, SourcePlace
from thai_chat.chat.transfer.finding import Load
from thai_chat.chat.transfer.formats import LLM, ImportFormat
from thai_chat.chat.transfer.upload import GivenFile
from thai_chat.domain.errors import ImportRefused
from thai_chat.domain.transfer import ImportLimits

_BEGINNING = b"SQLite format 3\x00"
_COPIED_BYTES = 1 << 20
_RESPONSES, _TURNS = "responses", "turns"
_WANTED = {
    _RESPONSES: "id model prompt system response conversation_id duration_ms datetime_utc input_tokens output_tokens"
    " reasoning",
    "conversations": "id name",
    "prompt_fragments": "response_id fragment_id order",
    "fragments": "id content",
    _TURNS: "id thread_id parent_message_hash tip_message_hash model duration_ms datetime_utc input_tokens"
    " output_tokens",
    "threads": "id name",
    "messages": "hash parent_hash role",
    "parts": "id message_hash position type text payload",
}
"""The columns of each table that are read."""
_MOST_ABOVE = 1_000
"""Messages of one turn: its question, its reply, and what tools said between."""
_MOST_TIMES = 20
"""How often each message may be looked at, on the average: turns stand in each other's way up."""
_MOST_PARTS = 1_000


def is_database(file: IO[bytes], given: GivenFile) -> bool:
    return os.pread(file.fileno(), len(_BEGINNING), given.start) == _BEGINNING


class LlmFile:
    """The conversations of a `logs.db`. Its methods raise ImportRefused for what is none, or is damaged."""

    def __init__(self, file: IO[bytes], given: GivenFile, limits: ImportLimits) -> None:
        self.name = given.name
        self._limits = limits
        self._left_above: int | None = None
        self._indexes: dict[tuple[str, str], dict[Loaded, list[int]]] = {}
        try:
            self._connection = _opened(file, given, limits)
            self._columns = self._known_columns()
            self._rows = self._grouped()
        except sqlite3.Error as exc:
            raise self._refused("import_database_broken") from exc
        if not self._rows:
            raise self._refused("import_nothing")

    @property
    def total(self) -> int:
        return len(self._rows)

    def sessions(self) -> Iterator[tuple[SourcePlace, Load]]:
        """Yield where each conversation stands, and what loads its turns: as `llm logs --json` tells them, oldest
        first."""
        for number, rows in enumerate(self._rows, 1):
            yield SourcePlace(self.name, 1, number), partial(self._load, rows)

    def close(self) -> None:
        """Close the database. Safe to call twice."""
        self._connection.close()

    def _known_columns(self) -> Mapping[str, Sequence[str]]:
        """Return the wanted columns of each wanted name that is a table: views would run what stands in the file."""
        known: dict[str, Sequence[str]] = {}
        for table, wanted in _WANTED.items():
            query = "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?"
            made = self._connection.execute(query, (table,)).fetchone()
            if made is None or "virtual" in str(made[0]).lower().split("(")[0]:
                continue
            # Columns that are computed would run what stands in the file too.
            found = self._connection.execute(f"PRAGMA table_xinfo({table})")
            names = {column["name"] for column in found if not column["hidden"]}
            known[table] = [name for name in wanted.split() if name in names]
        if not any(table in known for table in (_RESPONSES, _TURNS)):
            raise self._refused("import_database_other")
        return known

    def _grouped(self) -> list[list[tuple[str, int]]]:
        """Return the rows of each conversation by their numbers, in the order in which they were written."""
        groups: dict[str, list[tuple[str, int]]] = {}
        for table, conversation in ((_RESPONSES, "conversation_id"), (_TURNS, "thread_id")):
            if conversation not in self._columns.get(table, ()):
                continue
            for row, key in self._connection.execute(f"SELECT rowid, {conversation} FROM {table} ORDER BY rowid"):
                groups.setdefault(str(key) if key else f"\x00{table}{row}", []).append((table, row))
                if len(groups) > self._limits.sessions:
                    return list(groups.values())
        return list(groups.values())

    def _load(self, rows: Sequence[tuple[str, int]]) -> tuple[ImportFormat, Sequence[Loaded]]:
        try:
            return LLM, [self._entry(table, row) for table, row in rows]
        except sqlite3.Error as exc:
            raise self._refused("import_database_broken") from exc

    def _entry(self, table: str, row: int) -> dict[str, Loaded]:
        entry: dict[str, Loaded] = dict(self._row(table, "rowid", row) or {})
        if table == _TURNS:
            entry = {**entry, "conversation_id": entry.get("thread_id"), **self._said(entry)}
            threads = "threads"
        else:
            threads = "conversations"
            entry["prompt_fragments"] = self._fragments(entry.get("id"))
        entry["conversation_name"] = (self._row(threads, "id", entry.get("conversation_id")) or {}).get("name")
        return entry

    def _row(self, table: str, name: str, value: Loaded) -> dict[str, Loaded] | None:
        columns = self._columns.get(table)
        if not columns or value is None:
            return None
        number = value if name == "rowid" else next(iter(self._numbers(table, name, value)), None)
        listed = ", ".join(f'"{column}"' for column in columns)
        found = self._connection.execute(f"SELECT {listed} FROM {table} WHERE rowid = ?", (number,)).fetchone()
        return dict(found) if found else None

    def _numbers(self, table: str, name: str, value: Loaded) -> Sequence[int]:
        """Return the rows that have the value. Nobody knows what indexes the file has: each table is read once for
        it."""
        index = self._indexes.get((table, name))
        if index is None:
            index = self._indexes[table, name] = {}
            for number, key in self._connection.execute(f'SELECT rowid, "{name}" FROM {table} ORDER BY rowid'):
                index.setdefault(key, []).append(number)
        return index.get(value) or index.get(str(value)) or ()

    def _height(self, table: str, name: str) -> int:
        """Return how many rows the table has."""
        if name in self._columns.get(table, ()):
            self._numbers(table, name, "")
        return sum(map(len, self._indexes.get((table, name), {}).values()))

    def _fragments(self, response_id: Loaded) -> list[dict[str, Loaded]]:
        if not {"prompt_fragments", "fragments"} <= self._columns.keys() or response_id is None:
            return []
        numbers = self._numbers("prompt_fragments", "response_id", response_id)[:_MOST_PARTS]
        links = [self._row("prompt_fragments", "rowid", number) or {} for number in numbers]
        links.sort(key=_place_of)
        found = (self._row("fragments", "id", link.get("fragment_id")) for link in links)
        return [{"content": fragment.get("content")} for fragment in found if fragment]

    def _said(self, turn: Mapping[str, Loaded]) -> dict[str, Loaded]:
        """Return what a turn added to its thread: newer versions keep messages once, each with the one before it."""
        texts: dict[str, list[str]] = {}
        key, stop = turn.get("tip_message_hash"), turn.get("parent_message_hash")
        above: list[Mapping[str, Loaded]] = []
        if self._left_above is None:
            self._left_above = _MOST_TIMES * self._height("messages", "hash")
        while len(above) < _MOST_ABOVE and self._left_above and (message := self._row("messages", "hash", key)):
            self._left_above -= 1
            above.append(message)
            if message.get("role") == "user" or key == stop:
                break
            key = message.get("parent_hash")
        for one in reversed(above):
            for kind, text in self._parts(one.get("hash")):
                role = "reasoning" if kind == "reasoning" else str(one.get("role"))
                texts.setdefault(role, []).append(text)
        held = {"user": "prompt", "assistant": "response", "reasoning": "reasoning"}
        return {name: "\n\n".join(texts.get(role, ())) for role, name in held.items()}

    def _parts(self, message_hash: Loaded) -> Iterator[tuple[str, str]]:
        columns = self._columns.get("parts", ())
        if not {"message_hash", "position", "type", "text", "payload"} <= set(columns):
            return
        numbers = self._numbers("parts", "message_hash", message_hash)[:_MOST_PARTS] if message_hash else ()
        parts = [self._row("parts", "rowid", number) or {} for number in numbers]
        for part in sorted(parts, key=_place_of):
            kind, text = part.get("type"), part.get("text")
            if kind in ("text", "reasoning"):
                yield str(kind), text if isinstance(text, str) else self._resolved(part.get("payload"))

    def _resolved(self, payload: Loaded) -> str:
        """Return a text that is kept as references to fragments, with what stands between them."""
        try:
            held = orjson.loads(payload) if isinstance(payload, str) else {}
        except orjson.JSONDecodeError:
            return ""
        listed = held.get("text_ref") if isinstance(held, dict) else None
        told = []
        for one in listed if isinstance(listed, list) else ():
            if isinstance(one, dict):
                fragment = self._row("fragments", "id", one.get("fragment"))
                told.append(str((fragment or {}).get("content") or one.get("literal") or ""))
        return "".join(told)

    def _refused(self, reason: str) -> ImportRefused:
        return ImportRefused("", why=reason, place="import_in_file", file=self.name)


def _place_of(part: Mapping[str, Loaded]) -> int:
    found = next((part[name] for name in ("position", "order") if name in part), 0)
    return found if isinstance(found, int) else 0


def _opened(file: IO[bytes], given: GivenFile, limits: ImportLimits) -> sqlite3.Connection:
    """Open a copy of the database, which has a name until it is opened, as SQLite wants it."""
    with tempfile.NamedTemporaryFile(suffix=".db") as copy:
        copied = 0
        while chunk := os.pread(file.fileno(), min(given.size - copied, _COPIED_BYTES), given.start + copied):
            copy.write(chunk)
            copied += len(chunk)
        copy.flush()
        # Immutable: no lock, no journal beside it is looked for, nothing is written.
        connection = sqlite3.connect(f"file:{quote(copy.name)}?mode=ro&immutable=1", uri=True, isolation_level=None)
        connection.row_factory = sqlite3.Row
        connection.text_factory = lambda content: content.decode("utf-8", "replace")
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, limits.session_bytes)
        connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        for pragma in ("trusted_schema = OFF", "query_only = ON", "cell_size_check = ON", "mmap_size = 0"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    connection.set_authorizer(_may)
    return connection


def _may(action: int, first: str | None, second: str | None, base: str | None, source: str | None) -> int:
    """Allow the reading of tables alone; `source` names the view or trigger that asks for something."""
    if source is None and action == sqlite3.SQLITE_SELECT:
        return sqlite3.SQLITE_OK
    if source is None and action == sqlite3.SQLITE_PRAGMA and first == "table_xinfo":
        return sqlite3.SQLITE_OK
    if source is None and action == sqlite3.SQLITE_READ and first in (*_WANTED, "sqlite_master"):
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY
