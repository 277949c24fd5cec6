"""API keys as rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, or_, select, update

from thai_chat.domain.account_errors import AccountNotFound, TooManyKeys
from thai_chat.domain.keys import ApiKey, StoredKey
from thai_chat.domain.people import Scope
from thai_chat.history.postgres.sql import statements
from thai_chat.history.postgres.sql.accounts import ACCOUNT_FIELDS, account_of
from thai_chat.history.postgres.sql.tables import chat_accounts, chat_keys

_FIELDS = [column for column in chat_keys.c if column.name != "secret_hash"]


def add(connection: Connection, key: ApiKey, secret_hash: bytes, most: int) -> tuple[ApiKey, bytes]:
    """Store a new key unless the account has one with its id; return what is stored. Raises AccountNotFound,
    TooManyKeys. `Database` rolls back what fails."""
    connection.exec_driver_sql(statements.BEGIN)
    # Two keys of one person come one after the other, so that both are counted.
    account = select(chat_accounts.c.account_id).where(chat_accounts.c.account_id == key.account_id).with_for_update()
    if connection.execute(account).first() is None:
        raise AccountNotFound
    same = (chat_keys.c.account_id == key.account_id, chat_keys.c.key_id == key.key_id)
    if known := connection.execute(select(chat_keys.c.secret_hash, *_FIELDS).where(*same)).first():
        connection.exec_driver_sql("COMMIT")
        return _key_of(known[1:]), bytes(known[0])
    count = select(func.count()).select_from(chat_keys).where(chat_keys.c.account_id == key.account_id)
    if connection.execute(count).scalar_one() >= most:
        raise TooManyKeys(limit=most)
    connection.execute(insert(chat_keys).values(**asdict(key), secret_hash=secret_hash))
    connection.exec_driver_sql("COMMIT")
    return key, secret_hash


def find(connection: Connection, key_id: str) -> StoredKey | None:
    query = (
        select(chat_keys.c.secret_hash, *_FIELDS, *ACCOUNT_FIELDS)
        .join(chat_accounts, chat_accounts.c.account_id == chat_keys.c.account_id)
        .where(chat_keys.c.key_id == key_id, chat_accounts.c.disabled_at.is_(None))
    )
    row = connection.execute(query).first()
    if row is None:
        return None
    place = 1 + len(_FIELDS)
    return StoredKey(_key_of(row[1:place]), bytes(row[0]), account_of(row[place:]))


def of(connection: Connection, account_id: UUID) -> Sequence[ApiKey]:
    columns = chat_keys.c
    query = select(*_FIELDS).where(columns.account_id == account_id).order_by(columns.created_at.desc(), columns.key_id)
    return [_key_of(row) for row in connection.execute(query)]


def remove(connection: Connection, account_id: UUID, key_id: str) -> bool:
    columns = chat_keys.c
    where = (columns.account_id == account_id, columns.key_id == key_id)
    return bool(connection.execute(delete(chat_keys).where(*where)).rowcount)


def touch(connection: Connection, used: Mapping[str, datetime]) -> None:
    columns = chat_keys.c
    at = bindparam("at", type_=columns.used_at.type)
    query = (
        update(chat_keys)
        .where(columns.key_id == bindparam("used_key"), or_(columns.used_at.is_(None), columns.used_at < at))
        .values(used_at=at)
    )
    if used:
        connection.execute(query, [{"used_key": key_id, "at": moment} for key_id, moment in sorted(used.items())])


def _key_of(row: Row[Any] | Sequence[Any]) -> ApiKey:
    values = dict(zip((column.name for column in _FIELDS), row, strict=True))
    return ApiKey(**{**values, "scopes": tuple(Scope(scope) for scope in values["scopes"])})
