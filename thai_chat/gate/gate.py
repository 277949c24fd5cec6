"""The gate: an ASGI application in front of the whole one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Receive, Scope, Send

from thai_chat import texts
from thai_chat.domain.account_errors import SignInNeeded
from thai_chat.domain.errors import (
    ForeignHost,
    ForeignSite,
    NotFound,
    ThaiChatError,
    WrongMethod,
)
from thai_chat.domain.people import Entrance, Person, with_person
from thai_chat.domain.request_ids import request_id
from thai_chat.gate.answers import Answer
from thai_chat.gate.bodies import Body, too_large
from thai_chat.gate.collecting import whole_answer
from thai_chat.gate.cors import Cors, preflight, shared_with
from thai_chat.gate.doors import HEALTH, RUN, SCRIPTS, SERVICE_WORKER, Access, Door, DoorKind, door_of, plain
from thai_chat.gate.events import read_event, replayed
from thai_chat.gate.files import Files, is_known
from thai_chat.gate.forwarded import Proxies
from thai_chat.gate.headers import (
    Framed,
    complete,
    frame_policy,
    page_policy,
    script_policy,
    service_worker_policy,
    shared_policy,
)
from thai_chat.gate.heads import Head, HeadAnswered, bodiless
from thai_chat.gate.names import Names, is_address, name_of
from thai_chat.gate.origins import is_foreign
from thai_chat.gate.packed_tags import plain_conditions
from thai_chat.gate.packing import encoding_for, packing
from thai_chat.gate.pages import document
from thai_chat.gate.people import Limit, Who, let_in, one_person, person_cookie
from thai_chat.gate.refusals import is_refusal, policy_of, refusal
from thai_chat.gate.reports import Reports, hidden_address
from thai_chat.gate.request_ids import request_id_of
from thai_chat.gate.shapes import Unshaped, shaping
from thai_chat.gate.watching import Watched
from thai_chat.texts import Language

_SHOWN_CHARS = 100
"""The characters that are repeated of a name that is refused."""
_SAME_FOR_ALL = (DoorKind.STATIC, DoorKind.FRAME, DoorKind.EMBED, DoorKind.SHARED)
"""Behind such a door, where it is open to all, nobody is somebody."""
_PAGES = (DoorKind.PAGE, DoorKind.SIGN_IN, DoorKind.DOCS)
_CONDITIONS = (b"accept-encoding", b"if-none-match", b"if-modified-since", b"range")


@dataclass(frozen=True, slots=True)
class Gate:
    """`app` is reached through the doors of `doors.DOORS` alone, and never by a websocket."""

    app: ASGIApp
    names: Names = field(default_factory=Names)
    proxies: Proxies = field(default_factory=Proxies)
    reports: Reports = field(default_factory=Reports)
    who: Who = one_person
    """Tells who asks, for API and page alike."""
    limit: Limit | None = None
    """Limits requests a minute; None does not."""
    heads: Mapping[Language, str] = field(default_factory=dict)
    """These are put into the page's `<head>`, by the language of the reader."""
    files: Files = field(default_factory=Files)
    framed: Framed | None = None
    embedders: Sequence[str] = ()
    """Hosts whose pages may have the page in a frame."""
    cors: Cors = field(default_factory=Cors)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            out = bodiless(send) if scope["method"] == "HEAD" else send
            before = request_id.set(request_id_of(scope))
            await self._http(plain_conditions(scope), receive, Answer(packing(out, scope), request_id.get()))
            request_id.reset(before)  # what fails is logged by the server, which is to name it
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _http(self, scope: Scope, receive: Receive, answer: Answer) -> None:
        """Answer the request, whatever fails. An unexpected error is raised again for the server, which logs it."""
        body: Body | None = None
        try:
            resolved = _at_door(self.proxies.resolve(scope))
            if self.cors.origins:
                origin = self.cors.origin_of(Headers(scope=resolved))
                answer.cors = shared_with(origin) if origin else {}
            door = self._open(resolved)
            answer.kind = door.kind
            if resolved["method"] == "OPTIONS":
                if answer.cors:
                    answer.cors = {**answer.cors, **preflight(door)}
                await answer.tell(204, {"Allow": ", ".join((*door.methods, "OPTIONS"))})
                return
            self._notice_hidden_address(door.kind, Headers(scope=resolved))
            body = Body(receive, door.body, answer)
            person = await self._person(door, resolved)
            method = resolved["method"]
            if self.limit and (door.counts(method) or (door.is_stream and person is None)):
                self.limit(person, (resolved.get("client") or ("",))[0])
            let_in(door, method, person)
            if method == "HEAD":
                with suppress(HeadAnswered):
                    await self._pass(door, with_person(_as_get(resolved, door), person), body, answer, Head(answer))
            elif person is None or person.entrance is Entrance.OPEN:
                await self._pass(door, with_person(resolved, person), body, answer)
            else:
                await self._pass_watched(door, with_person(resolved, person), body, answer)
        except Exception as raised:
            error = raised.error if isinstance(raised, Unshaped) else raised
            refused = error if is_refusal(error) else body and body.refused
            if refused:
                await self._refuse(refused, scope, receive, answer)
                return
            await self._refuse(error if isinstance(error, ThaiChatError) else ThaiChatError(), scope, receive, answer)
            raise

    async def _person(self, door: Door, scope: Scope) -> Person | None:
        """Return who asks; at a door that is open to all it must not matter whether that can be told."""
        if door.access is not Access.ANYBODY:
            try:
                return await self.who(scope)
            except SignInNeeded:
                return None  # counted as anybody's request, and not let in
        if door.kind in _SAME_FOR_ALL or door.path == HEALTH:
            return None
        try:
            return await self.who(scope)
        except ThaiChatError:
            return None

    async def _refuse(self, refused: ThaiChatError, scope: Scope, receive: Receive, answer: Answer) -> None:
        """Say why there is no other answer, unless one has begun: then the connection is closed."""
        if not answer.has_begun:
            said = refusal(refused, scope)
            answer.kind, answer.policy = None, policy_of(said)
            await said(scope, receive, answer)

    async def _pass_watched(self, door: Door, scope: Scope, body: Body, answer: Answer) -> None:
        """Let a request pass whose answer, where it is a stream, ends with the session of who asks."""
        watched = Watched(answer, self.who, scope)
        try:
            await self._pass(door, scope, body, answer, watched)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not watched.is_over or task is None or task.uncancel():
                raise
            await answer.pass_on({"type": "http.response.body"})
        finally:
            watched.close()

    async def _pass(self, door: Door, scope: Scope, body: Body, answer: Answer, send: Send | None = None) -> None:
        """Let a request pass. `send` gets what has no form that the gate gives it, instead of the answer itself."""
        send = shaping(send or answer, door)
        if door.kind in _PAGES:
            await self._page(door.kind, scope, body, answer)
        elif door.path == RUN:
            await self._event(scope, body, send)
        elif door.kind is DoorKind.STATIC:
            if door.path == SCRIPTS:
                answer.policy = self._policy_of_script(scope)
            await self.files.serve(self.app, scope, body, send)
        else:
            if door.kind is DoorKind.FRAME and self.framed:
                answer.policy = frame_policy(self.framed.script_hashes())
            if door.kind is DoorKind.SHARED:
                answer.policy = shared_policy(self._hosts(Headers(scope=scope)))
            await self.app(scope, body, send)

    async def _event(self, scope: Scope, body: Body, send: Send) -> None:
        event = await read_event(body)
        headers = [(name, value) for name, value in scope["headers"] if name != b"content-length"]
        headers.append((b"content-length", str(len(event)).encode()))
        await self.app({**scope, "query_string": b"", "headers": headers}, replayed(event, body), send)

    def _open(self, scope: Scope) -> Door:
        """Return the door that the request may pass. Raises what it is refused with."""
        headers = Headers(scope=scope)
        door = door_of(scope["path"])
        host = headers.get("host", "")
        if not (self.names.have(host) or (door and door.kind is DoorKind.PROBE and is_address(host))):
            self.reports.foreign_host(host, self.proxies.public_url)
            raise self._foreign_host(host)
        if door is None:
            raise NotFound
        is_embedded = bool(self.embedders)
        if is_foreign(door.kind, scope["method"], headers, self.proxies.public_url, is_embedded=is_embedded):
            if not self.cors.lets_pass(door, scope["method"], headers):
                self.reports.foreign_site(scope["method"], headers)
                raise ForeignSite
            # A browser may send cookies along, to another port of the same host at least: they are nobody's here.
            scope["headers"] = [(name, value) for name, value in scope["headers"] if name != b"cookie"]
        if door.kind is DoorKind.EMBED and not is_embedded:
            raise NotFound
        if scope["method"] not in (*door.methods, "OPTIONS"):
            raise WrongMethod(allowed=", ".join(door.methods))
        length = headers.get("content-length", "0")
        # Python reads no number of some thousand digits.
        if length.isascii() and length.isdecimal() and (len(length) > 18 or int(length) > door.body.size_bytes):
            raise too_large(door.body)
        return door

    def _policy_of_script(self, scope: Scope) -> str:
        if scope["path"].endswith(SERVICE_WORKER):
            return service_worker_policy()
        return script_policy(self._hosts(Headers(scope=scope)))

    def _foreign_host(self, host: str) -> ForeignHost:
        name = name_of(host)[:_SHOWN_CHARS] or "?"
        if self.proxies.public_url:
            return ForeignHost(name=name, why="use_public_address", address=self.proxies.public_url)
        return ForeignHost(name=name, why="name_not_set")

    def _notice_hidden_address(self, kind: DoorKind, headers: Headers) -> None:
        origin = hidden_address(headers) if kind is DoorKind.STATIC else ""
        if origin and origin != self.proxies.public_url:
            self.reports.hidden_address(origin, headers)

    def _hosts(self, headers: Headers) -> Sequence[str]:
        """Return the hosts under which the page may be open: a proxy may tell another one than the browser has."""
        public = urlsplit(self.proxies.public_url).netloc if self.proxies.public_url else ""
        return (headers["host"], public) if public else (headers["host"],)

    async def _page(self, kind: DoorKind, scope: Scope, receive: Receive, answer: Answer) -> None:
        """Answer with a page whose headers are known only when the whole of it is."""
        headers = Headers(scope=scope)
        # Whole and uncompressed, because it is read here; and without a question, which is the page's script's to read.
        inner = {
            **scope,
            "method": "GET",
            "query_string": b"",
            "headers": [(name, value) for name, value in scope["headers"] if name not in _CONDITIONS],
        }
        start, body = await whole_answer(self.app, inner, receive)
        language = texts.language_for(headers)
        page = document(body, language, self.heads.get(language, "") if kind is DoorKind.PAGE else "")
        out = MutableHeaders(raw=start["headers"])
        embedders = () if kind is DoorKind.DOCS else self.embedders
        policy = page_policy(kind, self._hosts(headers), page.script_hashes, self.framed, embedders)
        complete(out, kind, policy, request_id=answer.request_id)
        if embedders:
            del out["X-Frame-Options"]  # it can't name other sites; the policy does
        out.add_vary_header("Accept-Encoding")
        out["ETag"] = page.etag
        if kind is DoorKind.PAGE and (cookie := person_cookie(scope)):
            out.append("Set-Cookie", cookie)
        if start["status"] == 200 and is_known(headers, page.etag):
            del out["Content-Length"]
            await answer.pass_on({**start, "status": 304})
            await answer.pass_on({"type": "http.response.body"})
            return
        body = page.plain
        if encoding := encoding_for(headers):
            body = page.packed[encoding]
            out["Content-Encoding"] = encoding
        out["Content-Length"] = str(len(body))
        await answer.pass_on(start)
        await answer.pass_on({"type": "http.response.body", "body": body})


def _at_door(scope: Scope) -> Scope:
    """Return a request as that for its door's address: no redirection, which would lose a body."""
    path = plain(scope["path"])
    return scope if path == scope["path"] else {**scope, "path": path, "raw_path": quote(path).encode()}


def _as_get(scope: Scope, door: Door) -> Scope:
    """Return a HEAD request as the GET that it is answered like; the page of a link counts who read it, itself."""
    return scope if door.kind is DoorKind.SHARED else {**scope, "method": "GET"}
