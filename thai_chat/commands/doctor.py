"""`doctor`: finds what is wrong and says how to correct it, in English and Thai."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from thai_chat import settings as settings_module
from thai_chat.backends.registry import KINDS
from thai_chat.commands import connecting_findings, database, folders, model_servers, schema_findings, settings_findings
from thai_chat.commands.findings import Finding, Level, bad, note, ok
from thai_chat.commands.terminal import counted, progress, size, tell
from thai_chat.domain.errors import HistoryUnavailable, SettingsError, StartError
from thai_chat.domain.ports.backend_kinds import Kinds
from thai_chat.settings import Settings

if TYPE_CHECKING:
    from thai_chat.history.postgres.probe import DatabaseFacts

_OLDEST_PYTHON = (3, 11)
_OLDEST_POSTGRESQL = 13
_FOLDERS = ("journal", "refused", "backups")
_ROOM_BYTES = 500_000_000


def run(env_file: Path | None = None, *, kinds: Kinds = KINDS) -> int:
    """Return 1 when something is bad."""
    is_bad = False
    for finding in _findings(settings_module.env_file() if env_file is None else env_file, kinds):
        tell(*finding.lines())
        is_bad = is_bad or finding.level is Level.BAD
    return 1 if is_bad else 0


def _findings(env_file: Path, kinds: Kinds) -> Iterator[Finding]:
    yield _python()
    try:
        settings = settings_module.load(env_file, kinds=kinds)
        yield ok(f"settings ({_origin(env_file, kinds)})")
        for line in settings_module.misspelt(env_file, kinds):
            yield bad(line, "ชื่อการตั้งค่านี้สะกดผิด จึงไม่มีผล", f"correct the name in {env_file}")
        for line in settings_module.misspelt_around(kinds=kinds):
            yield note(line, "ชื่อนี้คล้ายชื่อการตั้งค่า อาจสะกดผิด จึงไม่มีผล", "correct the name, unless another program reads it")
    except SettingsError as error:
        for line in str(error).splitlines():
            yield bad(
                line,
                "การตั้งค่านี้ใช้ไม่ได้",
                f"correct it in {env_file}, or in the environment, which counts more; .env.example shows every setting",
            )
        return
    yield from settings_findings.findings(settings, env_file)
    yield from connecting_findings.findings(settings)
    yield from _files(settings, env_file)
    yield from _database(settings)
    yield from model_servers.findings(settings)


def _origin(env_file: Path, kinds: Kinds) -> str:
    """Return where the settings come from, without their values."""
    number = sum(name in os.environ for name in settings_module.names(kinds))
    given = f"{number} from the environment" if number else ""
    if os.path.lexists(env_file):
        return f"{env_file}, and {given}" if given else str(env_file)
    return f"{given}, no .env" if given else "all default, no .env"


def _python() -> Finding:
    if sys.version_info >= _OLDEST_PYTHON:
        return ok(f"Python {platform.python_version()}")
    return bad(
        f"Python {platform.python_version()} is too old",
        "Python เก่าเกินไป ต้องเป็น 3.11 ขึ้นไป",
        "install Python 3.11 or newer, remove .venv, and run ./manage.sh setup",
    )


def _files(settings: Settings, env_file: Path) -> Iterator[Finding]:
    if os.path.isfile(env_file) and env_file.stat().st_mode & 0o077:
        yield note(
            f"{env_file} can be read by other users of this machine, and it may hold passwords",
            "ผู้ใช้อื่นในเครื่องอ่านไฟล์นี้ได้ ซึ่งอาจมีรหัสผ่าน",
            f"chmod 600 {env_file}",
        )
    folder = settings.data_dir.absolute()
    existing = folders.nearest(folder)
    if told := folders.problem(folder):
        yield bad(
            f"{told}: no database and no journal can be kept there",
            "ใช้โฟลเดอร์นี้ไม่ได้ จึงเก็บฐานข้อมูลและบันทึกไม่ได้",
            f"move it away, or open it (chown {os.geteuid()}), or set DATA_DIR to a folder of yours",
        )
    elif found := [told for name in _FOLDERS if (told := folders.problem(folder / name))]:
        for told in found:
            yield bad(told, "ใช้โฟลเดอร์นี้ไม่ได้", f"move it away, or open it (chown {os.geteuid()}, chmod 700)")
    elif not os.access(existing, os.W_OK):
        yield bad(
            f"{existing} can't be written: no database and no journal can be kept there",
            "เขียนลงโฟลเดอร์นี้ไม่ได้ จึงเก็บฐานข้อมูลและบันทึกไม่ได้",
            f"chown {os.geteuid()} {existing}, or set DATA_DIR to a folder of yours",
        )
    free = shutil.disk_usage(existing).free
    if free < _ROOM_BYTES:
        yield bad(
            f"{size(free)} free on the disk of {existing}",
            "พื้นที่ดิสก์เหลือน้อยเกินไป",
            f"free some space (at least {size(_ROOM_BYTES)}), or set DATA_DIR to another disk",
        )
    else:
        yield ok(f"{size(free)} free on the disk of {folder}")


def _database(settings: Settings) -> Iterator[Finding]:
    from thai_chat.history.postgres import probe

    if not settings.database_address and folders.problem(settings.data_dir):
        return  # which was told with the folders
    if not database.exists(settings):
        yield note(
            "no database yet: it is made at the first start",
            "ยังไม่มีฐานข้อมูล จะสร้างให้เมื่อเริ่มใช้ครั้งแรก",
            "./manage.sh chat-web-db",
        )
        return
    given = settings.database_address
    try:
        with database.opened(settings, progress) as address:
            facts = probe.ask(address)
            yield from database_findings(facts)
            yield from _kept(address)
            yield from schema_findings.findings(address, facts)
    except StartError as error:
        if not given:  # one that is named was looked at with the settings
            yield bad(str(error), "ฐานข้อมูลในเครื่องเริ่มไม่ได้", "mend that, then ./manage.sh doctor again")
    except HistoryUnavailable as error:
        where = probe.place(given.get_secret_value()) if given else "the embedded server"
        yield bad(
            f"PostgreSQL at {where} can't be used: {error}",
            "ต่อฐานข้อมูลไม่ได้ แชตยังใช้ได้แต่เก็บไว้ในหน่วยความจำเท่านั้น",
            _way_out(str(error)),
        )


def _kept(address: str) -> Iterator[Finding]:
    from thai_chat.history.postgres.backup import kept

    for one in kept.listed(address):
        yield note(
            f"a restore keeps the chats of before {one.told_until} in the database ({size(one.size_bytes)})",
            "แชตก่อนการกู้คืนยังถูกเก็บไว้ในฐานข้อมูล",
            "./manage.sh restore --undo puts them back, ./manage.sh restore --forget-old drops them",
        )


_WAYS_OUT = {
    "unsupported startup parameter": "remove options= from DATABASE_URL: a pooler does not take it",
    "password authentication failed": "put the right password into DATABASE_URL; ./manage.sh setup-postgres makes one",
    "does not exist": "make that database or user (docs/operations.md), or correct its name in DATABASE_URL",
    "no pg_hba.conf entry": "let this machine in by the server's pg_hba.conf, or add ?sslmode=require to DATABASE_URL",
    "could not translate host name": "correct the host in DATABASE_URL",
}
"""The ways out by what the server or libpq says, which is in English on the servers that we start."""


def _way_out(reason: str) -> str:
    for said, way in _WAYS_OUT.items():
        if said in reason:
            return way
    return "start the server and check DATABASE_URL; ./manage.sh setup-postgres repairs one on this machine"


def database_findings(facts: DatabaseFacts) -> Iterator[Finding]:
    """Yield what is wrong with a database that answers."""
    if facts.version_number < _OLDEST_POSTGRESQL * 10_000:
        yield bad(
            f"PostgreSQL {facts.version} is too old", "PostgreSQL เก่าเกินไป", f"upgrade to {_OLDEST_POSTGRESQL} or newer"
        )
    if facts.is_read_only:
        yield bad(
            "this PostgreSQL is a read-only standby",
            "เซิร์ฟเวอร์นี้เป็นตัวสำรอง อ่านได้อย่างเดียว",
            "name the primary, or both hosts with target_session_attrs=read-write",
        )
    if facts.encoding != "UTF8" or facts.ctype in ("C", "POSIX") or facts.trigrams is False:
        yield bad(
            f"the database has encoding {facts.encoding} and locale {facts.ctype}: it does not know Thai letters",
            "ฐานข้อมูลไม่รู้จักตัวอักษรไทย การค้นหาจะไม่พบหรือช้า",
            "./manage.sh backup, make a database with TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8', "
            "./manage.sh restore",
        )
    if not facts.may_create_tables:
        yield bad(
            "the user may not make tables",
            "ผู้ใช้ฐานข้อมูลไม่มีสิทธิ์สร้างตาราง",
            "as the database's owner: GRANT CREATE, USAGE ON SCHEMA public TO the user",
        )
    if not (facts.has_btree_gin and facts.may_create_extensions):
        yield note(
            "the extension btree_gin can't be made here; search works without it, slower when there is very much",
            "สร้างส่วนขยาย btree_gin ไม่ได้ ค้นหาได้แต่ช้าลงเมื่อข้อมูลมาก",
            "install postgresql-contrib, and GRANT CREATE ON DATABASE to the user",
        )
    if facts.is_superuser:
        yield note(
            "the database's user is a superuser, which Thai Chat does not need",
            "ผู้ใช้ฐานข้อมูลมีสิทธิ์สูงเกินจำเป็น",
            "./manage.sh setup-postgres makes one with few rights",
        )
    yield from schema_findings.revision(facts)
    yield ok(f"PostgreSQL {facts.version}: {counted(facts.sessions, 'session')}, {counted(facts.messages, 'message')}")
