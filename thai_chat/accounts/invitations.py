"""Making accounts and giving new passwords, by links that are good for one use."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from thai_chat.accounts.attempts import SignUps
from thai_chat.accounts.passwords import Passwords
from thai_chat.domain.account_errors import DisabledAccount, InvitationOver, NameTaken, PasswordsOff, SignUpClosed
from thai_chat.domain.accounts import Account, checked_display_name, checked_name, hash_of_token, is_token, new_token
from thai_chat.domain.invitations import LASTS, Invitation, InvitationPurpose, PasswordReset
from thai_chat.domain.json_types import JsonObject
from thai_chat.domain.once import Once, OnceKeys
from thai_chat.domain.people import LOCAL, Person, PersonRole
from thai_chat.domain.ports.accounts import AccountStore
from thai_chat.domain.ports.invitations import InvitationStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """An invitation that has just been made, with its token, which is told this once."""

    invitation: Invitation
    token: str
    is_repeated: bool = False
    """An earlier request made it."""

    @property
    def path(self) -> str:
        return f"/invitation/{self.token}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPerson:
    """The answers of somebody who makes an account."""

    name: str
    password: str
    display_name: str = ""
    """Empty: the name."""
    takes_over: bool = False
    """The first administrator alone: what was there before accounts becomes theirs."""


class Invitations:
    """`sign_up` is SIGN_UP; where people have no passwords, links lead to the OpenID provider."""

    def __init__(
        self,
        accounts: AccountStore,
        invitations: InvitationStore,
        *,
        passwords: Passwords,
        sign_up: str,
        sign_ups: SignUps | None = None,
        has_passwords: bool = True,
        once: OnceKeys | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._accounts, self._invitations = accounts, invitations
        self._passwords = passwords
        self._sign_ups = sign_ups or SignUps()
        self._sign_up, self._has_passwords = sign_up, has_passwords
        self._once = once or OnceKeys()
        self._now = now

    async def find(self, token: str) -> Invitation:
        """Return the invitation of a link that is good now. Raises InvitationOver."""
        if not is_token(token):
            raise InvitationOver
        invitation = await self._invitations.find(hash_of_token(token), self._now())
        purpose = invitation.purpose
        is_closed = purpose is InvitationPurpose.INVITE and self._sign_up == "off"
        if is_closed or (purpose is InvitationPurpose.RESET and not self._has_passwords):
            raise InvitationOver
        return invitation

    async def all(self) -> Sequence[Invitation]:
        """Return what administrators have made, the newest first."""
        return await self._invitations.all()

    async def invite(
        self,
        role: PersonRole,
        *,
        name: str | None = None,
        lasts: timedelta = LASTS[InvitationPurpose.INVITE],
        by: Person | None = None,
        idempotency_key: str | None = None,
    ) -> Issued:
        """Make an invitation for anybody, or for a name; the same request with the same idempotency key gets the one of
        before.

        Raises SignUpClosed, BadAccountName, NameTaken, KeyReused, AlreadyMade.
        """
        if self._sign_up == "off":
            raise SignUpClosed
        name = checked_name(name) if name else None
        meaning: JsonObject = {"role": role.value, "name": name, "lasts": lasts.total_seconds()}
        once = self._once.of(by, idempotency_key, made="invitation", meaning=meaning) if by else None
        if once and (known := await self._repeated(once, self._now())):
            return known
        if name and await self._accounts.by_name(name):
            raise NameTaken
        who = by.account_id if by else None
        return await self._issue(InvitationPurpose.INVITE, role, lasts, name=name, created_by=who, once=once)

    async def reset(self, account: Account, *, by: UUID | None = None) -> Issued:
        """Make a link for a new password of an account. The password of before is good until the link is used.

        Raises DisabledAccount, PasswordsOff.
        """
        self._require_passwords()
        if account.is_disabled:
            raise DisabledAccount
        purpose, whose = InvitationPurpose.RESET, account.account_id
        return await self._issue(
            purpose, account.role, LASTS[purpose], name=account.name, account_id=whose, created_by=by
        )

    async def first(self) -> Issued | None:
        """Make a link for the first administrator, and end earlier ones; None where somebody administers."""
        if any(account.may_administer for account in await self._accounts.all()):
            return None
        purpose = InvitationPurpose.FIRST
        return await self._issue(purpose, PersonRole.ADMINISTRATOR, LASTS[purpose])

    async def revoke(self, invitation_id: UUID) -> None:
        """End an invitation. Raises InvitationOver when there is none."""
        if not await self._invitations.end(invitation_id):
            raise InvitationOver

    async def sign_up(self, new: NewPerson, token: str | None, *, address: str = "") -> Account:
        """Make an account by a link, or without one where anybody may, though not ever so many from an address.

        Raises InvitationOver, SignUpClosed and TooManySignUps before anything is hashed; BadAccountName, BadPassword,
        UnreadableText, NameTaken, AlreadyTakenOver.
        """
        if token is None:
            await self._require_open()
            self._sign_ups.count(address)
            return await self._accounts.add(await self._made(new))
        if not self._has_passwords:
            raise SignUpClosed
        invitation = await self._of_account(token)
        account = await self._made(replace(new, name=invitation.name or new.name))
        return await self.use(token, lambda found: replace(account, role=found.role), takes_over=new.takes_over)

    async def use(self, token: str, make: Callable[[Invitation], Account], *, takes_over: bool = False) -> Account:
        """Make an account by a link; `make` may be called twice, and in another thread.

        Raises InvitationOver, NameTaken, AlreadyTakenOver: then the link stays good.
        """
        invitation = await self._of_account(token)
        adopts = takes_over and invitation.purpose is InvitationPurpose.FIRST

        def made(found: Invitation) -> Account:
            account = make(found)
            return replace(account, user_id=LOCAL.user_id, adopted_at=account.created_at) if adopts else account

        return await self._invitations.sign_up(hash_of_token(token), self._now(), made)

    async def _of_account(self, token: str) -> Invitation:
        """Return an invitation that makes an account. Raises InvitationOver."""
        invitation = await self.find(token)
        if invitation.purpose is InvitationPurpose.RESET:
            raise InvitationOver
        return invitation

    async def add(self, new: NewPerson, role: PersonRole) -> Account:
        """Make an account without any link.

        Raises PasswordsOff, BadAccountName, BadPassword, UnreadableText, NameTaken.
        """
        self._require_passwords()
        return await self._accounts.add(replace(await self._made(new), role=role))

    def _require_passwords(self) -> None:
        if not self._has_passwords:
            raise PasswordsOff

    async def reset_password(self, token: str, password: str) -> PasswordReset:
        """Give the account of a link a new password: whoever had the old one has nothing left.

        Raises InvitationOver, BadPassword, UnreadableText.
        """
        if (await self.find(token)).purpose is not InvitationPurpose.RESET:
            raise InvitationOver
        password_hash = await self._passwords.hash(password)
        return await self._invitations.reset(hash_of_token(token), self._now(), password_hash)

    async def _require_open(self) -> None:
        """Refuse who comes without a link, unless anybody may. The first account is the first administrator's."""
        if self._sign_up != "open" or not self._has_passwords or not await self._accounts.count():
            raise SignUpClosed

    async def _made(self, new: NewPerson) -> Account:
        name = checked_name(new.name)
        display_name = checked_display_name(new.display_name or name)
        account_id = uuid4()
        return Account(
            account_id=account_id,
            user_id=str(account_id),
            name=name,
            display_name=display_name,
            password_hash=await self._passwords.hash(new.password),
            created_at=self._now(),
        )

    async def _issue(
        self,
        purpose: InvitationPurpose,
        role: PersonRole,
        lasts: timedelta,
        *,
        name: str | None = None,
        account_id: UUID | None = None,
        created_by: UUID | None = None,
        once: Once | None = None,
    ) -> Issued:
        now = self._now()
        token = once.token(now) if once else new_token()
        invitation = Invitation(
            invitation_id=once.id if once else uuid4(),
            purpose=purpose,
            role=role,
            name=name,
            account_id=account_id,
            created_by=created_by,
            created_at=now,
            expires_at=now + lasts,
        )
        is_new = await self._invitations.add(invitation, hash_of_token(token))
        if once and not is_new and (known := await self._repeated(once, now)):
            return known
        return Issued(invitation=invitation, token=token)

    async def _repeated(self, once: Once, now: datetime) -> Issued | None:
        """Return the invitation that a repeated request has made. Raises KeyReused, AlreadyMade."""
        found = await self._invitations.made(once.id)
        if found is None:
            return None
        invitation, token_hash = found
        token = once.token(invitation.created_at)
        is_same = hmac.compare_digest(hash_of_token(token), token_hash)
        once.require_told(invitation.created_at, now, is_same=is_same)
        return Issued(invitation=invitation, token=token, is_repeated=invitation.created_at != now)
