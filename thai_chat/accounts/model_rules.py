"""Which models are open to whom. A model without a rule is open to everybody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from thai_chat.accounts.known import Known
from thai_chat.domain.account_errors import AccountNotFound
from thai_chat.domain.errors import BadInput
from thai_chat.domain.messages import BACKEND_CHARS, MODEL_CHARS, Choice
from thai_chat.domain.people import Person, PersonRole
from thai_chat.domain.ports.accounts import AccountStore
from thai_chat.domain.ports.quotas import MayUse, ModelRuleStore
from thai_chat.domain.quotas import ModelRule


class ModelRules:
    """A rule names the roles and the accounts that may use a model; nobody else may, administrators neither."""

    def __init__(self, store: ModelRuleStore, accounts: AccountStore) -> None:
        self._store = store
        self._accounts = accounts
        self._known: Known[Mapping[tuple[str, str], ModelRule]] = Known(self._read, {})

    async def close(self) -> None:
        """End what runs in the background. Safe to call twice."""
        await self._known.close()

    async def all(self) -> Sequence[ModelRule]:
        """Return all rules, by backend and model."""
        return await self._store.all()

    async def put(self, rule: ModelRule) -> None:
        """Set a model's rule. Raises BadInput and AccountNotFound."""
        if not _can_be(rule.backend, rule.model):
            raise BadInput(fields="backend, model")
        there = {account.account_id for account in await self._accounts.all()} if rule.accounts else set()
        if not there.issuperset(rule.accounts):
            raise AccountNotFound
        await self._store.put(rule)
        await self._known.read()

    async def delete(self, backend: str, model: str) -> bool:
        """Open a model to everybody; False when it was."""
        if not _can_be(backend, model):
            return False
        had_rule = await self._store.delete(backend, model)
        await self._known.read()
        return had_rule

    async def may_use(self, person: Person | None) -> MayUse | None:
        """Return what tells which models a person may use; None where all are open to everybody."""
        rules = await self._known.once_read()
        barred = {of: rule for of, rule in rules.items() if not _is_open_to(rule, person)}
        if not barred:
            return None
        backends = {backend for backend, _ in barred}

        def may(choice: Choice, is_listed: bool) -> bool:
            # A server may know a model by a name that it does not list.
            return _spelled(choice) not in barred and (is_listed or choice.backend not in backends)

        return may

    async def _read(self) -> Mapping[tuple[str, str], ModelRule]:
        return {_spelled(Choice(rule.backend, rule.model)): rule for rule in await self._store.all()}


def _can_be(backend: str, model: str) -> bool:
    """Tell whether these can be names of a backend and a model: what no store can keep is neither."""
    return 0 < len(backend) <= BACKEND_CHARS and 0 < len(model) <= MODEL_CHARS and (backend + model).isprintable()


def _spelled(choice: Choice) -> tuple[str, str]:
    return choice.backend, choice.model.casefold()


def _is_open_to(rule: ModelRule, person: Person | None) -> bool:
    return person is not None and (PersonRole(person.role) in rule.roles or _is_named(rule.accounts, person.account_id))


def _is_named(accounts: Sequence[UUID], account_id: UUID | None) -> bool:
    return account_id is not None and account_id in accounts
