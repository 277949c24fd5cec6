"""Webhooks while PostgreSQL is away, after a restore, and after the process was killed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.app import running_app
from tests.histories import is_stored, opened, straight, until
from tests.history_writes import begin, finish, whole_turn
from tests.hooked import KEY, QUICK, deliveries, hooks_of, made, sending
from tests.outages import Outage
from tests.postgres_servers import PostgresServer, Proxy
from tests.standins.openai_server import OpenAIStandin
from tests.standins.receiver import Receiver
from tests.standins.script import Script, thai_tokens
from thai_chat.domain.webhook_hosts import WebhookHosts
from thai_chat.domain.webhooks import TOLD, DeliveryProblem, DeliveryState, WebhookEvent
from thai_chat.history.postgres.backup import archive, kept, restoring
from thai_chat.webhooks.sender import HttpSender
from thai_chat.webhooks.service import Webhooks
from thai_chat.webhooks.signing import Signer

MALI = "มะลิ"
WAIT_S = 20.0


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as receiver:
        yield receiver


async def test_what_was_said_in_an_outage_is_told_when_it_is_over(
    receiver: Receiver, postgres: PostgresServer, proxy: Proxy, own_database: str, tmp_path: Path
) -> None:
    outage = Outage(postgres, proxy, own_database).of_kind("refused")
    hosts = WebhookHosts([receiver.host])
    async with opened(postgres.address(own_database, port=proxy.port), tmp_path) as history:
        storage = history.storage
        hooks = Webhooks(storage.webhooks, storage.webhook_outbox, hosts, Signer(KEY), HttpSender(hosts), pace=QUICK)
        hooks.start()
        await made(hooks, MALI, receiver, events=TOLD)
        running = begin(MALI)
        await history.write(running)
        await receiver.until(1, "session.created")
        await asyncio.to_thread(outage.begin)
        await history.write(finish(running, "ครบ"))
        other = await whole_turn(history, MALI)
        assert len(receiver.received) == 1
        await asyncio.to_thread(outage.end)
        await until(lambda: is_stored(history), within_s=WAIT_S)
        finished = await receiver.until(2, "reply.finished")
        created = await receiver.until(2, "session.created")
        await hooks.close()
    assert {one.data["message_id"] for one in finished} == {str(running.reply_id), str(other.reply.message_id)}
    assert {one.data["status"] for one in finished} == {"complete"}
    assert {one.data["session_id"] for one in created} == {str(running.session_id), str(other.session.session_id)}


async def test_nothing_of_a_backup_is_sent_again(
    receiver: Receiver, postgres: PostgresServer, own_database: str, tmp_path: Path
) -> None:
    address = postgres.address(own_database)
    file = tmp_path / "backup.zip"
    async with straight(address) as history:
        hook = await made(hooks_of(history, [receiver.host]), MALI, receiver, events=[WebhookEvent.REPLY_FINISHED])
        await whole_turn(history, MALI)
        await history.write(begin(MALI))  # grows while the backup is made
        await asyncio.to_thread(archive.save, address, file)
        await whole_turn(history, MALI)
    await asyncio.to_thread(lambda: restoring.restore(address, file, replace=True))
    for step, count in ((None, 1), (kept.undo, 2)):
        if step:
            await asyncio.to_thread(step, address)
        async with straight(address) as history, sending(history, receiver.host) as hooks:
            found = await deliveries(hooks, hook)
            assert len(found) == count
            assert {one.state for one in found} == {DeliveryState.DROPPED}
            assert {one.problem for one in found} == {DeliveryProblem.RESTORED}
            turn = await whole_turn(history, MALI)
            told = await receiver.until(1)
            assert [one.data["message_id"] for one in told] == [str(turn.reply.message_id)]
            receiver.received.clear()


async def test_a_killed_process_tells_what_was_said_when_it_runs_again(
    receiver: Receiver, postgres: PostgresServer, own_database: str
) -> None:
    address = postgres.address(own_database)
    script = Script(tokens=thai_tokens(5), delay_ms=1)
    async with OpenAIStandin(models={"thai-model": 8192}, script=script) as standin:
        settings = {"VLLM_BASE_URL": standin.base_url, "WEBHOOK_HOSTS": receiver.host, "DATABASE_URL": address}
        async with running_app(**settings) as app:
            async with httpx.AsyncClient(base_url=app.address, timeout=WAIT_S) as http:
                made = (await http.post("/api/webhooks", json={"url": receiver.url})).json()
                await receiver.stop()
                asked = (await http.post("/chat", json={"query": "สวัสดี"})).json()
            await app.kill()
            async with straight(address) as history:  # as if the next try, or the end of the lease, were now
                await history.database.run(
                    lambda c: c.exec_driver_sql("UPDATE chat_webhook_deliveries SET next_at = now()")
                )
            await receiver.start()
            await app.start()
            (finished,) = await receiver.until(1, "reply.finished")
            async with httpx.AsyncClient(base_url=app.address, timeout=WAIT_S) as http:
                listed = (await http.get("/api/webhooks")).json()
                assert app.log.count(made["secret"]) == 0
    assert finished.data["message_id"] == asked["message_id"]
    assert [one["webhook_id"] for one in listed["webhooks"]] == [made["webhook_id"]]
