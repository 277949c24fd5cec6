"""The ports to the storage of quotas, of what was used and of rules for models; and to who grants questions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Protocol, TypeAlias

from thai_chat.domain.messages import Choice
from thai_chat.domain.people import Person
from thai_chat.domain.quotas import ModelRule, QuotaKind, QuotaRule, QuotaState, UsageBatch, Used, UsedBy


class QuotaStore(Protocol):
    """Keeps quotas and what was used. All methods raise HistoryUnavailable in an outage."""

    async def rules(self) -> Sequence[QuotaRule]:
        """Return all quotas that are set, by kind and subject."""

    async def put(self, rule: QuotaRule) -> None:
        """Set the quotas of a role, an account or a key, in the place of those that it has."""

    async def delete(self, kind: QuotaKind, subject: str) -> None:
        """Have a role, an account or a key without quotas of its own."""

    async def used_since(self, user_id: str, day: date) -> Mapping[UsedBy, Used]:
        """Return what a person has used from a day on, by key and day."""

    async def used_by_all(self, first: date, last: date) -> Mapping[UsedBy, Used]:
        """Return what everybody has used from a day to another, both included, by person and day: all keys together."""

    async def add(self, batch: UsageBatch) -> None:
        """Add a batch to what was used; one that was added already, or may have been, is not added twice."""


class ModelRuleStore(Protocol):
    """Keeps which models are not open to everybody. All methods raise HistoryUnavailable in an outage."""

    async def all(self) -> Sequence[ModelRule]:
        """Return all rules, by backend and model."""

    async def put(self, rule: ModelRule) -> None:
        """Set the rule of a model, in the place of the one that it has."""

    async def delete(self, backend: str, model: str) -> bool:
        """Open a model to everybody; False when it was."""


MayUse: TypeAlias = Callable[[Choice, bool], bool]
"""Tells whether a model may be used; the second is False for a name that its server does not list."""


class Permit(Protocol):
    """The right to one reply."""

    def end(self, *, tokens: int = 0, cost_usd: Decimal = Decimal(0)) -> None:
        """Count what the reply has used, and let another one run. Never waits nor fails; twice counts once."""


class Allowance(Protocol):
    """Who may ask for a reply now, and of which model."""

    def begin(self, person: Person, *, replies: int = 1, repeats: str = "") -> Awaitable[Sequence[Permit]]:
        """Return the rights to some replies, each of which must be ended. Raises LimitReached.

        `repeats` is the same for a request that is sent again: a repetition is never refused.
        """

    def forget(self, person: Person, repeats: str) -> None:
        """Let nothing pass as the repetition of a request that has failed: it began no reply."""

    def models_for(self, person: Person | None) -> Awaitable[MayUse | None]:
        """Return what tells which models are open to a person, or to nobody who is known; None where all are open to
        everybody. Raises HistoryUnavailable where the rules never could be read."""

    def states(self, person: Person) -> Awaitable[Sequence[QuotaState]]:
        """Return how near a person, or the key that they use, is to each quota."""
