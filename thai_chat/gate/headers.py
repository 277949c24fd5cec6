"""The headers that every answer gets, by the kind of its door."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from starlette.datastructures import MutableHeaders

from thai_chat.gate.doors import DoorKind
from thai_chat.gate.names import name_of

_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Chromium looks up the host of every link that is shown, which tells whoever owns the name that it was read.
    "X-DNS-Prefetch-Control": "off",
    "Permissions-Policy": (
        "accelerometer=(), autoplay=(), browsing-topics=(), camera=(), display-capture=(), "
        "geolocation=(), gyroscope=(), hid=(), magnetometer=(), microphone=(), midi=(), payment=(), serial=(), usb=()"
    ),
}
_CACHE = {
    DoorKind.PAGE: "no-cache",
    DoorKind.SIGN_IN: "no-cache",
    DoorKind.DOCS: "no-cache",
    DoorKind.PRIVATE: "no-store",
    DoorKind.SHARED: "no-store",
    DoorKind.PROBE: "no-store",
}
_VARIES = "Accept-Language, Cookie"
"""Pages, errors and notices are in the reader's language, which a cookie may name (`texts.language_for`)."""
_SCRIPTS = "ui-static/"
_FILES = ("assets/", "static/", _SCRIPTS)
STRICT = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


def complete(headers: MutableHeaders, kind: DoorKind | None, policy: str = STRICT, *, request_id: str) -> None:
    """Set what browsers are to hold to, and the id of the request; `kind` is None where there is no door.

    No header that lets another site read the answer is left, whoever in the application set it.
    """
    for name in [name for name in headers if name.startswith("access-control-")]:
        del headers[name]
    for name, value in _ALWAYS.items():
        headers[name] = value
    headers["Content-Security-Policy"] = policy
    headers["X-Request-Id"] = request_id
    if kind is DoorKind.FRAME:
        headers["X-Frame-Options"] = "SAMEORIGIN"
    if kind is DoorKind.EMBED:
        headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    if kind is DoorKind.SHARED:
        headers["Referrer-Policy"] = "no-referrer"
        headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    if kind not in (DoorKind.STATIC, DoorKind.FRAME, DoorKind.EMBED):
        headers["Cache-Control"] = _CACHE.get(kind, "no-store") if kind else "no-store"
        headers.add_vary_header("Accept-Language" if kind is DoorKind.SHARED else _VARIES)


@dataclass(frozen=True, slots=True)
class Framed:
    """The document that the page may frame: `path` is its address without the first slash."""

    path: str
    script_hashes: Callable[[], Sequence[str]]


def frame_policy(script_hashes: Sequence[str]) -> str:
    """Return the Content-Security-Policy of the document that the page frames: it runs the scripts that stand in it,
    and styles what they draw. It can ask for nothing, go nowhere, and is of no origin, however it is opened."""
    scripts = " ".join(f"'sha256-{digest}'" for digest in script_hashes) or "'none'"
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {scripts}",
            "style-src 'unsafe-inline'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'self'",
            "sandbox allow-scripts",
        )
    )


def page_policy(
    kind: DoorKind,
    hosts: Sequence[str],
    script_hashes: Sequence[str],
    framed: Framed | None = None,
    embedders: Sequence[str] = (),
) -> str:
    """Return the Content-Security-Policy of a page that is opened under `hosts`, and whose inline scripts have these
    hashes. Pages of the hosts `embedders`, at any port, may have it in a frame; nobody else.

    Pictures come from the page itself (`data:`, `blob:`) alone, so that nothing that a model writes, in whatever
    notation, asks any server for anything. Styles and fonts come from the folders of static files for the same reason.
    Gradio needs two exceptions: it compiles what an event does in the browser ('unsafe-eval'), and its components are
    styled in place ('unsafe-inline' for styles). Workers are scripts of ours. No script runs that is neither one of our
    files nor hashed here.
    """
    ancestors = " ".join(f"{host}:*" for host in embedders) or "'none'"
    if kind is DoorKind.SIGN_IN:
        return _sign_in_policy(hosts, script_hashes, ancestors)
    scripts = " ".join(("'self'", *(f"'sha256-{digest}'" for digest in script_hashes)))
    if kind is DoorKind.PAGE:
        scripts += " 'unsafe-eval'"
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {scripts}",
            f"style-src 'unsafe-inline' {_files(hosts, *_FILES, 'docs-static/', 'theme.css')}",
            f"font-src data: {_files(hosts, *_FILES)}",
            "img-src data: blob:",
            "connect-src 'self'",
            f"worker-src {_files(hosts, _SCRIPTS)}",
            f"manifest-src {_files(hosts, _SCRIPTS)}",
            *((f"frame-src {_files(hosts, framed.path)}",) if framed and kind is DoorKind.PAGE else ()),
            "base-uri 'self'",
            "form-action 'none'",
            f"frame-ancestors {ancestors}",
        )
    )


def _sign_in_policy(hosts: Sequence[str], script_hashes: Sequence[str], ancestors: str) -> str:
    """Return the policy of the pages on which a password is typed: scripts and styles are files of ours alone."""
    ours = _files(hosts, _SCRIPTS)
    hashes = " ".join(f"'sha256-{digest}'" for digest in script_hashes)
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {ours} {hashes}",
            f"style-src {ours}",
            f"font-src {ours}",
            "img-src data:",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            f"frame-ancestors {ancestors}",
        )
    )


def shared_policy(hosts: Sequence[str]) -> str:
    """Return the Content-Security-Policy of what a link shows: our styles and fonts, and the form for its password. No
    script runs, and no picture is loaded."""
    files = _files(hosts, _SCRIPTS)
    return (
        f"default-src 'none'; style-src {files}; font-src {files}; img-src 'none'; script-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


def script_policy(hosts: Sequence[str]) -> str:
    """Return the Content-Security-Policy of our own scripts. One that is run as a worker may load the others."""
    return f"{STRICT}; script-src {_files(hosts, _SCRIPTS)}"


def service_worker_policy() -> str:
    """Return the Content-Security-Policy of the worker that keeps the page's files: it asks its own server alone."""
    return f"{STRICT}; connect-src 'self'"


def _files(hosts: Sequence[str], *paths: str) -> str:
    """Return the sources of these paths: a source with a path has to name its host.

    At any port: a proxy may listen at another one than it tells, and a browser that opens the page says its port
    nowhere else, so that without PUBLIC_URL the port of `Host` alone would leave the page blank. That lets in no more
    than styles and fonts of these folders of another server of the same host, and only for a style that the page
    itself has. Policies can't name an IPv6 address.
    """
    names = tuple(dict.fromkeys(map(name_of, hosts)))
    named = [f"{name}:*/{path}" for name in names if name and ":" not in name for path in paths]
    return " ".join(named if all(name and ":" not in name for name in names) else ("'self'", *named))
