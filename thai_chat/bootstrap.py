"""The composition root: builds everything from the settings, serves the page, and takes everything down again.

Importing this module is cheap: what is heavy (Gradio takes seconds) is imported while the database starts.
"""

from __future__ import annotations

import asyncio
import errno
import gc
import logging
import socket
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from thai_chat import connecting
from thai_chat.announcing import first_link, summary
from thai_chat.domain.errors import StartError
from thai_chat.domain.ports.storage import Storage
from thai_chat.secret_keys import once_keys, secret_key
from thai_chat.settings import Settings
from thai_chat.texts.backends import name_backends

if TYPE_CHECKING:
    import uvicorn

    from thai_chat.accounts.service import Accounts
    from thai_chat.chat.service import ChatService
    from thai_chat.gate.gate import Gate
    from thai_chat.gate.guests import Guests
    from thai_chat.sharing.service import Shares
    from thai_chat.webhooks.service import Webhooks

logger = logging.getLogger(__name__)

Progress = Callable[[str], None]
GRACE_S = 2
"""How long open pages may keep the process after Ctrl-C; their event streams never end by themselves."""


def serve(settings: Settings, *, progress: Progress) -> None:
    """Serve until SIGINT or SIGTERM, then stop all that was started. Raises StartError.

    `progress` gets a line for each thing that takes time, and the address and every state at the end.
    """
    if settings.database_address:
        # A server that may come back is waited for, with memory and journal meanwhile; a wrong address can't be.
        from thai_chat.history.postgres.connections import parsed

        parsed(settings.database_address.get_secret_value())
    guests = connecting.guests_of(settings)
    with listening_socket(settings) as listener, asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(settings, listener, guests, progress))


def listening_socket(settings: Settings) -> socket.socket:
    """Bound before anything slow, so that a taken port is told at once. Raises StartError."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
        listener.listen(1024)
    except OSError as exc:
        listener.close()
        raise StartError(f"{settings.host} port {settings.port}: {_advice(exc)}") from exc
    return listener


def _advice(error: OSError) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return "another program, maybe this one, has it. Stop that, or set PORT to another number."
        case errno.EACCES:
            return "this user may not listen there. Set PORT to a number from 1024 on."
        case _:
            return f"can't be listened on ({error.strerror}). Set HOST to an address of this machine, or 127.0.0.1."


async def _serve(settings: Settings, listener: socket.socket, guests: Guests | None, progress: Progress) -> None:
    async with AsyncExitStack() as stack:
        service, storage = await build_parts(settings, stack, progress=progress)
        accounts = await _accounts(settings, storage, service, stack)
        service.permits.allowance = accounts.limits if accounts else None
        sharing = _sharing(settings, storage, accounts, stack)
        webhooks = _webhooks(settings, storage, service, stack)
        server = _server(_build_app(settings, service, accounts, sharing, webhooks), service, guests)
        # A Ctrl-C that came while the page was built takes effect here, not inside of the web server's start.
        await asyncio.sleep(0)
        for line in (*await summary(settings, service, guests), *await first_link(settings, accounts)):
            progress(line)
        gc.freeze()  # what was built stays as well as what was imported
        await server.serve(sockets=[listener])
        progress("Stopping: storing what is being written ...")


class Parts(NamedTuple):
    service: ChatService
    storage: Storage


async def build_parts(settings: Settings, stack: AsyncExitStack, *, progress: Progress) -> Parts:
    """Return the service over database and backends, all started; `stack` takes them down in the reverse order."""
    kinds = settings.kinds
    name_backends(kinds)
    opening = asyncio.create_task(_open_storage(settings, stack, progress))
    # Looked at here, because after a Ctrl-C nobody else would, and asyncio tells that with a traceback.
    opening.add_done_callback(lambda task: task.cancelled() or task.exception())
    # Meanwhile: most of a database's start is waiting for another process.
    await asyncio.to_thread(_import_page)

    from thai_chat.backends.registry import build_backends, build_last_resort
    from thai_chat.chat.service import ChatService
    from thai_chat.routing.pricing import Prices
    from thai_chat.routing.router import Router, Rules

    router = Router(
        build_backends(settings, log_folder=settings.data_dir),
        kinds=kinds,
        order=settings.fallback_order,
        default=settings.default_backend,
        last_resort=partial(build_last_resort, kinds, log_folder=settings.data_dir),
        rules=Rules(
            fall_back=settings.fallback,
            fall_back_to_cloud=settings.allow_cloud_fallback,
            first_word_s={kind.name: kind.first_word_s(settings) for kind in kinds},
        ),
        prices=Prices(
            {kind.name: address for kind in kinds if (address := kind.priced_at(settings))}, usd_thb=settings.usd_thb
        ),
    )
    stack.push_async_callback(router.close)
    await router.start()
    storage = await opening
    service = ChatService(storage, router, max_history_messages=settings.max_history_messages)
    stack.push_async_callback(service.close)
    service.start()
    return Parts(service, storage)


async def _accounts(
    settings: Settings, storage: Storage, service: ChatService, stack: AsyncExitStack
) -> Accounts | None:
    """Return the use cases of accounts, started; None where nobody signs in."""
    if not settings.has_accounts:
        return None
    from thai_chat.accounts.service import AccountRules, Accounts
    from thai_chat.openid_rules import openid_rules

    rules = AccountRules(
        ways=settings.auth,
        sign_up=settings.sign_up,
        longest=timedelta(hours=settings.sign_in_hours),
        idle=timedelta(hours=settings.sign_in_idle_hours),
        admin_reads_chats=settings.admin_reads_chats,
        public_url=settings.public_url,
        openid=openid_rules(settings),
        folder=settings.data_dir,
        audit_kept=timedelta(days=settings.audit_days),
        quotas=settings.quotas,
    )
    accounts = Accounts(storage, rules, service, once_keys(settings))
    stack.push_async_callback(accounts.close)
    accounts.start()
    return accounts


def _sharing(settings: Settings, storage: Storage, accounts: Accounts | None, stack: AsyncExitStack) -> Shares:
    from thai_chat.accounts.passwords import LinkPasswords, Passwords
    from thai_chat.sharing.service import Shares

    if accounts:
        passwords = accounts.passwords
    else:
        passwords = Passwords()
        stack.callback(passwords.close)
    hasher, once = LinkPasswords(passwords), once_keys(settings)
    sharing = Shares(storage.shares, storage.transfer, hasher, public_url=settings.public_url, once=once)
    stack.push_async_callback(sharing.close)
    return sharing


def _webhooks(settings: Settings, storage: Storage, service: ChatService, stack: AsyncExitStack) -> Webhooks:
    """Return the use cases of webhooks, started. Raises StartError."""
    from thai_chat.domain.webhook_hosts import WebhookHosts
    from thai_chat.webhooks.service import Webhooks
    from thai_chat.webhooks.signing import Signer

    hosts, sender, key = WebhookHosts(settings.webhook_hosts), None, b""
    if hosts:  # its library takes long to import
        from thai_chat.webhooks.sender import HttpSender

        sender, key = HttpSender(hosts), secret_key(settings, "webhooks")
    webhooks = Webhooks(storage.webhooks, storage.webhook_outbox, hosts, Signer(key), sender)
    stack.push_async_callback(webhooks.close)
    webhooks.start()
    service.changes.also = webhooks.wake
    return webhooks


async def _open_storage(settings: Settings, stack: AsyncExitStack, progress: Progress) -> Storage:
    """Open PostgreSQL, brought up to date, when it can be reached; else memory and journal until it can."""
    from thai_chat.history.opening import open_history

    history = open_history(address=_address(settings, stack, progress), folder=settings.data_dir)
    stack.push_async_callback(history.close)
    await history.start()
    return history.storage


def _address(settings: Settings, stack: AsyncExitStack, progress: Progress) -> str | Callable[[], str]:
    """Return the server that the settings name, else what starts ours, also again after it has died."""
    if settings.database_address:
        return settings.database_address.get_secret_value()
    from thai_chat.embedded.postgres import EmbeddedPostgres

    embedded = EmbeddedPostgres(settings.data_dir, progress=progress)
    stack.callback(embedded.stop)
    return embedded.start


def _build_app(
    settings: Settings, service: ChatService, accounts: Accounts | None, sharing: Shares, webhooks: Webhooks
) -> Gate:
    from thai_chat.api.app import build_app
    from thai_chat.gate.cors import Cors
    from thai_chat.gate.forwarded import Proxies
    from thai_chat.gate.gate import Gate
    from thai_chat.gate.headers import Framed
    from thai_chat.gate.names import Names
    from thai_chat.gate.people import Holders, one_person
    from thai_chat.ui import diagrams
    from thai_chat.ui.page import mount_page

    app = mount_page(build_app(service, accounts, sharing, webhooks), service)
    return Gate(
        app,
        names=Names(settings.own_names),
        proxies=Proxies(settings.trusted_proxies, settings.public_url),
        who=Holders(accounts.by_cookie, accounts.by_key) if accounts else one_person,
        heads=app.state.heads,
        framed=Framed(diagrams.path(), diagrams.script_hashes),
        embedders=settings.embed_hosts,
        cors=Cors(frozenset(settings.cors_origins)),
        limit=accounts.limits.let_pass if accounts else None,
    )


def _import_page() -> None:
    """Import what is heavy. All of it stays: looking for garbage in it would be a fifth of the work."""
    gc.disable()
    try:
        import thai_chat.api.app
        import thai_chat.ui.page  # noqa: F401
    finally:
        if not gc.get_freeze_count():
            gc.freeze()
        gc.set_threshold(10_000)  # a long history is as many objects, none of them garbage
        gc.enable()


def _server(app: Gate, service: ChatService, guests: Guests | None) -> uvicorn.Server:
    import uvicorn

    from thai_chat.gate.connections import Connection, most_connections

    class PageServer(uvicorn.Server):
        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            """End replies before connections, so that every page is told and what they have is stored."""
            await service.close()
            await super().shutdown(sockets)

    class CountedConnection(Connection):
        most = most_connections()

    CountedConnection.guests = guests

    config = uvicorn.Config(
        app,
        http=CountedConnection,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        # The gate alone decides which proxies are believed.
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_S,
    )
    return PageServer(config)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:  # not on Windows
        return None
    return uvloop.new_event_loop
