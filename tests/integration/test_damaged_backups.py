"""Damaged and hostile backups are refused in one line, with nothing changed."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tests.app import ROOT
from tests.backups import content, fill, rewritten, schemas
from tests.postgres_servers import PostgresServer
from thai_chat.domain.errors import StartError
from thai_chat.history.postgres.backup import archive, restoring


@pytest.fixture
def address(postgres: PostgresServer) -> str:
    address = postgres.address(postgres.new_database())
    fill(address)
    return address


def lacking(manifest: dict[str, object], entries: dict[str, bytes]) -> None:
    del entries["chat_presets.copy"]


def fewer_rows(manifest: dict[str, object], entries: dict[str, bytes]) -> None:
    entries["chat_sessions.copy"] = entries["chat_sessions.copy"].split(b"\n", 1)[1]


def without_a_table(manifest: dict[str, object], entries: dict[str, bytes]) -> None:
    tables = manifest["tables"]
    assert isinstance(tables, list)
    manifest["tables"] = [table for table in tables if table["name"] != "chat_presets"]


def no_rows(manifest: dict[str, object], entries: dict[str, bytes]) -> None:
    entries["chat_sessions.copy"] = b"\x00" * 3_000_000


def from_the_future(manifest: dict[str, object], entries: dict[str, bytes]) -> None:
    manifest["format"] = "thai-chat-backup/2"


def unknown_schema(manifest: dict[str, object], entries: dict[str, bytes]) -> None:
    manifest["revision"] = "9999"


def escapes(manifest: dict[str, object], entries: dict[str, bytes]) -> None:
    manifest["revision"] = "\x1b]0;owned\x07"


def big(manifest: dict[str, object], entries: dict[str, bytes]) -> None:
    manifest["padding"] = "ก" * 3_000_000


def messages_with(column: str, value: bytes) -> Callable[[dict[str, object], dict[str, bytes]], None]:
    """Return a change that gives the second message of each session that value; the manifest fits what is changed."""

    def change(manifest: dict[str, object], entries: dict[str, bytes]) -> None:
        table, columns = columns_of(manifest, "chat_messages")
        rows = [row.split(b"\t") for row in entries["chat_messages.copy"].splitlines()]
        for row in rows:
            if row[columns.index("message_order")] == b"2":
                own = row[columns.index("message_id")]
                row[columns.index(column)] = own if value == b"itself" else value
        fit(table, entries, rows)

    change.__name__ = f"{column} {value.decode()}"
    return change


def circular(manifest: dict[str, object], entries: dict[str, bytes]) -> None:
    table, columns = columns_of(manifest, "chat_messages")
    rows = [row.split(b"\t") for row in entries["chat_messages.copy"].splitlines()]
    own, above = columns.index("message_id"), columns.index("parent_id")
    below = {row[above]: row[own] for row in rows if row[above] != b"\\N"}
    for row in rows:
        row[above] = below.get(row[own], row[above])
    fit(table, entries, rows)


def in_another_session(manifest: dict[str, object], entries: dict[str, bytes]) -> None:
    table, columns = columns_of(manifest, "chat_messages")
    rows = [row.split(b"\t") for row in entries["chat_messages.copy"].splitlines()]
    above = columns.index("parent_id")
    replies = [row for row in rows if row[above] != b"\\N"]
    parents = [row[above] for row in replies]
    for row, parent in zip(replies, [*parents[1:], parents[0]], strict=True):
        row[above] = parent
    fit(table, entries, rows)


def columns_of(manifest: dict[str, object], name: str) -> tuple[dict[str, object], list[str]]:
    tables = manifest["tables"]
    assert isinstance(tables, list)
    table = next(table for table in tables if table["name"] == name)
    return table, table["columns"]


def fit(table: dict[str, object], entries: dict[str, bytes], rows: list[list[bytes]]) -> None:
    entries[f"{table['name']}.copy"] = b"".join(b"\t".join(row) + b"\n" for row in rows)
    table["sha256"] = hashlib.sha256(entries[f"{table['name']}.copy"]).hexdigest()


def preset_without_options(manifest: dict[str, object], entries: dict[str, bytes]) -> None:
    table, columns = columns_of(manifest, "chat_presets")
    rows = [row.split(b"\t") for row in entries["chat_presets.copy"].splitlines()]
    rows[0][columns.index("options")] = b"[]"
    fit(table, entries, rows)


UNSOUND = [
    *(messages_with("parent_order", value) for value in (b"2", b"3", b"-1")),
    *(messages_with("metadata", value) for value in (b"[]", b"null", b'"x"', b"5")),
    *(messages_with("parts", value) for value in (b"{}", b"null", b'"x"', b"5")),
    messages_with("parent_id", b"itself"),
    circular,
    in_another_session,
    preset_without_options,
]


@pytest.mark.parametrize("change", UNSOUND, ids=lambda change: change.__name__)
def test_rows_that_no_reader_expects_are_refused(
    address: str, backup: Path, change: Callable[[dict[str, object], dict[str, bytes]], None]
) -> None:
    before = content(address)
    with pytest.raises(StartError, match=r"is damaged: .*Nothing was changed") as raised:
        restoring.restore(address, rewritten(backup, change), replace=True)
    assert str(raised.value).isprintable()
    assert (content(address), schemas(address)) == (before, [])


@pytest.mark.parametrize(("column", "kind"), [("metadata", "object"), ("parts", "list")])
def test_a_value_of_another_kind_is_told_by_its_column(address: str, backup: Path, column: str, kind: str) -> None:
    damaged = rewritten(backup, messages_with(column, b"5"))
    with pytest.raises(StartError, match=rf"chat_messages has a row whose {column} is no JSON {kind}\."):
        restoring.restore(address, damaged, replace=True)


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_backup_that_is_packed_in_another_way_is_refused(backup: Path, tmp_path: Path, packing: int) -> None:
    with zipfile.ZipFile(backup) as old, zipfile.ZipFile(tmp_path / "packed.zip", "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name), packing if name == "chat_sessions.copy" else zipfile.ZIP_DEFLATED)
    with pytest.raises(StartError, match="packed in another way"):
        archive.verify(tmp_path / "packed.zip")


def test_a_row_without_end_is_refused_before_it_fills_the_memory(postgres: PostgresServer, backup: Path) -> None:
    with (
        zipfile.ZipFile(backup) as old,
        zipfile.ZipFile(backup.with_name("long.zip"), "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            if name != "chat_sessions.copy":
                new.writestr(name, old.read(name))
        with new.open("chat_sessions.copy", "w", force_zip64=True) as rows:
            for _ in range(1_000):
                rows.write(b"a" * 1_000_000)
    code = (
        "import re, sys; from pathlib import Path; from thai_chat.history.postgres.backup import restoring\n"
        "from thai_chat.domain.errors import StartError\n"
        "try: restoring.restore(sys.argv[1], Path(sys.argv[2]))\n"
        "except StartError as error: print(error)\n"
        # The most of this program; `ru_maxrss` has that of the one which started it, too.
        "print(int(re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1]) // 1024)"
    )
    empty = postgres.address(postgres.new_database())
    command = [sys.executable, "-c", code, empty, str(backup.with_name("long.zip"))]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    assert "has a row of more than 160 MB" in told[0]
    assert int(told[1]) < 400


@pytest.mark.parametrize(
    "change",
    [lacking, fewer_rows, without_a_table, no_rows, from_the_future, unknown_schema, escapes, big],
)
def test_a_wrong_backup_is_refused_in_one_line_with_nothing_changed(
    address: str, backup: Path, change: Callable[[dict[str, object], dict[str, bytes]], None]
) -> None:
    before = content(address)
    with pytest.raises(StartError) as raised:
        restoring.restore(address, rewritten(backup, change), replace=True)
    assert str(raised.value).isprintable()
    assert (content(address), schemas(address)) == (before, [])


def test_a_manifest_without_end_is_refused(backup: Path) -> None:
    with zipfile.ZipFile(backup, "w") as changed:
        changed.writestr("manifest.json", "[" * 100_000)
    with pytest.raises(StartError, match="not a backup"):
        archive.verify(backup)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_file_that_has_a_table_twice_is_refused(address: str, backup: Path) -> None:
    with zipfile.ZipFile(backup, "a") as changed:
        changed.writestr("chat_sessions.copy", b"")
    with pytest.raises(StartError, match="once"):
        archive.verify(backup)


def test_no_damage_to_a_file_is_more_than_a_line(backup: Path, tmp_path: Path) -> None:
    whole = backup.read_bytes()
    step = max(1, len(whole) // 150)
    damaged = tmp_path / "damaged.zip"
    for place in [*range(0, len(whole), step), *range(len(whole) - 400, len(whole), 3)]:
        damaged.write_bytes(whole[:place] + bytes(255 - byte for byte in whole[place : place + 3]) + whole[place + 3 :])
        with suppress(StartError):  # where nothing is looked at, such as the times of entries, it is not damaged
            archive.verify(damaged)
        damaged.write_bytes(whole[:place])
        with pytest.raises(StartError):
            archive.verify(damaged)
