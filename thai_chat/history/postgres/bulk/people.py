"""All that belongs to a person: counted, deleted with the account, and given from one owner to another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, exc, text

from thai_chat.domain.account_errors import AccountNotFound, AlreadyTakenOver, NothingTakenOver
from thai_chat.domain.accounts import Account
from thai_chat.domain.known_people import Belongings, KnownPerson
from thai_chat.domain.people import LOCAL, PersonRole
from thai_chat.domain.statistics import HOME
from thai_chat.history.postgres.sql import accounts
from thai_chat.history.postgres.sql.accounts import ACCOUNT_FIELDS, account_of, leave_one, take_turn, taken, transaction

_NAMES = ", ".join(f"a.{column.name}" for column in ACCOUNT_FIELDS)
_ALL = f"""
SELECT {_NAMES}, (SELECT count(*) FROM chat_sessions s WHERE s.user_id = a.user_id),
    greatest((SELECT max(i.used_at) FROM chat_sign_ins i WHERE i.account_id = a.account_id),
        (SELECT max(k.used_at) FROM chat_keys k WHERE k.account_id = a.account_id))
FROM chat_accounts a ORDER BY a.name_key"""

# A preset's id tells when it was made, where it was made here; of one that was imported only its last change is known.
_PRESET_MADE = """
CASE substr(preset_id::text, 15, 1)
    WHEN '7' THEN to_timestamp(('x' || substr(replace(preset_id::text, '-', ''), 1, 12))::bit(48)::bigint / 1000.0)
    ELSE updated_at END"""
_COUNTED = f"""
SELECT (SELECT count(*) FROM chat_sessions WHERE user_id = :owner AND created_at >= :since),
    (SELECT coalesce(sum(message_count), 0) FROM chat_sessions WHERE user_id = :owner AND created_at >= :since),
    (SELECT count(*) FROM chat_presets WHERE user_id = :owner AND {_PRESET_MADE} >= :since),
    (SELECT count(*) FROM chat_shares WHERE user_id = :owner AND created_at >= :since)"""
_BEGINNING = datetime(1, 1, 2, tzinfo=UTC)

_DELETED = (
    "DELETE FROM chat_sessions WHERE user_id = :user_id",
    "DELETE FROM chat_shares WHERE user_id = :user_id",
    "DELETE FROM chat_presets WHERE user_id = :user_id",
    "DELETE FROM chat_usage WHERE user_id = :user_id",
    "DELETE FROM chat_webhooks WHERE user_id = :user_id",
)
_ACCOUNT_DELETED = "DELETE FROM chat_accounts WHERE account_id = :account_id RETURNING role"
_FORGOTTEN = (
    """DELETE FROM chat_quotas WHERE kind = 'account' AND subject = cast(:account_id AS text)
        OR kind = 'key' AND subject IN (SELECT key_id FROM chat_keys WHERE account_id = :account_id)""",
    "UPDATE chat_model_rules SET accounts = array_remove(accounts, :account_id) WHERE :account_id = ANY (accounts)",
    "DELETE FROM chat_invitations WHERE used_by = :account_id OR created_by = :account_id AND used_at IS NULL",
    "UPDATE chat_invitations SET created_by = NULL WHERE created_by = :account_id",
)

# The sessions themselves come last: whoever asks something in one of them waits from then on.
_MOVING = "SELECT session_id FROM chat_sessions WHERE user_id = :owner AND created_at >= :since"
_MOVED = (
    # What is in the index is found by its new owner at once. The notes are for what is being indexed just now.
    """UPDATE chat_message_search f SET user_id = :to FROM chat_messages m
    WHERE m.session_id = ANY (cast(:moved AS uuid[])) AND f.message_id = m.message_id""",
    "UPDATE chat_session_search SET user_id = :to WHERE session_id = ANY (cast(:moved AS uuid[]))",
    """INSERT INTO chat_search_queue (message_id) SELECT message_id FROM chat_messages
    WHERE session_id = ANY (cast(:moved AS uuid[])) ORDER BY session_id, message_order""",
    "INSERT INTO chat_search_queue (session_id) SELECT unnest(cast(:moved AS uuid[]))",
    f"""UPDATE chat_presets p SET user_id = :to, is_default = p.is_default AND NOT EXISTS (
        SELECT FROM chat_presets o
        WHERE o.user_id = :to AND o.is_default AND o.backend = p.backend AND o.model = p.model)
    WHERE user_id = :owner AND {_PRESET_MADE} >= :since""",
    "UPDATE chat_shares SET user_id = :to WHERE user_id = :owner AND created_at >= :since",
    """UPDATE chat_webhook_deliveries d SET user_id = :to FROM chat_webhooks w
    WHERE w.user_id = :owner AND w.created_at >= :since AND d.webhook_id = w.webhook_id""",
    "UPDATE chat_webhooks SET user_id = :to WHERE user_id = :owner AND created_at >= :since",
    f"""INSERT INTO chat_usage AS known (user_id, key_id, day, replies, tokens, cost_usd)
    SELECT :to, key_id, day, replies, tokens, cost_usd FROM chat_usage
    WHERE user_id = :owner AND day >= (cast(:since AS timestamptz) AT TIME ZONE '{HOME}')::date
    ON CONFLICT (user_id, key_id, day) DO UPDATE SET replies = known.replies + excluded.replies,
        tokens = known.tokens + excluded.tokens, cost_usd = known.cost_usd + excluded.cost_usd""",
    f"""DELETE FROM chat_usage
    WHERE user_id = :owner AND day >= (cast(:since AS timestamptz) AT TIME ZONE '{HOME}')::date""",
    "UPDATE chat_sessions SET user_id = :to WHERE session_id = ANY (cast(:moved AS uuid[]))",
)
_CHANGED = """
UPDATE chat_accounts SET user_id = :to, adopted_at = :adopted_at WHERE account_id = :account_id AND user_id = :owner"""
_SIGNED_OUT = "DELETE FROM chat_sign_ins WHERE account_id = :account_id"


def read_all(connection: Connection) -> Sequence[KnownPerson]:
    return [
        KnownPerson(account=account_of(row[:-2]), sessions=row[-2], last_used_at=row[-1])
        for row in connection.execute(text(_ALL))
    ]


def count_sessions(connection: Connection, user_id: str) -> int:
    query = "SELECT count(*) FROM chat_sessions WHERE user_id = :user_id"
    return int(connection.execute(text(query), {"user_id": user_id}).scalar_one())


def belongings(connection: Connection, user_id: str, since: datetime | None) -> Belongings:
    found = connection.execute(text(_COUNTED), {"owner": user_id, "since": since or _BEGINNING}).one()
    return Belongings(sessions=found[0], messages=found[1], presets=found[2], shares=found[3])


def remove(connection: Connection, account_id: UUID) -> None:
    """Delete an account with all that it has. Raises AccountNotFound, LastAdministrator.

    What may take long comes first: others who change accounts wait for the rest alone.
    """
    with transaction(connection):
        account = accounts.by_id(connection, account_id)
        _run(connection, _DELETED, {"user_id": account.user_id})
        take_turn(connection)
        _run(connection, _FORGOTTEN, {"account_id": account_id})
        role = connection.execute(text(_ACCOUNT_DELETED), {"account_id": account_id}).scalar()
        if role is None:
            raise AccountNotFound()
        if role == PersonRole.ADMINISTRATOR:
            leave_one(connection)


def sweep(connection: Connection, user_id: str) -> None:
    _run(connection, _DELETED, {"user_id": user_id})


def take_over(connection: Connection, account_id: UUID) -> Belongings:
    """Move what the account has to what was there before, and the account with it.

    So little goes, and it can be undone: what it brings along is younger than the account.
    """
    with transaction(connection):
        account = accounts.by_id(connection, account_id)
        if account.user_id == LOCAL.user_id:
            raise AlreadyTakenOver()
        brought = belongings(connection, account.user_id, None)
        if not _hand(connection, account, LOCAL.user_id, since=_BEGINNING, adopted_at=account.created_at):
            raise AlreadyTakenOver()
    return brought


def give_back(connection: Connection, account_id: UUID, user_id: str) -> Belongings:
    with transaction(connection):
        account = accounts.by_id(connection, account_id)
        if account.user_id != LOCAL.user_id or account.adopted_at is None:
            raise NothingTakenOver()
        taken_along = belongings(connection, account.user_id, account.adopted_at)
        if not _hand(connection, account, user_id, since=account.adopted_at, adopted_at=None):
            raise NothingTakenOver()
    return taken_along


def _hand(connection: Connection, account: Account, to: str, *, since: datetime, adopted_at: datetime | None) -> bool:
    """Give what an account's user_id has since a time to another one, and that to the account, whose browsers have to
    sign in anew. False when somebody else has just given it another one."""
    values = {"account_id": account.account_id, "to": to, "owner": account.user_id, "since": since}
    moved = list(connection.execute(text(_MOVING), values).scalars())
    _run(connection, _MOVED, {**values, "moved": moved})
    _run(connection, (_SIGNED_OUT,), values)
    try:
        return bool(connection.execute(text(_CHANGED), {**values, "adopted_at": adopted_at}).rowcount)
    except exc.IntegrityError as error:
        raise taken(error) from error


def _run(connection: Connection, statements: Sequence[str], values: Mapping[str, Any]) -> None:
    for statement in statements:
        connection.execute(text(statement), values)
