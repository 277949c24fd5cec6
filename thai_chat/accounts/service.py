"""The use cases of accounts, as the gate and the API have them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from thai_chat.accounts.administration import Administration
from thai_chat.accounts.attempts import Attempts
from thai_chat.accounts.audit import Audit
from thai_chat.accounts.browsers import Browsers
from thai_chat.accounts.closing import Closing, RunningReplies
from thai_chat.accounts.ended import EndedSignIns
from thai_chat.accounts.invitations import Invitations
from thai_chat.accounts.keys import ApiKeys
from thai_chat.accounts.model_rules import ModelRules
from thai_chat.accounts.openid.rules import OpenIdRules
from thai_chat.accounts.passwords import Passwords
from thai_chat.accounts.profile import Profile
from thai_chat.accounts.quotas import Limits
from thai_chat.accounts.signing_in import SigningIn
from thai_chat.domain.accounts import Account
from thai_chat.domain.errors import HistoryError, trace_of
from thai_chat.domain.once import OnceKeys
from thai_chat.domain.people import Person, PersonRole
from thai_chat.domain.ports.storage import Storage
from thai_chat.domain.quotas import Quotas

if TYPE_CHECKING:
    from thai_chat.accounts.openid.signing_in import OpenIdSignIn

logger = logging.getLogger(__name__)

TIDY_EVERY_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRules:
    """Rules from the settings."""

    ways: Sequence[str] = ("password",)
    """How people sign in: password, oidc."""
    sign_up: str = "invitation"
    """Who may make an account: off, invitation, open."""
    longest: timedelta = timedelta(days=30)
    """After this a session is over, whatever was done in it."""
    idle: timedelta = timedelta(days=7)
    """After this without use a session is over."""
    admin_reads_chats: bool = False
    public_url: str | None = None
    """The address under which people open the page, for links; None: the one that a request came to."""
    openid: OpenIdRules | None = None
    """Where an OpenID provider signs people in, by which of them."""
    folder: Path | None = None
    """Has the file of the audit log, and the sign-outs that PostgreSQL does not know yet; None: no files are kept."""
    audit_kept: timedelta = timedelta(days=365)
    """After this an entry of the audit log is deleted."""
    quotas: Mapping[PersonRole, Quotas] = field(default_factory=dict)
    """The quotas of each role, where administrators have set none."""


class Accounts:
    """All use cases, over one storage. `start` it before use and `close` it after.

    `replies` are those that run in this process: they end with the account of whoever asked.
    """

    def __init__(
        self,
        storage: Storage,
        rules: AccountRules,
        replies: RunningReplies | None = None,
        once: OnceKeys | None = None,
    ) -> None:
        self.storage = storage
        self.rules = rules
        self.audit = Audit(storage.audit, folder=rules.folder, kept=rules.audit_kept)
        self.keys = ApiKeys(storage.keys, self.audit, once)
        self.passwords = Passwords()
        self.attempts = Attempts()
        self.browsers = Browsers(storage.sign_ins, idle=rules.idle, ended=EndedSignIns(rules.folder))
        self.signing_in = SigningIn(
            storage.accounts,
            storage.sign_ins,
            passwords=self.passwords,
            attempts=self.attempts,
            browsers=self.browsers,
            audit=self.audit,
            longest=rules.longest,
        )
        self.profile = Profile(
            storage.accounts,
            storage.sign_ins,
            passwords=self.passwords,
            attempts=self.attempts,
            browsers=self.browsers,
            audit=self.audit,
            idle=rules.idle,
            has_passwords="password" in rules.ways,
        )
        self.invitations = Invitations(
            storage.accounts,
            storage.invitations,
            passwords=self.passwords,
            sign_up=rules.sign_up,
            has_passwords="password" in rules.ways,
            once=once,
        )
        self.administration = Administration(
            storage.accounts,
            storage.sign_ins,
            storage.people,
            changed=self._changed,
            gone=self._gone,
            forgotten=self._forgotten,
        )
        models = ModelRules(storage.model_rules, storage.accounts)
        self.limits = Limits(storage.quotas, storage.accounts, models, defaults=rules.quotas)
        self.closing = Closing(storage.accounts, self.browsers, replies)
        self.openid = _openid(rules, self)
        self._work: list[asyncio.Task[None]] = []

    async def by_cookie(self, token: str) -> Person | None:
        """Return who has a session's token. Raises SignInUnavailable."""
        return await self.browsers.person(token)

    async def by_key(self, key: str) -> Person:
        """Return who has an API key. Raises SignInNeeded, SignInUnavailable."""
        return await self.keys.person(key)

    async def _changed(self, account: Account) -> None:
        self.browsers.renew(account.account_id)
        self.keys.forget(account.account_id)

    async def _gone(self, account: Account) -> None:
        self.browsers.end_all(account.account_id)
        self.keys.forget(account.account_id)

    async def _forgotten(self, account: Account) -> None:
        await self.limits.usage.store()  # lest it come after the account is gone
        await self.storage.forget_person(account.user_id)

    def start(self) -> None:
        """Begin what runs in the background."""
        self.audit.start()
        self._work.append(asyncio.create_task(self._tidy(), name="sessions that are over"))
        self.keys.start()
        self.limits.start()
        self.closing.start()

    async def close(self) -> None:
        """End what runs in the background. Safe to call twice."""
        for task in self._work:
            task.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)
        self._work.clear()
        await self.closing.close()
        if self.openid:
            await self.openid.close()
        await self.browsers.close()
        self.passwords.close()
        await self.keys.close()
        await self.limits.close()
        await self.audit.close()

    async def _tidy(self) -> None:
        """Forget sessions that are over, now and then."""
        while True:
            try:
                await self.storage.sign_ins.forget(datetime.now(UTC))
            except HistoryError:
                pass  # PostgreSQL is away
            except Exception as error:  # noqa: BLE001 - the edge of a background task: nobody else would see it
                logger.error("sessions that are over stay: %s", type(error).__name__, extra=trace_of(error))
            await asyncio.sleep(TIDY_EVERY_S)


def _openid(rules: AccountRules, accounts: Accounts) -> OpenIdSignIn | None:
    """Return signing in by an OpenID provider. What it needs is installed where it is used alone."""
    if rules.openid is None:
        return None
    from thai_chat.accounts.openid.signing_in import OpenIdSignIn

    return OpenIdSignIn(
        rules.openid,
        accounts.storage,
        accounts.signing_in,
        accounts.audit,
        accounts.invitations,
        sign_up=rules.sign_up,
    )
