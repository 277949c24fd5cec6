"""The directions that imports may take (docs/architecture.md)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "thai_chat"

ROOMS = {
    "domain": set(),
    "chat": {"domain", "routing"},
    "routing": {"domain", "backends"},
    "backends": {"domain", "settings"},
    "history": {"domain", "migrations"},
    "embedded": {"domain"},
    "migrations": {"history", "domain"},
    "api": {"domain", "chat", "texts"},
    "ui": {"domain", "chat", "texts"},
    "gate": {"domain", "texts"},
}
"""What a room may import of the others, itself aside."""

OWNED = {
    "gradio": {"ui"},
    "fastapi": {"api", "bootstrap", "ui"},
    "starlette": {"api", "bootstrap", "gate", "ui"},
    "uvicorn": {"bootstrap", "gate"},
    "openai": {"backends"},
    "ollama": {"backends"},
    "aiohttp": {"backends"},
    "xllamacpp": {"backends"},
    "sqlalchemy": {"history", "migrations", "commands"},
    "psycopg2": {"history", "migrations", "embedded", "commands"},
    "alembic": {"history", "migrations"},
}
"""Which rooms may import a library."""

MODULES = sorted(PACKAGE.rglob("*.py"))


def room_of(module: Path) -> str:
    parts = module.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else module.stem


def imports_of(module: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_what_its_room_may(module: Path) -> None:
    room = room_of(module)
    for name in imports_of(module):
        top, _, rest = name.partition(".")
        if top == "thai_chat" and rest and room in ROOMS:
            other = rest.split(".")[0]
            assert other == room or other in ROOMS[room] | {"__version__"}, f"{room} imports {name}"
        if top in OWNED:
            assert room in OWNED[top], f"{room} imports {top}"


def test_the_domain_imports_the_standard_library_alone() -> None:
    import sys

    for module in (PACKAGE / "domain").rglob("*.py"):
        for name in imports_of(module):
            top = name.split(".")[0]
            assert top in sys.stdlib_module_names or name.startswith("thai_chat.domain"), f"{module.name}: {name}"


def test_only_the_settings_read_the_environment() -> None:
    # ui/quiet.py writes into it, for Gradio, before Gradio is imported; child processes are given one.
    readers = {module for module in MODULES if _reads_environment(module)}
    assert {room_of(module) for module in readers} <= {"settings", "embedded"}


def _reads_environment(module: Path) -> bool:
    for node in ast.walk(ast.parse(module.read_text())):
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
        for statement in ast.parse(module.read_text()).body:
            if isinstance(statement, ast.Assign | ast.AnnAssign | ast.Expr):
                for node in ast.walk(statement):
                    if isinstance(node, ast.Call):
                        assert ast.unparse(node.func).split(".")[-1] not in makers, f"{module}:{node.lineno}"


def test_modules_import_each_other_in_no_circle() -> None:
    imports = {_name(module): {_module_of(name) for name in imports_of(module)} for module in MODULES}
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " -> ".join([*path, name])
        if name in done:
            return
        for imported in imports.get(name, ()):
            visit(imported, (*path, name))
        done.add(name)

    for name in imports:
        visit(name, ())


def _name(module: Path) -> str:
    return ".".join(("thai_chat", *module.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")


def _module_of(name: str) -> str:
    """The module that `from module import thing` reads."""
    path = PACKAGE.parent.joinpath(*name.split("."))
    return name if path.with_suffix(".py").exists() or path.is_dir() else name.rpartition(".")[0]
