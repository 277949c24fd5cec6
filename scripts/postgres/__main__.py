"""`python -m scripts.postgres [--database NAME] [--take-over]`, which scripts/setup_postgres.sh calls.

Looks at everything first, and changes only what is wrong. `.env` gets the address before the server gets role and
database, so that a run that was interrupted is gone on with by the next one.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import psycopg2

from scripts import env_file, test_postgres_integration
from scripts.postgres import clusters, passwords
from scripts.postgres.addresses import Address, failure
from scripts.postgres.clusters import Cluster
from scripts.postgres.deciding import Plan, Wish, decide
from scripts.postgres.looking import look, what_keeps_out
from thai_chat import settings
from thai_chat.commands.terminal import tell
from thai_chat.domain import requests_role, server_log
from thai_chat.domain.errors import StartError, ThaiChatError
from thai_chat.history.postgres import probe, schema, upkeep

MAY_NOT = 3
"""The exit code when it takes root and this user is not; the caller prints the steps."""

Did = Callable[[str], None]

_RIGHTS = "NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"
_OWN_DATABASE = """
REVOKE CONNECT ON DATABASE :"database" FROM PUBLIC;
GRANT ALL ON DATABASE :"database" TO :"role";"""
_OWN_SCHEMA = 'REVOKE CREATE ON SCHEMA public FROM PUBLIC; GRANT ALL ON SCHEMA public TO :"role";'


class _MayNot(Exception):
    pass


def main(arguments: Sequence[str] | None = None) -> int:
    asked = _parser().parse_args(arguments)
    done: list[str] = []

    def did(line: str) -> None:
        done.append(line)
        tell(f"  {line}")

    try:
        _prepare(Wish(asked.database, asked.take_over), did)
    except _MayNot:
        return MAY_NOT
    except (test_postgres_integration.Problem, ThaiChatError, StartError, OSError, psycopg2.Error) as error:
        said = probe.said(error) if isinstance(error, psycopg2.Error) else str(error)
        tell(f"thai-chat: {said}", to=sys.stderr)
        return 1
    except (EOFError, KeyboardInterrupt):
        tell("", "thai-chat: stopped; start again to go on with it.", to=sys.stderr)
        return 130
    _report(done)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./manage.sh setup-postgres", description=__doc__.partition("\n\n")[2])
    parser.add_argument("--database", type=_name, metavar="NAME", help="name of database and user; default: thai_chat")
    parser.add_argument("--take-over", action="store_true", help="give a user that is there already a new password")
    return parser


def _name(text: str) -> str:
    if not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", text):
        raise argparse.ArgumentTypeError("a name has letters from a to z, digits and _ only")
    return text


def _prepare(wish: Wish, did: Did) -> None:
    file = settings.env_file()
    given = settings.load(file, {}).database_address
    address = Address.of(given.get_secret_value()) if given else None
    is_meant = address is not None and (wish.database in (None, address.database))
    if given and is_meant and not failure(given.get_secret_value()):
        return _finish(given.get_secret_value(), file, did)
    if given and address and not address.is_here and not wish.database:
        raise StartError(
            f".env names {probe.place(given.get_secret_value())}, which can't be used: "
            f"{failure(given.get_secret_value())}. Correct that; or prepare a database on this machine in its place: "
            "./manage.sh setup-postgres --database thai_chat"
        )
    if not clusters.may_administer():
        raise _MayNot
    if problem := env_file.problem(file):
        raise StartError(problem)
    named = address if address and is_meant and address.is_here else None
    cluster = _server(named, did)
    named = named.at(cluster.port) if named else None
    if named and not failure(named.url()):
        _write(named, file, did)
        return _finish(named.url(), file, did)
    plan = decide(cluster, named, wish, settings.home())
    try:
        _carry_out(cluster, plan, file, did)
    except StartError:
        # The server may have gone on with what a run began that was killed: then less is left to do.
        rest = decide(cluster, plan.address, wish, settings.home())
        if rest == plan:
            raise
        _carry_out(cluster, rest, file, did)
    return _finish(plan.address.url(), file, did)


def _server(named: Address | None, did: Did) -> Cluster:
    """Return the server that has what `.env` names, else the one on its port, else the best; installed, made and
    started."""
    if not clusters.is_installed():
        clusters.install()
        did("Installed PostgreSQL from the packages of this system.")
    found = clusters.all_clusters()
    if not found:
        found = [clusters.make()]
        did(f"Made the PostgreSQL cluster {found[0]}.")
    chosen = next((one for one in found if named and one.port == named.port), found[0])
    if named:
        chosen = next((one for one in found if one.is_online and _has(one, named)), chosen)
    if not chosen.is_online:
        chosen.start()
        did(f"Started PostgreSQL {chosen} on port {chosen.port}.")
        if not Path("/run/systemd/system").is_dir():
            tell(f"  There is no systemd: after a reboot, pg_ctlcluster {chosen.version} {chosen.name} start.")
        chosen = replace(chosen, state="online")
    return chosen


def _has(cluster: Cluster, named: Address) -> bool:
    found = look(cluster, named.database, named.role)
    return bool(found.owner and found.stored and passwords.matches(found.stored, named.role, named.password))


def _carry_out(cluster: Cluster, plan: Plan, file: Path, did: Did) -> None:
    address = plan.address
    if not address.host.startswith("/") and (obstacle := what_keeps_out(cluster, address.database, address.role)):
        raise StartError(obstacle)
    _write(address, file, did)
    names = {"role": address.role, "database": address.database}
    if plan.makes_role or plan.changes_password:
        verb = "CREATE" if plan.makes_role else "ALTER"
        statement = f"""{verb} ROLE :"role" LOGIN {_RIGHTS} VALID UNTIL 'infinity' PASSWORD :'verifier';"""
        cluster.execute(statement, verifier=passwords.verifier(address.password), **names)
        did(f"{'Made' if plan.makes_role else 'Gave a new password to'} the user {address.role}.")
    if plan.makes_role:
        _execute(cluster, requests_role.statements(address.role))
    if plan.unlocks_role:
        cluster.execute("""ALTER ROLE :"role" LOGIN VALID UNTIL 'infinity';""", **names)
        did(f"Let the user {address.role} log in again.")
    if plan.makes_database:
        create = """CREATE DATABASE :"database" OWNER :"role" TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8';"""
        cluster.execute(create, **names)
        did(f"Made the database {address.database} (UTF-8, locale C.UTF-8).")
    if plan.gives_database:
        cluster.execute('ALTER DATABASE :"database" OWNER TO :"role";', **names)
        did(f"Gave the database {address.database} to the user {address.role}.")
    if plan.makes_database or plan.gives_database:
        cluster.execute(_OWN_DATABASE, **names)
        cluster.execute(_OWN_SCHEMA, within=address.database, **names)
    if problem := failure(address.url()):
        raise StartError(f"{probe.place(address.url())} is prepared, and can't be used: {problem}")


def _write(address: Address, file: Path, did: Did) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    if env_file.set_value(file, "DATABASE_URL", address.url()):
        did("Wrote DATABASE_URL into .env (mode 600, other lines kept).")


def _finish(url: str, file: Path, did: Did) -> None:
    """Make the tables and try the whole way, for an address that works. Raises StartError, Problem."""
    facts = probe.ask(url)
    if facts.encoding != "UTF8" or facts.ctype in ("C", "POSIX"):
        raise StartError(
            f"{probe.place(url)} has encoding {facts.encoding} and locale {facts.ctype}, in which nothing knows Thai "
            "letters, and which can't be changed. Move the chats: ./manage.sh backup chats.zip; ./manage.sh "
            "setup-postgres --database NAME; ./manage.sh restore chats.zip"
        )
    if facts.revision != schema.HEAD:
        upkeep.migrate(url)
        did("Made the tables." if facts.revision is None else f"Brought the tables from {facts.revision} up to date.")
    wall = probe.ask(url).wall
    if wall and not wall.stands and _as_superuser(url, requests_role.statements(wall.owner)):
        upkeep.migrate(url)
        did("Made the role that requests are carried out as, which sees the rows of one person alone.")
    if facts.talkative and _as_superuser(url, server_log.statements(facts.user)):
        did("Told the server to write nothing of what is said into its log.")
    if file.exists() and file.stat().st_mode & 0o077:
        file.chmod(0o600)
        did(f"Closed {file.name} to other users (mode 600).")
    test_postgres_integration.check(url)


def _as_superuser(url: str, statements: Sequence[str]) -> bool:
    """Run statements on the server. False where this user may not."""
    address = Address.of(url)
    if not address.is_here or not clusters.may_administer():
        return False
    found = [one for one in clusters.all_clusters() if one.is_online and one.port == address.port]
    for cluster in found:
        _execute(cluster, statements)
    return bool(found)


def _execute(cluster: Cluster, statements: Sequence[str]) -> None:
    cluster.execute(";".join(statements) + ";")


def _report(done: Sequence[str]) -> None:
    tell("")
    if done:
        tell("PostgreSQL is ready. What was done:")
        tell(*(f"  - {line}" for line in done))
    else:
        tell("PostgreSQL was prepared already; everything was checked and nothing had to be changed.")
    if os.environ.get("DATABASE_URL"):
        tell("DATABASE_URL is set in your environment, which counts more than .env: unset it to use this database.")
    if (settings.load(environ={}).data_dir / "postgres").exists():
        tell("Chats of the embedded database stay where they are. To take them over:")
        tell("  DATABASE_URL= ./manage.sh backup chats.zip && ./manage.sh restore chats.zip")
    tell("Next: ./manage.sh chat-web-db")


if __name__ == "__main__":
    sys.exit(main())
