"""Which addresses webhooks may be sent to, by name and by what a name leads to."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.standins.receiver import Receiver
from thai_chat.domain.ports.webhooks import Receipt
from thai_chat.domain.webhook_hosts import WebhookHosts
from thai_chat.domain.webhooks import DeliveryProblem
from thai_chat.settings import Settings
from thai_chat.webhooks.sender import HttpSender

HOSTS = WebhookHosts(
    ("hooks.example.org", "*.partner.example", "http://n8n.lan:5678", "10.0.0.7:8443", "localhost:9000", "[fd00::7]")
)


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.org/a?b=c",
        "https://HOOKS.example.org.:443/",
        "https://a.partner.example/x",
        "https://a.b.partner.example",
        "http://n8n.lan:5678/hook",
        "https://10.0.0.7:8443/",
        "http://localhost:9000/",
        "https://localhost:9000/",
        "https://[fd00::7]/",
        "https://[fd00:0:0::7]:443/",
    ],
)
def test_what_the_setting_names_is_allowed(url: str) -> None:
    assert HOSTS.allows(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.org/",
        "https://hooks.example.org:8443/",
        "https://example.org/",
        "https://evil.hooks.example.org/",
        "https://hooks.example.org.evil.net/",
        "https://partner.example/",
        "https://evilpartner.example/",
        "https://n8n.lan:5678/",
        "http://n8n.lan/",
        "http://10.0.0.7:8443/",
        "http://localhost:9001/",
        "http://127.0.0.1:9000/",
        "https://[::ffff:10.0.0.7]/",
    ],
)
def test_what_it_does_not_name_is_not(url: str) -> None:
    assert not HOSTS.allows(url)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://hooks.example.org/",
        "hooks.example.org",
        "https://",
        "https:///x",
        "https://somchai:pw@hooks.example.org/",
        "https://hooks.example.org@evil.net/",
        "https://evil.net\\@hooks.example.org/",
        "https://hooks.example.org/#x",
        "https://hooks.example.org/ x",
        "https://hooks.example.org/\r\nx: y",
        "https://hooks.example.org/ก",
        "https://ตัวอย่าง.ไทย/",
        "https://hooks.example.org:99999/",
        "https://hooks.example.org:0/",
        "https://[::1/",
        "https://a..b/",
        "javascript:alert(1)",
    ],
)
def test_what_is_no_address_is_told_apart(url: str) -> None:
    with pytest.raises(ValueError, match="must"):
        HOSTS.allows(url)


@pytest.mark.parametrize(
    ("host", "address", "reaches"),
    [
        ("hooks.example.org", "93.184.216.34", True),
        ("a.partner.example", "2606:2800:220:1::1", True),
        ("hooks.example.org", "10.1.2.3", True),  # the settings name that host
        ("a.partner.example", "10.1.2.3", False),
        ("a.partner.example", "192.168.1.1", False),
        ("a.partner.example", "100.64.0.1", False),
        ("a.partner.example", "fd00::1", False),
        ("a.partner.example", "10.0.0.7", True),  # the settings name that address
        ("hooks.example.org", "127.0.0.1", False),
        ("hooks.example.org", "::1", False),
        ("hooks.example.org", "::ffff:127.0.0.1", False),
        ("hooks.example.org", "169.254.169.254", False),
        ("hooks.example.org", "::ffff:169.254.169.254", False),
        ("hooks.example.org", "fe80::1", False),
        ("hooks.example.org", "fe80::1%eth0", False),
        ("hooks.example.org", "0.0.0.0", False),
        ("hooks.example.org", "0.1.2.3", False),
        ("hooks.example.org", "::", False),
        ("hooks.example.org", "224.0.0.1", False),
        ("hooks.example.org", "255.255.255.255", False),
        ("hooks.example.org", "64:ff9b::a00:1", False),
        ("hooks.example.org", "64:ff9b:1::a9fe:a9fe", False),
        ("hooks.example.org", "2002:a00:1::1", False),
        ("a.partner.example", "fec0::1", False),
        ("hooks.example.org", "no address", False),
        ("evil.example", "93.184.216.34", False),
        ("evil.example", "10.0.0.7", False),
        ("localhost", "127.0.0.1", True),
        ("localhost", "::1", True),
        ("localhost", "169.254.169.254", False),
    ],
)
def test_a_name_that_is_allowed_leads_to_no_inner_address(host: str, address: str, *, reaches: bool) -> None:
    assert HOSTS.reaches(host, address) is reaches


@pytest.mark.parametrize(
    "written",
    ["*", "*.org", "ftp://a.example", "a b", "a.example/path", "a:0", "a:99999", "*.10.0.0.1", "user@a", "[::1"],
)
def test_a_setting_that_names_no_hosts_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="must"):
        Settings.model_validate({"webhook_hosts": written})


def test_without_hosts_there_are_no_webhooks() -> None:
    assert not WebhookHosts(Settings.model_validate({}).webhook_hosts)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as receiver:
        yield receiver


async def sent(hosts: list[str], url: str) -> Receipt:
    sender = HttpSender(WebhookHosts(hosts))
    try:
        return await sender.send(url, {"webhook-id": "msg_1"}, b"{}")
    finally:
        await sender.close()


async def test_a_name_that_is_turned_to_this_machine_reaches_nothing_here(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = socket.getaddrinfo

    def turned(host: str, *args: Any, **kwargs: Any) -> Any:
        return found("127.0.0.1" if str(host).endswith("example.org") else host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", turned)
    name = f"hooks.example.org:{receiver.port}"
    refused = await sent([f"http://{name}"], f"http://{name}/")
    assert refused.problem is DeliveryProblem.INNER_ADDRESS
    assert receiver.received == []
    assert (await sent([f"http://{name}", "127.0.0.1:1"], f"http://{name}/")).problem is None
    assert len(receiver.received) == 1


async def test_only_the_beginning_of_an_answer_is_read(receiver: Receiver) -> None:
    receiver.answer_headers = {"Content-Encoding": "gzip"}  # it is not even looked at
    assert await sent([receiver.host], receiver.url) == Receipt(status_code=200)


async def test_a_name_that_leads_nowhere_is_told() -> None:
    receipt = await sent(["nowhere.invalid"], "https://nowhere.invalid/")
    assert receipt.problem is DeliveryProblem.UNRESOLVED


async def test_a_receiver_without_tls_is_told_where_tls_is_wanted(receiver: Receiver) -> None:
    receipt = await sent([receiver.host], receiver.url.replace("http://", "https://"))
    assert receipt.problem is DeliveryProblem.CERTIFICATE
    assert receiver.received == []
