"""Migrations that have landed stay as they are; databases of earlier texts are mended, and drift is found."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
from uuid_utils.compat import uuid7

from tests.earlier_schemas import EARLIER, make_earlier
from tests.histories import straight
from tests.history_writes import ANSWER, new_user
from tests.pgbouncer import PgBouncer
from tests.postgres_servers import PostgresServer, installations, serving
from thai_chat import migrations
from thai_chat.domain.errors import HistoryUnavailable
from thai_chat.domain.searching import SearchQuery, terms_of
from thai_chat.history.postgres import schema, upkeep
from thai_chat.history.postgres.backup import archive, restoring
from thai_chat.history.postgres.connections import Database
from thai_chat.history.postgres.drift import Difference, differences

# A step that has landed is in people's databases: what is wrong with it is mended by a later one.
LANDED = {
    "0001_sessions_and_messages.py": "0ef18f394cdc4fbb8ae39dc0981119a7aa0ffae9886f94b6d0c4390192e7ba90",
    "0002_branches.py": "bbeac3dac21224d2fe45a567a77c0a7ba0c4292cebabe9f525f20b8c0ad6c04d",
    "0003_presets.py": "2bf46759520e21e5cc3b0aa28e92887cb4b11bb43b03501cba6c45b17afa1802",
    "0004_search.py": "21682896e7307c9776fe9c605f65186e99543518b887fab28f7e059c35ba3291",
    "0005_figures.py": "6a74a3943305450e23d3ff09b981e75b7fb5191fc26285a5407f0b2ba5f1c117",
    "0006_as_written.py": "1a3d52d452edbb5c2a1db4253e4095593c9f92435e16c4a987b26342a3adf74c",
    "0007_parts.py": "bcb7e765fb8fd8443427b082e0ca962e29acc30d9a57beda95b8ae4b82394ad7",
    "0008_marks.py": "ddceeb6ba5c93ae667b2e2b285baac1b46cd03fb9162364e6da0b1d6e4c4e2ad",
    "0009_beside.py": "3045aea123a10b9e8a3fb99f77f0f623b2e09004c9631c320e36e6fa682624dc",
    "0010_accounts.py": "3c9f2c808df52ee2b41ae6e78a22e80b4e9812acd00e79c147c15eadb0133e64",
    "0011_row_level_security.py": "2871856a36ffabbda9065d827ab459b4f6712670d7e4499fbed88dcd76692fda",
    "0012_conversations.py": "ffb500350a41d60395bc03528eff12bc07e0f40054807739a06d5c28475d0eb7",
    "0013_webhooks.py": "5e03b7c098721e9683005fcc9e2434b95b843c0a3f9634fe90f0d38e1281f08a",
    "0014_webhooks_beside.py": "993fce1209f86d5c4753da5b0cb94e62923f5dc337337452bcbd79564ccde3e2",
}
REVISIONS_OF = {"0001": ["0001"], "0002": ["0002", "0003", "0005"], "0004": ["0004", "0005"]}
"""The revisions that a database made with an earlier text of a step may be left at."""
EARLIER_DATABASES = [
    pytest.param(earlier, revision, id=f"{earlier.stem} at {revision}")
    for earlier in EARLIER
    for revision in REVISIONS_OF[earlier.stem[:4]]
]

SAID = """
INSERT INTO chat_sessions (session_id, user_id, session_name, backend, model, message_count, leaf_id)
VALUES (%(session_id)s, %(user)s, 'ชื่อ', 'vllm', 'm', 1, %(message_id)s);
INSERT INTO chat_messages (message_id, session_id, role, content, message_order, status)
VALUES (%(message_id)s, %(session_id)s, 'assistant', %(text)s, 1, 'complete')"""


@pytest.fixture
def name(postgres: PostgresServer) -> str:
    return postgres.new_database()


@pytest.fixture
def address(postgres: PostgresServer, name: str) -> str:
    return postgres.address(name)


def test_no_migration_that_has_landed_was_changed() -> None:
    folder = Path(migrations.__file__).parent / "versions"
    found = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.glob("[0-9]*.py")}
    assert found == LANDED


@pytest.mark.parametrize(("earlier", "revision"), EARLIER_DATABASES)
def test_a_database_of_an_earlier_text_is_mended(address: str, tmp_path: Path, earlier: Path, revision: str) -> None:
    make_earlier(address, tmp_path / "steps", earlier, revision)
    upkeep.migrate(address)
    assert differences(address) == []


@pytest.mark.parametrize("earlier", EARLIER, ids=lambda earlier: str(earlier.stem))
def test_a_database_of_an_earlier_text_is_replaced_by_its_backup(address: str, tmp_path: Path, earlier: Path) -> None:
    make_earlier(address, tmp_path / "steps", earlier, REVISIONS_OF[earlier.stem[:4]][-1])
    archive.save(address, tmp_path / "chats.zip")
    restoring.restore(address, tmp_path / "chats.zip", replace=True)
    assert differences(address) == []


def execute(address: str, statement: str, values: Mapping[str, object] | None = None) -> None:
    with closing(psycopg2.connect(address)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement, values)


async def test_what_was_indexed_with_other_keys_is_found_after_the_mending(address: str, tmp_path: Path) -> None:
    make_earlier(address, tmp_path / "steps", next(file for file in EARLIER if "search" in file.stem), "0005")
    user, query = new_user(), terms_of("ขิง กระเทียม")
    said = {"user": user, "session_id": str(uuid7()), "message_id": str(uuid7()), "text": ANSWER}
    execute(address, SAID, said)  # as the version of then did: today's knows columns that are not there yet
    execute(address, "ALTER TABLE chat_messages ADD COLUMN deleted_at timestamptz")  # so does today's indexing
    async with straight(address) as history:
        while await history.index.index_noted(100):
            pass
        execute(address, "ALTER TABLE chat_messages DROP COLUMN deleted_at")
        upkeep.migrate(address)
        while await history.index.index_old(100):
            pass
        found = await history.search.messages(SearchQuery(user_id=user, terms=query, limit=5))
    assert len(found.hits) == 1
    assert not found.unindexed


@pytest.mark.parametrize("earlier", EARLIER, ids=lambda earlier: str(earlier.stem))
def test_instances_that_start_at_once_mend_it_once(address: str, tmp_path: Path, earlier: Path) -> None:
    make_earlier(address, tmp_path / "steps", earlier, REVISIONS_OF[earlier.stem[:4]][-1])
    engines = [Database(address).engine for _ in range(4)]
    with ThreadPoolExecutor(len(engines)) as threads:
        list(threads.map(schema.migrate, engines))
    for engine in engines:
        engine.dispose()
    assert differences(address) == []


@pytest.mark.parametrize("installation", installations().values(), ids=installations())
def test_a_fresh_database_differs_in_nothing(installation: Path) -> None:
    with serving(installation) as server:
        address = server.address(server.new_database())
        upkeep.migrate(address)
        assert differences(address) == []


def test_looking_for_drift_leaves_nothing_behind(postgres: PostgresServer, address: str, name: str) -> None:
    upkeep.migrate(address)
    differences(address)
    assert postgres.query("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'thai_chat%%'", database=name) == []


def test_drift_is_found_through_pgbouncer(postgres: PostgresServer, pgbouncer: PgBouncer, name: str) -> None:
    address = postgres.address(name, port=pgbouncer.port)
    upkeep.migrate(address)
    postgres.query("DROP INDEX chat_sessions_shelf_idx", database=name)
    assert differences(address) == [Difference("index", "chat_sessions_shelf_idx", "missing")]


DRIFTS = {
    "DROP INDEX chat_sessions_shelf_idx": ("index", "chat_sessions_shelf_idx", "missing"),
    "CREATE INDEX mine ON chat_messages (model)": ("index", "mine", "more"),
    "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'chat_messages_forks_idx'::regclass": (
        *("index", "chat_messages_forks_idx", "different"),
    ),
    "ALTER TABLE chat_messages DROP CONSTRAINT chat_messages_role_check": (
        *("constraint", "chat_messages_role_check", "missing"),
    ),
    "ALTER TABLE chat_messages ADD CONSTRAINT mine CHECK (content <> 'x')": ("constraint", "mine", "more"),
    "ALTER TABLE chat_sessions ALTER folder TYPE TEXT": ("column", "chat_sessions.folder", "different"),
    "ALTER TABLE chat_sessions ALTER tags DROP NOT NULL": ("column", "chat_sessions.tags", "different"),
    "ALTER TABLE chat_sessions ALTER metadata DROP DEFAULT": ("column", "chat_sessions.metadata", "different"),
    "ALTER TABLE chat_messages ADD mine INT": ("column", "chat_messages.mine", "more"),
    "ALTER TABLE chat_sessions DROP context_snapshot": ("column", "chat_sessions.context_snapshot", "missing"),
    "DROP TABLE message_contexts": ("table", "message_contexts", "missing"),
    "DROP TRIGGER chat_messages_search_new ON chat_messages": ("trigger", "chat_messages_search_new", "missing"),
    "ALTER TABLE chat_messages DISABLE TRIGGER chat_messages_search_end": (
        *("trigger", "chat_messages_search_end", "different"),
    ),
    "CREATE OR REPLACE FUNCTION chat_search_note_session() RETURNS TRIGGER LANGUAGE plpgsql AS 'BEGIN END'": (
        *("function", "chat_search_note_session", "different"),
    ),
    "DROP FUNCTION chat_begin_turn": ("function", "chat_begin_turn", "missing"),
}


def test_every_kind_of_drift_is_found_and_nothing_else(postgres: PostgresServer, address: str, name: str) -> None:
    upkeep.migrate(address)
    for change in DRIFTS:
        postgres.query(change, database=name)
    assert differences(address) == sorted(Difference(*told) for told in DRIFTS.values())


def test_tables_of_others_in_the_database_are_no_drift(postgres: PostgresServer, address: str, name: str) -> None:
    upkeep.migrate(address)
    postgres.query("CREATE TABLE mine (number INT PRIMARY KEY)", database=name)
    postgres.query("CREATE FUNCTION mine() RETURNS INT LANGUAGE sql AS 'SELECT 1'", database=name)
    assert differences(address) == []


def test_a_user_who_may_make_no_schema_is_told_so(postgres: PostgresServer, address: str, name: str) -> None:
    upkeep.migrate(address)
    postgres.query(f"ALTER DATABASE {name} OWNER TO postgres")
    with pytest.raises(HistoryUnavailable, match="InsufficientPrivilege"):
        differences(address)
