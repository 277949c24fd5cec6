"""The app behind its gate with accounts for tests: who has one there, and who has signed in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx

from tests.histories import OpenStores, opened
from tests.served import api_over, listening
from thai_chat.accounts.passwords import LinkPasswords, Passwords
from thai_chat.accounts.service import AccountRules, Accounts
from thai_chat.backends.registry import KINDS, build_backends
from thai_chat.chat.service import ChatService
from thai_chat.domain.accounts import Account, SignIn, hash_of_token, new_token
from thai_chat.domain.people import PersonRole
from thai_chat.gate.gate import Gate
from thai_chat.gate.people import Holders
from thai_chat.routing.router import Router
from thai_chat.settings import Settings
from thai_chat.sharing.service import Shares

PASSWORD = "ปลาทูสองตัวในเข่ง"


@dataclass(frozen=True, slots=True)
class Team:
    """The app with accounts."""

    address: str
    accounts: Accounts
    service: ChatService
    stores: OpenStores

    @asynccontextmanager
    async def browser(self, **headers: str) -> AsyncIterator[httpx.AsyncClient]:
        """Yield a browser in which nobody has signed in."""
        async with httpx.AsyncClient(base_url=self.address, timeout=20, headers=headers) as http:
            yield http

    @asynccontextmanager
    async def signed_in(self, account: Account, password: str = PASSWORD) -> AsyncIterator[httpx.AsyncClient]:
        """Yield a browser in which somebody has signed in."""
        async with self.browser() as http:
            await sign_in(http, account.name, password)
            yield http

    async def account(self, name: str = "", **fields: object) -> Account:
        return await make_account(self.accounts, name, **fields)


async def make_account(
    accounts: Accounts,
    name: str = "",
    *,
    password: str | None = PASSWORD,
    role: PersonRole = PersonRole.USER,
    **fields: object,
) -> Account:
    """Store an account; without a name it gets one that nobody has."""
    name = name or f"มะลิ-{uuid4().hex[:12]}"
    values = {
        "account_id": uuid4(),
        "user_id": uuid4().hex,
        "name": name,
        "display_name": name,
        "role": role,
        "password_hash": await accounts.passwords.hash(password) if password else None,
        "created_at": datetime.now(UTC),
    }
    return await accounts.storage.accounts.add(Account(**{**values, **fields}))  # type: ignore[arg-type]


async def sign_in(http: httpx.AsyncClient, name: str, password: str = PASSWORD) -> httpx.Response:
    """Sign in; the client keeps the cookie."""
    answer = await http.post("/api/sign-in", json={"name": name, "password": password})
    assert answer.status_code == 200, answer.text
    return answer


async def have_signed_in(people: Team, http: httpx.AsyncClient, account: Account, *, ago: timedelta) -> SignIn:
    """Give a browser a session that began a while ago, without a password."""
    now, token = datetime.now(UTC), new_token()
    sign_in = SignIn(
        sign_in_id=uuid4(),
        account_id=account.account_id,
        created_at=now - ago,
        used_at=now,
        expires_at=now - ago + people.accounts.rules.longest,
    )
    await people.accounts.storage.sign_ins.add(sign_in, hash_of_token(token))
    http.cookies.set("thai_chat", token)
    return sign_in


@asynccontextmanager
async def team(
    address: str, folder: Path, *, rules: AccountRules | None = None, vllm: str | None = None
) -> AsyncIterator[Team]:
    """Serve the API with accounts over real sockets. `vllm` is a model server's address."""
    settings = Settings(vllm_base_url=vllm, ollama_host=None)
    async with AsyncExitStack() as stack:
        stores = await stack.enter_async_context(opened(address, folder))
        router = Router(build_backends(settings), kinds=KINDS)
        stack.push_async_callback(router.close)
        await router.start()
        service = ChatService(stores.storage, router, max_history_messages=settings.max_history_messages)
        stack.push_async_callback(service.close)
        service.start()
        accounts = Accounts(stores.storage, rules or AccountRules(), service)
        stack.push_async_callback(accounts.close)
        accounts.start()
        service.permits.allowance = accounts.limits
        who = Holders(accounts.by_cookie, accounts.by_key)
        passwords = Passwords(memory_kib=8, passes=1)
        stack.callback(passwords.close)
        sharing = Shares(stores.storage.shares, stores.storage.transfer, LinkPasswords(passwords))
        stack.push_async_callback(sharing.close)
        api = stack.enter_context(api_over(service, accounts, sharing))
        gate = Gate(api, who=who, limit=accounts.limits.let_pass)
        where = await stack.enter_async_context(listening(gate))
        yield Team(where, accounts, service, stores)


def token_of(http: httpx.AsyncClient) -> dict[str, str]:
    """Return the header by which another browser is taken for this one."""
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in http.cookies.items())}


def cookies_of(answer: httpx.Response) -> Sequence[str]:
    """Return the cookies that an answer sets, each as it is written."""
    return answer.headers.get_list("set-cookie")
