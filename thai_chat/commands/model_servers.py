"""The doctor's findings about the model servers, with nothing but plain HTTP requests."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import suppress
from http.client import HTTPException, HTTPMessage
from typing import IO, Any

from thai_chat.backends.address import moved_to, with_default_path, without_credentials
from thai_chat.backends.bounds import BODY_BYTES, is_page
from thai_chat.backends.failures import NO_SUCH_ROUTE
from thai_chat.backends.json_text import lenient
from thai_chat.backends.listing import entries
from thai_chat.backends.registry import suggested_settings
from thai_chat.commands.findings import Finding, bad, note, ok
from thai_chat.domain.alternatives import alternatives
from thai_chat.domain.backend_errors import BackendGarbled
from thai_chat.domain.ports.backend_kinds import Advice, BackendKind, Kinds, ModelList
from thai_chat.settings import Settings, is_clone

_TIMEOUT_S = 5
_PIECE_BYTES = 65_536
_NAME_CHARS = 80


class _SameServer(urllib.request.HTTPRedirectHandler):
    """Follows where the same server leads: the key goes to no other."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        return (
            super().redirect_request(req, fp, code, msg, headers, newurl)
            if moved_to(req.full_url, code, newurl)
            else None
        )


_OPENER = urllib.request.build_opener(_SameServer)


def findings(settings: Settings) -> Iterator[Finding]:
    is_served = False
    for kind in settings.kinds:
        if not kind.is_configured(settings):
            continue
        lists = kind.model_lists(settings)
        for place in lists:
            for finding in _ask(kind, place):
                is_served = is_served or finding.level.value == "ok"
                yield finding
        if not lists:
            is_served = True
            yield ok(f"{kind.name}: {getattr(settings, kind.configured_by.lower())}")
    if not is_served:
        yield from _last_resort(settings.kinds)


def _last_resort(kinds: Kinds) -> Iterator[Finding]:
    set_one = f"set {alternatives(suggested_settings(kinds))} in .env"
    resort = next((kind.last_resort for kind in kinds if kind.last_resort), None)
    if resort is None or (by_hand := resort.missing()):
        others = f"; or, for the demo model, {'./manage.sh setup' if is_clone() else by_hand}" if resort else ""
        yield bad(
            "no model server answers, and the demo model is not installed: nothing answers questions",
            "ไม่มีเซิร์ฟเวอร์โมเดลใดตอบ และยังไม่ได้ติดตั้งโมเดลสาธิต จึงยังถามตอบไม่ได้",
            f"{set_one}{others}",
        )
        return
    yield note(
        "no model server answers, so the small English demo model does",
        "ไม่มีเซิร์ฟเวอร์โมเดลใดตอบ จึงใช้โมเดลสาธิตภาษาอังกฤษขนาดเล็ก",
        set_one,
    )


def _ask(kind: BackendKind[Any], place: ModelList) -> Iterator[Finding]:
    """Tell what a server answers, and where when that is not where its setting says."""
    finding, found = None, ""
    for url in place.urls:
        told, found = _ask_at(kind, place, url)
        finding = told if found else finding or told
        if found:
            break
    yield finding or note(
        f"{kind.name} answers and has no list of models",
        f"{kind.name} ไม่มีรายชื่อโมเดล",
        place.advice.name_model,
    )
    base = found.removesuffix(place.path)
    given = without_credentials(place.address)[0].rstrip("/")
    if found and base not in (given, with_default_path(given, "/v1")):
        yield note(
            f"{kind.name} is found at {base}, not at {given}",
            f"พบ {kind.name} ที่ {base}",
            f"set {place.setting}={base} in .env",
        )


def _ask_at(kind: BackendKind[Any], place: ModelList, url: str) -> tuple[Finding | None, str]:
    """Return what to tell, and the address that answered with a list. Neither: nothing is there."""
    url, authorization = without_credentials(url)
    if place.key and not authorization:
        authorization = f"Bearer {place.key}"
    headers = {"Authorization": authorization} if authorization else {}
    tell = bad if kind.is_expected else note
    try:
        request = urllib.request.Request(url, headers=headers)
        with _OPENER.open(request, timeout=_TIMEOUT_S) as answer:
            content_type, body, found = answer.headers.get("Content-Type", ""), _body(answer), answer.url
    except urllib.error.HTTPError as error:
        with error:
            return _refused(kind.name, place.advice, url, error), ""
    except HTTPException:
        told = f"what answers at {url} doesn't speak HTTP"
        return bad(told, "ที่อยู่นี้ไม่ใช่เซิร์ฟเวอร์ HTTP", place.advice.check), ""
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        told = f"{kind.name} can't be reached at {url}: {reason}"
        return tell(told, f"ติดต่อ {kind.name} ไม่ได้", place.advice.start), ""
    models = _models(body)
    if models is None:
        return (_page if is_page(content_type, body) else _no_list)(url, place.advice), ""
    return _listed(kind.name, place.advice, models), found


def _listed(name: str, advice: Advice, models: Sequence[str]) -> Finding:
    if not models:
        return note(f"{name} answers and has no model", f"{name} ยังไม่มีโมเดล", advice.no_model)
    shown = ", ".join(model[:_NAME_CHARS] for model in models[:3])
    return ok(f"{name}: {len(models)} models ({shown}{', ...' if len(models) > 3 else ''})")


def _refused(name: str, advice: Advice, url: str, error: urllib.error.HTTPError) -> Finding | None:
    """Return None where there is no such route."""
    if error.code in (401, 403):
        return bad(f"{name} refuses the key (HTTP {error.code})", f"{name} ไม่รับคีย์นี้", advice.key)
    if 300 <= error.code < 400:
        return bad(
            f"{name}'s server sends its clients to another address: {error.headers.get('Location', '?')[:200]}",
            f"เซิร์ฟเวอร์ของ {name} บอกให้ไปที่อยู่อื่น",
            advice.check,
        )
    if error.code in NO_SUCH_ROUTE:
        return _page(url, advice) if is_page(error.headers.get("Content-Type", ""), _body(error)) else None
    return bad(
        f"{name} answers with HTTP {error.code}", f"{name} ตอบผิดปกติ", "check that the address leads to a model server"
    )


def _page(url: str, advice: Advice) -> Finding:
    return bad(
        f"{url} answers with a web page, not as a model server: a login page, say, or another program's",
        "ที่อยู่นี้ตอบเป็นหน้าเว็บ (เช่น หน้าเข้าสู่ระบบ หรือโปรแกรมอื่น) ไม่ใช่เซิร์ฟเวอร์โมเดล",
        advice.check,
    )


def _no_list(url: str, advice: Advice) -> Finding:
    return bad(
        f"{url} answers with something else than a list of models",
        "ที่อยู่นี้ไม่ได้ตอบเป็นรายชื่อโมเดล",
        advice.check,
    )


def _body(answer: IO[bytes]) -> str:
    """Return as much of an answer as comes in a few seconds, up to a bound."""
    pieces: list[bytes] = []
    size, until_s = 0, time.monotonic() + _TIMEOUT_S
    with suppress(OSError, HTTPException):
        while size < BODY_BYTES and time.monotonic() < until_s and (piece := answer.read1(_PIECE_BYTES)):  # type: ignore[attr-defined]
            pieces.append(piece)
            size += len(piece)
    return b"".join(pieces).decode(errors="replace")


def _models(body: str) -> list[str] | None:
    """Return the names of a list of any form that is known; None when it is none."""
    try:
        return [card["id"] for card in entries(lenient(body.encode()))]
    except BackendGarbled:
        return None
