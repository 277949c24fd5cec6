"""Limits: how much people and keys may ask for, what of it they have used, and when they may go on."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from math import ceil
from typing import NamedTuple
from uuid import UUID

from thai_chat.accounts.known import Known
from thai_chat.accounts.model_rules import ModelRules
from thai_chat.accounts.requests import SlidingWindow
from thai_chat.accounts.spending import Spending, spending
from thai_chat.accounts.usage import UsageLedger
from thai_chat.domain.addresses import network_of
from thai_chat.domain.errors import BadInput, QuotaUsedUp, TooManyReplies, TooManyRequests
from thai_chat.domain.people import Person, PersonRole
from thai_chat.domain.ports.accounts import AccountStore
from thai_chat.domain.ports.quotas import MayUse, Permit, QuotaStore
from thai_chat.domain.quotas import (
    DAILY,
    USED_UP,
    Quota,
    QuotaKind,
    QuotaRule,
    Quotas,
    QuotaState,
    Used,
    UsedBy,
    day_of,
    next_day,
    next_month,
)

NOBODYS_REQUESTS = 300
"""Requests a minute from one address, of those who have not signed in."""
RUNNING_RETRY_S = 5
"""Nobody knows when a running reply ends; this is said of it."""
_REPEATS_S, _MOST_REPEATS = 120, 10_000
_MONEY = (Quota.USD_DAY, Quota.USD_MONTH)
Rules = Mapping[tuple[QuotaKind, str], Quotas]


class _Holder(NamedTuple):
    """A person or one of their keys, with the quotas that hold for them."""

    name: str
    user_id: str
    key_id: str | None
    """None counts what a person uses by whatever way."""
    quotas: Quotas


class Limits:
    """An `Allowance`, and what the gate and administrators need of it. `start` it before use and `close` it after."""

    def __init__(
        self,
        store: QuotaStore,
        accounts: AccountStore,
        models: ModelRules,
        *,
        defaults: Mapping[PersonRole, Quotas],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.defaults = defaults
        self.models = models
        self.usage = UsageLedger(store)
        self._store = store
        self._accounts = accounts
        self._now = now
        self._rules: Known[Rules] = Known(self._read, {})
        self._requests = SlidingWindow(clock=lambda: now().timestamp())
        self._running: Counter[str] = Counter()
        self._let_in: OrderedDict[tuple[str, str], tuple[datetime, int]] = OrderedDict()
        """The requests that may be repeated: when they were let in, and for how many replies."""

    def start(self) -> None:
        self.usage.start()
        self._rules.now()

    async def close(self) -> None:
        """Store what waits. Safe to call twice."""
        await self._rules.close()
        await self.models.close()
        await self.usage.close()

    def let_pass(self, person: Person | None, address: str) -> None:
        """Count a request. Raises TooManyRequests."""
        if person is None:
            self._hit(f"address {network_of(address)}", Decimal(NOBODYS_REQUESTS))
            return
        rules = self._rules.now()
        if not rules:  # the usual case, in the way of every request
            self._hit(person.user_id, self.defaults.get(person.role, {}).get(Quota.REQUESTS_MINUTE))
            return
        for holder in self._holders(person, rules):
            self._hit(holder.name, holder.quotas.get(Quota.REQUESTS_MINUTE))

    async def begin(self, person: Person, *, replies: int = 1, repeats: str = "") -> Sequence[Permit]:
        """Return the rights to some replies, as an `Allowance` does. Raises TooManyReplies and QuotaUsedUp."""
        holders = self._holders(person, await self._rules.once_read())
        is_repeated = self._is_repeated(person, repeats, replies)
        if not is_repeated:
            await self._require_unused(holders)
            self._require_room(holders, replies)
            self._note_let_in(person, repeats, replies)
        names = [holder.name for holder in holders]
        self._running.update(names * replies)
        return [_Permit(self, person, names, repeats if is_repeated else "") for _ in range(replies)]

    def forget(self, person: Person, repeats: str) -> None:
        """Let nothing pass as the repetition of a request that has failed."""
        self._let_in.pop((person.user_id, repeats), None)

    async def models_for(self, person: Person | None) -> MayUse | None:
        return await self.models.may_use(person)

    async def states(self, person: Person) -> Sequence[QuotaState]:
        """Return how near a person is to each quota; where a key asks, the nearer of its own and theirs."""
        holders = self._holders(person, await self._rules.once_read())
        at = self._now()
        uses = await self._uses(person.user_id, at)
        return [max((self._state(holder, what, uses, at) for holder in holders), key=_nearness) for what in Quota]

    async def rules(self) -> Sequence[QuotaRule]:
        """Return all quotas that administrators have set."""
        return await self._store.rules()

    async def put(self, rule: QuotaRule) -> None:
        """Set the quotas of a role, an account or a key; without any it has none of its own.

        Raises BadInput and AccountNotFound.
        """
        rule = replace(rule, subject=await self._checked_subject(rule.kind, rule.subject))
        if rule.quotas:
            await self._store.put(rule)
        else:
            await self._store.delete(rule.kind, rule.subject)
        await self._rules.read()

    async def spending(self, *, first: date | None, last: date | None, by_month: bool) -> Spending:
        """Return what people have used. Raises BadInput."""
        return await spending(self._store, self._accounts, now=self._now(), first=first, last=last, by_month=by_month)

    def ended(self, person: Person, names: Iterable[str], used: Used) -> None:
        """Count the end of a reply."""
        for name in names:
            self._running[name] -= 1
            if self._running[name] <= 0:
                del self._running[name]
        if used.tokens or used.cost_usd:
            self.usage.add(UsedBy(person.user_id, person.key_id, day_of(self._now())), used)

    def _is_repeated(self, person: Person, request: str, replies: int) -> bool:
        """Tell whether the request was let in a short while ago, and only then: what it began could have been deleted
        since, and it would begin anew. One for more replies than before is another one."""
        at, most = self._let_in.get((person.user_id, request), (None, 0))
        return at is not None and (self._now() - at).total_seconds() < _REPEATS_S and replies <= most

    def _note_let_in(self, person: Person, request: str, replies: int) -> None:
        if request:
            self._let_in[(person.user_id, request)] = (self._now(), replies)
            while len(self._let_in) > _MOST_REPEATS:
                self._let_in.popitem(last=False)

    def _holders(self, person: Person, rules: Rules) -> Sequence[_Holder]:
        own = rules.get((QuotaKind.ACCOUNT, str(person.account_id)), {})
        role = rules.get((QuotaKind.ROLE, person.role.value), {})
        quotas = {**self.defaults.get(person.role, {}), **role, **own}
        holders = [_Holder(person.user_id, person.user_id, None, quotas)]
        if person.key_id and (of_key := rules.get((QuotaKind.KEY, person.key_id))):
            holders.append(_Holder(f"key {person.key_id}", person.user_id, person.key_id, of_key))
        return holders

    def _hit(self, name: str, limit: Decimal | None) -> None:
        if limit is not None and (wait_s := self._requests.hit(name, float(limit))):
            what = Quota.REQUESTS_MINUTE.value
            raise TooManyRequests(what=what, limit=int(limit), retry_after_s=ceil(wait_s))

    async def _require_unused(self, holders: Sequence[_Holder]) -> None:
        if all(holder.quotas.get(what) is None for holder in holders for what in USED_UP):
            return
        at = self._now()
        uses = await self._uses(holders[0].user_id, at)
        # The one that is over last is told.
        for what in reversed(USED_UP):
            for holder in holders:
                state = self._state(holder, what, uses, at)
                if state.limit is not None and state.used >= state.limit and state.resets_at:
                    raise QuotaUsedUp(
                        what=what.value,
                        why=f"{what.value}_used_up",
                        limit=f"{state.limit:,.2f}" if what in _MONEY else f"{int(state.limit):,}",
                        retry_after_s=ceil((state.resets_at - at).total_seconds()),
                    )

    def _require_room(self, holders: Sequence[_Holder], replies: int) -> None:
        for holder in holders:
            limit = holder.quotas.get(Quota.RUNNING_REPLIES)
            if limit is not None and self._running[holder.name] + replies > limit:
                what = Quota.RUNNING_REPLIES.value
                raise TooManyReplies(what=what, limit=int(limit), retry_after_s=RUNNING_RETRY_S)

    async def _uses(self, user_id: str, at: datetime) -> Mapping[UsedBy, Used]:
        return await self.usage.since(user_id, day_of(at).replace(day=1))

    def _state(self, holder: _Holder, what: Quota, uses: Mapping[UsedBy, Used], at: datetime) -> QuotaState:
        limit = holder.quotas.get(what)
        if what is Quota.REQUESTS_MINUTE:
            return QuotaState(what=what, used=Decimal(self._requests.used(holder.name)), limit=limit)
        if what is Quota.RUNNING_REPLIES:
            return QuotaState(what=what, used=Decimal(self._running[holder.name]), limit=limit)
        first, resets_at = (day_of(at), next_day(at)) if what in DAILY else (day_of(at).replace(day=1), next_month(at))
        used = _sum(uses, holder.key_id, first)
        amount = used.cost_usd if what in _MONEY else Decimal(used.tokens)
        return QuotaState(what=what, used=amount, limit=limit, resets_at=resets_at)

    async def _checked_subject(self, kind: QuotaKind, subject: str) -> str:
        """Return what quotas can be set for, as it is kept. Raises BadInput and AccountNotFound."""
        if kind is QuotaKind.ROLE and subject not in set(PersonRole):
            raise BadInput(fields="subject (user, administrator)")
        if kind is QuotaKind.ACCOUNT:
            try:
                account_id = UUID(subject)
            except ValueError as exc:
                raise BadInput(fields="subject") from exc
            return str((await self._accounts.by_id(account_id)).account_id)
        if kind is QuotaKind.KEY and not (len(subject) <= 40 and subject.isascii() and subject.isalnum()):
            raise BadInput(fields="subject")
        return subject

    async def _read(self) -> Rules:
        return {(rule.kind, rule.subject): rule.quotas for rule in await self._store.rules()}


class _Permit:
    """A `Permit`."""

    __slots__ = ("_has_ended", "_limits", "_names", "_person", "_repeats")

    def __init__(self, limits: Limits, person: Person, names: Sequence[str], repeats: str) -> None:
        self._limits = limits
        self._person = person
        self._names = names
        self._repeats = repeats
        self._has_ended = False

    def end(self, *, tokens: int = 0, cost_usd: Decimal = Decimal(0)) -> None:
        if not self._has_ended:
            self._has_ended = True
            self._limits.ended(self._person, self._names, Used(1, tokens, cost_usd))
            if self._repeats and (tokens or cost_usd):  # what it repeated had been deleted: it began anew
                self._limits.forget(self._person, self._repeats)


def _sum(uses: Mapping[UsedBy, Used], key_id: str | None, first: date) -> Used:
    meant = (used for by, used in uses.items() if by.day >= first and key_id in (None, by.key_id))
    return sum(meant, Used())


def _nearness(state: QuotaState) -> float:
    if state.limit is None:
        return -1.0
    return float(state.used / state.limit) if state.limit else float("inf")
