"""Statements whose texts go to the server beside them, as parameters.

psycopg2 writes every value into the statement, and the statement is what a server has in its log when it refuses it,
when it is slow or when its process dies, and what it shows to administrators while it runs. libpq, which psycopg2
stands on, can send values apart; it is called for that here, on psycopg2's own connection. Only what people and models
wrote is sent so: it is all that has to be, and the server infers the types of few parameters as it does of literals.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

import psycopg2
from psycopg2 import errors
from psycopg2.extensions import TRANSACTION_STATUS_IDLE

Settings: TypeAlias = Mapping[str, str]
"""The settings of one transaction."""
Values: TypeAlias = Mapping[str, object] | Sequence[object]

_CONNECTION_OK = 0
_COMMAND_OK, _TUPLES_OK, _FATAL, _SYNC, _ABORTED = 1, 2, 7, 10, 11
_SQLSTATE, _PRIMARY, _FUNCTION = ord("C"), ord("M"), ord("R")
_AT_ONCE_BYTES = 32_768
"""The size below which a statement goes into libpq's and the socket's buffers without waiting for the server."""


class TextParameter(str):
    """A text that somebody wrote, among the values of a statement."""


class TextList(list[str]):
    """An array of such texts; None in it is NULL."""


class Filled(NamedTuple):
    """A statement with its values in it but for its texts, which it names by number."""

    sql: bytes
    texts: Sequence[bytes]


@dataclass(slots=True)
class Filling:
    """Fills in the pieces of one statement, in any order."""

    cursor: Any
    texts: list[bytes] = field(default_factory=list)

    def filled(self, sql: str, values: Values | None) -> bytes:
        """Return `sql` with psycopg2's placeholders replaced: texts by numbers, all else by literals."""
        if isinstance(values, Mapping):
            return bytes(self.cursor.mogrify(sql, {name: self._apart(value) for name, value in values.items()}))
        return bytes(self.cursor.mogrify(sql, values and [self._apart(value) for value in values]))

    def _apart(self, value: object) -> object:
        match value:
            case TextParameter():
                return _Number(_bytes(value), self.texts)
            case TextList():
                return _Number(_bytes("{" + ",".join(map(_element, value)) + "}"), self.texts)
            case _:
                return value


class Result(NamedTuple):
    rows: list[tuple[Any, ...]]
    """The rows, with values as psycopg2 gives them."""
    number: int
    """How many rows were written or read."""


def filled(cursor: Any, sql: str, values: Values) -> Filled:
    """Return a statement that is one piece, with its values."""
    filling = Filling(cursor)
    return Filled(filling.filled(sql, values), filling.texts)


def run(cursor: Any, statement: Filled, settings: Settings | None = None) -> Result:
    """Carry out one statement in one round trip, with `settings` for its transaction, if it is one of its own.

    `cursor` is of a connection in autocommit. Raises psycopg2's errors, with their `pgcode`.
    """
    steps = [statement]
    settings = {**getattr(cursor, "transaction_settings", {}), **(settings or {})}
    if settings and cursor.connection.info.transaction_status == TRANSACTION_STATUS_IDLE:
        calls = ", ".join("set_config(%s, %s, true)" for _ in settings)
        named = [part for pair in settings.items() for part in pair]
        steps.insert(0, Filled(cursor.mogrify(f"SELECT {calls}", named), ()))
    return _pipelined(cursor, steps)


class _Number:
    """The number that stands for a text in the statement: the text is sent under it, if the statement names it."""

    def __init__(self, text: bytes, texts: list[bytes]) -> None:
        self._text = text
        self._texts = texts
        self._number = 0

    def __conform__(self, protocol: object) -> _Number:
        return self

    def getquoted(self) -> bytes:
        if not self._number:
            self._texts.append(self._text)
            self._number = len(self._texts)
        return b"$%d" % self._number


def _bytes(text: str) -> bytes:
    if "\0" in text:
        raise ValueError("a text has a NUL character")  # libpq would take it for the end
    return text.encode()


def _element(text: str | None) -> str:
    return "NULL" if text is None else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _pipelined(cursor: Any, steps: Sequence[Filled]) -> Result:
    """Carry out all steps in one transaction, sent together, and return what the last one gave."""
    connection = ctypes.c_void_p(cursor.connection.pgconn_ptr)
    size = sum(len(step.sql) + sum(map(len, step.texts)) for step in steps)
    sending = _libpq if size < _AT_ONCE_BYTES else _waiting_libpq
    with _pipeline(cursor, connection):
        for step in steps:
            texts = (ctypes.c_char_p * len(step.texts))(*step.texts)
            if not sending.PQsendQueryParams(connection, step.sql, len(texts), None, texts, None, None, 0):
                raise _lost(connection)
        if not sending.PQpipelineSync(connection):
            raise _lost(connection)
        given = [_result_of_step(cursor, connection) for _ in steps]
        given.append(_end(connection))
        is_lost = _libpq.PQstatus(connection) != _CONNECTION_OK
        lost = _lost(connection) if is_lost else None
    for result in given:
        if isinstance(result, psycopg2.Error):
            raise result
    last = given[len(steps) - 1]
    if lost or last is None:
        raise lost or psycopg2.OperationalError("the server gave no answer")
    return last


@contextmanager
def _pipeline(cursor: Any, connection: ctypes.c_void_p) -> Iterator[None]:
    if not _libpq.PQenterPipelineMode(connection):
        raise _lost(connection)
    try:
        yield
    finally:
        if not _libpq.PQexitPipelineMode(connection) or _libpq.PQstatus(connection) != _CONNECTION_OK:
            # It is lost, or not all was read: psycopg2 could do nothing with it any more.
            cursor.connection.close()


def _result_of_step(cursor: Any, connection: ctypes.c_void_p) -> Result | psycopg2.Error | None:
    """Return what a step gave, or its error; None when it was skipped, or the connection is lost."""
    found: Result | psycopg2.Error | None = None
    while pointer := _next_result(connection):
        result = ctypes.c_void_p(pointer)
        try:
            status = _libpq.PQresultStatus(result)
            if status in (_COMMAND_OK, _TUPLES_OK):
                found = Result(list(_rows(cursor, result)), int(_libpq.PQcmdTuples(result) or 0))
            elif status != _ABORTED:
                found = _error(result)
        finally:
            _libpq.PQclear(result)
    return found


def _end(connection: ctypes.c_void_p) -> psycopg2.Error | None:
    """Read to the end of the transaction and return an error of its commit; at once where the connection is lost."""
    error = None
    while _libpq.PQstatus(connection) == _CONNECTION_OK:
        pointer = _next_result(connection)
        if not pointer:
            continue  # between two results
        result = ctypes.c_void_p(pointer)
        status = _libpq.PQresultStatus(result)
        if status == _FATAL:
            error = _error(result)
        _libpq.PQclear(result)
        if status == _SYNC:
            break
    return error


def _next_result(connection: ctypes.c_void_p) -> int | None:
    library = _waiting_libpq if _libpq.PQisBusy(connection) else _libpq
    pointer: int | None = library.PQgetResult(connection)
    return pointer


def _rows(cursor: Any, result: ctypes.c_void_p) -> Iterator[tuple[Any, ...]]:
    columns = [(column, _libpq.PQftype(result, column)) for column in range(_libpq.PQnfields(result))]
    for row in range(_libpq.PQntuples(result)):
        yield tuple(
            None
            if _libpq.PQgetisnull(result, row, column)
            else cursor.cast(kind, _libpq.PQgetvalue(result, row, column).decode())
            for column, kind in columns
        )


def _error(result: ctypes.c_void_p) -> psycopg2.Error:
    code = (_libpq.PQresultErrorField(result, _SQLSTATE) or b"").decode()
    said = (_libpq.PQresultErrorField(result, _PRIMARY) or _libpq.PQresultErrorMessage(result)).decode(errors="replace")
    try:
        kind = errors.lookup(code)
    except KeyError:
        kind = psycopg2.DatabaseError if code else psycopg2.OperationalError
    error: psycopg2.Error = kind(said)
    function = _libpq.PQresultErrorField(result, _FUNCTION) or b""
    error.__setstate__({"pgcode": code or None, "pgerror": said})
    error.source_function = function.decode()
    return error


def _lost(connection: ctypes.c_void_p) -> psycopg2.Error:
    said: bytes = _libpq.PQerrorMessage(connection)
    return psycopg2.OperationalError(said.decode(errors="replace").strip() or "the connection was lost")


def _load(kind: type[ctypes.CDLL]) -> ctypes.CDLL:
    """Return the libpq that psycopg2 is linked with: its own module leads to the names of that too."""
    library = kind(psycopg2._psycopg.__file__)
    number, pointer, text = ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p
    texts = ctypes.POINTER(text)
    for name, result, arguments in (
        ("PQenterPipelineMode", number, [pointer]),
        ("PQexitPipelineMode", number, [pointer]),
        ("PQpipelineSync", number, [pointer]),
        ("PQsendQueryParams", number, [pointer, text, number, pointer, texts, pointer, pointer, number]),
        ("PQisBusy", number, [pointer]),
        ("PQgetResult", pointer, [pointer]),
        ("PQstatus", number, [pointer]),
        ("PQerrorMessage", text, [pointer]),
        ("PQresultStatus", number, [pointer]),
        ("PQresultErrorField", text, [pointer, number]),
        ("PQresultErrorMessage", text, [pointer]),
        ("PQcmdTuples", text, [pointer]),
        ("PQntuples", number, [pointer]),
        ("PQnfields", number, [pointer]),
        ("PQftype", ctypes.c_uint, [pointer, number]),
        ("PQgetisnull", number, [pointer, number, number]),
        ("PQgetvalue", text, [pointer, number, number]),
        ("PQclear", None, [pointer]),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


# Each call that lets other threads run waits for its turn behind them, 5 ms where they are busy; so only those do that
# may wait for the server.
_libpq = _load(ctypes.PyDLL)
_waiting_libpq = _load(ctypes.CDLL)
