"""The doctor's findings about the settings as they are together: what has no effect, and what the start refuses."""

from __future__ import annotations

import errno
import http.client
import socket
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from thai_chat import settings as settings_module
from thai_chat.commands.findings import Finding, bad, note, ok
from thai_chat.connecting import is_checked
from thai_chat.domain.errors import StartError
from thai_chat.domain.ports.backend_kinds import Kinds
from thai_chat.domain.webhook_hosts import WebhookHosts
from thai_chat.settings import Settings

_ANSWER_S = 2
_HTTP_PORT = 80

# A setting has no effect without another one, which may be there or not; those of the backends are
# `_needed_by_backends`.
_NEEDED: Mapping[str, tuple[str, Callable[[Settings], bool]]] = {
    **dict.fromkeys(
        ("POSTGRES_PORT", "POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD"),
        ("POSTGRES_HOST", lambda s: bool(s.postgres_host or s.database_url)),
    ),
    "ALLOW_CLOUD_FALLBACK": ("FALLBACK=yes", lambda s: s.fallback),
    **dict.fromkeys(
        (
            *("OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "OIDC_LABEL", "OIDC_SCOPES", "OIDC_SIGN_UP"),
            *("OIDC_ALLOWED_DOMAINS", "OIDC_ROLE_CLAIM", "OIDC_ADMIN_VALUES"),
        ),
        ("AUTH=oidc", lambda s: "oidc" in s.auth),
    ),
    "ALLOW_LOCAL_USERS": ("AUTH=none and HOST=127.0.0.1", is_checked),
    "ALLOW_OPEN_NETWORK": ("another HOST", lambda s: not s.is_local),
}


def findings(settings: Settings, env_file: Path) -> Iterator[Finding]:
    yield from _without_effect(settings)
    yield from _written_in_vain(env_file, settings.kinds)
    yield from _openid(settings)
    yield from _public_address(settings)
    yield from _address(settings)
    yield from _webhooks(settings)
    yield _port(settings)


def _openid(settings: Settings) -> Iterator[Finding]:
    if "oidc" in settings.auth and not find_spec("authlib"):
        yield bad(
            "AUTH=oidc needs the package Authlib, which is not installed: the start refuses it",
            "AUTH=oidc ต้องใช้แพ็กเกจ Authlib ซึ่งยังไม่ได้ติดตั้ง จึงเริ่มไม่ได้",
            "./manage.sh setup installs it, or pip install -r requirements-oidc.txt",
        )


def _webhooks(settings: Settings) -> Iterator[Finding]:
    """Yield a note for the hosts whose names lead nowhere."""
    names = WebhookHosts(settings.webhook_hosts).names
    with ThreadPoolExecutor(max_workers=len(names) or 1) as pool:
        lost = [name for name, is_there in zip(names, pool.map(_is_found, names), strict=True) if not is_there]
    if lost:
        yield note(
            f"WEBHOOK_HOSTS names what can't be found: {', '.join(lost)}",
            f"WEBHOOK_HOSTS มีชื่อโฮสต์ที่หาไม่พบ: {', '.join(lost)}",
            "correct the name, or remove it",
        )


def _is_found(name: str) -> bool:
    try:
        return bool(socket.getaddrinfo(name, None))
    except OSError:
        return False


def _public_address(settings: Settings) -> Iterator[Finding]:
    """Yield a note where nothing seems to be at PUBLIC_URL: no proxy is told, and the page itself is elsewhere."""
    if not settings.public_url or settings.is_local or settings.trusted_proxies:
        return
    public = urlsplit(settings.public_url)
    if public.scheme == "https":
        yield note(
            f"PUBLIC_URL={settings.public_url} needs a proxy, since Thai Chat itself speaks no TLS, and none is told",
            "PUBLIC_URL เป็น https แต่ Thai Chat ไม่มี TLS เอง ต้องมีพร็อกซี",
            "set TRUSTED_PROXIES to the address of the proxy that leads to the page",
        )
    elif public.port is None and settings.port != _HTTP_PORT:
        yield note(
            f"PUBLIC_URL={settings.public_url} names no port, and the page is at port {settings.port}",
            f"PUBLIC_URL ไม่ได้บอกพอร์ต แต่หน้าเว็บอยู่ที่พอร์ต {settings.port}",
            f"set PUBLIC_URL={settings.public_url}:{settings.port}, or TRUSTED_PROXIES where a proxy leads to it",
        )


def _without_effect(settings: Settings) -> Iterator[Finding]:
    changed = {
        name.upper()
        for name, field in type(settings).model_fields.items()
        if getattr(settings, name) != field.get_default()
    }
    if settings.database_url and (beaten := sorted(name for name in changed if name.startswith("POSTGRES_"))):
        yield _idle(
            f"{', '.join(beaten)}: without effect, because DATABASE_URL is set", "remove them, or empty DATABASE_URL"
        )
    needed = {**_needed_by_backends(settings), **_NEEDED}
    for name, (what, is_there) in needed.items():
        if name in changed and not is_there(settings):
            yield _idle(f"{name}: without effect, because it needs {what}", f"set {what}, or remove {name}")
    for kind in settings.kinds:
        if kind.name == settings.default_backend and not kind.is_configured(settings):
            yield _idle(
                f"DEFAULT_BACKEND={kind.name}: without effect, because it needs {kind.configured_by}",
                f"set {kind.configured_by}, or remove DEFAULT_BACKEND",
            )


def _needed_by_backends(settings: Settings) -> Mapping[str, tuple[str, Callable[[Settings], bool]]]:
    """Return for each setting of a backend the one by which that backend is there."""
    return {
        name.upper(): (kind.configured_by, kind.is_configured)
        for kind in settings.kinds
        for name in kind.settings.model_fields
        if name.upper() != kind.configured_by
    }


def _written_in_vain(env_file: Path, kinds: Kinds) -> Iterator[Finding]:
    for name in settings_module.repeated(env_file, kinds):
        yield _idle(f"{name} is in {env_file} more than once, and only the last line counts", "remove the others")
    for name in settings_module.overridden(env_file, kinds=kinds):
        yield _idle(
            f"{name} in {env_file}: without effect, because the environment has another value",
            f"unset {name}, or remove the line",
        )


def _idle(english: str, fix: str) -> Finding:
    return note(english, "การตั้งค่านี้ไม่มีผล", fix)


def _address(settings: Settings) -> Iterator[Finding]:
    from thai_chat.history.postgres.connections import parsed

    if settings.database_address:
        try:
            parsed(settings.database_address.get_secret_value())
        except StartError as error:
            yield bad(
                f"{error}: the start refuses it",
                "ที่อยู่ฐานข้อมูลใช้ไม่ได้ จึงเริ่มไม่ได้",
                "write it as postgresql://user:password@host:5432/database, with %XX for signs in the password",
            )


def _port(settings: Settings) -> Finding:
    from thai_chat import bootstrap

    where = f"{settings.host} port {settings.port}"
    try:
        bootstrap.listening_socket(settings).close()
    except StartError as error:
        code = getattr(error.__cause__, "errno", None)
        if code == errno.EADDRINUSE and _is_thai_chat(settings):
            return ok(f"Thai Chat runs on {where}")
        return _refused(where, code, str(getattr(error.__cause__, "strerror", error)))
    return ok(f"{where} is free")


def _refused(where: str, code: int | None, reason: str) -> Finding:
    match code:
        case errno.EADDRINUSE:
            return bad(f"{where} is taken by another program", "พอร์ตนี้มีโปรแกรมอื่นใช้อยู่", "set PORT to another number")
        case errno.EACCES:
            return bad(f"this user may not listen on {where}", "ผู้ใช้นี้เปิดพอร์ตนี้ไม่ได้", "set PORT to a number from 1024 on")
        case _:
            return bad(
                f"{where} can't be listened on: {reason}",
                "HOST ไม่ใช่ที่อยู่ของเครื่องนี้",
                "set HOST to an address of this machine, or 127.0.0.1",
            )


def _is_thai_chat(settings: Settings) -> bool:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)
    try:
        with closing(http.client.HTTPConnection(host, settings.port, timeout=_ANSWER_S)) as connection:
            connection.request("GET", "/healthz")
            return connection.getresponse().read(100) == b'{"status":"ok"}'
    except (OSError, http.client.HTTPException):
        return False
