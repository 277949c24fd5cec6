"""Quotas, what was used, and rules for models, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from thai_chat.domain.quotas import ModelRule, QuotaKind, QuotaRule, UsageBatch, Used, UsedBy
from thai_chat.history.postgres.server import Server
from thai_chat.history.postgres.sql import quotas


class PostgresQuotas:
    """A `QuotaStore`."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def rules(self) -> Sequence[QuotaRule]:
        return await self._server.run(quotas.rules)

    async def put(self, rule: QuotaRule) -> None:
        await self._server.run(lambda connection: quotas.put(connection, rule))

    async def delete(self, kind: QuotaKind, subject: str) -> None:
        await self._server.run(lambda connection: quotas.remove(connection, kind, subject))

    async def used_since(self, user_id: str, day: date) -> Mapping[UsedBy, Used]:
        return await self._server.run(lambda connection: quotas.used_since(connection, user_id, day), user_id=user_id)

    async def used_by_all(self, first: date, last: date) -> Mapping[UsedBy, Used]:
        return await self._server.run(lambda connection: quotas.used_by_all(connection, first, last))

    async def add(self, batch: UsageBatch) -> None:
        await self._server.run(lambda connection: quotas.add(connection, batch))


class PostgresModelRules:
    """A `ModelRuleStore`."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def all(self) -> Sequence[ModelRule]:
        return await self._server.run(quotas.model_rules)

    async def put(self, rule: ModelRule) -> None:
        await self._server.run(lambda connection: quotas.put_model_rule(connection, rule))

    async def delete(self, backend: str, model: str) -> bool:
        return await self._server.run(lambda connection: quotas.remove_model_rule(connection, backend, model))
