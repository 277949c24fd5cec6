"""`backup`, `restore` and what belongs to them, as somebody runs them at a terminal, on a real database."""

from __future__ import annotations

import json
import zipfile
from functools import partial
from pathlib import Path

import pytest

from tests.commanded import cursor_of, everything
from thai_chat.__main__ import main
from thai_chat.commands import restore, terminal
from thai_chat.history.postgres.backup import others
from thai_chat.settings import Settings

pytestmark = pytest.mark.usefixtures("configured")


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
