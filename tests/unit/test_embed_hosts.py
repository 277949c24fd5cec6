"""The hosts and addresses of the settings that go into headers of every page."""

from __future__ import annotations

from pathlib import Path

import pytest

from thai_chat import settings
from thai_chat.domain.errors import SettingsError
from thai_chat.settings import Settings


def given(**values: str) -> Settings:
    return settings.load(Path("/nowhere/.env"), values)


@pytest.mark.parametrize(
    "hosts",
    ["แชต.ไทย", "ok.example,ไทย.example", "::1", "[::1]", "*.com", "*.", "*", "*.*.a.org", "a..b", "-a", "a b", "x:80"],
)
def test_hosts_that_no_policy_can_name_are_refused(hosts: str) -> None:
    with pytest.raises(SettingsError, match=r"EMBED_HOSTS.*(ASCII|such as intranet\.example\.org)"):
        given(EMBED_HOSTS=hosts)


def test_hosts_of_pages_that_may_frame_the_chat() -> None:
    hosts = "intranet,Wiki.Example.org,*.example.org,xn--o3cw4h.example,10.0.0.1,a-b.c_d"
    assert given(EMBED_HOSTS=hosts).embed_hosts == tuple(hosts.lower().split(","))


def test_a_public_address_that_no_header_can_hold_is_refused() -> None:
    with pytest.raises(SettingsError, match="ASCII"):
        given(PUBLIC_URL="https://แชต.ไทย")


def test_sites_whose_scripts_may_ask_are_written_as_browsers_write_them() -> None:
    sites = (
        "https://App.example.org:443, http://localhost:3000,http://127.0.0.1:80,tauri://localhost,https://[::1]:8443"
    )
    assert given(CORS_ORIGINS=sites).cors_origins == (
        "https://app.example.org",
        "http://localhost:3000",
        "http://127.0.0.1",
        "tauri://localhost",
        "https://[::1]:8443",
    )
    assert given().cors_origins == ()


@pytest.mark.parametrize(
    "sites",
    [
        *("*", "https://ok.example,*", "null", "app.example.org", "https://a.org/", "https://a.org/x"),
        *("https://u@a.org", "https://*.a.org", "https://ไทย.example", "file://", "https://", "https://a.org?x"),
        *("https://a b", "https://a:b"),
    ],
)
def test_what_names_no_single_site_lets_no_script_in(sites: str) -> None:
    with pytest.raises(SettingsError, match=r"CORS_ORIGINS: must (?:name each site|be origins alone)"):
        given(CORS_ORIGINS=sites)
