"""One's own account: name, language and password, and the sessions in which one is signed in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from thai_chat.accounts.attempts import Attempts
from thai_chat.accounts.audit import Audit
from thai_chat.accounts.browsers import Browsers
from thai_chat.accounts.passwords import Passwords, checked
from thai_chat.domain.account_errors import (
    AccountNotFound,
    FreshSignInNeeded,
    SignInNotFound,
    WrongPassword,
)
from thai_chat.domain.accounts import Account, Identity, SignIn, Visit, checked_display_name
from thai_chat.domain.audit import Action
from thai_chat.domain.people import Person
from thai_chat.domain.ports.accounts import AccountStore, SignInStore

FRESH = timedelta(minutes=15)
"""So long after signing in somebody who has no password yet may choose one."""


class Profile:
    """Use cases of somebody's own account. All raise HistoryUnavailable while PostgreSQL is away."""

    def __init__(
        self,
        accounts: AccountStore,
        sign_ins: SignInStore,
        *,
        passwords: Passwords,
        attempts: Attempts,
        browsers: Browsers,
        audit: Audit,
        idle: timedelta,
        has_passwords: bool = True,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Take whether people may sign in by a password here at all."""
        self._accounts, self._sign_ins = accounts, sign_ins
        self._passwords, self._attempts, self._browsers = passwords, attempts, browsers
        self._audit = audit
        self._idle = idle
        self._has_passwords = has_passwords
        self._now = now

    async def rename(self, person: Person, display_name: str) -> Account:
        """Change the name that is shown. Raises BadAccountName."""
        name = checked_display_name(display_name)
        account = await self._change(person, lambda account: replace(account, display_name=name))
        self._audit.note(Action.NAME_CHANGED, who=person)
        return account

    async def choose_language(self, person: Person, language: str | None) -> Account:
        """Change the language of the page; None leaves it to the browser."""
        return await self._change(person, lambda account: replace(account, language=language))

    async def change_password(self, person: Person, current: str, new: str, visit: Visit) -> None:
        """Change the password, and end all other sessions.

        Raises WrongPassword, TooManyAttempts, BadPassword, UnreadableText; FreshSignInNeeded for an account without a
        password whose session is not fresh.
        """
        checked(new)
        account = await self.confirmed(person, current, visit, Action.PASSWORD_CHANGED)
        new_hash = await self._passwords.hash(new)

        def change(stored: Account) -> Account:
            if stored.password_hash != account.password_hash:
                raise WrongPassword
            return replace(stored, password_hash=new_hash)

        # Ended before as well: were only the second of the two lost, an old session would stay.
        await self._end_others(person)
        await self._accounts.change(account.account_id, change)
        await self._end_others(person)
        self._audit.note(Action.PASSWORD_CHANGED, who=person, address=visit.address)

    async def confirmed(self, person: Person, current: str, visit: Visit, action: Action) -> Account:
        """Return the account of somebody who shows once more that it is theirs; who can't is noted with the action.

        Raises WrongPassword, TooManyAttempts; FreshSignInNeeded for an account without a password whose session is not
        fresh.
        """
        account = await self._accounts.by_id(_account_of(person))
        if account.password_hash is None:
            await self._require_fresh(person)
        else:
            await self._require_current(account, person, current, visit, action)
        return account

    async def sign_ins(self, person: Person) -> Sequence[SignIn]:
        """Return where somebody is signed in, the last used first."""
        now = self._now()
        stored = await self._sign_ins.of(_account_of(person))
        return [one for one in stored if one.expires_at > now and now - one.used_at < self._idle]

    async def end_sign_in(self, person: Person, sign_in_id: UUID) -> None:
        """End one session of somebody's own. Raises SignInNotFound."""
        account_id = _account_of(person)
        is_ended = await self._sign_ins.end(account_id, sign_in_id)
        self._browsers.end(account_id, sign_in_id)
        if not is_ended:
            raise SignInNotFound
        self._audit.note(Action.SIGN_INS_ENDED, who=person, details={"sessions": 1})

    async def identities(self, person: Person) -> Sequence[Identity]:
        """Return by which identities of OpenID providers somebody may sign in, the first one first."""
        return await self._accounts.identities(_account_of(person))

    async def remove_identity(self, person: Person, identity_id: str, visit: Visit) -> None:
        """Let an identity no longer sign in to somebody's own account. Sessions that are there go on.

        Raises IdentityNotFound, LastWayIn.
        """
        account = await self._accounts.by_id(_account_of(person))
        has_other_way = self._has_passwords and account.password_hash is not None
        await self._accounts.unlink(account.account_id, identity_id, has_other_way=has_other_way)
        self._audit.note(Action.IDENTITY_REMOVED, who=person, address=visit.address)

    async def end_others(self, person: Person) -> int:
        """End all sessions but the one that asks, and return how many they were."""
        ended = await self._end_others(person)
        self._audit.note(Action.SIGN_INS_ENDED, who=person, details={"sessions": ended})
        return ended

    async def _end_others(self, person: Person) -> int:
        account_id = _account_of(person)
        ended = await self._sign_ins.end_all(account_id, but=person.sign_in_id)
        self._browsers.end_all(account_id, but=person.sign_in_id)
        return ended

    async def _change(self, person: Person, change: Callable[[Account], Account]) -> Account:
        account = await self._accounts.change(_account_of(person), change)
        self._browsers.renew(account.account_id)
        return account

    async def _require_current(
        self, account: Account, person: Person, current: str, visit: Visit, action: Action
    ) -> None:
        async with self._passwords.turn():
            self._attempts.require_few(account.name, visit.address)
            if not (await self._passwords.verify(current, account.password_hash)).is_right:
                self._attempts.note_failure(account.name, visit.address)
                self._audit.note(
                    action, who=person, name=account.name, outcome=WrongPassword.code, address=visit.address
                )
                raise WrongPassword

    async def _require_fresh(self, person: Person) -> None:
        mine = [one for one in await self.sign_ins(person) if one.sign_in_id == person.sign_in_id]
        if not mine or self._now() - mine[0].created_at > FRESH:
            raise FreshSignInNeeded


def _account_of(person: Person) -> UUID:
    """Return the account of somebody. Raises AccountNotFound for the one person of a server without accounts."""
    if person.account_id is None:
        raise AccountNotFound
    return person.account_id
