"""The doctor names each fault once, with one way out, in both languages."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.other_accounts import NOBODY, needs_root
from tests.pgbouncer import PgBouncer
from tests.ports import free_port
from tests.postgres_servers import PostgresServer
from thai_chat import settings
from thai_chat.__main__ import main
from thai_chat.commands import connecting_findings, doctor, settings_findings
from thai_chat.commands.findings import Level
from thai_chat.domain.server_log import statements

PASSWORD = "s3cr3t-pass"


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    for name in settings.names():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("OLLAMA_HOST", "")
    monkeypatch.setenv("PORT", str(free_port()))
    monkeypatch.setenv("THAI_CHAT_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch, postgres: PostgresServer, own_database: str) -> str:
    """Return the address of an up-to-date database that the settings name."""
    address = postgres.address(own_database)
    monkeypatch.setenv("DATABASE_URL", address)
    return address


def told(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Return the doctor's findings but for those that are good, each as one text."""
    capsys.readouterr()
    doctor.run()
    shown = capsys.readouterr().out
    findings = [finding for finding in shown.replace("\n[", "\n\0[").split("\0") if not finding.startswith("[ok]")]
    assert PASSWORD not in shown
    for finding in findings:
        lines = finding.splitlines()
        assert len(lines) == 3, finding
        assert any("\u0e00" <= sign <= "\u0e7f" for sign in lines[1]), finding
        assert lines[2].strip().startswith("→ "), finding
    return findings


def test_where_the_settings_come_from_is_told_without_their_values(
    capsys: pytest.CaptureFixture[str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", PASSWORD)
    doctor.run()
    assert "settings (4 from the environment, no .env)" in capsys.readouterr().out
    (folder / ".env").write_text("LOG_LEVEL=INFO\n")
    doctor.run()
    shown = capsys.readouterr().out
    assert f"settings ({folder / '.env'}, and 4 from the environment)" in shown
    assert PASSWORD not in shown


def the_one(findings: list[str], part: str) -> str:
    """Return the finding with `part` in it, which must be one."""
    (found,) = [finding for finding in findings if part in finding]
    return found


def test_a_taken_port_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        monkeypatch.setenv("PORT", str(other.getsockname()[1]))
        found = the_one(told(capsys), "taken")
    assert found.startswith("[BAD]")
    assert "set PORT" in found


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Serve something that answers as the page does."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"status":"ok"}')

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Page) as server:
        monkeypatch.setenv("PORT", str(server.server_port))
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield
        server.shutdown()
        thread.join()


def test_a_page_that_runs_is_no_fault(page: None, capsys: pytest.CaptureFixture[str]) -> None:
    doctor.run()
    assert "[ok]   Thai Chat runs on 127.0.0.1" in capsys.readouterr().out


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_a_host_that_is_not_of_this_machine_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], host: str
) -> None:
    monkeypatch.setenv("HOST", host)
    monkeypatch.setenv("ALLOW_OPEN_NETWORK", "yes")
    monkeypatch.setenv("PUBLIC_URL", "http://chat.example.org")
    assert "set HOST" in the_one(told(capsys), "can't be listened on")


@pytest.mark.parametrize(
    ("given", "part"),
    [
        ({"DATABASE_URL": "postgresql://a@127.0.0.1:1/b", "POSTGRES_HOST": "db"}, "POSTGRES_HOST: without effect"),
        ({"POSTGRES_DB": "chats"}, "it needs POSTGRES_HOST"),
        ({"OPENAI_MODEL": "gpt-5"}, "it needs OPENAI_API_KEY"),
        ({"VLLM_MODEL": "typhoon"}, "it needs VLLM_BASE_URL"),
        ({"OLLAMA_NUM_CTX": "4096"}, "it needs OLLAMA_HOST"),
        ({"DEFAULT_BACKEND": "vllm"}, "DEFAULT_BACKEND=vllm: without effect"),
        ({"ALLOW_CLOUD_FALLBACK": "yes", "FALLBACK": "no"}, "it needs FALLBACK=yes"),
        ({"ALLOW_OPEN_NETWORK": "yes"}, "it needs another HOST"),
    ],
)
def test_a_setting_without_effect_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], given: dict[str, str], part: str
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert the_one(told(capsys), part).startswith("[note]")


def test_a_public_address_at_another_port_than_the_page_is_noted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in {"HOST": "0.0.0.0", "ALLOW_OPEN_NETWORK": "yes", "PUBLIC_URL": "http://chat.lan"}.items():
        monkeypatch.setenv(name, value)
    assert "set PUBLIC_URL=http://chat.lan:" in the_one(told(capsys), "names no port")
    monkeypatch.setenv("TRUSTED_PROXIES", "127.0.0.1")
    assert [finding for finding in told(capsys) if "names no port" in finding] == []


def test_a_public_address_with_tls_is_noted_without_a_proxy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No port of the page's own would mend it."""
    for name, value in {"HOST": "0.0.0.0", "ALLOW_OPEN_NETWORK": "yes", "PUBLIC_URL": "https://chat.lan"}.items():
        monkeypatch.setenv(name, value)
    found = the_one(told(capsys), "PUBLIC_URL")
    assert "set TRUSTED_PROXIES" in found
    assert "chat.lan:" not in found
    monkeypatch.setenv("TRUSTED_PROXIES", "127.0.0.1")
    assert [finding for finding in told(capsys) if "PUBLIC_URL" in finding] == []


def test_lines_of_the_file_without_effect_are_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / ".env").write_text("LOG_LEVEL=DEBUG\nLOG_LEVEL=ERROR\nUSD_THB=31\n", "utf-8")
    (folder / ".env").chmod(0o600)
    monkeypatch.setenv("USD_THB", "32")
    findings = told(capsys)
    assert "remove the others" in the_one(findings, "LOG_LEVEL is in")
    assert "unset USD_THB" in the_one(findings, "USD_THB in")


def test_a_copy_of_the_example_has_nothing_without_effect(
    folder: Path, monkeypatch: pytest.MonkeyPatch, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / ".env").write_bytes((Path(__file__).parents[2] / ".env.example").read_bytes())
    monkeypatch.setenv("DATA_DIR", "data")
    assert not [finding for finding in told(capsys) if "without effect" in finding and "environment" not in finding]


@pytest.mark.parametrize("address", [f"postgresql://u:{PASSWORD}@[::1/x", f"postgresql://u:{PASSWORD}@h:99999/x"])
def test_an_address_that_the_start_refuses_is_told_once_and_never_quoted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], address: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", address)
    assert the_one(told(capsys), "DATABASE_URL").startswith("[BAD]")
    for command in ("status", "migrate", "backup"):
        assert main([command]) == 1
        shown = "".join(capsys.readouterr())
        assert "DATABASE_URL" in shown
        assert PASSWORD not in shown


def test_a_newer_database_is_named_as_such_by_every_command(
    url: str, postgres: PostgresServer, own_database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    postgres.query("UPDATE alembic_version SET version_num = '9999'", database=own_database)
    postgres.query("ALTER TABLE chat_messages RENAME TO chat_texts", database=own_database)
    assert "update Thai Chat" in the_one(told(capsys), "newer version of Thai Chat")
    for command in ("status", "migrate", "serve"):
        assert main([command]) == 1
        assert "newer version of Thai Chat" in "".join(capsys.readouterr())


def test_tables_that_differ_are_named(
    url: str, postgres: PostgresServer, own_database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    postgres.query("DROP INDEX chat_sessions_shelf_idx", database=own_database)
    postgres.query("CREATE INDEX mine ON chat_sessions (model)", database=own_database)
    findings = told(capsys)
    wrong = the_one(findings, "chat_sessions_shelf_idx (missing)")
    assert wrong.startswith("[BAD]")
    assert "restore chats.zip --replace" in wrong
    assert the_one(findings, "index mine").startswith("[note]")


def test_tables_that_are_as_they_should_be_are_no_finding(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert not [finding for finding in told(capsys) if "tables" in finding]


def test_a_server_whose_log_may_hold_chats_is_named_until_its_role_is_set(
    url: str, postgres: PostgresServer, capsys: pytest.CaptureFixture[str]
) -> None:
    found = the_one(told(capsys), "log may hold")
    way_out = found.splitlines()[2].split("superuser: ")[1]
    try:
        postgres.query(way_out)
        assert not [finding for finding in told(capsys) if "log may hold" in finding]
        assert set(way_out.split("; ")) < set(statements("chat"))
    finally:
        postgres.query("ALTER ROLE chat RESET ALL")


def test_a_missing_role_of_requests_is_named_with_the_statements_that_make_it(
    url: str, postgres: PostgresServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not [finding for finding in told(capsys) if "second wall" in finding]
    postgres.query("REVOKE chat_requests FROM chat")
    try:
        found = the_one(told(capsys), "second wall")
        way_out = found.splitlines()[2].split("superuser: ")[1].split("; then start")[0]
    finally:
        postgres.query("GRANT chat_requests TO chat")
    postgres.query("REVOKE chat_requests FROM chat")
    postgres.query(way_out)
    assert not [finding for finding in told(capsys) if "second wall" in finding]


def test_a_role_of_requests_that_sees_everything_is_named(
    url: str, postgres: PostgresServer, capsys: pytest.CaptureFixture[str]
) -> None:
    postgres.query("ALTER ROLE chat_requests BYPASSRLS")
    try:
        found = the_one(told(capsys), "second wall")
        postgres.query(found.splitlines()[2].split("superuser: ")[1].split(",")[0])
        assert not [finding for finding in told(capsys) if "second wall" in finding]
    finally:
        postgres.query("ALTER ROLE chat_requests NOBYPASSRLS")


def test_options_that_a_pooler_refuses_have_their_own_way_out(
    monkeypatch: pytest.MonkeyPatch,
    postgres: PostgresServer,
    pgbouncer: PgBouncer,
    own_database: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    address = postgres.address(own_database, port=pgbouncer.port)
    monkeypatch.setenv("DATABASE_URL", f"{address}?options=-cstatement_timeout%3D5s")
    assert "remove options=" in the_one(told(capsys), "can't be used")


@needs_root
def test_a_proxy_whose_account_may_not_connect_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("PUBLIC_URL", "https://chat.example.org")
    processes = tmp_path / "proc"
    for number, (name, owner) in enumerate({"nginx": NOBODY, "caddy": "root", "bash": NOBODY}.items(), 1):
        (processes / str(number)).mkdir(parents=True)
        (processes / str(number) / "comm").write_text(f"{name}\n")
        shutil.chown(processes / str(number), owner)
    (found, open_to) = connecting_findings.findings(settings.load(tmp_path / ".env"), processes)
    assert found.lines()[0].endswith(
        "nginx runs as nobody, an account that may not connect: a page behind it answers 403"
    )
    assert open_to.level is Level.OK
    monkeypatch.setenv("ALLOW_LOCAL_USERS", NOBODY)
    (open_to,) = connecting_findings.findings(settings.load(tmp_path / ".env"), processes)
    assert NOBODY in open_to.lines()[0]


@pytest.mark.usefixtures("url")
def test_an_account_that_is_not_here_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ALLOW_LOCAL_USERS", "no-such-account")
    (found,) = [finding for finding in told(capsys) if "ALLOW_LOCAL_USERS" in finding]
    assert "no account 'no-such-account'" in found


@pytest.mark.usefixtures("url")
def test_a_setting_for_other_accounts_is_told_to_be_idle_where_people_sign_in(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AUTH", "password")
    monkeypatch.setenv("ALLOW_LOCAL_USERS", NOBODY)
    assert any("ALLOW_LOCAL_USERS: without effect" in finding for finding in told(capsys))


@pytest.mark.usefixtures("url")
def test_what_openid_needs_and_lacks_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in {"AUTH": "oidc", "OIDC_ISSUER": "https://id.example", "OIDC_CLIENT_ID": "thai-chat"}.items():
        monkeypatch.setenv(name, value)
    assert not any("Authlib" in finding for finding in told(capsys))
    monkeypatch.setattr(settings_findings, "find_spec", lambda name: None)
    (found,) = [finding for finding in told(capsys) if "Authlib" in finding]
    assert found.startswith("[BAD]")


@pytest.mark.usefixtures("url")
def test_a_host_of_webhooks_that_is_not_found_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WEBHOOK_HOSTS", "localhost:9000, nowhere.invalid, *.partner.example")
    (found,) = [finding for finding in told(capsys) if "WEBHOOK_HOSTS" in finding]
    assert found.startswith("[note]")
    assert "nowhere.invalid" in found
    assert "localhost" not in found
