"""The audit log: every entry is kept once, in PostgreSQL and in a file, also when PostgreSQL is away."""

from __future__ import annotations

import json
import stat
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.histories import PostgresStores, opened, until
from tests.postgres_servers import PostgresServer, Proxy
from thai_chat.accounts.audit import Audit
from thai_chat.accounts.audit_file import AuditFile
from thai_chat.domain.audit import Action, AuditCursor, AuditEntry, AuditQuery
from thai_chat.domain.errors import HistoryUnavailable
from thai_chat.domain.people import LOCAL, Entrance

MALI = replace(LOCAL, user_id="mali", name="มะลิ", account_id=uuid4(), entrance=Entrance.SESSION)


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "audit.jsonl").read_text().splitlines()]


def an_entry(**values: Any) -> AuditEntry:
    return AuditEntry(**{"entry_id": uuid4(), "at": datetime.now(UTC), "action": Action.EXPORT, **values})


async def test_what_is_noted_is_read_back_whole_and_is_a_line_of_the_file(
    history: PostgresStores, tmp_path: Path
) -> None:
    audit = Audit(history.storage.audit, folder=tmp_path)
    audit.note(Action.SIGN_IN_FAILED, name="somchai", outcome="wrong_credentials", address="10.0.0.7")
    audit.note(Action.EXPORT, who=MALI, target="a session", details={"format": "json", "sessions": 3})
    newest, oldest = await audit.page(AuditQuery())
    assert (newest.action, newest.account_id, newest.name, newest.target) == (
        "export",
        MALI.account_id,
        "มะลิ",
        "a session",
    )
    assert newest.details == {"format": "json", "sessions": 3}
    assert (oldest.name, oldest.outcome, oldest.address) == ("somchai", "wrong_credentials", "10.0.0.7")
    assert [line["entry_id"] for line in lines(tmp_path)] == [str(oldest.entry_id), str(newest.entry_id)]
    assert lines(tmp_path)[1]["name"] == "มะลิ"
    assert stat.S_IMODE((tmp_path / "audit.jsonl").stat().st_mode) == 0o600


async def test_entries_come_in_pages_by_action_and_by_account(history: PostgresStores) -> None:
    audit = Audit(history.storage.audit)
    for number in range(5):
        audit.note(Action.IMPORT if number % 2 else Action.EXPORT, who=MALI if number < 3 else None, target=str(number))
    found, before = [], None
    while page := await audit.page(AuditQuery(limit=2, before=before)):
        found += [entry.target for entry in page]
        before = AuditCursor(at=page[-1].at, entry_id=page[-1].entry_id)
    assert found == ["4", "3", "2", "1", "0"]
    assert [entry.target for entry in await audit.page(AuditQuery(action=Action.IMPORT))] == ["3", "1"]
    assert [entry.target for entry in await audit.page(AuditQuery(account_id=MALI.account_id))] == ["2", "1", "0"]


async def test_what_no_column_could_hold_is_kept_cut(history: PostgresStores, tmp_path: Path) -> None:
    audit = Audit(history.storage.audit, folder=tmp_path)
    odd = "ก\0\ud800" * 1000
    audit.note(Action.SIGN_IN_FAILED, name=odd, outcome=odd, target=odd, address=odd, details={odd: [odd], "b": odd})
    (entry,) = await audit.page(AuditQuery())
    assert entry.name.startswith("ก?ก?")
    foreign: Any = {
        "uuid": uuid4(),
        "nan": float("nan"),
        "cost": Decimal("1.5"),
        "deep": {"a": object()},
        "big": 10**5000,
    }
    audit.note(Action.QUOTA_CHANGED, target=foreign["uuid"], details=foreign)
    assert (await audit.page(AuditQuery()))[0].target == str(foreign["uuid"])
    assert len(lines(tmp_path)) == 2
    assert (len(entry.name), len(entry.target)) == (100, 255)
    assert audit.waiting == 0


async def test_entries_of_an_outage_are_in_the_file_at_once_and_stored_once_when_it_is_over(
    postgres: PostgresServer, own_database: str, proxy: Proxy, tmp_path: Path
) -> None:
    async with opened(postgres.address(own_database, port=proxy.port), tmp_path) as history:
        audit = Audit(history.storage.audit, folder=tmp_path, retry_s=0.02)
        audit.start()
        audit.note(Action.SIGN_IN, who=MALI)
        await audit.flush()
        proxy.refuse()
        for number in range(1200):
            audit.note(Action.EXPORT, who=MALI, target=str(number))
        await audit.flush()
        assert len(lines(tmp_path)) == 1201
        assert audit.waiting == 1200
        with pytest.raises(HistoryUnavailable):
            await audit.page(AuditQuery())
        proxy.resume()

        async def is_stored() -> bool:
            return audit.waiting == 0

        await until(is_stored)
        await audit.close()
        stored = postgres.query("SELECT count(*), count(DISTINCT entry_id) FROM chat_audit", database=own_database)
        assert str(stored).count("1201") == 2


async def test_what_a_process_that_was_killed_could_not_store_the_next_one_stores_once(
    postgres: PostgresServer, own_database: str, proxy: Proxy, tmp_path: Path
) -> None:
    async with opened(postgres.address(own_database, port=proxy.port), tmp_path) as history:
        before = Audit(history.storage.audit, folder=tmp_path)
        before.note(Action.SIGN_IN, who=MALI, details={"scopes": ["read"], "count": 3})
        await before.flush()
        proxy.refuse()
        before.note(Action.EXPORT, who=MALI, target="ส่งออก")
        await before.flush()
        with (tmp_path / "audit.jsonl").open("a") as file:
            file.write('{"entry_id": 3}\n[]\nnull\n{"at": "x"\n')
        proxy.resume()
        audit = Audit(history.storage.audit, folder=tmp_path, retry_s=0.02)
        audit.start()

        async def is_stored() -> bool:
            with suppress(HistoryUnavailable):
                return len(await history.storage.audit.page(AuditQuery())) == 2
            return False

        await until(is_stored)
        await audit.close()
        entries = [(entry.action, entry.target, entry.account_id) for entry in await audit.page(AuditQuery())]
        assert entries == [("export", "ส่งออก", MALI.account_id), ("sign_in", "", MALI.account_id)]


async def test_an_entry_whose_storing_was_not_answered_is_there_once(history: PostgresStores) -> None:
    entry = an_entry()
    await history.storage.audit.add([entry, an_entry()])
    await history.storage.audit.add([an_entry(), entry])
    assert len(await history.storage.audit.page(AuditQuery())) == 3


async def test_more_than_memory_may_hold_in_an_outage_is_in_the_file_alone(
    postgres: PostgresServer, own_database: str, proxy: Proxy, tmp_path: Path
) -> None:
    async with opened(postgres.address(own_database, port=proxy.port), tmp_path) as history:
        audit = Audit(history.storage.audit, folder=tmp_path, most_waiting=3)
        proxy.refuse()
        for number in range(5):
            audit.note(Action.EXPORT, target=str(number))
        await audit.flush()
        assert (audit.waiting, len(lines(tmp_path))) == (3, 5)


async def test_what_is_noted_last_is_kept_when_the_program_ends(history: PostgresStores, tmp_path: Path) -> None:
    audit = Audit(history.storage.audit, folder=tmp_path)
    audit.start()
    audit.note(Action.SIGN_OUT, who=MALI)
    await audit.close()
    await audit.close()
    assert [entry.action for entry in await history.storage.audit.page(AuditQuery())] == ["sign_out"]


async def test_entries_that_are_too_old_are_deleted(history: PostgresStores, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    await history.storage.audit.add([an_entry(at=now - timedelta(days=31)), an_entry(at=now - timedelta(days=29))])
    audit = Audit(history.storage.audit, folder=tmp_path, kept=timedelta(days=30))
    await audit.clean()
    (kept,) = await history.storage.audit.page(AuditQuery())
    assert kept.at == now - timedelta(days=29)


def test_a_file_that_is_full_is_put_aside_and_deleted_when_all_of_it_is_too_old(tmp_path: Path) -> None:
    file = AuditFile(tmp_path, largest_bytes=500)
    for _ in range(4):
        file.append([an_entry()])
    (aside,) = tmp_path.glob("audit-*.jsonl")
    assert len(aside.read_text().splitlines()) + len(lines(tmp_path)) == 4
    file.forget(datetime.now(UTC) - timedelta(days=1))
    assert aside.exists()
    file.forget(datetime.now(UTC) + timedelta(days=1))
    assert [path.name for path in tmp_path.iterdir()] == ["audit.jsonl"]


def test_a_line_that_a_full_disk_has_cut_spoils_no_other(tmp_path: Path) -> None:
    file = AuditFile(tmp_path)
    file.append([an_entry()])
    with file.path.open("a") as torn:
        torn.write('{"entry_id": "01')
    file.append([an_entry()])
    good = [line for line in file.path.read_text().splitlines() if line.endswith("}")]
    assert [json.loads(line)["action"] for line in good] == ["export", "export"]


def test_a_link_in_place_of_the_file_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "audit.jsonl").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic"):
        AuditFile(tmp_path).append([an_entry()])
    assert not (tmp_path / "elsewhere").exists()
