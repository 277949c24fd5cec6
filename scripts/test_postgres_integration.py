"""Checks that a PostgreSQL server can keep the chats: from the connection to a turn written and read back.

Usage: python3 scripts/test_postgres_integration.py [URL]. Without URL: the database that .env names, else the embedded
one. It works in a schema of its own, which it removes, so it may be run beside a Thai Chat that is in use.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"

# The system's python3 has none of the packages; those of .venv do.
if __name__ == "__main__" and Path(sys.prefix) != VENV and (VENV / "bin" / "python").exists():
    os.execv(VENV / "bin" / "python", [str(VENV / "bin" / "python"), *sys.argv])
sys.path.insert(0, str(ROOT))

try:
    import asyncio
    import statistics
    import time
    from collections.abc import Callable, Iterator
    from contextlib import closing, contextmanager
    from datetime import UTC, datetime

    import psycopg2
    from psycopg2 import errors, sql
    from psycopg2.extensions import connection as Connection
    from uuid_utils.compat import uuid7

    from thai_chat import settings
    from thai_chat.commands import database
    from thai_chat.commands.terminal import tell
    from thai_chat.domain.errors import ThaiChatError
    from thai_chat.domain.messages import Choice, Status
    from thai_chat.domain.reads import ReadMessages
    from thai_chat.domain.writes import BeginTurn, Checkpoint, Checkpoints, FinishReply
    from thai_chat.history.postgres import probe, upkeep
    from thai_chat.history.postgres.connections import Database
    from thai_chat.history.postgres.conversation import PostgresConversation
except ModuleNotFoundError as missing:
    sys.exit(f"thai-chat: the package {missing.name} is missing here: run ./manage.sh setup first, then this again.")

OLDEST = 13
COMMITS = 50
CHOICE = Choice("check", "check")
QUESTION = "ข้าวมันไก่ร้านไหนอร่อย? น้ำจิ้มเผ็ด ๆ 🍚🌶️ (chicken rice, <b>&amp;</b>, \\ ' \" \t\n บรรทัดสอง)"
REPLY = "ลองร้านแถวประตูน้ำครับ 👨‍👩‍👧 " * 50


class Problem(Exception):
    """A problem, in words for people: what is wrong, and what to do."""


def main() -> int:
    if len(sys.argv) > 2 or sys.argv[1:] in (["-h"], ["--help"]):
        tell(*(__doc__ or "").splitlines())
        return 2
    os.chdir(ROOT)
    try:
        with address() as where:
            check(where)
    except (Problem, ThaiChatError) as problem:
        tell(f"FAIL {problem}")
        return 1
    except psycopg2.Error as error:
        tell(f"FAIL {probe.said(error)}")
        return 1
    tell("PostgreSQL works for Thai Chat.")
    return 0


@contextmanager
def address() -> Iterator[str]:
    if len(sys.argv) == 2:
        yield sys.argv[1].replace("postgres://", "postgresql://", 1)
    else:
        with database.opened(settings.load(), tell) as where:
            yield where


def check(where: str) -> None:
    begun = time.perf_counter()
    facts = probe.ask(where)
    passed(f"connects to {probe.place(where)} in {(time.perf_counter() - begun) * 1000:.0f} ms")
    require(facts.version_number >= OLDEST * 10_000, f"PostgreSQL {facts.version} is too old: use {OLDEST} or newer")
    passed(f"is PostgreSQL {facts.version}")
    require(not facts.is_read_only, "it is a read-only standby: name the primary")
    require(facts.encoding == "UTF8", f"the database's encoding is {facts.encoding}: make one with ENCODING 'UTF8'")
    require(
        facts.ctype not in ("C", "POSIX"),
        f"the database's locale is {facts.ctype}, which knows no Thai letters: make one with "
        "TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'",
    )
    passed(f"stores UTF-8 and knows Thai letters (locale {facts.ctype})")
    with own_schema(where) as name:
        upkeep.migrate(where, schema_name=name)
        passed("may make the tables")
        asyncio.run(turn(where, name))
        passed("a turn in Thai, with emoji, comes back as it was written")
        refuses(where, name)
        passed("refuses what does not fit together")
        passed(f"commits in {commit_ms(where, name):.1f} ms (median of {COMMITS})")


@contextmanager
def own_schema(where: str) -> Iterator[str]:
    """Yield the name of a new schema in the same database, which is removed at the end."""
    name = f"thai_chat_check_{os.getpid()}"
    with closing(probe.connect(where)) as connection:
        connection.autocommit = True
        try:
            run(connection, sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(name)))
        except errors.InsufficientPrivilege as exc:
            user = connection.info.user
            raise Problem(
                f"the user {user} may not make a schema: GRANT CREATE ON DATABASE {connection.info.dbname} TO {user}"
            ) from exc
        try:
            yield name
        finally:
            run(connection, sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(name)))


async def turn(where: str, name: str) -> None:
    """Do what the application does for one question, by its own code."""
    history = PostgresConversation(Database(where, schema_name=name))
    begin = BeginTurn(
        session_id=uuid7(),
        user_id="check",
        session_name="ข้าวมันไก่",
        question_id=uuid7(),
        question=QUESTION,
        reply_id=uuid7(),
        choice=CHOICE,
        at=datetime.now(UTC),
    )
    try:
        await history.write(begin)
        at = datetime.now(UTC)
        half = REPLY[: len(REPLY) // 2]
        await history.write(
            Checkpoints([Checkpoint(session_id=begin.session_id, reply_id=begin.reply_id, content=half, at=at)])
        )
        await history.write(
            FinishReply(
                session_id=begin.session_id,
                reply_id=begin.reply_id,
                content=REPLY,
                status=Status.COMPLETE,
                choice=CHOICE,
                at=at,
            )
        )
        messages = await history.read(ReadMessages(begin.session_id, "check", limit=10))
        kept = [message.content for message in messages]
        require(kept == [QUESTION, REPLY], "what was read is not what was written: do not use this server")
    finally:
        await history.close()


def refuses(where: str, name: str) -> None:
    with closing(probe.connect(where, schema_name=name)) as connection, connection, connection.cursor() as cursor:
        try:
            cursor.execute("UPDATE chat_messages SET status = 'nonsense'")
        except errors.CheckViolation:
            connection.rollback()
        else:
            raise Problem("constraints are not enforced: do not use this server")


def commit_ms(where: str, name: str) -> float:
    with closing(probe.connect(where, schema_name=name)) as connection:
        connection.autocommit = True
        return statistics.median(
            timed_ms(lambda: run(connection, "UPDATE chat_sessions SET updated_at = now()")) for _ in range(COMMITS)
        )


def timed_ms(action: Callable[[], None]) -> float:
    begun = time.perf_counter()
    action()
    return (time.perf_counter() - begun) * 1000


def run(connection: Connection, statement: str | sql.Composed) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def require(holds: bool, problem: str) -> None:
    if not holds:
        raise Problem(problem)


def passed(line: str) -> None:
    tell(f"ok   {line}")


if __name__ == "__main__":
    sys.exit(main())
