"""`user`: the people who have accounts, as whoever has this machine sees and changes them."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from getpass import getpass

from thai_chat import texts
from thai_chat.accounts.administration import Administration, PersonChange
from thai_chat.accounts.audit import Audit
from thai_chat.accounts.invitations import Invitations, Issued, NewPerson
from thai_chat.accounts.passwords import Passwords
from thai_chat.announcing import address_of
from thai_chat.commands import database
from thai_chat.commands.terminal import counted, progress, tell
from thai_chat.domain.accounts import Account
from thai_chat.domain.audit import Action
from thai_chat.domain.errors import HistoryError, StartError, ThaiChatError
from thai_chat.domain.known_people import Belongings
from thai_chat.domain.people import LOCAL, PersonRole
from thai_chat.domain.ports.accounts import AccountStore
from thai_chat.history.postgres import probe, schema, upkeep
from thai_chat.history.postgres.accounts import PostgresAccounts, PostgresSignIns
from thai_chat.history.postgres.audit import PostgresAudit
from thai_chat.history.postgres.connections import Database
from thai_chat.history.postgres.people import PostgresInvitations, PostgresPeople
from thai_chat.settings import Settings

_WHO = "manage.sh"
"""The name of who did it, in the audit log."""


def run(settings: Settings, asked: argparse.Namespace) -> int:
    """Do what was asked. Raises StartError in plain words."""
    is_new = asked.what == "add" and not database.exists(settings)
    if not is_new:
        database.require(settings)
    with database.opened(settings, progress) as address:
        _require_schema(address, may_make=asked.what == "add")
        try:
            asyncio.run(_run(settings, asked, address))
        except (HistoryError, StartError):
            raise
        except ThaiChatError as error:
            raise StartError(texts.text(error.code, "en", error.params)) from error
    if not settings.has_accounts:
        tell("Nobody is asked to sign in yet: set AUTH=password in .env and start Thai Chat anew.", to=sys.stderr)
    return 0


def _require_schema(address: str, *, may_make: bool) -> None:
    """Require the tables as this version has them; an empty database may get them, so that the first start finds its
    administrator. Raises StartError, HistoryUnavailable."""
    revision = probe.ask(address).revision
    if revision is None and may_make:
        upkeep.migrate(address)
        return
    if schema.is_newer(revision):
        raise schema.newer(str(revision))
    if revision != schema.HEAD:
        raise StartError("The schema is not up to date: ./manage.sh migrate")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tools:
    settings: Settings
    accounts: AccountStore
    invitations: Invitations
    administration: Administration
    audit: Audit

    async def account(self, name: str) -> Account:
        """Return the account of a name. Raises StartError."""
        account = await self.accounts.by_name(name)
        if account is None:
            raise StartError(f"Nobody has the name {name}: ./manage.sh user list shows who there is.")
        return account

    def note(self, action: Action, account: Account, **details: str | bool | int) -> None:
        self.audit.note(action, name=_WHO, target=str(account.account_id), details=details)


@asynccontextmanager
async def _tools(settings: Settings, address: str) -> AsyncIterator[_Tools]:
    opened = Database(address)
    accounts, passwords = PostgresAccounts(opened), Passwords()
    audit = Audit(PostgresAudit(opened), folder=settings.data_dir)
    try:
        yield _Tools(
            settings=settings,
            accounts=accounts,
            invitations=Invitations(
                accounts,
                PostgresInvitations(opened),
                passwords=passwords,
                sign_up=settings.sign_up,
                has_passwords=settings.auth != ("oidc",),
            ),
            administration=Administration(accounts, PostgresSignIns(opened), PostgresPeople(opened)),
            audit=audit,
        )
    finally:
        await audit.close()
        passwords.close()
        await opened.close()


async def _run(settings: Settings, asked: argparse.Namespace, address: str) -> None:
    async with _tools(settings, address) as tools:
        match asked.what:
            case "list":
                await _list(tools)
            case "add":
                await _add(tools, asked)
            case "reset":
                await _reset(tools, asked.name)
            case "delete":
                await _delete(tools, asked)
            case "take-over":
                await _take_over(tools, asked)
            case "give-back":
                await _give_back(tools, asked)
            case what:
                await _change(tools, asked.name, what)


async def _list(tools: _Tools) -> None:
    people = await tools.administration.all()
    if not people:
        tell("Nobody has an account yet: ./manage.sh user add NAME --admin makes the first one.")
    for one in people:
        account = one.account
        used = f"last seen {one.last_used_at.astimezone():%Y-%m-%d %H:%M}" if one.last_used_at else "not seen lately"
        parts = [account.role.value, *(["disabled"] if account.is_disabled else []), counted(one.sessions, "session")]
        if account.user_id == LOCAL.user_id:
            parts.append("has the chats of before")
        tell(f"{account.name}: {', '.join([*parts, used])}")


async def _add(tools: _Tools, asked: argparse.Namespace) -> None:
    role = PersonRole.ADMINISTRATOR if asked.admin else PersonRole.USER
    if not asked.password_stdin:
        issued = await tools.invitations.invite(role, name=asked.name)
        tools.audit.note(Action.INVITATION_MADE, name=_WHO, target=asked.name, details={"role": role.value})
        tell(f"An invitation for {issued.invitation.name} ({role.value}):")
        _show(tools, issued)
        return
    account = await tools.invitations.add(NewPerson(name=asked.name, password=_password()), role)
    tools.note(Action.SIGN_UP, account, role=role.value)
    tell(f"{account.name} can sign in now ({role.value}).")


def _password() -> str:
    """Return what is piped in, or typed where nobody sees it."""
    if sys.stdin.isatty():
        return getpass("Password: ")
    return sys.stdin.readline().removesuffix("\n").removesuffix("\r")


async def _reset(tools: _Tools, name: str) -> None:
    account = await tools.account(name)
    issued = await tools.invitations.reset(account)
    tools.note(Action.PASSWORD_RESET, account, link=True)
    tell(f"A link for a new password of {account.name}:")
    _show(tools, issued)


def _show(tools: _Tools, issued: Issued) -> None:
    tell(f"  {address_of(tools.settings)}{issued.path}")
    tell(f"It is good once, until {issued.invitation.expires_at.astimezone():%Y-%m-%d %H:%M}.")


_CHANGES = {
    "disable": (PersonChange(disabled=True), Action.ACCOUNT_DISABLED, "is disabled, and signed out within 10 seconds"),
    "enable": (PersonChange(disabled=False), Action.ACCOUNT_ENABLED, "can sign in again"),
    "make-admin": (PersonChange(role=PersonRole.ADMINISTRATOR), Action.ROLE_CHANGED, "is an administrator now"),
    "make-user": (PersonChange(role=PersonRole.USER), Action.ROLE_CHANGED, "is no administrator any more"),
}


async def _change(tools: _Tools, name: str, what: str) -> None:
    change, action, said = _CHANGES[what]
    account = await tools.account(name)
    account = await tools.administration.change(account.account_id, change)
    details = {"role": account.role.value} if action is Action.ROLE_CHANGED else {}
    tools.note(action, account, **details)
    tell(f"{account.name} {said}.")


async def _delete(tools: _Tools, asked: argparse.Namespace) -> None:
    account = await tools.account(asked.name)
    goes = await tools.administration.belongings(account)
    _ask(asked, f"This deletes {account.name} for good, with {_told(goes)}.")
    await tools.administration.remove(account.account_id)
    tools.note(Action.ACCOUNT_DELETED, account, name=account.name)
    tell(f"{account.name} is gone, with {_told(goes)}. Backups of before still have them.")


async def _take_over(tools: _Tools, asked: argparse.Namespace) -> None:
    account = await tools.account(asked.name)
    before = await tools.administration.belongings(replace(account, user_id=LOCAL.user_id))
    if account.user_id != LOCAL.user_id:
        own = await tools.administration.belongings(account)
        _ask(asked, f"{account.name}, who has {_told(own)}, gets {_told(before)} of before there were accounts.")
    await tools.administration.take_over(account)
    tools.note(Action.CHATS_TAKEN_OVER, account, sessions=before.sessions)
    tell(f"{account.name} has taken over {_told(before)}. They have to sign in again.")
    tell(f"./manage.sh user give-back {account.name} undoes it.")


async def _give_back(tools: _Tools, asked: argparse.Namespace) -> None:
    account = await tools.account(asked.name)
    if account.user_id == LOCAL.user_id:
        own = await tools.administration.to_give_back(account)
        _ask(asked, f"{account.name} keeps {_told(own)} made since, and gives back what was there before accounts.")
    own = await tools.administration.give_back(account)
    tools.note(Action.CHATS_TAKEN_OVER, account, given_back=True)
    tell(f"{account.name} has {_told(own)} now; the rest waits as before. They have to sign in again.")


def _told(things: Belongings) -> str:
    counts = [(things.sessions, "session"), (things.messages, "message"), (things.presets, "preset")]
    if things.shares:
        counts.append((things.shares, "link"))
    *most, last = [counted(number, noun) for number, noun in counts]
    return f"{', '.join(most)} and {last}"


def _ask(asked: argparse.Namespace, what: str) -> None:
    """Tell what is about to be done, and go on only when that is wanted. Raises StartError."""
    tell(what)
    if asked.yes:
        return
    if not sys.stdin.isatty():
        raise StartError("Nothing was changed: add --yes to do it.")
    if input("Type yes to do it: ").strip().lower() not in ("yes", "y"):
        raise StartError("Nothing was changed.")
