"""Databases as earlier texts of the migrations made them, which were changed after they had landed."""

from __future__ import annotations

import shutil
from pathlib import Path

from alembic import command
from alembic.config import Config

from thai_chat import migrations
from thai_chat.history.postgres.connections import Database

EARLIER = sorted((Path(__file__).parent / "old_migrations").glob("*.txt"))
"""Each is a step as it once was."""


def make_earlier(address: str, folder: Path, earlier: Path, revision: str) -> None:
    """Bring an empty database to `revision` by today's steps but for `earlier`. `folder` gets a copy of them."""
    shutil.copytree(Path(migrations.__file__).parent, folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(earlier, folder / "versions" / f"{earlier.stem}.py")
    config = Config()
    config.set_main_option("script_location", str(folder))
    engine = Database(address).engine
    with engine.connect().execution_options(isolation_level="READ COMMITTED") as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()
