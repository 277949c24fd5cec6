"""What the log says of refusals, each once in a while, and the page's address that a proxy hides."""

from __future__ import annotations

import pytest
from starlette.datastructures import Headers

from thai_chat.gate.reports import Reports, hidden_address
from thai_chat.observability import printable


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_a_line_comes_once_a_minute_and_few_come_in_all(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    reports = Reports(clock)
    for _ in range(5):
        reports.foreign_host("chat.lan:7862", None)
    assert len(caplog.records) == 1
    for number in range(1000):
        reports.foreign_host(f"name{number}.lan", None)
    assert len(caplog.records) == 10
    clock.now_s = 61
    reports.foreign_host("chat.lan", None)
    assert len(caplog.records) == 11


def test_a_refused_name_is_told_with_what_to_set(caplog: pytest.LogCaptureFixture) -> None:
    reports = Reports()
    reports.foreign_host("chat.lan:7862", None)
    assert "set PUBLIC_URL" in caplog.text
    assert "ALLOWED_HOSTS=chat.lan" in caplog.text
    reports.foreign_host("chat.lan", "https://chat.example.org")
    assert "https://chat.example.org" in caplog.text


def test_a_refused_origin_is_told_with_what_to_set_where_it_may_be_ours(caplog: pytest.LogCaptureFixture) -> None:
    reports = Reports()
    reports.foreign_site("POST", Headers({"origin": "http://chat.lan:8080", "host": "inner"}))
    assert "set PUBLIC_URL=http://chat.lan:8080" in caplog.text
    caplog.clear()
    said = {"origin": "http://evil.example", "host": "localhost", "sec-fetch-site": "cross-site"}
    reports.foreign_site("POST", Headers(said))
    assert "http://evil.example" in caplog.text
    assert "PUBLIC_URL" not in caplog.text


@pytest.mark.parametrize("hostile", ["\x1b[31m\nforged", "x" * 100_000, "\x9b2J", "a'b"])
def test_what_a_stranger_writes_is_cut_and_does_nothing(hostile: str, caplog: pytest.LogCaptureFixture) -> None:
    reports = Reports()
    reports.foreign_host(hostile, None)
    reports.foreign_site("GET", Headers({"origin": hostile, "host": hostile}))
    for record in caplog.records:
        assert len(record.getMessage()) < 1500
        assert printable(record.getMessage()).isprintable()


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ({"referer": "https://chat.example.org/", "sec-fetch-site": "same-origin"}, "https://chat.example.org"),
        ({"referer": "http://chat.lan:8080/?s=1"}, "http://chat.lan:8080"),
        ({"referer": "http://inner:9/"}, ""),
        ({"referer": "http://chat.lan/", "sec-fetch-site": "cross-site"}, ""),
        ({"referer": "http://chat.lan/", "origin": "http://chat.lan"}, ""),
        ({"referer": "http://[chat/"}, ""),
        ({}, ""),
    ],
)
def test_the_address_that_a_proxy_hides_is_told_by_the_browser(said: dict[str, str], address: str) -> None:
    assert hidden_address(Headers({"host": "inner:7862", **said})) == address
