"""No module outside of `backends/` names a backend: what is to know of one, its kind tells (decision 0024)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Set
from pathlib import Path

import pytest

from thai_chat.backends.registry import KINDS
from thai_chat.domain.ports.backend_kinds import Kinds

PACKAGE = Path(__file__).parent.parent / "thai_chat"
SCRIPT_COMMENT = re.compile(r"/\*.*?\*/|(?<![:'\"`])//[^\n]*", re.DOTALL)

PROTOCOL = re.compile(
    r"\b(openai_(door|shape|errors?|asking|models)|(is|in)_openai_(path|form)|(get|list)_openai_models?)\b"
    r"|\bOpenAI('s|Errors?(Detail)?|Models?)(?!\w)|\bOPENAI_ERROR\b|\bopenai_$"
)
"""Words for the protocol that programs speak to us, whichever backend answers them."""
_TAG = "the name of the protocol, above the routes that speak it"
_EXAMPLE = "an example in the API's page"
EXCEPTIONS: Mapping[str, tuple[str, Set[str]]] = {
    "api/fields.py": (_EXAMPLE, {"llamacpp", "ollama", "openai", "vllm"}),
    "api/models.py": (_EXAMPLE, {"ollama"}),
    "api/openai_door/asking.py": (_TAG, {"openai"}),
    "api/openai_door/descriptions.py": (_EXAMPLE, {"ollama", "openai", "vllm"}),
    "api/openai_door/models.py": (_EXAMPLE, {"openai", "vllm"}),
    "api/openapi.py": (_TAG, {"openai"}),
    "api/operations.py": (_EXAMPLE, {"openai"}),
    "api/refusing.py": (_EXAMPLE, {"ollama", "vllm"}),
    "api/schemas.py": (_EXAMPLE, {"vllm"}),
    "api/search_schemas.py": (_EXAMPLE, {"vllm"}),
    "api/streaming.py": (_EXAMPLE, {"vllm"}),
    "api/told.py": (_EXAMPLE, {"vllm"}),
    "api/webhook_events.py": (_EXAMPLE, {"vllm"}),
    "chat/transfer/chatgpt.py": ("whose models an export of ChatGPT had", {"openai"}),
    "chat/transfer/openwebui.py": ("whose models an export of Open WebUI had, by their names", {"openai", "ollama"}),
}
"""Which words a module may use all the same, and why."""


def pattern_of(kinds: Kinds) -> re.Pattern[str]:
    words = {word for kind in kinds for word in (kind.name, kind.label, *kind.settings.model_fields)}
    return re.compile("|".join(map(re.escape, sorted(words, key=len, reverse=True))), re.IGNORECASE)


def words_of_python(source: str) -> Iterator[str]:
    """Yield every name and string of the code; docstrings and comments explain, and may name whom they like."""
    tree = ast.parse(source)
    explaining = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        for _, value in ast.iter_fields(node):
            if isinstance(value, str) and id(node) not in explaining:
                yield value
            elif isinstance(value, bytes):
                yield value.decode(errors="replace")


def named_in(path: Path, kinds: Kinds = KINDS) -> set[str]:
    text = path.read_text("utf-8")
    words = words_of_python(text) if path.suffix == ".py" else [SCRIPT_COMMENT.sub("", text)]
    return {found.lower() for word in words for found in pattern_of(kinds).findall(PROTOCOL.sub("", word))}


SOURCES = {
    str(path.relative_to(PACKAGE)): path
    for suffix in ("*.py", "*.mjs", "*.js", "*.css")
    for path in sorted(PACKAGE.rglob(suffix))
    if path.relative_to(PACKAGE).parts[0] != "backends" and not {"vendor", "docs"} & set(path.parts)
}


def test_no_module_outside_of_backends_names_one() -> None:
    allowed = {name: words for name, (_, words) in EXCEPTIONS.items()}
    found = {name: named - allowed.get(name, set()) for name, path in SOURCES.items() if (named := named_in(path))}
    assert len(SOURCES) > 200
    assert {name: words for name, words in found.items() if words} == {}


def test_no_exception_is_left_for_a_module_that_needs_none() -> None:
    assert {name: named_in(SOURCES[name]) for name in EXCEPTIONS} == {
        name: words for name, (_, words) in EXCEPTIONS.items()
    }


@pytest.mark.parametrize(
    "line",
    [
        "name = 'vllm'",
        "label = f'{1} llama.cpp'",
        "settings.ollama_host",
        "host = settings.ollama_host",
        "from thai_chat.backends.openai import kind",
        "wait_s = settings.first_token_timeout_s",
        "def ask_ollama(): ...",
        "call(vllm=1)",
        "match x:\n    case 'openai': ...",
    ],
)
def test_a_name_is_found_wherever_it_stands(line: str, tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text(f'"""A docstring may name vLLM."""\n# And so may a comment Ollama.\n{line}\n')
    assert named_in(path)
    path.write_text('"""A docstring may name vLLM."""\nx = 1\n"""And so may this OpenAI."""\n')
    assert not named_in(path)


@pytest.mark.parametrize("line", ["if (backend === 'vllm') go();", "const names = { ollama: 1 };", "t(`${x} OpenAI`)"])
def test_a_name_is_found_in_a_script_too(line: str, tmp_path: Path) -> None:
    path = tmp_path / "module.mjs"
    path.write_text(f"// vLLM\n/** Ollama\n */\n{line} // OpenAI\n")
    assert named_in(path)
    path.write_text("// vLLM\n/** Ollama\n */\nconst x = 'https://example.org';\n")
    assert not named_in(path)
