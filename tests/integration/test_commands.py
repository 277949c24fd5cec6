"""The operator's commands on a real, embedded database: migrate, status, doctor, backup and restore."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import psycopg2
import pytest

from tests.ports import free_port
from thai_chat import settings
from thai_chat.__main__ import main
from thai_chat.commands import database, doctor, restore, terminal
from thai_chat.commands.findings import Level
from thai_chat.history.postgres import probe
from thai_chat.history.postgres.backup import others
from thai_chat.settings import Settings

TRICKY = "ข้าวมันไก่ น้ำจิ้ม 🍚👨‍👩‍👧\n\\N\t\\.\r\nchicken rice"


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Yield a folder with one database for the module; the server's user may pass through it."""
    made = Path(tempfile.mkdtemp(prefix="tc-", dir="/tmp"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made)


@pytest.fixture(autouse=True)
def configured(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name in settings.names():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATA_DIR", str(folder / "data"))
    monkeypatch.setenv("OLLAMA_HOST", "")
    monkeypatch.setenv("PORT", str(free_port()))
    monkeypatch.setenv("THAI_CHAT_HOME", str(folder))
    return settings.load()


@pytest.fixture
def one_session(configured: Settings) -> str:
    """Put a single turn into an up-to-date database, and return its session's id."""
    assert main(["migrate"]) == 0
    session_id, question_id = str(uuid.uuid4()), str(uuid.uuid4())
    with cursor_of(configured) as cursor:
        cursor.execute("DELETE FROM chat_sessions")
        cursor.execute(
            "INSERT INTO chat_sessions (session_id, user_id, session_name, backend, model, message_count) "
            "VALUES (%s, 'local', %s, 'ollama', 'm', 2)",
            (session_id, TRICKY[:20]),
        )
        add = (
            "INSERT INTO chat_messages (message_id, session_id, parent_id, role, content, message_order, status) "
            "VALUES (%s, %s, %s, %s, %s, %s, 'complete')"
        )
        cursor.execute(add, (question_id, session_id, None, "user", TRICKY, 1))
        cursor.execute(add, (str(uuid.uuid4()), session_id, question_id, "assistant", TRICKY * 2, 2))
    return session_id


@contextmanager
def cursor_of(configured: Settings) -> Iterator[psycopg2.extensions.cursor]:
    with (
        database.opened(configured, print) as address,
        closing(psycopg2.connect(address)) as connection,
        connection,
        connection.cursor() as cursor,
    ):
        yield cursor


def everything(configured: Settings) -> list[str]:
    with cursor_of(configured) as cursor:
        cursor.execute("SELECT s.*, m.* FROM chat_sessions s JOIN chat_messages m USING (session_id) ORDER BY 1, 2")
        return sorted(map(repr, cursor.fetchall()))


def forget(configured: Settings) -> None:
    with cursor_of(configured) as cursor:
        cursor.execute("DELETE FROM chat_sessions")


def test_a_backup_restores_every_row_as_it_was(configured: Settings, one_session: str, tmp_path: Path) -> None:
    before = everything(configured)
    assert main(["backup", str(tmp_path / "chats.zip")]) == 0
    forget(configured)
    assert main(["restore", str(tmp_path / "chats.zip")]) == 0
    assert everything(configured) == before
    assert len(before) == 2


def test_a_backup_is_closed_to_other_users_and_never_overwrites(one_session: str, tmp_path: Path) -> None:
    file = tmp_path / "chats.zip"
    assert main(["backup", str(file)]) == 0
    assert file.stat().st_mode & 0o777 == 0o600
    kept = file.read_bytes()
    assert main(["backup", str(file)]) == 1
    assert file.read_bytes() == kept


def test_a_backup_without_a_name_goes_to_the_data_folder(one_session: str, configured: Settings) -> None:
    before = set((configured.data_dir / "backups").glob("chats-*.zip"))
    assert main(["backup"]) == 0
    assert len(set((configured.data_dir / "backups").glob("chats-*.zip")) - before) == 1


def test_a_backup_into_a_folder_gets_a_name_of_its_own(one_session: str, tmp_path: Path) -> None:
    assert main(["backup", str(tmp_path)]) == 0
    assert main(["backup", f"{tmp_path}/new/one/"]) == 0
    assert main(["backup", str(tmp_path / "other" / "chats.zip")]) == 0
    made = {file.relative_to(tmp_path) for file in tmp_path.rglob("*.zip")}
    assert sorted(str(file.parent) for file in made) == [".", "new/one", "other"]
    assert all(file.name.startswith("chats") for file in made)


def test_restore_refuses_a_database_with_chats_and_replaces_them_only_when_told(
    configured: Settings, one_session: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["backup", str(tmp_path / "chats.zip")])
    before = everything(configured)
    assert main(["restore", str(tmp_path / "chats.zip")]) == 1
    assert "--replace" in capsys.readouterr().err
    assert main(["restore", str(tmp_path / "chats.zip"), "--replace"]) == 0
    assert everything(configured) == before
    capsys.readouterr()
    assert main(["status"]) == 0
    assert "restore --undo puts them back" in capsys.readouterr().out


def test_what_a_restore_replaced_is_put_back_and_dropped_when_that_is_said(
    configured: Settings, one_session: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["restore", "--forget-old"])
    main(["backup", str(tmp_path / "chats.zip")])
    kept = everything(configured)
    with cursor_of(configured) as cursor:
        cursor.execute("UPDATE chat_sessions SET session_name = 'อีกชื่อ'")
    changed = everything(configured)
    assert main(["restore", str(tmp_path / "chats.zip"), "--replace"]) == 0
    assert everything(configured) == kept
    assert main(["restore", "--undo"]) == 0
    assert everything(configured) == changed
    main(["doctor"])
    assert "restore --forget-old" in capsys.readouterr().out
    assert main(["restore", "--forget-old"]) == 0
    assert main(["restore", "--undo"]) == 1
    assert "Nothing is kept" in capsys.readouterr().err
    assert everything(configured) == changed


def test_restore_refuses_while_another_connection_uses_the_database(
    configured: Settings,
    one_session: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    main(["backup", str(tmp_path / "chats.zip")])
    monkeypatch.setattr(others, "count", partial(others.count, watch_s=0.2, patience_s=0.3))
    with cursor_of(configured) as cursor:
        cursor.execute("SELECT 1")
        assert main(["restore", str(tmp_path / "chats.zip"), "--replace"]) == 1
    assert "stop Thai Chat everywhere first" in capsys.readouterr().err


def test_restore_asks_for_room_before_it_begins(
    configured: Settings,
    one_session: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    main(["backup", str(tmp_path / "chats.zip")])
    before = everything(configured)
    monkeypatch.setattr(restore, "_ROOM_BYTES", 10**18)
    assert main(["restore", str(tmp_path / "chats.zip"), "--replace"]) == 1
    assert "Nothing was changed" in capsys.readouterr().err
    assert everything(configured) == before


def test_a_backup_that_was_killed_leaves_nothing_after_the_next_one(configured: Settings, one_session: str) -> None:
    left = configured.data_dir / "backups" / "chats-1.zip.partial"
    left.parent.mkdir(parents=True, exist_ok=True)
    left.write_bytes(b"PK")
    assert main(["backup"]) == 0
    assert not left.exists()


def test_backup_and_restore_tell_how_far_they_are(
    configured: Settings,
    one_session: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(terminal, "_EVERY_S", {True: 0.0, False: 0.0})
    main(["backup", str(tmp_path / "chats.zip")])
    assert "chat_messages: " in capsys.readouterr().out
    main(["restore", str(tmp_path / "chats.zip"), "--replace"])
    told = capsys.readouterr().out
    assert "100 %" in told
    assert "building indexes" in told


@pytest.mark.parametrize("command", ["status", "doctor", "backup", "help"])
def test_a_reader_that_goes_away_ends_a_command_quietly(
    configured: Settings, one_session: str, tmp_path: Path, command: str
) -> None:
    arguments = {"backup": ["backup", str(tmp_path / "chats.zip")], "help": ["--help"]}.get(command, [command])
    reader, writer = os.pipe()
    os.close(reader)
    with database.opened(configured, print):
        run = subprocess.run(
            [sys.executable, "-m", "thai_chat", *arguments],
            cwd=Path(__file__).parents[2],
            stdout=writer,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    os.close(writer)
    assert "Traceback" not in run.stderr
    assert "Broken" not in run.stderr
    assert command != "backup" or zipfile.is_zipfile(tmp_path / "chats.zip")


@pytest.mark.parametrize("content", [b'{"format": "thai-chat/1"}', b"\xef\xbb\xbf [1]", b"zip"])
def test_an_export_is_told_where_it_goes(
    one_session: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    file = tmp_path / "export"
    file.write_bytes(content)
    if content == b"zip":
        with zipfile.ZipFile(file, "w") as packed:
            packed.writestr("conversations.json", "[]")
    assert main(["restore", str(file), "--replace"]) == 1
    assert "is imported on the page" in capsys.readouterr().err


def test_taking_the_journal_with_nothing_in_it_says_so(one_session: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["restore", "--take-journal"]) == 0
    assert "Nothing waits" in capsys.readouterr().out


def test_a_reply_whose_process_was_killed_does_not_grow_in_the_status(
    configured: Settings, one_session: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["status"])
    assert "growing" not in capsys.readouterr().out
    for age, said in (("1 s", "1 reply growing"), ("11 s", "1 reply interrupted")):
        with cursor_of(configured) as cursor:
            cursor.execute(
                "UPDATE chat_messages SET status = 'streaming', checkpointed_at = clock_timestamp() - %s::interval "
                "WHERE role = 'assistant'",
                (age,),
            )
        main(["status"])
        assert said in capsys.readouterr().out


@pytest.mark.parametrize("damage", ["cut", "flipped", "text", "changed", "newer", "unknown schema"])
def test_a_damaged_backup_is_refused_before_anything_is_changed(
    configured: Settings, one_session: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: str
) -> None:
    whole, file = tmp_path / "whole.zip", tmp_path / "damaged.zip"
    main(["backup", str(whole)])
    before = everything(configured)
    damaged(whole, file, damage)
    capsys.readouterr()
    assert main(["restore", str(file), "--replace"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("thai-chat: ")
    assert len(said.splitlines()) == 1
    assert everything(configured) == before


def damaged(whole: Path, file: Path, damage: str) -> None:
    content = whole.read_bytes()
    match damage:
        case "cut":
            file.write_bytes(content[: len(content) // 2])
        case "flipped":
            file.write_bytes(content[:60] + bytes(255 - byte for byte in content[60:90]) + content[90:])
        case "text":
            file.write_text("ไม่ใช่ไฟล์สำรอง", "utf-8")
        case _:
            with zipfile.ZipFile(whole) as old, zipfile.ZipFile(file, "w") as new:
                for name in old.namelist():
                    new.writestr(name, altered(name, old.read(name), damage))


def altered(name: str, content: bytes, damage: str) -> bytes:
    if damage == "changed" and name == "chat_messages.copy":
        return content.replace(b"complete", b"stopped!")
    if name != "manifest.json" or damage == "changed":
        return content
    manifest = json.loads(content)
    manifest |= {"format": "thai-chat-backup/9"} if damage == "newer" else {"revision": "9999"}
    return json.dumps(manifest).encode()


def test_status_tells_version_schema_and_counts(one_session: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status"]) == 0
    told = capsys.readouterr().out
    assert "PostgreSQL 1" in told
    assert "up to date" in told
    assert "1 session, 2 messages" in told
    assert "Search: " in told


def test_asking_for_the_status_makes_no_database(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "none"))
    assert main(["status"]) == 1
    assert main(["backup"]) == 1
    assert "none yet" in capsys.readouterr().out
    assert not (tmp_path / "none").exists()


def test_a_server_out_of_reach_is_told_without_its_password(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://somebody:s3cr3t@127.0.0.1:1/chats")
    for command in ("status", "doctor", "migrate", "backup"):
        assert main([command]) == 1
    told = "".join(capsys.readouterr())
    assert "Connection refused" in told
    assert "s3cr3t" not in told
    assert "Traceback" not in told


def test_the_doctor_is_content_with_a_healthy_database(one_session: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    told = capsys.readouterr().out
    assert "[BAD]" not in told
    assert "1 session, 2 messages" in told


def test_the_doctor_names_wrong_and_misspelt_settings_in_both_languages(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / ".env").write_text("OLAMA_HOST=x\n", "utf-8")
    assert main(["doctor"]) == 1
    (folder / ".env").write_text("USD_THB=x\n", "utf-8")
    assert main(["doctor"]) == 1
    (folder / ".env").unlink()
    told = capsys.readouterr().out
    assert "did you mean OLLAMA_HOST?" in told
    assert "สะกดผิด" in told
    assert "USD_THB: " in told


def test_the_doctor_names_a_data_folder_that_is_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "data").write_text("ไม่ใช่โฟลเดอร์", "utf-8")
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    assert main(["doctor"]) == 1
    assert f"{tmp_path / 'data'} is a file" in capsys.readouterr().out


def test_the_doctor_names_a_locale_that_knows_no_thai(
    configured: Settings, one_session: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with database.opened(configured, print) as address:
        facts = probe.ask(address)
    wrong = [f for f in doctor.database_findings(replace(facts, ctype="C")) if f.level is Level.BAD]
    assert len(wrong) == 1
    assert "LOCALE 'C.UTF-8'" in wrong[0].fix


def check_server(address: str) -> subprocess.CompletedProcess[str]:
    script = Path(__file__).parents[2] / "scripts" / "test_postgres_integration.py"
    return subprocess.run([sys.executable, script, address], capture_output=True, text=True, check=False)


def test_the_server_check_passes_on_a_healthy_server_and_leaves_nothing_behind(
    configured: Settings, one_session: str
) -> None:
    before = everything(configured)
    with database.opened(configured, print) as address, closing(psycopg2.connect(address)) as connection:
        checked = check_server(address)
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_namespace WHERE nspname ~ '^thai_chat(?!_before_)'")
            assert cursor.fetchone() == (0,)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert checked.stdout.endswith("PostgreSQL works for Thai Chat.\n")
    assert everything(configured) == before


def test_the_server_check_says_in_one_line_what_fails() -> None:
    checked = check_server("postgresql://u:s3cr3t@127.0.0.1:1/x")
    assert checked.returncode == 1
    assert checked.stdout.startswith("FAIL connection to server")
    assert "s3cr3t" not in checked.stdout + checked.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["restore"], "which file?"),
        (["restore", "--foo"], "--foo"),
        (["restore", "--replace", "--repalce"], "--repalce"),
        (["restore", "--undo", "a.zip"], "not allowed with"),
    ],
)
def test_wrong_usage_is_2_and_named(capsys: pytest.CaptureFixture[str], arguments: list[str], said: str) -> None:
    with pytest.raises(SystemExit) as raised:
        main(arguments)
    assert raised.value.code == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["serve", "migrate", "status", "doctor", "backup", "restore", "demo-model"])
def test_every_verb_describes_itself(capsys: pytest.CaptureFixture[str], verb: str) -> None:
    with pytest.raises(SystemExit) as raised:
        main([verb, "--help"])
    assert raised.value.code == 0
    assert len(capsys.readouterr().out) > 150
