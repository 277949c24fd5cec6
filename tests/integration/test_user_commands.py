"""`user` as whoever has the machine types it, on a real database: people, links, and the chats of before."""

from __future__ import annotations

import asyncio
import io
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from tests.histories import straight
from tests.history_writes import begin, finish
from thai_chat import settings
from thai_chat.__main__ import main
from thai_chat.accounts.passwords import Passwords
from thai_chat.commands import database
from thai_chat.domain.people import LOCAL

PASSWORD = "ปลาทูสองตัวในเข่ง"
LINK = re.compile(r"https://chat\.example/invitation/([\w-]{43})\b")


@pytest.fixture
def address(own_database: str, postgres, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:  # type: ignore[no-untyped-def]
    """Return the database that the commands are set to."""
    for name in settings.names():
        monkeypatch.delenv(name, raising=False)
    address: str = postgres.address(own_database)
    monkeypatch.setenv("DATABASE_URL", address)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("THAI_CHAT_HOME", str(tmp_path))
    monkeypatch.setenv("PUBLIC_URL", "https://chat.example")
    monkeypatch.setenv("AUTH", "password")
    return address


def rows(address: str, query: str) -> list[tuple[object, ...]]:
    with closing(psycopg2.connect(address)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


def add(monkeypatch: pytest.MonkeyPatch, name: str, *options: str, password: str = PASSWORD) -> int:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
    return main(["user", "add", name, "--password-stdin", *options])


async def is_password(password: str, password_hash: str) -> bool:
    passwords = Passwords()
    try:
        return (await passwords.verify(password, password_hash)).is_right
    finally:
        passwords.close()


def test_an_account_is_made_with_a_password_that_nobody_is_shown(
    address: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert add(monkeypatch, " มะลิ ", "--admin") == 0
    ((name, role, user_id, kept),) = rows(address, "SELECT name, role, user_id, password_hash FROM chat_accounts")
    assert (name, role) == ("มะลิ", "administrator")
    assert user_id != LOCAL.user_id
    assert asyncio.run(is_password(PASSWORD, str(kept)))
    assert add(monkeypatch, "มะลิ") == 1
    assert add(monkeypatch, "สมชาย", password="short") == 1
    assert add(monkeypatch, "ไม่\u200bเห็น") == 1
    told = "".join(capsys.readouterr())
    assert "มะลิ can sign in now" in told
    assert "Somebody has this name already" in told
    assert "A password has 8 to 200 characters" in told
    assert PASSWORD not in told + (tmp_path / "data" / "audit.jsonl").read_text()
    assert rows(address, "SELECT action, name FROM chat_audit") == [("sign_up", "manage.sh")]


def test_without_a_password_a_link_is_printed_that_only_the_terminal_has(
    address: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    add(monkeypatch, "boss", "--admin")
    assert main(["user", "add", "สมชาย", "--admin"]) == 0
    told = capsys.readouterr()
    token = LINK.search(told.out)
    assert token
    assert rows(address, "SELECT purpose, role, name FROM chat_invitations") == [("invite", "administrator", "สมชาย")]
    elsewhere = str(rows(address, "SELECT * FROM chat_invitations, chat_audit")) + told.err
    assert token[1] not in elsewhere + (tmp_path / "data" / "audit.jsonl").read_text()
    assert main(["user", "reset", "boss"]) == 0
    assert LINK.search(capsys.readouterr().out)
    monkeypatch.setenv("SIGN_UP", "off")
    assert main(["user", "add", "อีกคน"]) == 1
    assert "can't make an account" in capsys.readouterr().err


def test_where_a_provider_alone_knows_people_nobody_is_given_a_password(
    address: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    add(monkeypatch, "boss", "--admin")
    for name, value in (("AUTH", "oidc"), ("OIDC_ISSUER", "https://id.example"), ("OIDC_CLIENT_ID", "thai-chat")):
        monkeypatch.setenv(name, value)
    capsys.readouterr()
    assert main(["user", "reset", "boss"]) == 1
    assert add(monkeypatch, "มะลิ") == 1
    told = capsys.readouterr()
    assert told.err.count("Nobody signs in by a password here") == 2
    assert not LINK.search(told.out)
    assert rows(address, "SELECT name FROM chat_accounts") == [("boss",)]
    assert main(["user", "add", "มะลิ"]) == 0


def test_people_are_listed_changed_and_deleted_and_one_administrator_stays(
    address: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["user", "list"]) == 0
    assert "Nobody has an account yet" in capsys.readouterr().out
    add(monkeypatch, "boss", "--admin")
    add(monkeypatch, "มะลิ")
    for refused in (["make-user", "boss"], ["disable", "boss"], ["delete", "boss", "--yes"]):
        assert main(["user", *refused]) == 1
        assert "One administrator has to stay" in capsys.readouterr().err
    for what in ("make-admin", "disable", "enable", "make-user"):
        assert main(["user", what, "มะลิ"]) == 0
    main(["user", "disable", "มะลิ"])
    assert main(["user", "reset", "มะลิ"]) == 1
    capsys.readouterr()
    main(["user", "list"])
    told = capsys.readouterr().out
    assert "boss: administrator, 0 sessions, not seen lately" in told
    assert "มะลิ: user, disabled, 0 sessions" in told
    assert main(["user", "delete", "มะลิ"]) == 1
    assert "add --yes" in capsys.readouterr().err
    assert main(["user", "delete", "มะลิ", "--yes"]) == 0
    assert main(["user", "enable", "มะลิ"]) == 1
    assert "Nobody has the name มะลิ" in capsys.readouterr().err
    assert rows(address, "SELECT name FROM chat_accounts") == [("boss",)]


async def say(address: str, user_id: str) -> None:
    async with straight(address) as history:
        write = begin(user_id)
        await history.write(write)
        await history.write(finish(write))


def test_the_chats_of_before_are_taken_over_and_given_back_when_that_is_said(
    address: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asyncio.run(say(address, LOCAL.user_id))
    add(monkeypatch, "boss", "--admin")
    owner = str(rows(address, "SELECT user_id FROM chat_accounts")[0][0])
    asyncio.run(say(address, owner))
    asyncio.run(say(address, owner))
    assert main(["user", "give-back", "boss", "--yes"]) == 1
    assert "has not taken over" in capsys.readouterr().err
    assert main(["user", "take-over", "boss"]) == 1
    told = capsys.readouterr()
    assert "boss, who has 2 sessions, 4 messages and 0 presets, gets 1 session, 2 messages" in told.out
    assert rows(address, "SELECT count(*) FROM chat_sessions WHERE user_id = 'local'") == [(1,)]
    assert main(["user", "take-over", "boss", "--yes"]) == 0
    assert rows(address, "SELECT user_id, count(*) FROM chat_sessions GROUP BY 1") == [("local", 3)]
    main(["user", "list"])
    assert "has the chats of before" in capsys.readouterr().out
    assert main(["user", "give-back", "boss", "--yes"]) == 0
    assert sorted(row[1] for row in rows(address, "SELECT user_id, count(*) FROM chat_sessions GROUP BY 1")) == [1, 2]


def test_a_database_that_is_away_old_or_not_there_is_told_plainly(
    address: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    rows(address, "UPDATE alembic_version SET version_num = '0009' RETURNING 1")
    assert main(["user", "list"]) == 1
    monkeypatch.setenv("DATABASE_URL", "postgresql://somebody:s3cr3t@127.0.0.1:1/chats")
    assert main(["user", "list"]) == 1
    monkeypatch.setenv("DATABASE_URL", "")
    assert main(["user", "list"]) == 1
    told = "".join(capsys.readouterr())
    for said in ("migrate", "Connection refused", "There is no database"):
        assert said in told
    assert "s3cr3t" not in told
    assert "Traceback" not in told


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="tc-", dir="/tmp"))
    made.chmod(0o711)
    for name in settings.names():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("THAI_CHAT_HOME", str(made))
    yield made
    shutil.rmtree(made)


def test_the_embedded_database_is_made_and_reached_running_or_not_and_auth_none_is_mentioned(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["user", "list"]) == 1
    assert add(monkeypatch, "boss", "--admin") == 0
    assert "set AUTH=password" in capsys.readouterr().err
    with database.opened(settings.load(), print):
        assert main(["user", "list"]) == 0
    assert "boss: administrator" in capsys.readouterr().out
    assert not list((home / "data" / "postgres").glob("**/postmaster.pid"))
