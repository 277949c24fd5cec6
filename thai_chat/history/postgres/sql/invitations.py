"""Invitations as rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, exists, false, insert, or_, select, update

from thai_chat.domain.account_errors import InvitationOver
from thai_chat.domain.accounts import Account
from thai_chat.domain.invitations import Invitation, InvitationPurpose, PasswordReset
from thai_chat.domain.people import PersonRole
from thai_chat.history.postgres.sql import accounts, webhooks
from thai_chat.history.postgres.sql.accounts import alone
from thai_chat.history.postgres.sql.tables import chat_accounts, chat_invitations, chat_keys, chat_sign_ins

MOST_LISTED = 500
_FIELDS = [column for column in chat_invitations.c if column.name != "token_hash"]


def add(connection: Connection, invitation: Invitation, token_hash: bytes) -> bool:
    with alone(connection):
        if made(connection, invitation.invitation_id):
            return False
        connection.execute(delete(chat_invitations).where(_replaced_by(invitation)))
        connection.execute(insert(chat_invitations).values(**asdict(invitation), token_hash=token_hash))
    return True


def made(connection: Connection, invitation_id: UUID) -> tuple[Invitation, bytes] | None:
    columns = chat_invitations.c
    query = select(columns.token_hash, *_FIELDS).where(columns.invitation_id == invitation_id)
    row = connection.execute(query).first()
    return (_invitation_of(row[1:]), bytes(row[0])) if row else None


def find(connection: Connection, token_hash: bytes, now: datetime) -> Invitation:
    """Return the invitation that is good now. Raises InvitationOver."""
    columns, account = chat_invitations.c, chat_accounts.c
    administers = and_(account.role == PersonRole.ADMINISTRATOR, account.disabled_at.is_(None))
    maker = exists().where(account.account_id == columns.created_by, administers)
    whose = exists().where(account.account_id == columns.account_id, account.disabled_at.is_(None))
    query = select(*_FIELDS).where(
        columns.token_hash == token_hash,
        columns.used_at.is_(None),
        columns.expires_at > now,
        # Who was an administrator leaves no way in behind.
        or_(columns.created_by.is_(None), maker),
        or_(columns.purpose != InvitationPurpose.FIRST, ~exists().where(administers)),
        or_(columns.purpose != InvitationPurpose.RESET, whose),
    )
    row = connection.execute(query).first()
    if row is None:
        raise InvitationOver()
    return _invitation_of(row)


def read_all(connection: Connection) -> Sequence[Invitation]:
    columns = chat_invitations.c
    query = select(*_FIELDS).order_by(columns.created_at.desc(), columns.invitation_id).limit(MOST_LISTED)
    return [_invitation_of(row) for row in connection.execute(query)]


def end(connection: Connection, invitation_id: UUID) -> bool:
    return bool(connection.execute(delete(chat_invitations).where(_is(invitation_id))).rowcount)


def sign_up(connection: Connection, token_hash: bytes, now: datetime, make: Callable[[Invitation], Account]) -> Account:
    with alone(connection):
        invitation = find(connection, token_hash, now)
        account = accounts.add(connection, make(invitation))
        _use(connection, invitation, now, account)
    return account


def reset(connection: Connection, token_hash: bytes, now: datetime, password_hash: str) -> PasswordReset:
    with alone(connection):
        invitation = find(connection, token_hash, now)
        if invitation.account_id is None:
            raise InvitationOver()
        before = accounts.by_id(connection, invitation.account_id)
        whose = chat_accounts.c.account_id == invitation.account_id
        connection.execute(update(chat_accounts).where(whose).values(password_hash=password_hash))
        connection.execute(delete(chat_sign_ins).where(chat_sign_ins.c.account_id == invitation.account_id))
        keys = delete(chat_keys).where(chat_keys.c.account_id == invitation.account_id).returning(chat_keys.c.key_id)
        ended = connection.execute(keys).scalars().all()
        account = accounts.by_id(connection, invitation.account_id)
        accounts.unlink_later_ones(connection, before)
        webhooks.disable_all(connection, account.user_id)
        _use(connection, invitation, now, account)
    return PasswordReset(account, sorted(ended))


def _use(connection: Connection, invitation: Invitation, now: datetime, account: Account) -> None:
    used = update(chat_invitations).where(_is(invitation.invitation_id))
    connection.execute(used.values(used_at=now, used_by=account.account_id))


def _is(invitation_id: UUID) -> ColumnElement[bool]:
    return chat_invitations.c.invitation_id == invitation_id


def _replaced_by(invitation: Invitation) -> ColumnElement[bool]:
    columns = chat_invitations.c
    same = [columns.purpose == invitation.purpose, columns.used_at.is_(None)]
    match invitation.purpose:
        case InvitationPurpose.INVITE:
            same.append(columns.name == invitation.name if invitation.name else false())
        case InvitationPurpose.RESET:
            same.append(columns.account_id == invitation.account_id)
    return and_(*same)


def _invitation_of(row: Row[Any] | Sequence[Any]) -> Invitation:
    values = dict(zip((column.name for column in _FIELDS), row, strict=True))
    purpose, role = InvitationPurpose(values.pop("purpose")), PersonRole(values.pop("role"))
    return Invitation(**values, purpose=purpose, role=role)
