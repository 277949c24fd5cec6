"""Whatever people with accounts do, nothing of what they said or know is in a log, be it as talkative as it can."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from uuid import uuid4

import httpx

from tests.app import App, running_app
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script

QUESTION, REPLY, NAME = "somtam-9f3k", "larb-7t2q", "khanom-2x8v"
PASSWORD, NEXT_PASSWORD, WRONG, LINK_PASSWORD = "pla-thu-11-k", "pla-thu-22-m", "pla-kem-33-w", "pla-ra-44-s"


async def has_account(app: App, name: str) -> None:
    """Make an administrator from the terminal, with the password on the standard input."""
    command = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "thai_chat", "user", "add", name, "--admin", "--password-stdin"),
        env=app.whole_environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await command.communicate(f"{PASSWORD}\n".encode())
    assert command.returncode == 0, said.decode()


async def whole_run(http: httpx.AsyncClient) -> list[str]:
    """Do what people do, right and wrong, and return the secrets that were made on the way."""
    wrong = await http.post("/api/sign-in", json={"name": "mali", "password": WRONG})
    right = await http.post("/api/sign-in", json={"name": "mali", "password": PASSWORD})
    assert (wrong.status_code, right.status_code) == (401, 200)
    secrets = list(http.cookies.values())
    changed = await http.post("/api/me/password", json={"current": PASSWORD, "new": NEXT_PASSWORD})
    key = (await http.post("/api/keys", json={"name": "nightly", "scopes": ["chat"]})).json()["key"]
    secrets += [*http.cookies.values(), key, key.rpartition("_")[2]]
    asked = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=http.base_url, headers=asked, timeout=20) as program:
        told = (await program.post("/chat", json={"query": QUESTION})).json()
        assert REPLY in str(told)
        unreadable = await program.post("/chat", json={"query": f"{QUESTION}\0", "session_id": str(uuid4())})
        assert unreadable.status_code == 400
        no_json = await program.post("/chat", content=f'{{"query": "{QUESTION}')
        assert no_json.status_code == 400
    bad_key = await http.get("/api/me", headers={"Authorization": f"Bearer {key}x"})
    session = f"/api/sessions/{told['session_id']}"
    named = await http.patch(session, json={"session_name": NAME})
    found = await http.get("/api/search", params={"q": QUESTION})
    shared = (await http.post(f"{session}/share", json={"password": LINK_PASSWORD})).json()
    link = shared["url"].rpartition("/")[2]
    refused = await http.post(f"/s/{link}", data={"password": WRONG})
    opened = await http.post(f"/s/{link}", data={"password": LINK_PASSWORD})
    assert QUESTION in opened.text
    invited = (await http.post("/api/invitations", json={"role": "user"})).json()["url"].rpartition("/")[2]
    joined = await http.post("/api/sign-up", json={"token": invited, "name": "somchai", "password": PASSWORD})
    statuses = [answer.status_code for answer in (changed, bad_key, named, found, refused, joined)]
    assert statuses == [204, 401, 200, 200, 403, 201]
    return [*secrets, link, invited, *http.cookies.values()]


async def test_no_secret_and_no_text_is_in_a_log_of_a_whole_run() -> None:
    script = Script(tokens=(REPLY,), delay_ms=1)
    async with (
        OpenAIStandin(models={"thai-model": 8192}, script=script) as standin,
        running_app(AUTH="password", LOG_LEVEL="DEBUG", VLLM_BASE_URL=standin.base_url) as app,
    ):
        await has_account(app, "mali")
        async with httpx.AsyncClient(base_url=app.address, timeout=30) as http:
            made = await whole_run(http)
        await app.stop()
        logs = written(app.folder)
    assert " DEBUG " in logs["app.log"]
    actions = [json.loads(line)["action"] for line in logs["audit.jsonl"].splitlines()]
    assert {"sign_in", "sign_in_failed", "key_made", "share_made", "invitation_made", "sign_up"} <= set(actions)
    assert len(set(made)) >= 6
    for name, log in logs.items():
        for secret in {QUESTION, REPLY, NAME, PASSWORD, NEXT_PASSWORD, WRONG, LINK_PASSWORD, *made}:
            assert secret not in log, f"{name} has {secret}"


def written(folder: Path) -> dict[str, str]:
    """Return all that is kept in files beside the database itself."""
    files = [path for path in folder.rglob("*") if path.is_file() and "postgres" not in path.relative_to(folder).parts]
    return {path.name: path.read_text("utf-8", "replace") for path in files if path.suffix in (".log", ".jsonl")}
