"""The list of what may be asked for at all: every address, its methods, and what kind of answer is behind it.

Gradio mounts some eighty routes beside the page, among them ones that fetch addresses of others or take files from
anybody. The page needs the few that stand here; whatever is not in this list is answered 404, a new route of ours too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from starlette.routing import compile_path

from thai_chat.domain.people import Scope


class DoorKind(Enum):
    """The kind of a door: it decides who may come, and what headers the answer has."""

    PAGE = "page"
    """Gradio's page. A link on another site may lead here."""
    SIGN_IN = "sign-in"
    """The pages on which people sign in, without Gradio. A link on another site may lead here."""
    DOCS = "docs"
    """The description of the API. A link on another site may lead here."""
    STATIC = "static"
    """Files that are the same for everybody."""
    FRAME = "frame"
    """The one document that the page frames. Nothing else may, and it is opened nowhere else."""
    SHARED = "shared"
    """Pages for whoever has a link to one. A link on another site may lead here. No cookie is read."""
    EMBED = "embed"
    """The script that pages of other sites may run, where the settings name such sites."""
    RETURN = "return"
    """Where another site sends a browser back to, with something that only that browser can use."""
    PRIVATE = "private"
    """Everything that people said, and all that changes something."""
    PROBE = "probe"
    """The state of the process, asked for by machines under an address instead of a name."""


@dataclass(frozen=True, slots=True)
class BodyLimit:
    """How much of a request's body is taken, and how long it may take to arrive."""

    size_bytes: int
    is_file: bool = False
    pause_s: float = 20
    whole_s: float = 60


class Access(Enum):
    """Who may come through a door where there are accounts."""

    ANYBODY = "anybody"
    """Nobody has to have signed in. Behind such a door there is nothing of a person's."""
    PEOPLE = "people"
    """Whoever has signed in, or has a key: for their own."""
    ADMINISTRATORS = "administrators"
    """An administrator, or their key with the scope for it."""
    BROWSERS = "browsers"
    """Whoever has signed in with a browser: a key can't make other keys, nor change a password."""


ORDINARY = BodyLimit(4_000_000)
SMALL = BodyLimit(65_536, whole_s=20)
EVENT = BodyLimit(65_536, whole_s=20)
FILE = BodyLimit(512_000_000, is_file=True, whole_s=3600)
PROGRAM = BodyLimit(32_000_000, whole_s=120)
"""A conversation in OpenAI's form, with its pictures in it."""


@dataclass(frozen=True, slots=True)
class Door:
    """`path` is written as Starlette's routes are. Where GET is there is HEAD, which changes nothing."""

    path: str
    methods: tuple[str, ...]
    kind: DoorKind = DoorKind.PRIVATE
    body: BodyLimit = ORDINARY
    access: Access = Access.PEOPLE
    changing: Access | None = None
    """Who may come with another method than GET and HEAD; None: who may read."""
    is_stream: bool = False
    """The answer is open for long and asked for again when it breaks: such requests of a person are not counted."""
    reads: bool | None = None
    """Whether a key of the scope `read` may come in; None: with GET and HEAD."""

    def __post_init__(self) -> None:
        # A browser that comes back uses up what it brings.
        if "GET" in self.methods and "HEAD" not in self.methods and self.kind is not DoorKind.RETURN:
            object.__setattr__(self, "methods", ("GET", "HEAD", *(name for name in self.methods if name != "GET")))

    def access_for(self, method: str) -> Access:
        """Return who may come with a method."""
        return self.changing if self.changing and method not in ("GET", "HEAD") else self.access

    def counts(self, method: str) -> bool:
        """Tell whether such requests count for the limit of requests a minute of a person too."""
        return self.kind in _COUNTED and not (self.is_stream and method == "GET")

    def scope(self, method: str) -> Scope:
        """Return what a key must be good for."""
        if self.access is Access.ADMINISTRATORS:
            return Scope.ADMIN
        is_reading = method in ("GET", "HEAD") if self.reads is None else self.reads
        return Scope.READ if is_reading else Scope.CHAT


_COUNTED = (DoorKind.PAGE, DoorKind.DOCS, DoorKind.PRIVATE, DoorKind.SHARED, DoorKind.RETURN)
HEALTH = "/healthz"
RUN = "/gradio_api/run/predict"
SCRIPTS = "/ui-static/{version}/{path:path}"
SERVICE_WORKER = "/install/service-worker.js"
"""The end of its address, which is one of SCRIPTS."""
PAGE_EVENTS = ("models",)
"""The page's handlers, which a POST to RUN calls by their number; a test holds the page to them."""

FRAMED = "/ui-static/{version}/message/diagram.html"

_EVENTS = "/{session_id}/events"
_SESSIONS_AT = ("/api/sessions", "/api/conversations", "/conversations")
_WITH_SLASH = (*_SESSIONS_AT, "/api/chat")
"""Below these an address may end with a slash too."""
_SESSIONS = (
    ("", "GET POST DELETE"),
    ("/labels", "GET"),
    ("/{session_id}", "GET PATCH DELETE"),
    ("/{session_id}/messages", "GET POST"),
    ("/{session_id}/messages/{message_id}", "GET PATCH DELETE"),
    ("/{session_id}/messages/{message_id}/contexts", "GET POST"),
    ("/{session_id}/messages/{message_id}/replies", "POST"),
    ("/{session_id}/messages/{message_id}/rating", "PUT DELETE"),
    ("/{session_id}/messages/{message_id}/preference", "PUT DELETE"),
    ("/{session_id}/deleted", "GET"),
    ("/{session_id}/messages/{message_id}/versions", "GET"),
    (_EVENTS, "GET"),
    ("/{session_id}/stop", "POST"),
    ("/{session_id}/leave", "POST"),
    ("/{session_id}/export", "GET"),
    ("/{session_id}/export/examples", "GET"),
    ("/{session_id}/share", "POST"),
    ("/{session_id}/branch", "POST"),
)

DOORS = (
    Door("/", ("GET",), DoorKind.PAGE),
    Door(RUN, ("POST",), body=EVENT),
    Door("/assets/{path:path}", ("GET",), DoorKind.STATIC, access=Access.ANYBODY),
    Door("/static/{path:path}", ("GET",), DoorKind.STATIC, access=Access.ANYBODY),
    Door("/theme.css", ("GET",), DoorKind.STATIC, access=Access.ANYBODY),
    Door("/favicon.ico", ("GET",), DoorKind.STATIC, access=Access.ANYBODY),
    Door(FRAMED, ("GET",), DoorKind.FRAME, access=Access.ANYBODY),
    Door(SCRIPTS, ("GET",), DoorKind.STATIC, access=Access.ANYBODY),
    Door("/embed.js", ("GET",), DoorKind.EMBED, access=Access.ANYBODY),
    Door("/sign-in", ("GET",), DoorKind.SIGN_IN, access=Access.ANYBODY),
    Door("/invitation/{token}", ("GET",), DoorKind.SIGN_IN, access=Access.ANYBODY),
    Door("/docs", ("GET",), DoorKind.DOCS),
    Door("/docs-static/{path:path}", ("GET",), DoorKind.STATIC, access=Access.ANYBODY),
    Door("/openapi.json", ("GET",)),
    Door(HEALTH, ("GET",), DoorKind.PROBE, access=Access.ANYBODY),
    Door("/readyz", ("GET",), DoorKind.PROBE, access=Access.ANYBODY),
    Door("/chat", ("POST",)),
    Door("/chat/history/{session_id}", ("GET",)),
    Door("/chat/load-session", ("POST",), body=SMALL, reads=True),
    Door("/chat/status", ("GET",)),
    Door("/chat/reset", ("POST",), body=SMALL),
    *(
        Door(f"{prefix}{path}", tuple(methods.split()), is_stream=path == _EVENTS)
        for prefix in _SESSIONS_AT
        for path, methods in _SESSIONS
    ),
    Door("/api/operations-chat", ("POST",)),
    Door("/api/operations-chat/sessions", ("GET",)),
    Door("/api/operations-chat/history/{session_id}", ("GET",)),
    Door("/api/operations-chat/suggestions", ("GET",)),
    Door("/api/operations-chat/statistics", ("GET",)),
    Door("/api/suggestions", ("GET",)),
    Door("/api/chat/start", ("POST",)),
    Door("/api/chat/{session_id}/message", ("POST",)),
    Door("/api/chat/{session_id}/history", ("GET",)),
    Door("/api/changes", ("GET",), is_stream=True),
    Door("/api/search", ("GET",)),
    Door("/api/models", ("GET",)),
    Door("/api/models/prepare", ("POST",)),
    Door("/api/models/pull", ("POST",)),
    Door("/api/presets", ("GET", "POST")),
    Door("/api/presets/check", ("POST",)),
    Door("/api/presets/{preset_id}", ("GET", "HEAD", "PATCH", "DELETE")),
    Door("/api/export", ("GET", "POST"), reads=True),
    Door("/api/export/examples", ("GET",)),
    Door("/api/import", ("POST",), body=FILE),
    Door("/api/me", ("GET", "PATCH", "DELETE"), body=SMALL),
    Door("/api/me/password", ("POST",), body=SMALL, access=Access.BROWSERS),
    Door("/api/me/sign-ins", ("GET", "DELETE"), access=Access.BROWSERS),
    Door("/api/me/sign-ins/{sign_in_id}", ("DELETE",), access=Access.BROWSERS),
    Door("/api/sign-in", ("GET", "POST"), body=SMALL, access=Access.ANYBODY),
    Door("/sign-in/oidc", ("GET",), access=Access.ANYBODY),
    Door("/sign-in/oidc/callback", ("GET",), DoorKind.RETURN, access=Access.ANYBODY),
    Door("/api/me/identities", ("GET", "POST"), body=SMALL, access=Access.BROWSERS),
    Door("/api/me/identities/{identity_id}", ("DELETE",), access=Access.BROWSERS),
    Door("/api/sign-out", ("POST",), body=SMALL),
    Door("/api/keys", ("GET", "POST"), body=SMALL, changing=Access.BROWSERS),
    Door("/api/keys/{key_id}", ("DELETE",), access=Access.BROWSERS),
    Door("/api/audit", ("GET",), access=Access.ADMINISTRATORS),
    Door("/api/me/limits", ("GET",)),
    Door("/api/people/statistics", ("GET",), access=Access.ADMINISTRATORS),
    Door("/api/quotas", ("GET",), access=Access.ADMINISTRATORS),
    Door("/api/quotas/{kind}/{subject}", ("PUT",), access=Access.ADMINISTRATORS),
    Door("/api/model-rules", ("GET",), access=Access.ADMINISTRATORS),
    Door("/api/model-rules/{backend}/{model:path}", ("PUT", "DELETE"), access=Access.ADMINISTRATORS),
    Door("/api/sign-up", ("POST",), body=SMALL, access=Access.ANYBODY),
    Door("/api/reset-password", ("POST",), body=SMALL, access=Access.ANYBODY),
    Door("/api/invitations", ("GET", "POST"), body=SMALL, access=Access.ADMINISTRATORS),
    # An id is never a token: it is shorter.
    Door("/api/invitations/{invitation_id:uuid}", ("DELETE",), body=SMALL, access=Access.ADMINISTRATORS),
    Door("/api/invitations/{token}", ("GET",), access=Access.ANYBODY),
    Door("/api/people", ("GET",), access=Access.ADMINISTRATORS),
    Door("/api/people/{account_id}", ("PATCH", "DELETE"), body=SMALL, access=Access.ADMINISTRATORS),
    Door("/api/people/{account_id}/reset", ("POST",), body=SMALL, access=Access.ADMINISTRATORS),
    Door("/s/{token}", ("GET", "POST"), DoorKind.SHARED, body=SMALL, access=Access.ANYBODY),
    Door("/api/shares", ("GET",)),
    Door("/api/shares/continue", ("POST",), body=SMALL),
    Door("/api/shares/{share_id}", ("DELETE",)),
    Door("/api/webhooks", ("GET", "HEAD", "POST"), body=SMALL),
    Door("/api/webhooks/{webhook_id}", ("GET", "HEAD", "PATCH", "DELETE"), body=SMALL),
    Door("/api/webhooks/{webhook_id}/test", ("POST",), body=SMALL),
    Door("/api/webhooks/{webhook_id}/secret", ("POST",), body=SMALL),
    Door("/api/webhooks/{webhook_id}/deliveries", ("GET", "HEAD")),
    Door("/api/statistics", ("GET",)),
    Door("/api/statistics/questions", ("GET",)),
    Door("/api/statistics/messages", ("GET",)),
    Door("/api/statistics/sessions", ("GET",)),
    Door("/v1/models", ("GET", "HEAD")),
    Door("/v1/models/{model:path}", ("GET", "HEAD")),
    Door("/v1/chat/completions", ("POST",), body=PROGRAM),
    Door("/v1/embeddings", ("POST",), body=PROGRAM),
    Door("/v1/responses", ("POST",), body=PROGRAM),
)


_LONGEST_PATH = 2000
_LONGEST_NAME = 255
"""Bytes, as file systems have it: asked for a longer one, those that serve files fail."""


_NAME_OF_PART = re.compile(r"\?P<\w+>")


def _patterns() -> Iterator[str]:
    for number, door in enumerate(DOORS):
        pattern, _, _ = compile_path(door.path)
        # Names of parts, which may stand in several doors, are not needed.
        plain = _NAME_OF_PART.sub("?:", pattern.pattern).removeprefix("^").removesuffix("$")
        yield f"(?P<door_{number}>{plain})"


_ANY = re.compile("|".join(_patterns()))


def door_of(path: str) -> Door | None:
    """Return the first door at `path`, which is decoded; None when there is none."""
    if len(path) > _LONGEST_PATH or any(len(name.encode()) > _LONGEST_NAME for name in path.split("/")):
        return None
    found = _ANY.fullmatch(path)
    return DOORS[int(str(found.lastgroup).removeprefix("door_"))] if found else None


def plain(path: str) -> str:
    """Return the path of a door that was asked for with a slash behind it, where it may have one; any other as it
    is."""
    if path.endswith("/") and path.startswith(_WITH_SLASH) and door_of(path[:-1]):
        return path[:-1]
    return path
