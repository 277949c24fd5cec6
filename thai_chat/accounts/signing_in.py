"""Signing in and out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from thai_chat.accounts.attempts import Attempts
from thai_chat.accounts.audit import Audit
from thai_chat.accounts.browsers import Browsers
from thai_chat.accounts.passwords import Passwords
from thai_chat.domain.account_errors import AccountNotFound, SignInUnavailable, WrongCredentials
from thai_chat.domain.accounts import (
    Account,
    SignIn,
    Visit,
    checked_name,
    hash_of_token,
    is_token,
    new_token,
    person_of_account,
)
from thai_chat.domain.audit import Action
from thai_chat.domain.errors import HistoryUnavailable
from thai_chat.domain.people import Person
from thai_chat.domain.ports.accounts import AccountStore, SignInStore

MOST_SIGN_INS = 100
"""The sessions of one account; a script that never signs out would fill the table."""
_BROWSER_CHARS = 200
_ADDRESS_CHARS = 100
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    account: Account
    person: Person
    sign_in_id: UUID
    token: str
    """The value of the cookie, which nobody else is told."""
    expires_at: datetime


class SigningIn:
    """Makes and ends sessions. `longest` is how long one lasts at most."""

    def __init__(
        self,
        accounts: AccountStore,
        sign_ins: SignInStore,
        *,
        passwords: Passwords,
        attempts: Attempts,
        browsers: Browsers,
        audit: Audit,
        longest: timedelta,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._accounts, self._sign_ins = accounts, sign_ins
        self._passwords, self._attempts, self._browsers = passwords, attempts, browsers
        self._audit = audit
        self._longest = longest
        self._now = now

    async def by_password(self, name: str, password: str, visit: Visit, old_token: str = "") -> SignedIn:
        """Begin a session for whoever knows a password, and end the one that the browser had.

        Raises WrongCredentials alike for a wrong password, an unknown name, a disabled account and one without a
        password; TooManyAttempts before anything is hashed; BadAccountName, BadPassword and UnreadableText for what no
        account can have; SignInUnavailable while PostgreSQL is away.
        """
        name = checked_name(name)
        self._attempts.require_few(name, visit.address)
        try:
            account = await self._checked(name, password, visit)
            signed_in = await self.begin(account, visit, old_token)
            await self._require_unchanged(account, signed_in)
        except HistoryUnavailable as error:
            raise SignInUnavailable from error
        self._audit.note(Action.SIGN_IN, who=signed_in.person, name=account.name, address=visit.address)
        return signed_in

    async def begin(self, account: Account, visit: Visit, old_token: str = "") -> SignedIn:
        """Begin a session for somebody who has shown who they are, and end the one that the browser had.

        Raises HistoryUnavailable.
        """
        await self._end_old(old_token)
        now, token = self._now(), new_token()
        sign_in = SignIn(
            sign_in_id=uuid4(),
            account_id=account.account_id,
            created_at=now,
            used_at=now,
            expires_at=now + self._longest,
            browser=_storable(visit.browser)[:_BROWSER_CHARS],
            address=_storable(visit.address)[:_ADDRESS_CHARS],
        )
        await self._sign_ins.add(sign_in, hash_of_token(token))
        await self._sign_ins.end_oldest(account.account_id, MOST_SIGN_INS)
        person = person_of_account(account, sign_in.sign_in_id)
        return SignedIn(
            account=account,
            person=person,
            sign_in_id=sign_in.sign_in_id,
            token=token,
            expires_at=sign_in.expires_at,
        )

    async def end(self, person: Person) -> None:
        """End the session in which somebody asks; while PostgreSQL is away it is told later."""
        if person.account_id is None or person.sign_in_id is None:
            return
        self._audit.note(Action.SIGN_OUT, who=person)
        try:
            await self._sign_ins.end(person.account_id, person.sign_in_id)
        except HistoryUnavailable:
            await self._browsers.end_later(person.account_id, person.sign_in_id)
        else:
            self._browsers.end(person.account_id, person.sign_in_id)

    async def _checked(self, name: str, password: str, visit: Visit) -> Account:
        account = await self._accounts.by_name(name)
        is_open = account is not None and not account.is_disabled
        async with self._passwords.turn():
            # Once more: those who waited for their turn may be too many by now.
            self._attempts.require_few(name, visit.address)
            verdict = await self._passwords.verify(password, account.password_hash if account and is_open else None)
            if account is None or not verdict.is_right:
                self._attempts.note_failure(name, visit.address)
                self._note_failure(account, visit)
                raise WrongCredentials
        return await self._rehash(account, verdict.new_hash) if verdict.new_hash else account

    def _note_failure(self, account: Account | None, visit: Visit) -> None:
        """Note a failure by the name of an account alone: what else was typed for a name may be a password."""
        code, name = WrongCredentials.code, account.name if account else ""
        self._audit.note(Action.SIGN_IN_FAILED, name=name, outcome=code, address=visit.address)

    async def _rehash(self, account: Account, new_hash: str) -> Account:
        def change(stored: Account) -> Account:
            is_same = stored.password_hash == account.password_hash
            return replace(stored, password_hash=new_hash) if is_same else stored

        changed = await self._accounts.change(account.account_id, change)
        return replace(account, password_hash=new_hash) if changed.password_hash == new_hash else account

    async def _require_unchanged(self, account: Account, signed_in: SignedIn) -> None:
        """End a session whose password was changed while it began: it would outlive all others. Raises
        WrongCredentials."""
        try:
            stored = await self._accounts.by_id(account.account_id)
        except AccountNotFound:
            raise WrongCredentials from None
        if stored.password_hash != account.password_hash or stored.is_disabled:
            await self._sign_ins.end(account.account_id, signed_in.sign_in_id)
            raise WrongCredentials

    async def _end_old(self, token: str) -> None:
        if not is_token(token):
            return
        found = await self._sign_ins.find(hash_of_token(token), self._now(), _LONG_AGO)
        if found:
            old = found[0]
            await self._sign_ins.end(old.account_id, old.sign_in_id)
            self._browsers.end(old.account_id, old.sign_in_id)


def _storable(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text)
