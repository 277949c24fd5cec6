"""Whose account somebody has whom an OpenID provider signs in. Identity is its issuer with its subject, never an
address: that may be given to somebody else."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

from thai_chat.accounts.audit import Audit
from thai_chat.accounts.invitations import Invitations
from thai_chat.accounts.openid.claims import Claims, display_name, names, values_of, verified_address
from thai_chat.accounts.openid.provider import Provider
from thai_chat.accounts.openid.round_trip import CameBack, RoundTrip, account_of, local_path, read, signed
from thai_chat.accounts.openid.rules import OpenIdRules
from thai_chat.accounts.signing_in import SignedIn, SigningIn
from thai_chat.domain.account_errors import (
    InvitationOver,
    LastAdministrator,
    NameTaken,
    SignInUnavailable,
)
from thai_chat.domain.accounts import Account, Visit, is_token, person_of_account
from thai_chat.domain.audit import Action
from thai_chat.domain.errors import HistoryUnavailable, ThaiChatError
from thai_chat.domain.invitations import Invitation, InvitationPurpose
from thai_chat.domain.openid_errors import (
    OpenIdDenied,
    OpenIdDisabled,
    OpenIdNoAccount,
    OpenIdOtherDomain,
    OpenIdOver,
    OpenIdTaken,
    OpenIdUnavailable,
)
from thai_chat.domain.people import Person, PersonRole
from thai_chat.domain.ports.storage import Storage

logger = logging.getLogger(__name__)


class OpenIdSignIn:
    def __init__(
        self,
        rules: OpenIdRules,
        storage: Storage,
        signing_in: SigningIn,
        audit: Audit,
        invitations: Invitations,
        *,
        sign_up: str = "invitation",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Take SIGN_UP: while it is off no invitation makes an account."""
        self.rules = rules
        self._sign_up = sign_up
        self.provider = Provider(rules)
        self._accounts, self._invitations = storage.accounts, invitations
        self._signing_in, self._audit = signing_in, audit
        self._now = now

    async def close(self) -> None:
        await self.provider.close()

    async def begin(
        self,
        *,
        back_to: str,
        next_path: str | None,
        invitation: str = "",
        takes_over: bool = False,
        person: Person | None = None,
    ) -> tuple[str, str]:
        """Return where the provider signs somebody in, and what the browser keeps meanwhile.

        With a person, the identity becomes one more way into their account. Raises OpenIdUnavailable.
        """
        trip = RoundTrip(
            next=local_path(next_path),
            invitation=invitation if is_token(invitation) else "",
            takes_over=takes_over,
            account_id=str(person.account_id) if person and person.account_id else "",
            began_at=self._now().timestamp(),
        )
        address = await self.provider.address(
            back_to=back_to, state=trip.state, nonce=trip.nonce, verifier=trip.verifier
        )
        return address, signed(trip, self.rules.key)

    async def finish(
        self,
        came: CameBack,
        kept: str,
        *,
        back_to: str,
        visit: Visit,
        person: Person | None = None,
        old_token: str = "",
    ) -> tuple[SignedIn, str]:
        """Return the session of who comes back, and where they go on.

        Raises OpenIdError, SignInUnavailable while PostgreSQL is away, and what using an invitation raises.
        """
        name = ""
        try:
            trip = read(kept, self.rules.key, self._now())
            # Some leave the state out when they say no, which lets nobody in.
            is_no = bool(came.error) and not came.state
            if trip is None or not (is_no or secrets.compare_digest(came.state.encode(), trip.state.encode())):
                raise OpenIdOver
            if came.error or not came.code:
                away = came.error in ("server_error", "temporarily_unavailable")
                raise OpenIdUnavailable(came.error[:100]) if away else OpenIdDenied(came.error[:100])
            claims = await self.provider.claims(
                came.code, issuer=came.issuer, back_to=back_to, nonce=trip.nonce, verifier=trip.verifier
            )
            name = display_name(claims)
            account = await self._account(claims, trip, person, visit)
            if account.is_disabled:
                raise OpenIdDisabled
            account = await self._with_role(account, claims, visit)
            begun = await self._signing_in.begin(account, visit, old_token)
        except HistoryUnavailable as error:
            raise SignInUnavailable from error
        except ThaiChatError as error:
            logger.info("a sign-in by the OpenID provider failed: %s (%s)", error.code, error)
            self._audit.note(
                Action.SIGN_IN_FAILED,
                name=name,
                outcome="refused",
                address=visit.address,
                details={"way": "oidc", "why": error.code},
            )
            raise
        self._audit.note(Action.SIGN_IN, who=begun.person, address=visit.address, details={"way": "oidc"})
        return begun, trip.next

    async def _account(self, claims: Claims, trip: RoundTrip, person: Person | None, visit: Visit) -> Account:
        domain = verified_address(claims).rpartition("@")[2].lower()
        if self.rules.allowed_domains and domain not in self.rules.allowed_domains:
            raise OpenIdOtherDomain
        account = await self._accounts.by_identity(claims["iss"], claims["sub"])
        wanted = account_of(trip)
        if wanted is not None:
            if person is None or person.account_id != wanted:
                raise OpenIdOver
            if account is None:
                account = await self._linked(await self._accounts.by_id(wanted), claims)
                if account.account_id == wanted:
                    self._note(Action.IDENTITY_ADDED, account, visit)
            if account.account_id != wanted:
                raise OpenIdTaken
            return account
        return account or await self._made(claims, trip, visit)

    async def _made(self, claims: Claims, trip: RoundTrip, visit: Visit) -> Account:
        """Make an account: by the invitation that somebody brings, or where everybody may have one."""
        if not (trip.invitation or self.rules.makes_accounts):
            raise OpenIdNoAccount
        for name in _tried(claims):
            make = self._maker(claims, name)
            try:
                if trip.invitation:
                    account = await self._invitations.use(trip.invitation, make, takes_over=trip.takes_over)
                else:
                    account = await self._accounts.add(make(None))
            except NameTaken:
                continue
            linked = await self._linked(account, claims)
            if linked.account_id != account.account_id:  # the same person, twice at once
                await self._accounts.delete(account.account_id)
            else:
                self._note(Action.SIGN_UP, account, visit, role=account.role.value)
                if account.adopted_at:
                    self._note(Action.CHATS_TAKEN_OVER, account, visit)
            return linked
        raise NameTaken

    def _maker(self, claims: Claims, name: str) -> Callable[[Invitation | None], Account]:
        account_id, user_id = uuid4(), str(uuid4())

        def make(invitation: Invitation | None) -> Account:
            if invitation and not self._makes_account(invitation):
                raise InvitationOver
            role = invitation.role if invitation else PersonRole.USER
            return Account(
                account_id=account_id,
                user_id=user_id,
                name=(invitation.name if invitation else None) or name,
                display_name=display_name(claims) or name,
                role=self._role(claims) or role,
                created_at=self._now(),
            )

        return make

    def _makes_account(self, invitation: Invitation) -> bool:
        match invitation.purpose:
            case InvitationPurpose.FIRST:
                return True
            case InvitationPurpose.INVITE:
                return self._sign_up != "off"
            case InvitationPurpose.RESET:
                return False

    async def _linked(self, account: Account, claims: Claims) -> Account:
        """Let an identity sign in to an account, and return whose it is: who came first has it."""
        issuer, subject = claims["iss"], claims["sub"]
        await self._accounts.link(account.account_id, issuer, subject)
        return await self._accounts.by_identity(issuer, subject) or account

    def _role(self, claims: Claims) -> PersonRole | None:
        """Return the role that the provider gives; None where roles are given here."""
        if not self.rules.role_claim:
            return None
        is_one = not set(self.rules.admin_values).isdisjoint(values_of(claims, self.rules.role_claim))
        return PersonRole.ADMINISTRATOR if is_one else PersonRole.USER

    async def _with_role(self, account: Account, claims: Claims, visit: Visit) -> Account:
        role = self._role(claims)
        if role is None or role is account.role:
            return account
        try:
            changed = await self._accounts.change(account.account_id, lambda stored: replace(stored, role=role))
        except LastAdministrator:
            logger.warning("the provider's claim makes the last administrator a user: they stay administrator")
            return account
        self._note(Action.ROLE_CHANGED, account, visit, role=role.value)
        return changed

    def _note(self, action: Action, account: Account, visit: Visit, **details: str) -> None:
        who, target = person_of_account(account), str(account.account_id)
        self._audit.note(action, who=who, target=target, address=visit.address, details={**details, "way": "oidc"})


def _tried(claims: Claims) -> Iterator[str]:
    """Yield names until one is nobody's; the last is nobody's."""
    first = ""
    for name in names(claims):
        first = first or name
        yield name
    yield f"{first or 'openid'} {secrets.token_hex(4)}"
