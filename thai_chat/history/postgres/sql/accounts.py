"""Accounts as rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, Select, delete, exc, func, insert, select, text, update
from sqlalchemy.dialects import postgresql

from thai_chat.domain.account_errors import (
    AccountNotFound,
    AlreadyTakenOver,
    LastAdministrator,
    NameTaken,
)
from thai_chat.domain.accounts import Account, Identity, name_key
from thai_chat.domain.errors import ThaiChatError
from thai_chat.domain.openid_errors import IdentityNotFound, LastWayIn
from thai_chat.domain.people import PersonRole
from thai_chat.history.postgres.sql import statements
from thai_chat.history.postgres.sql.tables import chat_accounts, chat_identities

ACCOUNT_FIELDS = tuple(column for column in chat_accounts.c if column.name != "name_key")
_LAST_ADMINISTRATOR = """
SELECT count(*) = 0 FROM chat_accounts WHERE role = 'administrator' AND disabled_at IS NULL"""
# Changes to who may administer come one after the other.
_LOCK = "SELECT pg_advisory_xact_lock(7239001)"


def by_name(connection: Connection, name: str) -> Account | None:
    return _first(connection, _accounts().where(chat_accounts.c.name_key == name_key(name)))


def by_id(connection: Connection, account_id: UUID) -> Account:
    account = _first(connection, _accounts().where(chat_accounts.c.account_id == account_id))
    if account is None:
        raise AccountNotFound()
    return account


def by_identity(connection: Connection, issuer: str, subject: str) -> Account | None:
    query = (
        _accounts()
        .join(chat_identities, chat_identities.c.account_id == chat_accounts.c.account_id)
        .where(chat_identities.c.issuer == issuer, chat_identities.c.subject == subject)
    )
    return _first(connection, query)


def open_users(connection: Connection, user_ids: Sequence[str]) -> set[str]:
    columns = chat_accounts.c
    query = select(columns.user_id).where(columns.user_id.in_(user_ids), columns.disabled_at.is_(None))
    return set(connection.execute(query).scalars())


def read_all(connection: Connection) -> Sequence[Account]:
    return [account_of(row) for row in connection.execute(_accounts().order_by(chat_accounts.c.name_key))]


def count(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(chat_accounts)).scalar_one()


def add(connection: Connection, account: Account) -> Account:
    """Store a new account. Raises NameTaken, AlreadyTakenOver."""
    try:
        connection.execute(insert(chat_accounts).values(_values(account)))
    except exc.IntegrityError as error:
        raise taken(error) from error
    return account


def change(connection: Connection, account_id: UUID, changed: Callable[[Account], Account]) -> Account:
    """Replace the account by what `changed` makes of it. Raises AccountNotFound, NameTaken, LastAdministrator."""
    with alone(connection):
        found = _first(connection, _accounts().where(chat_accounts.c.account_id == account_id).with_for_update())
        if found is None:
            raise AccountNotFound()
        account = changed(found)
        try:
            connection.execute(
                update(chat_accounts).where(chat_accounts.c.account_id == account_id).values(_values(account))
            )
        except exc.IntegrityError as error:
            raise taken(error) from error
        if found.may_administer and not account.may_administer:
            leave_one(connection)
    return account


def link(connection: Connection, account_id: UUID, issuer: str, subject: str) -> None:
    values = {"account_id": account_id, "issuer": issuer, "subject": subject}
    connection.execute(postgresql.insert(chat_identities).values(values).on_conflict_do_nothing())


def identities(connection: Connection, account_id: UUID) -> Sequence[Identity]:
    columns = chat_identities.c
    query = select(columns.issuer, columns.subject, columns.created_at).where(columns.account_id == account_id)
    found = connection.execute(query.order_by(columns.created_at, columns.issuer, columns.subject))
    return [Identity(**row) for row in found.mappings()]


def unlink(connection: Connection, account_id: UUID, identity_id: str, *, has_other_way: bool) -> None:
    """Take an identity from an account. Raises IdentityNotFound, LastWayIn."""
    # Of two that are taken at the same time, the second is to see that the first is gone.
    connection.execute(
        select(chat_accounts.c.account_id).where(chat_accounts.c.account_id == account_id).with_for_update()
    )
    there = identities(connection, account_id)
    found = next((one for one in there if one.identity_id == identity_id), None)
    if found is None:
        raise IdentityNotFound
    if len(there) == 1 and not has_other_way:
        raise LastWayIn
    columns = chat_identities.c
    connection.execute(delete(chat_identities).where(columns.issuer == found.issuer, columns.subject == found.subject))


def unlink_later_ones(connection: Connection, account: Account) -> None:
    """Take from an account the identities that were linked to it; one that it was made by stays."""
    there = identities(connection, account.account_id)
    columns = chat_identities.c
    for linked in there if account.password_hash else there[1:]:
        connection.execute(
            delete(chat_identities).where(columns.issuer == linked.issuer, columns.subject == linked.subject)
        )


def remove(connection: Connection, account_id: UUID) -> None:
    """Delete the account. Raises AccountNotFound, LastAdministrator."""
    with alone(connection):
        deleted = connection.execute(delete(chat_accounts).where(chat_accounts.c.account_id == account_id))
        if not deleted.rowcount:
            raise AccountNotFound()
        leave_one(connection)


def account_of(row: Row[Any] | Sequence[Any]) -> Account:
    """Return the account of a row that has `ACCOUNT_FIELDS`."""
    values = dict(zip((column.name for column in ACCOUNT_FIELDS), row, strict=True))
    return Account(**{**values, "role": PersonRole(values["role"])})


def _accounts() -> Select[Any]:
    return select(*ACCOUNT_FIELDS)


def _first(connection: Connection, query: Select[Any]) -> Account | None:
    row = connection.execute(query).first()
    return account_of(row) if row else None


def _values(account: Account) -> dict[str, Any]:
    return {**asdict(account), "name_key": name_key(account.name)}


def taken(error: exc.IntegrityError) -> ThaiChatError:
    """Return what another account has already: the name, or what was there before accounts."""
    constraint = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
    return AlreadyTakenOver() if constraint == "chat_accounts_user_id_key" else NameTaken()


def leave_one(connection: Connection) -> None:
    """Refuse what leaves nobody who may administer. Raises LastAdministrator."""
    if connection.execute(text(_LAST_ADMINISTRATOR)).scalar_one():
        raise LastAdministrator()


@contextmanager
def transaction(connection: Connection) -> Iterator[None]:
    """Run statements in one transaction. What fails is rolled back where the connection is made clean."""
    connection.exec_driver_sql(statements.BEGIN)
    yield
    connection.exec_driver_sql("COMMIT")


def take_turn(connection: Connection) -> None:
    """Have what follows in a transaction come one after the other with those of others. They wait: let it be short."""
    connection.exec_driver_sql(_LOCK)


@contextmanager
def alone(connection: Connection) -> Iterator[None]:
    """Run statements in one transaction, one after the other with those of others."""
    with transaction(connection):
        take_turn(connection)
        yield
