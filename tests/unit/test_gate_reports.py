"""The log tells refusals, each once in a while, and the page's address when a proxy hides it."""

from __future__ import annotations

import pytest
from starlette.datastructures import Headers

from thai_chat.gate.reports import Reports, hidden_address, origin_of
from thai_chat.observability import printable


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_a_line_comes_once_a_minute_and_few_come_of_a_kind(caplog: pytest.LogCaptureFixture) -> None:
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
    told = [record.getMessage() for record in caplog.records[10:]]
    assert len(told) == 2
    assert told[0].startswith("left out: 991 more lines")
    assert "chat.lan" in told[1]
    clock.now_s = 122
    reports.foreign_host("chat.lan", None)
    assert len(caplog.records) == 13


def test_junk_of_one_kind_keeps_no_other_kind_out(caplog: pytest.LogCaptureFixture) -> None:
    reports = Reports()
    for number in range(100):
        reports.foreign_host(f"name{number}.lan", None)
    reports.foreign_site("POST", Headers({"origin": "http://chat.lan", "host": "inner"}))
    reports.hidden_address("http://chat.lan", Headers({"host": "inner"}))
    assert [record.getMessage().split(" ")[0] for record in caplog.records[10:]] == ["refused:", "a"]


def test_a_refused_name_is_told_with_what_to_set(caplog: pytest.LogCaptureFixture) -> None:
    reports = Reports()
    reports.foreign_host("chat.lan:7862", None)
    assert "set PUBLIC_URL" in caplog.text
    assert "ALLOWED_HOSTS=chat.lan" in caplog.text
    reports.foreign_host("chat.lan", "https://chat.example.org")
    assert "https://chat.example.org" in caplog.text


STRANGER = "http://evil.example"


@pytest.mark.parametrize(
    "said",
    [
        {"origin": STRANGER, "host": "192.168.1.5:7862"},
        {"referer": f"{STRANGER}/page", "host": "192.168.1.5:7862"},
        {"origin": STRANGER, "host": "localhost", "sec-fetch-site": "cross-site"},
    ],
)
def test_no_line_to_copy_comes_of_what_any_site_can_cause(
    said: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    reports, headers = Reports(), Headers(said)
    reports.foreign_site("POST", headers)
    if hidden := hidden_address(headers):
        reports.hidden_address(hidden, headers)
    assert repr(STRANGER) in caplog.text
    assert "PUBLIC_URL=" not in caplog.text
    assert ("no address that isn't yours" in caplog.text) == ("sec-fetch-site" not in said)


def test_a_page_that_its_browser_calls_ours_is_told_with_the_line_to_set(caplog: pytest.LogCaptureFixture) -> None:
    headers = Headers({"referer": "https://chat.example.org/", "sec-fetch-site": "same-origin", "host": "inner"})
    Reports().hidden_address(hidden_address(headers), headers)
    assert "set PUBLIC_URL=https://chat.example.org if that address is yours" in caplog.text


@pytest.mark.parametrize("hostile", ["\x1b[31m\nforged", "x" * 100_000, "\x9b2J", "a'b"])
def test_what_a_stranger_writes_is_cut_and_does_nothing(hostile: str, caplog: pytest.LogCaptureFixture) -> None:
    reports = Reports()
    said = Headers({"origin": hostile, "host": hostile})
    reports.foreign_host(hostile, None)
    reports.foreign_site(hostile, said)
    reports.hidden_address(origin_of(said), said)
    reports.hidden_address(origin_of(said), Headers({"host": hostile, "sec-fetch-site": "same-origin"}))
    assert len(caplog.records) == 4
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
        ({"origin": "https://chat.example.org", "sec-fetch-site": "same-origin"}, "https://chat.example.org"),
        ({"referer": "http://[chat/"}, ""),
        ({}, ""),
    ],
)
def test_the_address_that_a_proxy_hides_is_told_by_the_browser(said: dict[str, str], address: str) -> None:
    assert hidden_address(Headers({"host": "inner:7862", **said})) == address
