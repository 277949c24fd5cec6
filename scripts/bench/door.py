"""`python -m scripts.bench.door`: what `/v1/chat/completions` adds to the model server's own stream, and takes of CPU.

Beside it, where it is installed, LiteLLM's proxy on the same machine: `--litellm` names its program.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import aiohttp

from scripts.bench.clients import Timing, post_v1, upstream
from scripts.bench.processes import Server, model_server, page
from tests.ports import free_port

MODEL = "thai-large"
TOKENS, DELAY_MS, AT_ONCE, ALONE = 200, 20.0, 20, 10
_UNSAFE = "LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY"
_CONFIG = """
model_list:
  - model_name: vllm/{model}
    litellm_params: {{model: openai/{model}, api_base: "{address}", api_key: none}}
"""


@contextmanager
def litellm(program: str, address: str) -> Iterator[Server]:
    """Run LiteLLM's proxy in front of the model server."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "config.yaml"
        config.write_text(_CONFIG.format(model=MODEL, address=address))
        command = [program, "--config", str(config), "--port", str(port), "--host", "127.0.0.1", "--telemetry", "False"]
        environment = {**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR", _UNSAFE: "true"}
        began_s = time.perf_counter()
        with subprocess.Popen(
            command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            try:
                asyncio.run(_until_up(f"http://127.0.0.1:{port}/health/liveliness", process))
                yield Server(process.pid, f"http://127.0.0.1:{port}", time.perf_counter() - began_s)
            finally:
                process.terminate()


async def _until_up(url: str, process: subprocess.Popen[bytes]) -> None:
    async with aiohttp.ClientSession() as http, asyncio.timeout(180):
        while process.poll() is None:
            try:
                async with http.get(url) as answer:
                    if answer.ok:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.2)
    raise RuntimeError("LiteLLM's proxy did not start")


async def measure(name: str, server: Server, address: str) -> None:
    """Print what a server adds to first tokens that come alone, and its CPU for each token of many streams."""
    async with aiohttp.ClientSession() as http:
        await post_v1(http, server.address, MODEL)
        direct: list[Timing] = []
        through: list[Timing] = []
        for _ in range(ALONE):  # in turns, as the machine is now faster and now slower
            direct.append(await upstream(http, address, MODEL))
            through.append(await post_v1(http, server.address, MODEL))
        first = [1000 * statistics.median(one.first_token_s for one in some) for some in (direct, through)]
        before_s = server.cpu_s()
        await asyncio.gather(*(post_v1(http, server.address, MODEL) for _ in range(AT_ONCE)))
        token_us = 1e6 * (server.cpu_s() - before_s) / (AT_ONCE * TOKENS)
    print(
        f"{name}: first token after {first[1]:.1f} ms, {first[1] - first[0]:.1f} ms behind the model server; "
        f"{token_us:.0f} us of CPU a token, {AT_ONCE} streams at once",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--litellm", help="the program of LiteLLM's proxy")
    given = parser.parse_args()
    with ExitStack() as stack:
        options = ("--model", MODEL, "--tokens", str(TOKENS), "--delay-ms", str(DELAY_MS))
        address = stack.enter_context(model_server(*options))
        ours = stack.enter_context(page(free_port(), VLLM_BASE_URL=address))
        asyncio.run(measure("Thai Chat", ours, address))
        if given.litellm:
            asyncio.run(measure("LiteLLM", stack.enter_context(litellm(given.litellm, address)), address))


if __name__ == "__main__":
    main()
