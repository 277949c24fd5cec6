"""People as administrators see and change them; leaving for good."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

from thai_chat.domain.accounts import Account, checked_display_name
from thai_chat.domain.known_people import Belongings, KnownPerson
from thai_chat.domain.people import PersonRole
from thai_chat.domain.ports.accounts import AccountStore, SignInStore
from thai_chat.domain.ports.people import PeopleStore


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonChange:
    """The changes of a person; None leaves what it is."""

    role: PersonRole | None = None
    disabled: bool | None = None
    display_name: str | None = None


async def _nothing(account: Account) -> None:
    pass


class Administration:
    """`changed` is told of an account that is another one now, `gone` of one that nobody may use any more, `forgotten`
    of one that has been deleted."""

    def __init__(
        self,
        accounts: AccountStore,
        sign_ins: SignInStore,
        people: PeopleStore,
        *,
        changed: Callable[[Account], Awaitable[None]] = _nothing,
        gone: Callable[[Account], Awaitable[None]] = _nothing,
        forgotten: Callable[[Account], Awaitable[None]] = _nothing,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._accounts, self._sign_ins, self._people = accounts, sign_ins, people
        self._changed, self._gone, self._forgotten = changed, gone, forgotten
        self._now = now

    async def all(self) -> Sequence[KnownPerson]:
        """Return everybody, by name."""
        return await self._people.all()

    async def change(self, account_id: UUID, change: PersonChange) -> Account:
        """Change somebody. Who is disabled is signed out at once, and their replies end.

        Raises AccountNotFound, BadAccountName, LastAdministrator.
        """
        display_name = None if change.display_name is None else checked_display_name(change.display_name)
        now = self._now()

        def changed(account: Account) -> Account:
            disabled_at = account.disabled_at
            if change.disabled is not None:
                disabled_at = (disabled_at or now) if change.disabled else None
            return replace(
                account,
                role=change.role or account.role,
                display_name=display_name or account.display_name,
                disabled_at=disabled_at,
            )

        account = await self._accounts.change(account_id, changed)
        if account.is_disabled:
            await self._sign_ins.end_all(account_id)
            await self._gone(account)
        else:
            await self._changed(account)
        return account

    async def belongings(self, account: Account) -> Belongings:
        """Return how much goes with an account."""
        return await self._people.belongings(account.user_id)

    async def remove(self, account_id: UUID) -> Account:
        """Delete somebody with all that they have, and return what the account was.

        Raises AccountNotFound, LastAdministrator.
        """
        account = await self._accounts.by_id(account_id)
        await self._people.remove(account_id)
        await self._gone(account)
        await self._forgotten(account)
        # A question that had passed the gate before may have been stored since.
        await self._people.sweep(account.user_id)
        return account

    async def take_over(self, account: Account) -> Belongings:
        """Give somebody what was there before accounts; see `PeopleStore.take_over`."""
        return await self._people.take_over(account.account_id)

    async def to_give_back(self, account: Account) -> Belongings:
        """Return how much somebody would keep who gives back what they took over."""
        return await self._people.belongings(account.user_id, account.adopted_at)

    async def give_back(self, account: Account) -> Belongings:
        """Undo a taking over; see `PeopleStore.give_back`."""
        return await self._people.give_back(account.account_id, str(uuid4()))
