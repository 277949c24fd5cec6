"""Quotas, what was used, and rules for models as rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from thai_chat.domain.errors import HistoryUnavailable
from thai_chat.domain.people import PersonRole
from thai_chat.domain.quotas import ModelRule, Quota, QuotaKind, QuotaRule, UsageBatch, Used, UsedBy
from thai_chat.history.postgres.sql import statements
from thai_chat.history.postgres.sql.tables import chat_model_rules, chat_quotas, chat_usage

_ADD = """
INSERT INTO chat_usage AS known (user_id, key_id, day, replies, tokens, cost_usd)
SELECT * FROM unnest(%s::text[], %s::text[], %s::date[], %s::int[], %s::bigint[], %s::numeric[])
ON CONFLICT (user_id, key_id, day) DO UPDATE SET replies = known.replies + excluded.replies,
    tokens = known.tokens + excluded.tokens, cost_usd = known.cost_usd + excluded.cost_usd"""


def rules(connection: Connection) -> Sequence[QuotaRule]:
    query = select(chat_quotas).order_by(chat_quotas.c.kind, chat_quotas.c.subject)
    return [
        QuotaRule(
            kind=QuotaKind(row.kind),
            subject=row.subject,
            quotas={
                Quota(name): None if amount is None else Decimal(str(amount)) for name, amount in row.quotas.items()
            },
        )
        for row in connection.execute(query)
    ]


def put(connection: Connection, rule: QuotaRule) -> None:
    quotas = {name.value: None if amount is None else float(amount) for name, amount in rule.quotas.items()}
    added = insert(chat_quotas).values(kind=rule.kind.value, subject=rule.subject, quotas=quotas)
    connection.execute(
        added.on_conflict_do_update(index_elements=["kind", "subject"], set_={"quotas": added.excluded.quotas})
    )


def remove(connection: Connection, kind: QuotaKind, subject: str) -> None:
    columns = chat_quotas.c
    connection.execute(delete(chat_quotas).where(columns.kind == kind.value, columns.subject == subject))


def used_since(connection: Connection, user_id: str, day: date) -> Mapping[UsedBy, Used]:
    columns = chat_usage.c
    query = select(chat_usage).where(columns.user_id == user_id, columns.day >= day)
    return {
        UsedBy(row.user_id, row.key_id, row.day): Used(row.replies, row.tokens, row.cost_usd)
        for row in connection.execute(query)
    }


def used_by_all(connection: Connection, first: date, last: date) -> Mapping[UsedBy, Used]:
    columns = chat_usage.c
    sums = (func.sum(columns.replies), func.sum(columns.tokens), func.sum(columns.cost_usd))
    query = (
        select(columns.user_id, columns.day, *sums)
        .where(columns.day >= first, columns.day <= last)
        .group_by(columns.user_id, columns.day)
        .order_by(columns.day, columns.user_id)
    )
    return {
        UsedBy(user_id, "", day): Used(int(replies), int(tokens), cost_usd)
        for user_id, day, replies, tokens, cost_usd in connection.execute(query)
    }


def add(connection: Connection, batch: UsageBatch) -> None:
    """Add a batch once. The number of each transaction is noted before it commits: an attempt whose end nobody heard of
    is asked for by it the next time."""
    raw: Any = connection.connection
    with closing(raw.cursor()) as cursor:
        if _was_added(cursor, batch.attempts):
            return
        cursor.execute(f"{statements.BEGIN}; SELECT txid_current()")
        batch.attempts.append(cursor.fetchone()[0])
        # In one order, so that two processes can't wait for each other.
        uses = sorted(batch.uses.items(), key=lambda use: (use[0].user_id, use[0].key_id, use[0].day))
        rows = [(by.user_id, by.key_id, by.day, used.replies, used.tokens, used.cost_usd) for by, used in uses]
        cursor.execute(f"{_ADD}; COMMIT", [list(column) for column in zip(*rows, strict=True)])


def _was_added(cursor: Any, attempts: Sequence[int]) -> bool:
    """Tell whether an earlier attempt was committed. Raises HistoryUnavailable while one of them is still under way."""
    for attempt in attempts:
        cursor.execute("SELECT txid_status(%s)", (attempt,))
        status = cursor.fetchone()[0]
        if status == "committed":
            return True
        if status == "in progress":
            raise HistoryUnavailable("an earlier attempt has not ended")
    return False


def model_rules(connection: Connection) -> Sequence[ModelRule]:
    query = select(chat_model_rules).order_by(chat_model_rules.c.backend, chat_model_rules.c.model)
    return [
        ModelRule(
            backend=row.backend,
            model=row.model,
            roles=[PersonRole(role) for role in row.roles],
            accounts=list(row.accounts),
        )
        for row in connection.execute(query)
    ]


def put_model_rule(connection: Connection, rule: ModelRule) -> None:
    may = {"roles": [role.value for role in rule.roles], "accounts": list(rule.accounts)}
    added = insert(chat_model_rules).values(backend=rule.backend, model=rule.model, **may)
    connection.execute(added.on_conflict_do_update(index_elements=["backend", "model"], set_=may))


def remove_model_rule(connection: Connection, backend: str, model: str) -> bool:
    columns = chat_model_rules.c
    where = (columns.backend == backend, columns.model == model)
    return bool(connection.execute(delete(chat_model_rules).where(*where)).rowcount)
