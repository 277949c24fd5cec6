"""The doctor's findings about who may connect: other accounts of this machine, and proxies that run as one of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from thai_chat import connecting
from thai_chat.commands.findings import Finding, bad, note, ok
from thai_chat.domain.errors import StartError
from thai_chat.domain.local_users import EVERYBODY, name_of
from thai_chat.settings import Settings

_PROXIES = ("apache2", "caddy", "cloudflared", "envoy", "haproxy", "httpd", "lighttpd", "nginx", "traefik")


def findings(settings: Settings, processes: Path = Path("/proc")) -> Iterator[Finding]:
    try:
        guests = connecting.guests_of(settings)
    except StartError as error:
        yield bad(
            f"{error}: the start refuses it",
            "ALLOW_LOCAL_USERS มีชื่อที่ไม่มีในเครื่องนี้ จึงเริ่มไม่ได้",
            "write names as the command 'id NAME' knows them",
        )
        return
    if connecting.is_checked(settings) and not guests and EVERYBODY not in settings.allow_local_users:
        yield note(
            "every account of this machine can read the chats: this system does not tell whose a connection is",
            "บัญชีอื่นในเครื่องนี้อ่านแชตได้ เพราะระบบนี้ไม่บอกว่าการเชื่อมต่อเป็นของใคร",
            "set AUTH=password where others have accounts here, or ALLOW_LOCAL_USERS=* if that is meant",
        )
        return
    if guests and (settings.public_url or settings.trusted_proxies):
        for program, number in _running(processes):
            if not guests.users.have(number):
                name = name_of(number)
                yield note(
                    f"{program} runs as {name}, an account that may not connect: a page behind it answers 403",
                    f"{program} ทำงานด้วยบัญชี {name} ซึ่งเชื่อมต่อไม่ได้ หน้าเว็บหลังพร็อกซีนี้จะตอบ 403",
                    f"add {name} to ALLOW_LOCAL_USERS if {program} leads to the page",
                )
    yield ok(f"open to {connecting.told(settings, guests)}")


def _running(processes: Path) -> Iterator[tuple[str, int]]:
    """Yield the proxies that run here, each once with the number of each of its accounts."""
    found: set[tuple[str, int]] = set()
    for folder in processes.glob("[0-9]*"):
        with suppress(OSError):  # it has ended, or is hidden
            name = (folder / "comm").read_text().strip()
            if name in _PROXIES:
                found.add((name, folder.stat().st_uid))
    yield from sorted(found)
