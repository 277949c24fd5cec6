"""Texts that go to the server beside the statement arrive as they are, and what comes back is as psycopg2 gives it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg2
import pytest

from tests.postgres_servers import PostgresServer, Proxy
from thai_chat.history.postgres.sql import parameters
from thai_chat.history.postgres.sql.parameters import TextList, TextParameter, filled, run

TEXTS = [
    "",
    "น้ำจิ้ม 👩🏽‍🍳",
    "'; DROP TABLE chat_sessions; --",
    '\\ " {} , NULL $1 %s %(x)s',
    "NULL",
    "a\tb\nc\r\x01",
    "ก" * 100_000,
]


@pytest.fixture
def cursor(database_url: str) -> Iterator[Any]:
    with closing(psycopg2.connect(database_url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            yield cursor


def shown(cursor: Any, sql: str, values: Any = ()) -> Any:
    return run(cursor, filled(cursor, sql, values)).rows[0][0]


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_a_text_and_a_list_of_texts_arrive_as_they_are(cursor: Any, text: str) -> None:
    assert shown(cursor, "SELECT %s::text", (TextParameter(text),)) == text
    assert shown(cursor, "SELECT %s::text[]", (TextList([text, None, text]),)) == [text, None, text]


def test_no_text_is_in_the_statement(cursor: Any) -> None:
    statement = filled(
        cursor, "SELECT %(a)s, %(b)s, %(a)s", {"a": TextParameter("ลับ"), "b": 1, "unused": TextParameter("x")}
    )
    assert statement == (b"SELECT $1, 1, $1", ["ลับ".encode()])


@pytest.mark.parametrize(
    "expression",
    [
        "1",
        "1.5",
        "true",
        "NULL",
        "now()",
        "gen_random_uuid()",
        "'{\"a\": [1]}'::jsonb",
        "ARRAY['ก', NULL]",
        "''",
        "1::int8",
    ],
)
def test_what_comes_back_is_as_psycopg2_gives_it(cursor: Any, expression: str) -> None:
    cursor.execute(f"CREATE TEMP TABLE given AS SELECT {expression} AS value")
    cursor.execute("SELECT value FROM given")
    assert shown(cursor, "SELECT value FROM given") == cursor.fetchone()[0]
    cursor.execute("DROP TABLE given")


def test_rows_are_counted(cursor: Any) -> None:
    assert run(cursor, filled(cursor, "SELECT generate_series(1, 3)", ())).number == 3
    assert run(cursor, filled(cursor, "DELETE FROM chat_sessions WHERE false", ())).number == 0


def test_settings_hold_for_the_statement_alone(cursor: Any) -> None:
    show = filled(cursor, "SELECT current_setting('lock_timeout')", ())
    assert run(cursor, show, {"lock_timeout": "1234ms"}).rows == [("1234ms",)]
    assert run(cursor, show).rows == [("0",)]


def test_statement_and_settings_are_one_transaction_that_an_error_undoes(cursor: Any) -> None:
    cursor.execute("CREATE TEMP TABLE kept (number INT PRIMARY KEY DEFERRABLE INITIALLY DEFERRED)")
    twice = filled(cursor, "INSERT INTO kept VALUES (1), (1)", ())
    with pytest.raises(psycopg2.errors.UniqueViolation) as raised:  # at the commit
        run(cursor, twice, {"lock_timeout": "1s"})
    assert raised.value.pgcode == "23505"
    assert shown(cursor, "SELECT count(*) FROM kept") == 0


def test_an_error_has_its_class_and_its_code_and_the_connection_goes_on(cursor: Any) -> None:
    for sql, kind, code in (
        ("SELECT 1 / 0", psycopg2.errors.DivisionByZero, "22012"),
        ("SELECT", None, None),
        ("SELECTT", psycopg2.errors.SyntaxError, "42601"),
        ("SELECT 1; SELECT 2", psycopg2.errors.SyntaxError, "42601"),
    ):
        if kind is None:
            assert run(cursor, filled(cursor, sql, ())).rows == [()]
            continue
        with pytest.raises(kind) as raised:
            run(cursor, filled(cursor, sql, ()))
        assert raised.value.pgcode == code
        assert shown(cursor, "SELECT 1") == 1


def test_inside_a_transaction_it_is_part_of_it(cursor: Any) -> None:
    cursor.execute("BEGIN; SET LOCAL lock_timeout = '9s'")
    show = filled(cursor, "SELECT current_setting('lock_timeout')", ())
    assert run(cursor, show, {"lock_timeout": "1s"}).rows == [("9s",)]
    cursor.execute("ROLLBACK")


def test_a_text_with_a_nul_is_never_cut_off_in_silence(cursor: Any) -> None:
    with pytest.raises(ValueError, match="NUL"):
        filled(cursor, "SELECT %s", (TextParameter("ก\0ข"),))


def test_a_lost_connection_is_told_as_such(postgres: PostgresServer, proxy: Proxy, database_name: str) -> None:
    connection = psycopg2.connect(postgres.address(database_name, port=proxy.port))
    connection.autocommit = True
    with connection.cursor() as cursor:
        proxy.cut()
        with pytest.raises(psycopg2.OperationalError):
            run(cursor, filled(cursor, "SELECT %s::text", (TextParameter("ก"),)), {"lock_timeout": "1s"})
        assert connection.closed


def test_a_reading_that_breaks_off_leaves_no_connection_that_others_would_read_from(
    cursor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*arguments: object) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(parameters, "_rows", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(cursor, filled(cursor, "SELECT 1", ()))
    assert cursor.connection.closed
