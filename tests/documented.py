"""The examples of docs/api.md and docs/openai.md, and a running app that they can be run against.

How an example is written:

* Each fenced block with the language `bash`, `python` or `javascript` is run, in order, by
  `tests/api/test_documented.py`. A block that can't be run here (another program's settings, an answer) has another
  language: `yaml`, `json`, `text`, `console`.
* `$CHAT` is the app's address, `$KEY` an API key of somebody (scope `chat`), `$ADMIN_KEY` one of an administrator, and
  `$NAME` signs in with `$PASSWORD`: `os.environ["CHAT"]` in Python, `process.env.CHAT` in JavaScript. The models are
  `vllm/my-thai-model` and `vllm/my-other-model`, whose replies are `REPLY`, and `vllm/my-embeddings` is named as one
  that embeds.
* What a `bash` block assigns (`SESSION=$(curl ...)`) is there in all blocks that follow below the same `## ` heading,
  in Python and JavaScript too. Each such section stands alone, in a folder of its own.
* A block has to end with 0, and must not print an answer with `error`, unless the next block says so.
* A block `json` that follows at once is the answer it prints: every key that is shown must be there, with a value of
  the same type; values are not compared, but those of `code` and `object`. A block `text` that follows at once is what
  it prints; `...` stands for anything.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from tests.accounts import PASSWORD, make_account
from tests.app import running_app
from tests.histories import opened
from tests.standins.program_server import ProgramStandin
from tests.standins.script import Script
from thai_chat.accounts.service import AccountRules, Accounts
from thai_chat.domain.accounts import person_of_account
from thai_chat.domain.people import PersonRole, Scope

ROOT = Path(__file__).parent.parent
MODEL, OTHER, EMBEDDINGS = "my-thai-model", "my-other-model", "my-embeddings"
REPLY = ("สวัสดี", "ครับ ", "มีอะไร", "ให้ช่วย", "ไหมครับ")
_RUN = ("bash", "python", "javascript")
_NAME = "mali"
_COMPARED = ("code", "object")
_BLOCK_S = 60
_PROGRAMS = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "LLM_LOAD_PLUGINS": ""}
"""The variables that find the programs of the environment, as they are without what others have added to them."""


@dataclass(frozen=True, slots=True)
class Block:
    line: int
    language: str
    text: str
    printed: Block | None = None
    """The block that shows what this one prints."""


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    blocks: list[Block] = field(default_factory=list)


def sections(page: str) -> list[Section]:
    """Return the sections of a page that have blocks to be run, with these blocks."""
    found: list[Section] = []
    lines = enumerate(page.splitlines(), 1)
    last: Block | None = None
    for number, line in lines:
        if line.startswith("## "):
            found.append(Section(line.removeprefix("## ")))
            last = None
        elif line.startswith("```"):
            block = Block(number, line.strip("` ").split(" ")[0], "\n".join(_until_fence(lines)))
            is_printed = last is not None and block.language in ("json", "text")
            if is_printed and last:
                found[-1].blocks[-1] = Block(last.line, last.language, last.text, block)
            last = block if block.language in _RUN else None
            if last:
                found[-1].blocks.append(last)
        elif line.strip():
            last = None
    return [section for section in found if section.blocks]


def _until_fence(lines: Iterator[tuple[int, str]]) -> Iterator[str]:
    for _, line in lines:
        if line.startswith("```"):
            return
        yield line


@dataclass(frozen=True, slots=True)
class Documented:
    """A running app with accounts, and the keys of two people."""

    address: str
    key: str
    admin_key: str
    standin: ProgramStandin

    @property
    def environment(self) -> dict[str, str]:
        keys = {"KEY": self.key, "ADMIN_KEY": self.admin_key}
        return {"CHAT": self.address, "NAME": _NAME, "PASSWORD": PASSWORD, **keys}


@asynccontextmanager
async def documented_app(database: str, folder: Path, **environment: str) -> AsyncIterator[Documented]:
    """Yield the app as a process of its own, over a database that has the schema."""
    async with AsyncExitStack() as stack:
        models = {MODEL: 8192, OTHER: 8192, EMBEDDINGS: 8192}
        standin = await stack.enter_async_context(
            ProgramStandin(models=models, script=Script(tokens=REPLY, delay_ms=1))
        )
        stores = await stack.enter_async_context(opened(database, folder))
        accounts = Accounts(stores.storage, AccountRules())
        await make_account(accounts, _NAME)
        keys = []
        for role, scopes in ((PersonRole.USER, [Scope.CHAT]), (PersonRole.ADMINISTRATOR, [Scope.CHAT, Scope.ADMIN])):
            person = person_of_account(await make_account(accounts, password=None, role=role), uuid4())
            _, key = await accounts.keys.make(person, name="docs", scopes=scopes, lasts=None)
            keys.append(str(key))
        settings = {
            "DATABASE_URL": database,
            "AUTH": "password",
            "VLLM_BASE_URL": standin.base_url,
            "DEFAULT_MODEL": f"vllm/{MODEL}",
            **environment,
        }
        app = await stack.enter_async_context(running_app(**settings))
        yield Documented(app.address, keys[0], keys[1], standin)


async def run(section: Section, environment: Mapping[str, str], folder: Path) -> None:
    """Run a section's blocks. Raises AssertionError for one that does not do what it shows."""
    for block in section.blocks:
        printed = await _run(block, environment, folder)
        where = f"line {block.line} ({block.language}) printed:\n{printed}"
        if block.printed is None:
            assert not re.match(r'\s*\{"error"', printed), where
        elif block.printed.language == "json":
            unlike = list(differences(json.loads(block.printed.text), json.loads(printed), ""))
            assert not unlike, f"{unlike}: {where}"
        else:
            pattern = re.escape(block.printed.text.strip()).replace(r"\.\.\.", ".*?")
            assert re.fullmatch(pattern, printed.strip(), re.DOTALL), where


async def _run(block: Block, environment: Mapping[str, str], folder: Path) -> str:
    """Return what a block prints."""
    script = {
        "bash": f'{block.text}\nexport -p > "$STATE"',
        "python": f"exec {sys.executable} block.py",
        "javascript": "exec node block.mjs",
    }[block.language]
    (folder / {"python": "block.py", "javascript": "block.mjs"}.get(block.language, "block")).write_text(block.text)
    process = await asyncio.create_subprocess_exec(
        *("bash", "-c", f'set -aeo pipefail; [ -f "$STATE" ] && . "$STATE"; {script}'),
        cwd=folder,
        env={**os.environ, **environment, "STATE": str(folder / "state"), "PYTHONUTF8": "1", **_PROGRAMS},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(_BLOCK_S):
            out, told = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == 0, f"line {block.line} ({block.language}): {told.decode()}\n{out.decode()}"
    return out.decode()


def differences(shown: object, answered: object, place: str) -> Iterator[str]:
    """Yield the places at which an answer is not like the one that is shown."""
    if isinstance(shown, dict) and isinstance(answered, dict):
        for key, value in shown.items():
            if key not in answered:
                yield f"{place}.{key} is not there"
            elif key in _COMPARED and value != answered[key]:
                yield f"{place}.{key} is {answered[key]!r}"
            else:
                yield from differences(value, answered[key], f"{place}.{key}")
    elif isinstance(shown, list) and isinstance(answered, list):
        if shown and not answered:
            yield f"{place} is empty"
        for number, (one, other) in enumerate(zip(shown, answered, strict=False)):
            yield from differences(one, other, f"{place}[{number}]")
    elif not _is_alike(shown, answered):
        yield f"{place} is {answered!r}"


def _is_alike(shown: object, answered: object) -> bool:
    if shown is None or answered is None or shown == "...":
        return True
    if isinstance(shown, int | float) and isinstance(answered, int | float):
        return True
    return type(shown) is type(answered)
