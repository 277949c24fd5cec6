"""Files that are opened for their owner alone are no links, and nobody else's."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from thai_chat.domain import private_files


def test_a_new_file_takes_the_place_of_a_link_and_of_a_file_of_others(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("precious")
    (tmp_path / "link").symlink_to(precious)
    open_to_all = tmp_path / "open"
    open_to_all.touch()
    open_to_all.chmod(0o666)
    with open_to_all.open("rb") as reader:
        for path in (tmp_path / "link", open_to_all):
            with open(private_files.create(path), "w") as file:
                file.write("secret")
            assert path.read_text() == "secret"
            assert (path.is_symlink(), stat.S_IMODE(path.stat().st_mode)) == (False, 0o600)
        assert reader.read() == b""
    assert precious.read_text() == "precious"


def test_a_link_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "missing")
    with pytest.raises(OSError, match="symbolic links"):
        private_files.open_or_create(tmp_path / "link", os.O_RDWR)
    assert not (tmp_path / "missing").exists()
