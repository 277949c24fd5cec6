"""No server of this network fetches an address for a program: it would reach what the program can't."""

from __future__ import annotations

from typing import Any

import pytest

from tests.standins.ollama_server import OllamaStandin
from tests.standins.openai_server import OpenAIStandin
from tests.standins.relays import chat, relay, respond
from thai_chat.backends.ollama.backend import OllamaBackend
from thai_chat.backends.openai.backend import OpenAIBackend
from thai_chat.backends.openai_api.media import names_address
from thai_chat.backends.vllm.backend import VLLMBackend
from thai_chat.domain.backend_errors import BackendUnreachable
from thai_chat.domain.ports.backend import Backend
from thai_chat.domain.relay_errors import RelayRefused

INNER = "http://169.254.169.254/latest/meta-data/"
PNG = "data:image/png;base64,iVBORw0KGgo="


def picture(url: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": url}]}]}


FETCHED: dict[str, dict[str, Any]] = {
    "object": picture({"url": INNER}),
    "text": picture(INNER),
    "upper case": picture({"url": " HTTPS://example.org/a.png"}),
    "file": picture({"url": "file:///etc/passwd"}),
    "no type": {"messages": [{"role": "user", "content": [{"video_url": {"url": INNER}}]}]},
    "bare part": {"messages": [{"role": "user", "content": {"type": "audio_url", "audio_url": {"url": INNER}}}]},
    "second": {
        "messages": [
            {"role": "system", "content": "x"},
            *picture({"url": PNG})["messages"],
            *picture(INNER)["messages"],
        ]
    },
    "sound": {"messages": [{"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": INNER}}]}]},
    "result": {"messages": [{"role": "tool", "content": [{"type": "image_url", "image_url": {"url": INNER}}]}]},
    "response": {"input": [{"role": "user", "content": [{"type": "input_image", "image_url": INNER}]}]},
    "file of a response": {"input": [{"role": "user", "content": [{"type": "input_file", "file_url": INNER}]}]},
}
HELD: dict[str, dict[str, Any]] = {
    "picture": picture({"url": PNG}),
    "words": {"messages": [{"role": "user", "content": f"image_url {INNER}"}]},
    "text part": {"messages": [{"role": "user", "content": [{"type": "text", "text": INNER}]}]},
    "sound": {"messages": [{"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": "SUQz"}}]}]},
    "odd": {"messages": [None, 1, [[]], {"image_url": None}, {"image_url": {"url": 7}}], "input": 5},
}


@pytest.mark.parametrize("body", FETCHED.values(), ids=FETCHED)
def test_an_address_is_found_wherever_a_server_looks_for_one(body: dict[str, Any]) -> None:
    assert names_address(body)


@pytest.mark.parametrize("body", HELD.values(), ids=HELD)
def test_what_the_request_holds_itself_is_no_address(body: dict[str, Any]) -> None:
    assert not names_address(body)


async def refused(backend: Backend, **body: Any) -> RelayRefused:
    try:
        with pytest.raises(RelayRefused) as raised:
            await relay(backend, respond(**body) if "input" in body else chat(**body))
        return raised.value
    finally:
        await backend.close()


@pytest.mark.parametrize("name", ["object", "response"])
async def test_a_server_of_this_network_is_sent_none(standin: OpenAIStandin, name: str) -> None:
    for backend in (VLLMBackend(standin.base_url), OpenAIBackend(standin.base_url, api_key="sk-own")):
        words = (await refused(backend, **FETCHED[name])).words
        assert (words.status, words.code) == (400, "address_refused")
        assert "data:" in words.message
    assert standin.served == 0


async def test_ollama_is_sent_none() -> None:
    async with OllamaStandin() as server:
        assert (await refused(OllamaBackend(server.address), **FETCHED["object"])).words.code == "address_refused"
        assert server.served == 0


async def test_a_cloud_is_sent_them() -> None:
    cloud = OpenAIBackend("https://127.0.0.1:1/v1", api_key="sk-own")
    try:
        with pytest.raises(BackendUnreachable):
            await relay(cloud, chat(**FETCHED["object"]))
    finally:
        await cloud.close()
