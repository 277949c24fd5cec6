"""Imports are read by another process: what it reads arrives as it was, and what it may take has bounds."""

from __future__ import annotations

import os
import resource
import signal
import sys
import threading
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.foreign_exports import as_file, as_zip, chatgpt_conversation, chatgpt_with_tools, openwebui_chat
from tests.uploads import upload
from thai_chat import texts
from thai_chat.chat.transfer.child import ImportReader
from thai_chat.chat.transfer.files import Import
from thai_chat.chat.transfer.upload import Upload
from thai_chat.domain import python_process
from thai_chat.domain.errors import ImportRefused, ImportStopped
from thai_chat.domain.transfer import ImportLimits

LIMITS = ImportLimits()


@contextmanager
def reading(given: Upload, limits: ImportLimits = LIMITS) -> Iterator[ImportReader]:
    reader = ImportReader(given, limits)
    try:
        yield reader
    finally:
        reader.close()
        assert given.file.closed
        assert children() == []


def children() -> list[int]:
    """Return the processes that read for this one."""
    tasks = Path("/proc/self/task").glob("*/children")
    found = [int(pid) for task in tasks for pid in task.read_text().split()]
    return [pid for pid in found if b"transfer.reader" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def refusal(given: Upload, limits: ImportLimits = LIMITS) -> Mapping[str, str | int | float]:
    with reading(given, limits) as reader, pytest.raises(ImportRefused) as caught:
        read_all(reader)
    for language in texts.LANGUAGES:
        assert "import_" not in texts.text(caught.value.code, language, caught.value.params)
    return caught.value.params


def test_no_module_of_the_current_folder_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("orjson", "resource", "zipfile"):
        (tmp_path / f"{name}.py").write_text("open('run', 'w')\nraise SystemExit\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", str(tmp_path), ".", *sys.path])
    with reading(upload(as_file([chatgpt_conversation()]))) as reader:
        read_all(reader)
        assert reader.total == 1
    assert not (tmp_path / "run").exists()


def read_all(reader: ImportReader) -> None:
    reader.open()
    for _ in reader.sessions():
        pass


def memory_bytes() -> int:
    """Return how much memory this process has now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def tangled(size: int) -> bytes:
    """Return a conversation whose notes are short and many."""
    return as_file([chatgpt_conversation()])[:-2] + b',"x":[' + b"[]," * (size // 3) + b"1]}]"


def test_what_the_other_process_reads_arrives_as_it_was() -> None:
    contents = (
        as_file([chatgpt_conversation(), chatgpt_with_tools()]),
        as_zip({"a.json": as_file([openwebui_chat()]), "b.json": as_file([openwebui_chat(id="2")])}),
    )
    given = upload(*contents)
    opened = Import(given, LIMITS)
    opened.open()
    here = [kept for kept, _ in opened.sessions()]
    opened.close()
    with reading(given) as reader:
        reader.open()
        assert reader.total == len(here) == 4
        assert list(reader.sessions()) == here
        assert list(reader.sessions()) == here, "read anew"


BROKEN = """
from dataclasses import replace
from thai_chat.chat.transfer import formats, reader
def stumbles(values, place):
    raise KeyError("ก secret")
formats.FORMATS = tuple(replace(one, read=stumbles) for one in formats.FORMATS)
reader.main()  # thai_chat.chat.transfer.reader
"""


def test_an_error_of_a_reader_is_logged_once_and_without_what_was_read(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(python_process, "command", lambda _: [sys.executable, "-c", BROKEN])
    with reading(upload(as_file([chatgpt_conversation(id=str(number)) for number in range(9)]))) as reader:
        reader.open()
        for _ in range(2):
            with pytest.raises(ImportRefused) as caught:
                list(reader.sessions())
            assert caught.value.params["why"] == "import_session_odd"
        assert len(reader.left_out) == 9
    (told,) = [record.getMessage() for record in caplog.records]
    assert "KeyError in stumbles" in told
    assert "secret" not in told


def test_a_refusal_comes_through_with_its_place() -> None:
    said = refusal(upload(b'[\n{"mapping": {}},\n{"mapping": 5}]', name="พัง.json"))
    assert (said["file"], said["line"], said["number"], said["why"]) == ("พัง.json", 3, 2, "import_wrong")


def test_the_process_has_neither_environment_nor_connections_of_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    inherited = os.open("/dev/null", os.O_RDONLY)
    os.set_inheritable(inherited, True)
    with reading(upload(as_file([chatgpt_conversation()] * 2000))) as reader:
        reader.open()
        (pid,) = children()
        environment = Path(f"/proc/{pid}/environ").read_bytes()
        assert {line.partition(b"=")[0] for line in environment.split(b"\0") if line} == {b"PYTHONPATH", b"TMPDIR"}
        descriptors = {os.readlink(path) for path in Path(f"/proc/{pid}/fd").iterdir() if path.is_symlink()}
        assert not [name for name in descriptors if name.startswith("socket:")]
        assert not Path(f"/proc/{pid}/fd/{inherited}").exists()
        modules = Path(f"/proc/{pid}/maps").read_text()
        assert "gradio" not in modules
        assert "psycopg2" not in modules
    os.close(inherited)


def test_a_bomb_is_refused_and_takes_no_memory_here(tmp_path: Path) -> None:
    """1.8 MB that are 1.9 GB when unpacked, in one text."""
    file = tmp_path / "bomb.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("conversations.json", "w") as bomb:
        bomb.write(b'[{"x":"')
        for _ in range(300):
            bomb.write(b"a" * 1_000_000)
        bomb.write(b'"}]')
    given = upload(file.read_bytes())
    before = memory_bytes()
    assert refusal(given)["why"] == "import_zip_large"
    assert memory_bytes() - before < 30_000_000


def test_a_text_of_hundreds_of_megabytes_takes_no_memory_here() -> None:
    given = upload(b"")
    given.file.write(b'[{"x":"')
    given.file.truncate(200_000_000)
    given.file.seek(0, os.SEEK_END)
    given.file.write(b'"}]')
    given.file.flush()
    whole = Upload(given.file, [replace(given.files[0], size=given.file.tell())])
    before = memory_bytes()
    assert refusal(whole)["why"] == "import_session_large"
    assert memory_bytes() - before < 30_000_000


def test_what_needs_more_memory_than_an_import_may_have_is_refused() -> None:
    given = upload(as_file([chatgpt_conversation(x="x" * 40_000_000)]))
    assert refusal(given, replace(LIMITS, memory_bytes=100_000_000))["why"] == "import_too_heavy"


def test_what_takes_longer_than_an_import_may_is_refused() -> None:
    limits = replace(LIMITS, cpu_s=1, cpu_s_per_mb=0.0)
    assert refusal(upload(tangled(30_000_000)), limits)["why"] == "import_too_slow"


def test_a_process_that_says_nothing_is_given_up() -> None:
    limits = replace(LIMITS, silence_s=0.1)
    assert refusal(upload(tangled(20_000_000)), limits)["why"] == "import_too_slow"


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        ({"session_messages": 49}, "import_session_long"),
        ({"session_values": 50}, "import_session_tangled"),
        ({"session_tokens": 50}, "import_session_tangled"),
        ({"session_bytes": 8000}, "import_session_large"),
    ],
)
def test_a_session_that_is_larger_than_one_may_be_is_refused(limits: dict[str, int], reason: str) -> None:
    message = {"author": {"role": "user"}, "content": {"parts": ["x"]}}
    content = as_file({"mapping": {str(number): {"message": message} for number in range(50)}})
    assert len(content) < 8000, "in our own format it is larger"
    assert refusal(upload(content), replace(LIMITS, **limits))["why"] == reason


def test_a_process_that_the_kernel_kills_is_told_as_too_heavy() -> None:
    with reading(upload(as_file([chatgpt_conversation()] * 3000))) as reader:
        reader.open()
        sessions = reader.sessions()
        next(sessions)
        os.kill(children()[0], signal.SIGKILL)
        with pytest.raises(ImportRefused) as caught:
            list(sessions)
    assert caught.value.params["why"] == "import_too_heavy"


def test_whoever_waits_is_released_when_the_import_is_cancelled() -> None:
    with reading(upload(tangled(30_000_000))) as reader:
        timer = threading.Timer(0.3, reader.cancel)
        timer.start()
        begun_s = time.monotonic()
        with pytest.raises(ImportStopped):
            reader.open()
        assert time.monotonic() - begun_s < 5
        timer.join()
        with pytest.raises(ImportStopped):
            reader.open()
