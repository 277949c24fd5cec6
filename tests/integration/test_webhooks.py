"""Webhooks over a real PostgreSQL: what is told to whom, signed how."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from tests.histories import PostgresStores, straight
from tests.history_writes import (
    ANSWER,
    QUESTION,
    begin,
    delete,
    finish,
    prefer,
    purge_message,
    rate,
    whole_reply,
    whole_turn,
)
from tests.hooked import deliveries, hooks_of, is_signed, made, person, sending
from tests.postgres_servers import PostgresServer
from tests.standins.receiver import Receiver
from thai_chat.domain.messages import Figures, Status
from thai_chat.domain.webhook_errors import WebhooksOff
from thai_chat.domain.webhook_hosts import WebhookHosts
from thai_chat.domain.webhooks import DeliveryProblem, DeliveryState, WebhookChange, WebhookEvent
from thai_chat.webhooks.sender import HttpSender
from thai_chat.webhooks.service import Webhooks
from thai_chat.webhooks.signing import Signer

MALI, SOMCHAI = "มะลิ", "สมชาย"


@pytest.fixture
async def history(postgres: PostgresServer, own_database: str) -> AsyncIterator[PostgresStores]:
    async with straight(postgres.address(own_database)) as history:
        yield history


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as receiver:
        yield receiver


async def test_a_turn_is_told_signed_and_without_its_texts(history: PostgresStores, receiver: Receiver) -> None:
    async with sending(history, receiver.host) as hooks:
        hook = await made(hooks, MALI, receiver)
        turn = await whole_turn(history, MALI)
        told = {one.told["type"]: one for one in await receiver.until(2)}
    created, finished = told["session.created"], told["reply.finished"]
    session_id, reply = str(turn.session.session_id), turn.reply
    assert created.data["session_id"] == session_id
    assert finished.data["session_id"] == session_id
    assert finished.data["message_id"] == str(reply.message_id)
    assert finished.data["question_id"] == str(turn.question.message_id)
    assert finished.data["status"] == "complete"
    assert (finished.data["backend"], finished.data["model"]) == (turn.session.backend, turn.session.model)
    for one in told.values():
        assert is_signed(one, hook.secret)
        assert not is_signed(one, "whsec_" + "A" * 44)
        assert one.told["timestamp"].endswith("Z")
        assert one.headers["content-type"] == "application/json"
        assert one.headers["webhook-id"].startswith("msg_")
        for text in (QUESTION, ANSWER, "ภาษา", "ไทย"):
            assert text not in one.body.decode()
    assert created.headers["webhook-id"] != finished.headers["webhook-id"]


@pytest.mark.parametrize("status", [Status.FAILED, Status.STOPPED, Status.INTERRUPTED])
async def test_every_end_of_a_reply_is_told_with_its_status(
    history: PostgresStores, receiver: Receiver, status: Status
) -> None:
    async with sending(history, receiver.host) as hooks:
        await made(hooks, MALI, receiver, events=[WebhookEvent.REPLY_FINISHED])
        write = begin(MALI)
        await history.write(write)
        metadata = {"error": {"code": "backend_unreachable", "params": {}}} if status is Status.FAILED else {}
        figures = Figures(prompt_tokens=12, completion_tokens=34, cost_usd=Decimal("0.000125"))
        await history.write(finish(write, "", status=status, metadata=metadata, figures=figures))
        (one,) = await receiver.until(1)
    assert one.data["status"] == status
    assert (one.data["prompt_tokens"], one.data["completion_tokens"], one.data["cost_usd"]) == (12, 34, 0.000125)
    assert one.data["error"] == ("backend_unreachable" if status is Status.FAILED else None)


async def test_texts_are_told_where_that_was_asked_for(history: PostgresStores, receiver: Receiver) -> None:
    async with sending(history, receiver.host) as hooks:
        await made(hooks, MALI, receiver, include_content=True)
        turn = await whole_turn(history, MALI)
        await history.write(rate(turn, -1, reason="สั้นไป", tags=("too_short",)))
        await receiver.until(3)
    (created,), (finished,) = receiver.of("session.created"), receiver.of("reply.finished")
    (rated,) = receiver.of("feedback.given")
    assert created.data["session_name"] == turn.session.session_name
    assert (finished.data["question"], finished.data["content"]) == (QUESTION, ANSWER)
    assert rated.data["reason"] == "สั้นไป"


async def test_a_rating_and_a_preference_are_told_and_taking_them_back_too(
    history: PostgresStores, receiver: Receiver
) -> None:
    async with sending(history, receiver.host) as hooks:
        await made(hooks, MALI, receiver, events=[WebhookEvent.FEEDBACK_GIVEN])
        turn = await whole_turn(history, MALI)
        other = await whole_reply(history, turn)
        await history.write(rate(turn, 1, reason="ดีมาก", tags=("accurate",)))
        await receiver.until(1)
        await history.write(rate(turn, None))
        await receiver.until(2)
        await history.write(prefer(turn, other.reply.message_id))
        await receiver.until(3)
        await history.write(delete(turn, turn.reply.message_id))
        await history.write(purge_message(turn, turn.reply.message_id))
        await history.write(rate(other, -1))
        await receiver.until(4)
    good, back, preferred, bad = (one.data for one in receiver.received)
    assert (good["kind"], good["value"], good["tags"]) == ("rating", 1, ["accurate"])
    assert good["message_id"] == str(turn.reply.message_id)
    assert "reason" not in good
    assert (back["kind"], back["value"]) == ("rating", None)
    assert (preferred["kind"], preferred["over"]) == ("preference", [str(other.reply.message_id)])
    assert (bad["message_id"], bad["value"]) == (str(other.reply.message_id), -1)


async def test_nobody_is_told_of_what_others_say_or_of_what_was_not_asked_for(
    history: PostgresStores, receiver: Receiver
) -> None:
    async with sending(history, receiver.host) as hooks:
        await made(hooks, SOMCHAI, receiver, events=[WebhookEvent.SESSION_CREATED])
        off = await made(hooks, SOMCHAI, receiver)
        await hooks.change(person(SOMCHAI), off.webhook.webhook_id, WebhookChange(enabled=False))
        gone = await made(hooks, SOMCHAI, receiver)
        await hooks.delete(person(SOMCHAI), gone.webhook.webhook_id)
        await whole_turn(history, MALI)
        turn = await whole_turn(history, SOMCHAI)
        await receiver.until(1)
        last = await whole_turn(history, SOMCHAI)
        await receiver.until(2)
    told = [(one.told["type"], one.data["session_id"]) for one in receiver.received]
    ids = [str(one.session.session_id) for one in (turn, last)]
    assert told == [("session.created", one) for one in ids]


async def test_both_secrets_sign_for_a_day_after_one_is_renewed(history: PostgresStores, receiver: Receiver) -> None:
    async with sending(history, receiver.host) as hooks:
        first = await made(hooks, MALI, receiver)
        second = await hooks.renew_secret(person(MALI), first.webhook.webhook_id)
        await hooks.test(person(MALI), first.webhook.webhook_id)
        await history.database.run(
            lambda c: c.exec_driver_sql("UPDATE chat_webhooks SET previous_until = now() - interval '1 s'")
        )
        await hooks.test(person(MALI), first.webhook.webhook_id)
    within, after = receiver.received
    assert is_signed(within, first.secret)
    assert is_signed(within, second.secret)
    assert not is_signed(after, first.secret)
    assert is_signed(after, second.secret)


async def test_a_ping_is_sent_at_once_and_tells_what_became_of_it(history: PostgresStores, receiver: Receiver) -> None:
    async with sending(history, receiver.host) as hooks:
        hook = await made(hooks, MALI, receiver)
        good = await hooks.test(person(MALI), hook.webhook.webhook_id)
        receiver.status = 500
        bad = await hooks.test(person(MALI), hook.webhook.webhook_id)
        kept = await deliveries(hooks, hook)
    assert (good.state, good.status_code, good.problem) == (DeliveryState.DELIVERED, 200, None)
    assert (bad.state, bad.status_code, bad.problem) == (DeliveryState.FAILED, 500, "webhook_status")
    assert [one.delivery_id for one in kept] == [bad.delivery_id, good.delivery_id]
    assert [one.told["type"] for one in receiver.received] == ["ping", "ping"]


async def test_no_secret_is_stored(history: PostgresStores, receiver: Receiver) -> None:
    async with sending(history, receiver.host) as hooks:
        hook = await made(hooks, MALI, receiver)
        rows = await history.database.run(
            lambda c: c.exec_driver_sql("SELECT string_agg(w::text, '') FROM chat_webhooks w").scalar_one()
        )
    assert hook.secret.removeprefix("whsec_") not in rows
    assert receiver.url in rows


async def test_where_webhooks_are_off_they_are_listed_and_deleted_and_nothing_more(
    history: PostgresStores, receiver: Receiver
) -> None:
    hook = await made(hooks_of(history, [receiver.host]), MALI, receiver)
    off, webhook_id = hooks_of(history, []), hook.webhook.webhook_id
    for call in (
        lambda: made(off, MALI, receiver),
        lambda: off.renew_secret(person(MALI), webhook_id),
        lambda: off.test(person(MALI), webhook_id),
        lambda: off.change(person(MALI), webhook_id, WebhookChange(enabled=True)),
    ):
        with pytest.raises(WebhooksOff):
            await call()
    assert await off.of(person(MALI)) == [hook.webhook]
    await off.change(person(MALI), webhook_id, WebhookChange(enabled=False))
    await off.delete(person(MALI), webhook_id)
    assert await off.of(person(MALI)) == []


async def test_what_another_key_made_is_not_signed_wrong_but_not_sent(
    history: PostgresStores, receiver: Receiver
) -> None:
    hook = await made(hooks_of(history, [receiver.host]), MALI, receiver)
    storage, hosts = history.storage, WebhookHosts([receiver.host])
    other = Webhooks(storage.webhooks, storage.webhook_outbox, hosts, Signer(b"another"), HttpSender(hosts))
    lost = await other.test(person(MALI), hook.webhook.webhook_id)
    assert (lost.state, lost.problem) == (DeliveryState.FAILED, DeliveryProblem.SECRET_LOST)
    assert receiver.received == []
    renewed = await other.renew_secret(person(MALI), hook.webhook.webhook_id)
    assert (await other.test(person(MALI), hook.webhook.webhook_id)).state is DeliveryState.DELIVERED
    assert is_signed(receiver.received[0], renewed.secret)
    await other.close()
