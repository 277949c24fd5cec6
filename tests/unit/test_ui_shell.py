"""Gradio's own files, as they are installed here and as another version might have them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from thai_chat.ui.components import FRONTEND
from thai_chat.ui.shell import Shell, read_shell

COMPONENTS = ("row", "column", "button", "html", "textbox")


def test_the_files_of_the_installed_version_are_found() -> None:
    shell = read_shell(FRONTEND, COMPONENTS, ("th", "en"))
    assert len(shell.scripts) > 20
    assert len(shell.styles) > 10
    assert all((FRONTEND / "assets" / name).is_file() for name in (*shell.scripts, *shell.styles))
    assert len(set(shell.scripts)) == len(shell.scripts)
    assert shell.locales
    assert shell.locales["th"].startswith("th-")


def test_a_component_brings_what_it_needs_and_one_that_is_not_known_nothing() -> None:
    few = set(read_shell(FRONTEND, ("row",), ()).scripts)
    assert few < set(read_shell(FRONTEND, ("row", "textbox"), ()).scripts)
    assert few == set(read_shell(FRONTEND, ("row", "nosuchcomponent", "a(b"), ()).scripts)


def test_addresses_in_styles_lead_from_where_the_style_is_served(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text(
        "a{background:url(./x.woff2)}b{background:url('y.png')}c{background:url(data:image/png;base64,AA)}d{mask:url(#m)}",
        "utf-8",
    )
    sheet = Shell(styles=("a.css",)).style_sheet(tmp_path, above="../../assets/")
    assert sheet == (
        "a{background:url(../../assets/./x.woff2)}b{background:url('../../assets/y.png')}"
        "c{background:url(data:image/png;base64,AA)}d{mask:url(#m)}"
    )


@pytest.mark.parametrize("gone", ["index.html", "assets"])
def test_without_the_files_that_are_expected_nothing_is_told(tmp_path: Path, gone: str) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text('<script type="module" src="./assets/index-12345678.js"></script>', "utf-8")
    (tmp_path / "assets" / "index-12345678.js").write_text("import('./other.js')", "utf-8")
    target = tmp_path / gone
    if target.is_dir():
        shutil.rmtree(target)
    else:
        target.unlink()
    assert read_shell(tmp_path, COMPONENTS, ("th",)) == Shell()


def test_scripts_of_another_shape_tell_nothing(tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text('<script type="module" src="./assets/index-12345678.js"></script>', "utf-8")
    for script in ("", "import(`./Index-a.js`);import(`./core-b.js`)", "__vite__mapDeps=(i,m=1,d=(m.f=[]))"):
        (tmp_path / "assets" / "index-12345678.js").write_text(script, "utf-8")
        assert read_shell(tmp_path, COMPONENTS, ("th",)) == Shell()
