"""The operator's commands on a real, embedded database: migrate, status, doctor, backup and restore."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psycopg2
import pytest

from tests.commanded import cursor_of, everything
from thai_chat.__main__ import main
from thai_chat.commands import database, doctor
from thai_chat.commands.findings import Level
from thai_chat.history.postgres import probe
from thai_chat.settings import Settings

pytestmark = pytest.mark.usefixtures("configured")


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
