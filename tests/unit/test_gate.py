"""The names under which the server answers, and which proxies it believes."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from starlette.datastructures import Headers

from thai_chat.gate.doors import DoorKind
from thai_chat.gate.forwarded import Proxies
from thai_chat.gate.headers import page_policy
from thai_chat.gate.names import Names, is_address
from thai_chat.gate.origins import is_foreign

PROXY = "10.1.2.3"


@pytest.mark.parametrize("host", ["chat.example.org", "CHAT.example.org:443", "a.team.example", "localhost", "[::1]:1"])
def test_the_names_of_the_settings_are_answered_at_any_port(host: str) -> None:
    assert Names(["chat.example.org", "*.team.example"]).have(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "example.org",
        "evil-chat.example.org",
        "team.example",
        "evilteam.example",
        "chat.example.org.",
        "a@localhost",
    ],
)
def test_a_name_that_only_looks_like_ours_is_not(host: str) -> None:
    assert not Names(["chat.example.org", "*.team.example"]).have(host)


def test_an_address_is_told_from_a_name() -> None:
    assert is_address("10.0.0.1:80")
    assert is_address("[fe80::1]")
    assert not is_address("10.0.0.1.evil.example")
    assert not is_address("")


def request(client: str, **headers: str) -> dict[str, Any]:
    raw = {"host": "inner:7862", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return {
        "type": "http",
        "scheme": "http",
        "client": (client, 5),
        "headers": [(name.encode(), value.encode()) for name, value in raw.items()],
    }


def proxies(public_url: str | None = None) -> Proxies:
    return Proxies([ipaddress.ip_network("10.1.0.0/16")], public_url)


def test_a_proxy_that_is_named_tells_scheme_host_and_client() -> None:
    scope = proxies().resolve(
        request(
            PROXY,
            x_forwarded_proto="https",
            x_forwarded_host="chat.example.org",
            x_forwarded_for="6.6.6.6, 203.0.113.9, 10.1.9.9",
        )
    )
    assert (scope["scheme"], scope["client"][0]) == ("https", "203.0.113.9")
    assert Headers(scope=scope).get("host") == "chat.example.org"
    assert len(scope["headers"]) == 1


def test_of_anybody_else_nothing_is_believed_and_nothing_is_left() -> None:
    scope = proxies().resolve(
        request(
            "10.2.0.1",
            x_forwarded_proto="https",
            x_forwarded_host="evil.example",
            x_forwarded_for="127.0.0.1",
            x_gradio_server="http://evil.example",
            forwarded="host=evil.example",
            x_real_ip="127.0.0.1",
        )
    )
    assert (scope["scheme"], scope["client"][0], scope["headers"]) == ("http", "10.2.0.1", [(b"host", b"inner:7862")])


def test_what_a_proxy_says_in_no_form_of_its_own_is_left_out() -> None:
    scope = proxies().resolve(request(PROXY, x_forwarded_proto="ftp", x_forwarded_for="not an address"))
    assert (scope["scheme"], scope["client"][0]) == ("http", PROXY)


def test_of_several_lines_the_last_is_the_proxys_own() -> None:
    asked = request(PROXY)
    for said in (b"6.6.6.6", b"203.0.113.9"):
        asked["headers"].append((b"x-forwarded-for", said))
    assert proxies().resolve(asked)["client"][0] == "203.0.113.9"


@pytest.mark.parametrize("host", ["localhost;x", "a,b.team.example", "x'.team.example", "localhost:123456", "ไทย"])
def test_what_is_no_host_at_all_is_none_of_ours(host: str) -> None:
    assert not Names(["*.team.example"]).have(host)


@pytest.mark.parametrize(
    ("origin", "host", "is_other"),
    [
        ("http://chat.lan:8080", "chat.lan:8080", False),
        ("http://chat.lan", "chat.lan:80", False),
        ("https://chat.lan", "chat.lan:443", False),
        ("http://chat.lan:8080", "inner:7862", True),
        ("http://chat.lan", "chat.lan:443", True),
        ("http://evil.example", "chat.lan", True),
        ("null", "chat.lan", True),
        ("https://chat.example.org:8443", "inner:7862", False),
        ("http://chat.example.org:8443", "inner:7862", True),
    ],
)
def test_an_origin_is_ours_at_the_host_that_is_told_or_at_the_public_address(
    origin: str, host: str, is_other: bool
) -> None:
    headers = Headers({"origin": origin, "host": host})
    assert is_foreign(DoorKind.PRIVATE, "POST", headers, "https://chat.example.org:8443") == is_other


@pytest.mark.parametrize(
    ("referer", "is_other"),
    [
        ("http://chat.lan:8080/?s=1", False),
        ("https://chat.example.org:8443/", False),
        ("", False),
        (None, False),
        ("http://evil.example/page", True),
        ("http://chat.lan:9/", True),
        ("http://chat.lan:8080.evil.example/", True),
        ("http://evil.example/?http://chat.lan:8080/", True),
        ("http://[evil", True),
    ],
)
def test_without_metadata_a_page_of_another_site_reads_nothing_private(referer: str | None, is_other: bool) -> None:
    headers = Headers({"host": "chat.lan:8080"} if referer is None else {"host": "chat.lan:8080", "referer": referer})
    public_url = "https://chat.example.org:8443"
    assert is_foreign(DoorKind.PRIVATE, "GET", headers, public_url) == is_other
    for kind in (DoorKind.PAGE, DoorKind.DOCS, DoorKind.STATIC, DoorKind.PROBE):
        assert not is_foreign(kind, "GET", headers, public_url)
    told = Headers({**headers, "sec-fetch-site": "none"})
    assert not is_foreign(DoorKind.PRIVATE, "GET", told, public_url)


@pytest.mark.parametrize(
    ("hosts", "styles"),
    [
        (["chat.lan:8080"], "chat.lan:*/assets/"),
        (["127.0.0.1:7862", "chat.lan"], "chat.lan:*/theme.css"),
        (["[::1]:7862"], "style-src 'unsafe-inline' 'self';"),
        (["[::1]:7862", "chat.lan"], "style-src 'unsafe-inline' 'self' chat.lan:*/assets/"),
    ],
)
def test_styles_come_from_the_names_of_the_page_at_any_port(hosts: list[str], styles: str) -> None:
    policy = page_policy(DoorKind.PAGE, hosts, ())
    assert styles in policy
    assert "style-src *" not in policy


def test_under_the_public_name_the_scheme_is_the_public_one() -> None:
    scope = request("203.0.113.1")
    scope["headers"] = [(b"host", b"chat.example.org")]
    assert proxies("https://chat.example.org").resolve(scope)["scheme"] == "https"
    scope["headers"] = [(b"host", b"chat.example.org:8443")]
    assert proxies("https://chat.example.org").resolve(scope)["scheme"] == "https"
    assert proxies("https://other.example.org").resolve(scope)["scheme"] == "http"
