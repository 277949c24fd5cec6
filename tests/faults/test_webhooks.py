"""Receivers and processes that fail: what is told in the end, how often, and what others notice of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from tests.histories import PostgresStores, straight, until
from tests.history_writes import ANSWER, begin, finish, whole_turn
from tests.hooked import QUICK, deliveries, hooks_of, made, person, sending
from tests.postgres_servers import PostgresServer
from tests.standins.receiver import Receiver
from thai_chat.domain.ports.webhooks import Receipt
from thai_chat.domain.webhooks import (
    MOST_GIVEN_UP,
    DeliveryProblem,
    DeliveryState,
    DisabledBy,
    DueDelivery,
    WebhookChange,
    WebhookEvent,
)
from thai_chat.webhooks.dispatcher import Pace
from thai_chat.webhooks.schedule import MOST_TRIES, outcome_of
from thai_chat.webhooks.service import MadeSecret, Webhooks

MALI, SOMCHAI = "มะลิ", "สมชาย"
FINISHED = [WebhookEvent.REPLY_FINISHED]
WAIT_S = 20.0


@pytest.fixture
async def history(postgres: PostgresServer, own_database: str) -> AsyncIterator[PostgresStores]:
    async with straight(postgres.address(own_database)) as history:
        yield history


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as receiver:
        yield receiver


async def sql(history: PostgresStores, statement: str) -> None:
    await history.database.run(lambda connection: connection.exec_driver_sql(statement))


async def ended(hooks: Webhooks, hook: MadeSecret, count: int = 1) -> list[Any]:
    """Return the deliveries as soon as so many of them have ended."""

    async def have_ended() -> bool:
        return sum(one.next_at is None for one in await deliveries(hooks, hook)) >= count

    await until(have_ended, within_s=WAIT_S)
    return list(await deliveries(hooks, hook))


async def test_what_fails_is_sent_again_until_it_is_taken(history: PostgresStores, receiver: Receiver) -> None:
    receiver.statuses = [500, 503, 404]
    async with sending(history, receiver.host) as hooks:
        hook = await made(hooks, MALI, receiver, events=FINISHED)
        await whole_turn(history, MALI)
        (delivery,) = await ended(hooks, hook)
    assert (delivery.state, delivery.tries, delivery.status_code) == (DeliveryState.DELIVERED, 4, 200)
    assert len({one.headers["webhook-id"] for one in receiver.received}) == 1
    assert len({one.body for one in receiver.received}) == 1


async def test_a_receiver_that_is_down_is_told_when_it_is_back(history: PostgresStores, receiver: Receiver) -> None:
    await receiver.stop()
    async with sending(history, receiver.host) as hooks:
        hook = await made(hooks, MALI, receiver, events=FINISHED)
        await whole_turn(history, MALI)

        async def has_failed() -> bool:
            (delivery,) = await deliveries(hooks, hook)
            return delivery.tries >= 2 and delivery.problem is DeliveryProblem.UNREACHABLE

        await until(has_failed, within_s=WAIT_S)
        await receiver.start()
        await receiver.until(1)
        (delivery,) = await ended(hooks, hook)
    assert delivery.state is DeliveryState.DELIVERED


async def test_a_receiver_that_never_answers_holds_up_nobody_else(history: PostgresStores, receiver: Receiver) -> None:
    receiver.answers.clear()
    async with Receiver() as other, sending(history, receiver.host, other.host, timeout_s=60) as hooks:
        await made(hooks, MALI, receiver, events=FINISHED)
        await made(hooks, SOMCHAI, other, events=FINISHED)
        for _ in range(3 * QUICK.most_running):
            await whole_turn(history, MALI)
        await receiver.until(QUICK.most_running_each)
        await whole_turn(history, SOMCHAI)
        await other.until(1)
    assert receiver.most_waiting < QUICK.most_running


async def test_a_receiver_that_is_slow_is_given_up_for_the_moment(history: PostgresStores, receiver: Receiver) -> None:
    receiver.answers.clear()
    async with sending(history, receiver.host, timeout_s=1) as hooks:
        hook = await made(hooks, MALI, receiver, events=FINISHED)
        await whole_turn(history, MALI)
        await receiver.until(2)
        receiver.answers.set()
        (delivery,) = await ended(hooks, hook)
    assert delivery.state is DeliveryState.DELIVERED


async def test_no_redirect_is_followed(history: PostgresStores, receiver: Receiver) -> None:
    async with Receiver() as inner, sending(history, receiver.host, inner.host) as hooks:
        receiver.status, receiver.answer_headers = 307, {"Location": inner.url}
        hook = await made(hooks, MALI, receiver)
        pinged = await hooks.test(person(MALI), hook.webhook.webhook_id)
        assert inner.received == []
    assert (pinged.status_code, pinged.problem) == (307, DeliveryProblem.REDIRECT)


async def test_a_receiver_that_is_gone_is_asked_no_more(history: PostgresStores, receiver: Receiver) -> None:
    async with sending(history, receiver.host) as hooks:
        hook = await made(hooks, MALI, receiver, events=FINISHED)
        receiver.status = 410
        await whole_turn(history, MALI)
        (delivery,) = await ended(hooks, hook)
        disabled = await hooks.get(person(MALI), hook.webhook.webhook_id)
        await whole_turn(history, MALI)
        assert len(await deliveries(hooks, hook)) == 1
    assert (delivery.state, delivery.tries, delivery.problem) == (DeliveryState.FAILED, 1, DeliveryProblem.GONE)
    assert disabled.disabled_by is DisabledBy.GONE
    assert len(receiver.received) == 1


async def test_after_many_failures_a_webhook_is_disabled_and_begins_again_when_its_owner_says_so(
    history: PostgresStores, receiver: Receiver
) -> None:
    receiver.status = 500
    async with sending(history, receiver.host) as hooks:
        hook = await made(hooks, MALI, receiver, events=FINISHED)
        await sql(history, f"UPDATE chat_webhooks SET given_up = {MOST_GIVEN_UP - 1}")
        await whole_turn(history, MALI)
        await receiver.until(1)
        await whole_turn(history, MALI)
        await sql(history, f"UPDATE chat_webhook_deliveries SET tries = {MOST_TRIES}")
        await ended(hooks, hook, 2)
        disabled = await hooks.get(person(MALI), hook.webhook.webhook_id)
        assert disabled.disabled_by is DisabledBy.FAILURES
        seen = len(receiver.received)
        await whole_turn(history, MALI)
        assert len(await deliveries(hooks, hook)) == 2
        receiver.status = 200
        changed = await hooks.change(person(MALI), hook.webhook.webhook_id, WebhookChange(enabled=True))
        assert (changed.disabled_at, changed.given_up) == (None, 0)
        turn = await whole_turn(history, MALI)
        told = await receiver.until(seen + 1)
    assert told[-1].data["session_id"] == str(turn.session.session_id)


async def test_a_process_that_dies_between_event_and_delivery_leaves_it_to_another(
    history: PostgresStores, receiver: Receiver
) -> None:
    receiver.answers.clear()
    short = Pace(look_every_s=0.05, lease_s=0.5, first_pause_s=0.01)
    dying = hooks_of(history, [receiver.host], pace=short)
    hook = await made(dying, MALI, receiver, events=FINISHED)
    await whole_turn(history, MALI)  # nobody looks into the outbox by now
    dying.start()
    await receiver.until(1)
    await dying.close()  # in the middle of a try, which nobody notes
    receiver.answers.set()
    async with sending(history, receiver.host) as hooks:
        (delivery,) = await ended(hooks, hook)
    assert delivery.state is DeliveryState.DELIVERED
    assert {one.headers["webhook-id"] for one in receiver.received} == {f"msg_{delivery.delivery_id.hex}"}


async def test_several_processes_send_each_thing_once(history: PostgresStores, receiver: Receiver) -> None:
    async with sending(history, receiver.host) as one, sending(history, receiver.host):
        hook = await made(one, MALI, receiver, events=FINISHED)
        turns = await asyncio.gather(*(whole_turn(history, MALI) for _ in range(40)))
        await ended(one, hook, len(turns))
    told = [received.data["message_id"] for received in receiver.received]
    assert sorted(told) == sorted(str(turn.reply.message_id) for turn in turns)


async def test_a_reply_that_its_process_left_behind_is_told_as_interrupted_once(
    history: PostgresStores, receiver: Receiver
) -> None:
    async with sending(history, receiver.host) as one, sending(history, receiver.host):
        await made(one, MALI, receiver, events=FINISHED)
        write = begin(MALI, at=datetime.now(UTC))
        await history.write(write)
        await sql(history, "UPDATE chat_webhooks SET told_since = now() - interval '1 hour'")
        await sql(history, "UPDATE chat_messages SET checkpointed_at = now() - interval '2 minutes' "
                           "WHERE status = 'streaming'")  # fmt: skip
        (left,) = await receiver.until(1)
        other = await whole_turn(history, MALI)
        await receiver.until(2)
        await history.write(finish(write, ANSWER))  # its process was only asleep
        told = await receiver.until(3)
    assert (left.data["message_id"], left.data["status"]) == (str(write.reply_id), "interrupted")
    assert told[1].data["message_id"] == str(other.reply.message_id)
    assert (told[2].data["message_id"], told[2].data["status"]) == (str(write.reply_id), "complete")


async def test_what_is_not_allowed_any_more_is_not_sent(history: PostgresStores, receiver: Receiver) -> None:
    async with sending(history, receiver.host) as hooks:
        hook = await made(hooks, MALI, receiver, events=FINISHED)
    async with sending(history, "hooks.example.org") as hooks:
        await whole_turn(history, MALI)
        (delivery,) = await ended(hooks, hook)
    assert (delivery.state, delivery.problem) == (DeliveryState.FAILED, DeliveryProblem.NOT_ALLOWED)
    assert receiver.received == []


async def test_an_event_that_nobody_could_be_told_for_a_day_is_given_up_and_a_week_later_forgotten(
    history: PostgresStores, receiver: Receiver
) -> None:
    hooks = hooks_of(history, [])  # webhooks are off by now
    hook = await made(hooks_of(history, [receiver.host]), MALI, receiver, events=FINISHED)
    await whole_turn(history, MALI)
    await sql(history, "UPDATE chat_webhook_deliveries SET created_at = now() - interval '25 hours'")
    hooks.start()
    (delivery,) = await ended(hooks, hook)
    await hooks.close()
    assert (delivery.state, delivery.problem) == (DeliveryState.FAILED, DeliveryProblem.TOO_LATE)
    await sql(history, "UPDATE chat_webhook_deliveries SET ended_at = now() - interval '8 days'")
    hooks.start()

    async def is_forgotten() -> bool:
        return not await deliveries(hooks, hook)

    await until(is_forgotten, within_s=WAIT_S)
    await hooks.close()


def due(hook: MadeSecret, tries: int, age: timedelta = timedelta()) -> DueDelivery:
    now = datetime.now(UTC)
    return DueDelivery(
        delivery_id=hook.webhook.webhook_id,
        event=WebhookEvent.REPLY_FINISHED,
        created_at=now - age,
        tries=tries,
        data={},
        texts={},
        webhook=hook.webhook,
    )


async def test_pauses_grow_and_end_within_a_day(history: PostgresStores, receiver: Receiver) -> None:
    hook = await made(hooks_of(history, [receiver.host]), MALI, receiver)
    failed = Receipt(status_code=500, problem=DeliveryProblem.STATUS)
    age, pauses = timedelta(), []
    for tries in range(1, MOST_TRIES + 1):
        outcome = outcome_of(due(hook, tries, age), failed, datetime.now(UTC))
        if outcome.state is DeliveryState.FAILED:
            break
        pauses.append(outcome.wait_s)
        age += timedelta(seconds=outcome.wait_s)
    assert outcome.state is DeliveryState.FAILED
    assert 6 <= len(pauses) < MOST_TRIES
    assert 3.7 < pauses[0] < 6.3
    assert pauses[:6] == sorted(pauses[:6])
    assert age <= timedelta(hours=24)


async def test_a_receiver_is_left_alone_for_as_long_as_it_asks(history: PostgresStores, receiver: Receiver) -> None:
    async with sending(history, receiver.host) as hooks:
        hook = await made(hooks, MALI, receiver, events=FINISHED)
        for asked, least, most in (
            ("3600", 3590, 3600),
            (format_datetime(datetime.now(UTC) + timedelta(hours=2), usegmt=True), 7000, 7200),
        ):
            receiver.status, receiver.answer_headers = 503, {"Retry-After": asked}
            seen = len(receiver.received)
            await whole_turn(history, MALI)
            await receiver.until(seen + 1)

            async def is_noted() -> bool:
                (newest, *_) = await deliveries(hooks, hook)
                return newest.problem is not None

            await until(is_noted, within_s=WAIT_S)
            (newest, *_) = await deliveries(hooks, hook)
            assert newest.next_at
            assert least <= (newest.next_at - datetime.now(UTC)).total_seconds() <= most
        receiver.answer_headers = {"Retry-After": "9" * 80}
        await whole_turn(history, MALI)
        assert (await ended(hooks, hook))[0].state is DeliveryState.FAILED
