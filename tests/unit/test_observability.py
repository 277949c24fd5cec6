"""Foreign text reaches a terminal and a log as text, never as a command or as a line of its own."""

from __future__ import annotations

import ast
import json
import logging
import sys
from pathlib import Path

import pytest

from thai_chat import observability
from thai_chat.commands.findings import bad
from thai_chat.commands.terminal import progress, tell
from thai_chat.observability import LINE_CHARS, printable

ROOT = Path(observability.__file__).parents[1]
PRINTERS = {
    "thai_chat/commands/terminal.py",
    "thai_chat/backends/llamacpp/server.py",  # JSON in ASCII, for the process that reads it
    "scripts/env_file.py",  # has the standard library alone, and says the name that it was given
    "scripts/env_example.py",  # says the settings, which are texts of ours, to who makes .env.example of them
    "scripts/generated_client.py",  # runs where Thai Chat is not, and says that it is through
    "scripts/screens.py",  # says the pictures that it made, to who asked for them
    "scripts/tiny_vllm.py",  # runs where Thai Chat is not, and says numbers
}
MODULES = {
    str(module.relative_to(ROOT)): module
    for folder in ("thai_chat", "scripts")
    for module in sorted((ROOT / folder).rglob("*.py"))
    if "bench" not in module.parts  # measures what it made itself
}
CONTROLS = "".join(map(chr, (*range(0x20), *range(0x7F, 0xA0))))
TITLE = "\x1b]0;ยึดแล้ว\x07"
FORGED = "llama\n12:00:00 ERROR thai_chat: forged\r\u2028\u0085x"
BACKWARDS = "\u202etxt.exe\u2066\u2069\u200f"
READABLE = "ก๋วยเตี๋ยวต้มยำกุ้ง น้ำใจ ๖๕ บาท 👩‍💻🇹🇭 zero\u200bwidth – “quoted” café"


def logged(capsys: pytest.CaptureFixture[str], log_format: str = "text") -> str:
    """Return what a name that wants to do more than be read leaves in the log."""
    observability.configure("INFO", log_format)
    logging.getLogger("thai_chat.routing").info("%s is up (%s)", TITLE + FORGED, BACKWARDS + READABLE)
    return capsys.readouterr().err


def test_text_that_only_shows_is_printed_as_it_is() -> None:
    assert printable(READABLE) == READABLE


@pytest.mark.parametrize("sign", [*CONTROLS, *"\u061c\u200e\u200f\u2028\u2029\u202a\u202e\u2066\u2069\ufeff\ud800"])
def test_a_sign_that_a_terminal_obeys_is_printed_as_its_escape(sign: str) -> None:
    assert printable(f"a{sign}b") == f"a{sign.encode('unicode_escape').decode()}b"


def test_a_line_without_end_is_cut() -> None:
    assert len(printable("ก" * 1_000_000)) == LINE_CHARS + 1


def test_a_log_line_of_text_stays_one_line_that_commands_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    lines = logged(capsys).splitlines()
    assert len(lines) == 1
    assert printable(lines[0]) == lines[0]
    assert READABLE in lines[0]


def test_a_log_line_of_json_is_json_that_commands_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    lines = logged(capsys, "json").splitlines()
    assert len(lines) == 1
    assert printable(lines[0]) == lines[0]
    assert json.loads(lines[0])["message"] == f"{TITLE}{FORGED} is up ({BACKWARDS}{READABLE})"


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_the_name_of_a_logger_and_a_trace_command_nothing_either(
    capsys: pytest.CaptureFixture[str], log_format: str
) -> None:
    observability.configure("INFO", log_format)
    try:
        exec(compile("raise foreign", BACKWARDS, "exec"), {"foreign": type(TITLE, (Exception,), {})(TITLE)})
    except Exception:
        logging.getLogger(TITLE).exception("failed")
    logging.getLogger("thai_chat").error("failed", extra={"trace": f"  File {BACKWARDS}\n    {TITLE}\n"})
    lines = capsys.readouterr().err.removesuffix("\n").split("\n")
    assert all(printable(line) == line for line in lines)
    records = [line for line in lines if not line.startswith(" ")]
    assert len(records) == 2
    assert len(lines) == 2 if log_format == "json" else len(lines) > 5


def test_what_nobody_caught_is_logged_without_its_words(capsys: pytest.CaptureFixture[str]) -> None:
    observability.configure("INFO", "text")
    words = "what somebody wrote"
    try:
        raise ValueError(words)
    except ValueError as error:
        sys.excepthook(ValueError, error, error.__traceback__)
    told = capsys.readouterr().err
    assert "CRITICAL thai_chat.observability: unexpected: ValueError" in told
    assert "test_observability.py" in told
    assert words not in told


def test_what_is_told_is_a_line_for_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    tell(TITLE, FORGED)
    progress(FORGED)
    tell(*bad(f"vllm: {FORGED}", BACKWARDS, TITLE).lines())
    lines = capsys.readouterr().out.split("\n")
    assert len(lines) == 2 + 1 + 3 + 1
    assert all(printable(line) == line for line in lines)


def test_a_terminal_without_thai_gets_escapes(tmp_path: Path) -> None:
    with (tmp_path / "told").open("w", encoding="ascii") as terminal:
        tell("สวัสดี", to=terminal)
    assert (tmp_path / "told").read_text("ascii") == r"\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35" + "\n"


@pytest.mark.parametrize("module", sorted(MODULES.keys() - PRINTERS))
def test_only_the_terminal_writes_to_the_terminal(module: str) -> None:
    for node in ast.walk(ast.parse(MODULES[module].read_text())):
        assert not (isinstance(node, ast.Name) and node.id == "print"), f"line {node.lineno}"
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            assert name not in ("traceback.print_exc", "traceback.print_exception"), f"line {node.lineno}"
            streams = ("sys.stdout", "sys.stderr", "sys.__std")
            assert not name.startswith(streams) or name.endswith(".isatty"), f"line {node.lineno}"
