"""The doctor's findings about the tables, and about what the server's log may hold of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from thai_chat.commands.findings import Finding, bad, note, ok
from thai_chat.domain import requests_role
from thai_chat.domain.errors import HistoryUnavailable
from thai_chat.domain.server_log import ROLE_SETTINGS

if TYPE_CHECKING:
    from thai_chat.history.postgres.probe import DatabaseFacts
    from thai_chat.history.postgres.row_security import Wall

_SHOWN = 5


def findings(address: str, facts: DatabaseFacts) -> Iterator[Finding]:
    """Make the tables anew beside those that are there, for a moment and without effect, to compare them."""
    from thai_chat.history.postgres import schema

    if facts.revision == schema.HEAD and not facts.is_read_only:
        yield from _drift(address)
    if facts.wall and not facts.wall.stands:
        yield note(
            "PostgreSQL does not keep people apart by itself: the second wall, row-level security, is not in use",
            "PostgreSQL ยังไม่ได้กั้นข้อมูลของแต่ละคนด้วยตัวเอง (กำแพงชั้นที่สองยังไม่ทำงาน)",
            _way_to(facts.wall),
        )
    if facts.talkative:
        settings = "; ".join(
            f"ALTER ROLE {facts.user} SET {name} TO '{ROLE_SETTINGS[name]}'" for name in facts.talkative
        )
        yield note(
            "PostgreSQL's log may hold parts of chats when something is refused or slow",
            "บันทึกของ PostgreSQL อาจมีบางส่วนของแชต เมื่อมีคำสั่งที่ถูกปฏิเสธหรือช้า",
            f"as its superuser: {settings}",
        )


def _way_to(wall: Wall) -> str:
    if wall.is_role_there and not wall.is_bound:
        return f'as its superuser: ALTER ROLE "{wall.role}" NOSUPERUSER NOBYPASSRLS, and no member of other roles'
    if wall.may_be_taken:
        return "./manage.sh migrate gives the role its rights"
    made = "; ".join(requests_role.statements(wall.owner))
    return f"as its superuser: {made}; then start again. Nothing, where the server allows one role only"


def revision(facts: DatabaseFacts) -> Iterator[Finding]:
    from thai_chat.history.postgres import schema

    if facts.revision is not None and schema.is_newer(facts.revision):
        yield bad(
            f"the database was made by a newer version of Thai Chat: its schema is {facts.revision}, "
            f"this version knows {schema.HEAD}",
            "ฐานข้อมูลนี้สร้างโดย Thai Chat รุ่นใหม่กว่า รุ่นนี้จึงใช้ไม่ได้",
            "update Thai Chat (git pull, then ./manage.sh chat-web-db), or set DATABASE_URL to another database",
        )
    elif facts.revision != schema.HEAD:
        yield note(
            f"the schema is {facts.revision or 'not made yet'}", "โครงสร้างตารางยังไม่เป็นปัจจุบัน", "./manage.sh migrate"
        )


def _drift(address: str) -> Iterator[Finding]:
    from thai_chat.history.postgres import drift

    try:
        found = drift.differences(address)
    except HistoryUnavailable as error:
        yield note(
            f"the tables can't be compared with those that this version makes: {error}",
            "เปรียบเทียบโครงสร้างตารางไม่ได้",
            "as the database's owner: GRANT CREATE ON DATABASE to the user",
        )
        return
    wrong = [f"{one.kind} {one.name} ({one.what})" for one in found if one.what not in ("more", drift.TAKEN)]
    taken = [one.name for one in found if one.what == drift.TAKEN]
    more = [f"{one.kind} {one.name}" for one in found if one.what == "more"]
    if wrong:
        yield bad(
            f"the tables are not as this version makes them: {_listed(wrong)}",
            "โครงสร้างตารางไม่ตรงกับที่รุ่นนี้สร้าง",
            "./manage.sh backup chats.zip, stop Thai Chat, ./manage.sh restore chats.zip --replace: it makes them anew",
        )
    if more:
        yield note(
            f"the tables have what this version does not make: {_listed(more)}",
            "ตารางมีสิ่งที่รุ่นนี้ไม่ได้สร้าง",
            "nothing, when you made it; else drop it",
        )
    if taken:
        yield note(
            f"views for reading chats by SQL are not there, since something else has their names: {_listed(taken)}",
            "ไม่มีวิวสำหรับอ่านแชตด้วย SQL เพราะชื่อถูกใช้อยู่แล้ว",
            "nothing; or rename yours: the next restore makes the views",
        )
    if not found:
        yield ok("the tables are as this version makes them")


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
