"""A history of one test alone, straight over PostgreSQL; databases and files under commands and backups."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.commanded import TRICKY, cursor_of
from tests.embedded import embedded, open_folder
from tests.histories import PostgresStores, straight
from tests.ports import free_port
from tests.postgres_servers import PostgresServer, installations, serving
from thai_chat import settings
from thai_chat.__main__ import main
from thai_chat.history.postgres.backup import archive
from thai_chat.settings import Settings


@pytest.fixture(params=installations())
def any_server(request: pytest.FixtureRequest) -> Iterator[PostgresServer]:
    with serving(installations()[request.param]) as server:
        yield server


@pytest.fixture
async def history(own_database: str, postgres: PostgresServer) -> AsyncIterator[PostgresStores]:
    async with straight(postgres.address(own_database)) as history:
        yield history


@pytest.fixture
def address(own_database: str, postgres: PostgresServer) -> str:
    return postgres.address(own_database)


@pytest.fixture
def backup(address: str, tmp_path: Path) -> Path:
    """Return a backup of what is at `address`."""
    archive.save(address, tmp_path / "chats.zip")
    return tmp_path / "chats.zip"


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Yield a folder with one database for the module; the server's user may pass through it."""
    made = Path(tempfile.mkdtemp(prefix="tc-", dir="/tmp"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def configured(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Set what a command reads to a database and files of the test module, and return it."""
    for name in settings.names():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATA_DIR", str(folder / "data"))
    monkeypatch.setenv("OLLAMA_HOST", "")
    monkeypatch.setenv("PORT", str(free_port()))
    monkeypatch.setenv("THAI_CHAT_HOME", str(folder))
    return settings.load()


@pytest.fixture
def one_session(configured: Settings) -> str:
    """Put a single turn into an up-to-date database, and return its session's id."""
    assert main(["migrate"]) == 0
    session_id, question_id = str(uuid.uuid4()), str(uuid.uuid4())
    with cursor_of(configured) as cursor:
        cursor.execute("DELETE FROM chat_sessions")
        cursor.execute(
            "INSERT INTO chat_sessions (session_id, user_id, session_name, backend, model, message_count) "
            "VALUES (%s, 'local', %s, 'ollama', 'm', 2)",
            (session_id, TRICKY[:20]),
        )
        add = (
            "INSERT INTO chat_messages (message_id, session_id, parent_id, role, content, message_order, status) "
            "VALUES (%s, %s, %s, %s, %s, %s, 'complete')"
        )
        cursor.execute(add, (question_id, session_id, None, "user", TRICKY, 1))
        cursor.execute(add, (str(uuid.uuid4()), session_id, question_id, "assistant", TRICKY * 2, 2))
    return session_id


@pytest.fixture(scope="module")
def template() -> Iterator[Path]:
    """Yield a DATA_DIR whose database was made once, for the tests to copy."""
    with open_folder() as folder:
        server = embedded(folder / "data")
        server.start()
        server.stop()
        yield folder / "data"


@pytest.fixture
def data_dir(template: Path) -> Iterator[Path]:
    with open_folder() as folder:
        subprocess.run(["cp", "-a", template, folder / "data"], check=True)
        yield folder / "data"
