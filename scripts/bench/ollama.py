"""The cost of reading Ollama's streams: CPU time of this process a token, beside bare aiohttp and the bare client.

    python -m scripts.bench ollama --streams 1,100

All readers take turns in one run against one stand-in, so their ratios hold on a busy machine too.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing

import aiohttp
import ollama as client_library
import orjson

from tests.standins.replies import request
from tests.standins.server import standin_process
from thai_chat.backends.ollama.backend import OllamaBackend
from thai_chat.domain.events import Finished, TextDelta

TOKENS = 200
MODEL = "standin"
Reader = Callable[[str, int], Awaitable[int]]
"""Reads this many streams at once from an address; gives the characters that came."""


async def bare_aiohttp(address: str, streams: int) -> int:
    body = {"model": MODEL, "messages": [{"role": "user", "content": "สวัสดีครับ"}], "stream": True}

    async def one(http: aiohttp.ClientSession) -> int:
        chars = 0
        async with http.post(f"{address}/api/chat", json=body) as response:
            async for line in response.content:
                chars += len(orjson.loads(line)["message"]["content"])
        return chars

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        return sum(await asyncio.gather(*(one(http) for _ in range(streams))))


async def bare_client(address: str, streams: int) -> int:
    """Read with `ollama.AsyncClient` as it comes, over httpx."""
    client = client_library.AsyncClient(address)

    async def one() -> int:
        question = [{"role": "user", "content": "สวัสดีครับ"}]
        parts = await client.chat(model=MODEL, messages=question, stream=True)
        return sum([len(part.message.content or "") async for part in parts])

    chars = sum(await asyncio.gather(*(one() for _ in range(streams))))
    await client.close()
    return chars


async def backend(address: str, streams: int) -> int:
    reader = OllamaBackend(address)
    await reader.models()  # as the watch of its health has done before anybody asks

    async def one() -> int:
        chars = 0
        async with aclosing(reader.stream(request(MODEL))) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    chars += len(event.text)
                elif isinstance(event, Finished):
                    break
        return chars

    chars = sum(await asyncio.gather(*(one() for _ in range(streams))))
    await reader.close()
    return chars


READERS: dict[str, Reader] = {
    "bare aiohttp and orjson": bare_aiohttp,
    "OllamaBackend": backend,
    "ollama.AsyncClient as it comes": bare_client,
}


async def cpu_ms_a_token(read: Reader, address: str, streams: int) -> float:
    began = time.process_time()
    chars = await read(address, streams)
    if not chars:
        raise RuntimeError("nothing was read")
    return (time.process_time() - began) * 1000 / (streams * TOKENS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", default="1,100", help="streams at once, comma-separated")
    parser.add_argument("--delay-ms", type=int, default=20)
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    options = ("--tokens", str(TOKENS), "--delay-ms", str(given.delay_ms))
    with standin_process("tests.standins.ollama_server", *options) as address:
        for streams in (int(count) for count in given.streams.split(",")):
            best = dict.fromkeys(READERS, float("inf"))
            for _ in range(given.runs):
                for name, read in READERS.items():
                    best[name] = min(best[name], asyncio.run(cpu_ms_a_token(read, address, streams)))
            limit = best["bare aiohttp and orjson"]
            print(f"\n{streams} streams, {TOKENS} tokens at {given.delay_ms} ms: CPU a token, best of {given.runs}")
            for name, cost in best.items():
                print(f"  {name:<32} {cost:.3f} ms   {cost / limit:.2f} x bare", flush=True)


if __name__ == "__main__":
    main()
