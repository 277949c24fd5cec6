"""setup-postgres on a real cluster: from nothing, twice, with each fault, and killed; what works is never changed."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from scripts.postgres import passwords
from scripts.postgres.__main__ import MAY_NOT
from scripts.postgres.deciding import name_of
from tests.app import ROOT
from tests.ports import free_port
from tests.setup.debian_cluster import DebianCluster, Setup
from thai_chat.domain import server_log
from thai_chat.history.postgres import probe

pytestmark = pytest.mark.skipif(
    not shutil.which("pg_lsclusters"), reason="only Debian and Ubuntu are done by the script"
)


@pytest.fixture(scope="module")
def server() -> Iterator[DebianCluster]:
    made = DebianCluster()
    made.start()
    yield made
    made.close()


@pytest.fixture
def cluster(server: DebianCluster) -> Iterator[DebianCluster]:
    """Yield a cluster of locale C, in which nothing knows Thai letters, with nothing of anybody's in it."""
    yield server
    server.clean()


@pytest.fixture
def first(cluster: DebianCluster, tmp_path: Path) -> Setup:
    return Setup(cluster, tmp_path / "แชต-one")


@pytest.fixture
def ready(first: Setup) -> Setup:
    """Return what is prepared already."""
    first.prepared()
    return first


def test_from_nothing_a_database_that_knows_thai_is_made_and_again_nothing_changes(first: Setup) -> None:
    told = first.prepared()
    assert "Made the database thai_chat (UTF-8, locale C.UTF-8)." in told
    assert first.env.stat().st_mode & 0o777 == 0o600
    before, written_at = first.state(), first.env.stat().st_mtime_ns
    assert "nothing had to be changed" in first.prepared()
    assert (first.state(), first.env.stat().st_mtime_ns) == (before, written_at)


def test_the_user_has_no_rights_beyond_its_database_and_others_none_in_it(ready: Setup) -> None:
    role = "SELECT row_to_json(r) FROM pg_roles r WHERE rolname = 'thai_chat'"
    (rights,) = ready.cluster.sql(role)
    assert not any(
        rights[name] for name in rights if name.startswith(("rolsuper", "rolcreate", "rolrepl", "rolbypass"))
    )
    ready.cluster.sql("CREATE ROLE stranger LOGIN PASSWORD 'x'")
    with pytest.raises(psycopg2.OperationalError, match="permission denied"):
        psycopg2.connect(re.sub("//.*@", "//stranger:x@", ready.address))


def test_the_server_is_told_to_log_nothing_of_what_is_said_and_only_once(ready: Setup) -> None:
    settings = "SELECT row_to_json(r) FROM (SELECT unnest(setconfig) AS one FROM pg_db_role_setting) r"
    told = {row["one"] for row in ready.cluster.sql(settings)}
    assert {f"{name}={value}" for name, value in server_log.ROLE_SETTINGS.items()} <= told
    ready.cluster.sql("ALTER ROLE thai_chat RESET log_min_error_statement")
    assert "nothing of what is said" in ready.prepared()
    assert "nothing had to be changed" in ready.prepared()


def test_the_role_of_requests_is_made_also_for_a_database_that_was_made_without_it(ready: Setup) -> None:
    wall = probe.ask(ready.address).wall
    assert wall
    assert (wall.role, wall.stands) == ("thai_chat_requests", True)
    ready.cluster.sql("REVOKE thai_chat_requests FROM thai_chat")
    assert "Made the role that requests are carried out as" in ready.prepared()
    assert "nothing had to be changed" in ready.prepared()


def test_the_password_is_in_no_log_of_the_server(cluster: DebianCluster, first: Setup) -> None:
    cluster.sql("ALTER SYSTEM SET log_statement = 'all'")
    cluster.reload()
    first.prepared()
    cluster.sql("ALTER SYSTEM RESET log_statement")
    cluster.reload()
    assert "ROLE" in cluster.log
    assert first.password not in cluster.log


def test_a_server_that_is_stopped_is_started_and_nothing_else_is_changed(ready: Setup) -> None:
    before = ready.state()
    ready.cluster.stop()
    assert ready.cluster.is_down
    assert "Started PostgreSQL" in ready.prepared()
    assert ready.state() == before


def test_a_server_on_another_port_gets_its_port_into_env_and_keeps_the_password(ready: Setup) -> None:
    before = ready.cluster.state()
    right = ready.env.read_text()
    ready.env.write_text(right.replace(f":{ready.cluster.port}/", f":{free_port()}/"))
    told = ready.prepared()
    assert right in ready.env.read_text()
    assert ready.cluster.state() == before
    assert "Wrote DATABASE_URL" in told


@pytest.mark.parametrize("line", ["OPENAI_API_KEY='sk-x", "no setting", "PORT=many"])
def test_a_wrong_line_in_env_is_told_and_changes_no_password(ready: Setup, line: str) -> None:
    ready.env.write_text(f"{ready.env.read_text()}{line}\n")
    assert "line 2" in (told := ready.refused()) or "PORT" in told


def test_a_second_clone_gets_a_database_of_its_own_and_the_first_keeps_all(ready: Setup, tmp_path: Path) -> None:
    before = ready.state()
    second = Setup(ready.cluster, tmp_path / "My Chat.2")
    told = second.prepared()
    assert "has a database thai_chat already (0 sessions" in told
    assert "--take-over would" in told
    assert "/thai_chat_my_chat_2\n" in second.env.read_text()
    assert ready.works()
    kept, state = ready.state()
    assert (kept, {name: state[name] for name in before[1]}) == before


def test_a_third_clone_in_a_folder_of_the_same_name_changes_nothing_without_a_word(
    ready: Setup, tmp_path: Path
) -> None:
    Setup(ready.cluster, tmp_path / "chat").prepared()
    third = Setup(ready.cluster, tmp_path / "chat")
    third.env.unlink()
    told = third.refused()
    assert "--take-over" in told
    assert "--database NAME" in told
    third.prepared("--database", "thai_chat_third")


def test_a_lost_env_is_made_again_only_when_told_to_take_over_and_chats_stay(ready: Setup) -> None:
    with closing(psycopg2.connect(ready.address)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO chat_sessions (session_id, user_id, session_name, backend, model) "
            "VALUES (gen_random_uuid(), 'local', 'ข้าวมันไก่', 'b', 'm')"
        )
    ready.env.unlink()
    assert "Gave a new password to the user thai_chat." in ready.prepared("--take-over")
    with closing(psycopg2.connect(ready.address)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT session_name FROM chat_sessions")
        assert cursor.fetchall() == [("ข้าวมันไก่",)]


def test_a_password_that_was_changed_elsewhere_is_replaced_only_when_told(ready: Setup) -> None:
    ready.cluster.sql("ALTER ROLE thai_chat PASSWORD 'of somebody else'")
    assert "--take-over" in ready.refused()
    assert "Gave a new password" in ready.prepared("--take-over")


@pytest.mark.parametrize("lock", ["NOLOGIN", "VALID UNTIL '2001-01-01'"])
def test_a_user_who_may_not_log_in_may_again_with_the_same_password(ready: Setup, lock: str) -> None:
    before = ready.env.read_bytes()
    ready.cluster.sql(f"ALTER ROLE thai_chat {lock}")
    assert "Let the user thai_chat log in again." in ready.prepared()
    assert ready.env.read_bytes() == before


def test_a_server_that_has_no_connection_left_keeps_the_password(ready: Setup) -> None:
    ready.cluster.sql("ALTER ROLE thai_chat CONNECTION LIMIT 0")
    assert "too many connections" in ready.refused()


@pytest.mark.parametrize("gone", ["the database", "both"])
def test_what_is_missing_is_made_with_the_password_that_env_has(ready: Setup, gone: str) -> None:
    before = ready.env.read_bytes()
    ready.cluster.sql("DROP DATABASE thai_chat")
    if gone == "both":
        ready.cluster.sql("DROP ROLE thai_chat")
    ready.prepared()
    assert ready.env.read_bytes() == before


def test_a_database_of_somebody_else_is_not_taken_over(cluster: DebianCluster, first: Setup) -> None:
    cluster.sql("CREATE ROLE accountant LOGIN", "CREATE DATABASE thai_chat OWNER accountant")
    assert "belongs to accountant" in first.refused("--take-over")
    first.prepared()
    assert "/thai_chat_one\n" in first.env.read_text()


def test_tables_of_somebody_else_are_not_taken_over(cluster: DebianCluster, first: Setup) -> None:
    cluster.sql("CREATE ROLE accountant LOGIN", "CREATE DATABASE thai_chat")
    cluster.sql("SET ROLE postgres", "CREATE TABLE public.books (i int)", database="thai_chat")
    cluster.sql("ALTER TABLE public.books OWNER TO accountant", database="thai_chat")
    assert "belongs to accountant" in first.refused("--take-over")


def test_the_password_of_a_superuser_stays(cluster: DebianCluster, first: Setup) -> None:
    cluster.sql("CREATE ROLE boss SUPERUSER LOGIN PASSWORD 'x'")
    first.env.write_text(f"DATABASE_URL=postgresql://boss:wrong@127.0.0.1:{cluster.port}/boss\n")
    assert "boss is a superuser" in first.refused("--take-over")


def test_a_server_that_lets_nobody_in_with_a_password_is_told_with_the_line_to_add(
    cluster: DebianCluster, first: Setup
) -> None:
    doors = cluster.doors.read_text()
    cluster.doors.write_text("local all all peer\n")
    cluster.reload()
    try:
        told = first.refused()
        line = told.split("put the line '")[1].split("'")[0]
        cluster.doors.write_text(f"{line}\nlocal all all peer\n")
        cluster.reload()
        first.prepared()
    finally:
        cluster.doors.write_text(doors)
        cluster.reload()


def test_a_server_that_listens_on_its_socket_only_is_told(cluster: DebianCluster, first: Setup) -> None:
    cluster.set("listen_addresses", "")
    cluster.restart()
    try:
        assert "listen_addresses = 'localhost'" in first.refused()
    finally:
        cluster.set("listen_addresses", "localhost")
        cluster.restart()


def test_a_write_protected_env_stops_everything_before_it_begins(first: Setup) -> None:
    first.env.write_text("PORT=7999\n")
    first.env.chmod(0o400)
    assert "write-protected" in first.refused()


def test_every_other_byte_of_env_stays(first: Setup) -> None:
    lines = [
        "\ufeff# ของฉัน",
        "PORT = 7999",
        "export LOG_LEVEL='DEBUG' # loud",
        "",
        'MINE="a b"',
        "UNKNOWN=ไทย",
        "# end",
    ]
    first.env.write_bytes("\r\n".join(lines).encode())
    first.env.chmod(0o644)
    first.prepared()
    kept = first.env.read_bytes().decode()
    assert kept == "\r\n".join([*lines, f"DATABASE_URL={first.address}", ""])
    assert first.env.stat().st_mode & 0o777 == 0o600


def test_an_address_elsewhere_that_does_not_work_is_left_alone_unless_told(first: Setup) -> None:
    first.env.write_text("DATABASE_URL=postgresql://me:s3cr3t@db.invalid/chats\n")
    told = first.refused()
    assert "db.invalid" in told
    assert "s3cr3t" not in told
    first.prepared("--database", "thai_chat")
    assert first.env.read_text().startswith(
        "# before setup-postgres: DATABASE_URL=postgresql://me:s3cr3t@db.invalid/chats\n"
    )


def test_a_database_that_knows_no_thai_is_told_with_the_way_out(cluster: DebianCluster, first: Setup) -> None:
    cluster.sql("CREATE ROLE c LOGIN PASSWORD 'x'", "CREATE DATABASE c OWNER c")
    first.env.write_text(f"DATABASE_URL=postgresql://c:x@127.0.0.1:{cluster.port}/c\n")
    told = first.refused()
    assert "locale C" in told
    assert "--database NAME" in told


@pytest.mark.parametrize("last", ["Wrote DATABASE_URL", "Made the user", "Made the database", "Made the tables"])
def test_a_run_that_was_killed_is_gone_on_with_and_its_password_kept(first: Setup, last: str) -> None:
    command, environment = first.command()
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        for line in process.stdout:
            if last in line:
                process.send_signal(signal.SIGKILL)
                break
    assert process.returncode == -signal.SIGKILL
    kept = first.env.read_bytes()
    first.prepared()
    assert first.env.read_bytes() == kept


@pytest.mark.parametrize(("answer", "database"), [("t", "thai_chat"), ("m", "thai_chat_two"), ("", None)])
def test_on_a_terminal_it_asks_before_it_takes_over(
    ready: Setup, tmp_path: Path, answer: str, database: str | None
) -> None:
    second = Setup(ready.cluster, tmp_path / "two")
    before = ready.state()
    told = at_a_terminal(second, answer)
    assert "take thai_chat over: whoever uses it now is shut out" in told
    if database is None:
        assert "nothing was changed" in told
        assert ready.state() == before
    else:
        assert second.address.endswith(f"/{database}")
        assert second.works()
    assert ready.works() == (answer != "t")


def at_a_terminal(setup: Setup, answer: str) -> str:
    command, environment = setup.command()
    ours, theirs = pty.openpty()
    told = b""
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdin=theirs, stdout=theirs, stderr=theirs):
        os.close(theirs)
        while select.select([ours], [], [], 60)[0]:
            try:
                told += os.read(ours, 4096)
            except OSError:  # the other end is closed
                break
            if told.endswith(b"] "):
                os.write(ours, f"{answer}\n".encode())
    os.close(ours)
    return told.decode()


def test_who_may_not_is_told_so_and_changes_nothing(cluster: DebianCluster) -> None:
    if os.geteuid():
        pytest.skip("only root can become somebody who may not")
    setup = Setup(cluster, cluster.folder / "clone")  # where he may look, unlike pytest's folders
    command, environment = setup.command()
    # After the imports, since the interpreter may be out of his reach.
    code = "import os, sys, scripts.postgres.__main__ as m; os.setgroups([]); os.setuid(65534); sys.exit(m.main([]))"
    command = [command[0], "-c", code]
    told = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (told.returncode, told.stdout) == (MAY_NOT, ""), told.stderr
    assert cluster.state() == {}
    assert not setup.env.exists()


@pytest.mark.parametrize("method", ["scram-sha-256", "md5"])
def test_a_stored_password_is_known_without_a_login(cluster: DebianCluster, method: str) -> None:
    cluster.sql(f"SET password_encryption = '{method}'", "CREATE ROLE somebody LOGIN PASSWORD 'ab:c'")
    (row,) = cluster.sql("SELECT row_to_json(r) FROM pg_authid r WHERE rolname = 'somebody'")
    stored = row["rolpassword"]
    assert passwords.matches(stored, "somebody", "ab:c")
    assert not passwords.matches(stored, "somebody", "ab:d")
    assert not passwords.matches("", "somebody", "")


def test_a_database_is_named_by_its_folder(tmp_path: Path) -> None:
    assert name_of(Path("/srv/Chat of Somchai")) == "thai_chat_chat_of_somchai"
    assert name_of(Path("/srv/thai-chat-2")) == "thai_chat_2"
    names = {name_of(Path(folder)) for folder in ("/a/แชต", "/b/แชต", "/a/thai-chat", "/a/" + "x" * 300)}
    assert len(names) == 4
    assert all(re.fullmatch(r"thai_chat_[a-z0-9_]{1,53}", name) for name in names)


@pytest.mark.parametrize("host", ["127.0.0.1", "no-such-host.invalid"])
def test_what_an_address_holds_commands_no_terminal_and_forges_no_line(first: Setup, host: str) -> None:
    named = "%1b]0;owned%07%0athai-chat:%20forged%0d"
    first.env.write_text(f"DATABASE_URL=postgresql://chat:secret@{host}:1/{named}?connect_timeout=1\n")
    lines = first.run().told.splitlines()
    assert all(line.isprintable() for line in lines)
    assert not any(line.startswith("thai-chat: forged") for line in lines)
    assert any("forged" in line for line in lines), lines
