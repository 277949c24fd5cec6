"""Imports of the same again: what was lacking is added, and nothing that was done here is undone."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from uuid_utils.compat import uuid7

from tests.foreign_exports import (
    ANSWER,
    OTHER_ANSWER,
    Json,
    as_file,
    chatgpt_conversation,
    node,
    openwebui_chat,
    openwebui_message,
    said,
)
from tests.histories import PostgresStores
from tests.history_writes import begin, finish, grow, new_user, purge, update, whole_turn
from tests.integration.test_transfer import exported, imported, rows
from tests.people import as_person
from tests.postgres_servers import PostgresServer
from tests.uploads import upload
from thai_chat.chat.transfer.service import Transfers
from thai_chat.domain.errors import ImportRefused, ReplyRunning
from thai_chat.domain.messages import Message, Session
from thai_chat.domain.reads import ReadMessages, ReadSession, ReadSessions, ReadVersions
from thai_chat.domain.searching import SearchQuery, terms_of
from thai_chat.domain.transfer import Imported
from thai_chat.domain.writes import Checkpoints, PurgeSession, UpdateSession


def longer(**fields: Any) -> Json:
    """Return the conversation some days later: it went on, and its first answer was asked for once more."""
    later = chatgpt_conversation(**{"current_node": "a4", **fields})
    mapping = later["mapping"]
    mapping["q3"] = node("q3", "a3", said("user", "ขอแบบเผ็ดด้วย 🌶️", at=1732800000.0))
    mapping["a4"] = node("a4", "q3", said("assistant", "ใส่พริกขี้หนูเพิ่ม", at=1732800005.0))
    mapping["a5"] = node("a5", "q1", said("assistant", "แบบเจ: ใช้ซีอิ๊ว", at=1732800010.0))
    return later


async def only_session(history: PostgresStores, user: str) -> Session:
    (session,) = await history.read(ReadSessions(user, limit=5))
    return session


async def shown(history: PostgresStores, session: Session) -> list[str]:
    found = await history.read(ReadMessages(session.session_id, session.user_id, limit=100))
    return [message.content for message in found]


async def every_message(history: PostgresStores, session: Session) -> list[Message]:
    kept = await history.transfer().messages(session.user_id, [session.session_id], limit=None)
    return [one.message for one in kept]


async def test_a_newer_export_adds_what_was_said_since(history: PostgresStores, user: str) -> None:
    old = [chatgpt_conversation(), chatgpt_conversation(conversation_id="2")]
    assert await imported(history, user, as_file(old)) == Imported(sessions=2, messages=10)
    before = await every_message(history, (await history.read(ReadSessions(user, limit=5)))[0])
    new = [longer(), chatgpt_conversation(conversation_id="2"), chatgpt_conversation(conversation_id="3")]
    found = await imported(history, user, as_file(new))
    assert found == Imported(sessions=1, extended=1, skipped=1, messages=8)
    session = (await history.read(ReadSessions(user, limit=5)))[0]
    after = await every_message(history, session)
    assert after[:5] == before
    assert [message.message_order for message in after] == list(range(1, 9))
    assert (await shown(history, session))[-2:] == ["ขอแบบเผ็ดด้วย 🌶️", "ใส่พริกขี้หนูเพิ่ม"]
    assert (session.message_count, session.updated_at) == (8, datetime.fromtimestamp(1732800010.0, UTC))
    page = await history.search.messages(SearchQuery(user_id=user, terms=terms_of("พริกขี้หนู"), limit=5))
    assert [hit.message.content for hit in page.hits] == ["ใส่พริกขี้หนูเพิ่ม"]
    question = after[0].message_id
    siblings = await history.read(ReadVersions(session.session_id, user, [after[1].message_id]))
    assert [by.parent_id for by in after if by.message_id in siblings[after[1].message_id]] == [question] * 3
    assert await imported(history, user, as_file(new)) == Imported(skipped=3)
    # An older export has nothing to add.
    assert await imported(history, user, as_file(old)) == Imported(skipped=2)


async def test_an_extended_session_is_as_if_it_was_imported_at_once(
    history: PostgresStores, user: str, postgres: PostgresServer, own_database: str
) -> None:
    await imported(history, user, as_file(chatgpt_conversation()))
    await imported(history, user, as_file(longer()))
    in_steps = rows(postgres, own_database)
    await history.write(purge_of(await only_session(history, user)))
    await imported(history, user, as_file(longer()))
    at_once = rows(postgres, own_database)
    orders = [{row[0]: row[5] for row in found["chat_messages"]} for found in (in_steps, at_once)]
    assert orders[0].keys() == orders[1].keys()
    assert [row[:12] for row in in_steps["chat_sessions"]] == [row[:12] for row in at_once["chat_sessions"]]


def purge_of(session: Session) -> PurgeSession:
    return PurgeSession(session_id=session.session_id, user_id=session.user_id, at=datetime.now(UTC))


async def test_what_was_done_here_meanwhile_stays(history: PostgresStores, user: str) -> None:
    await imported(history, user, as_file(chatgpt_conversation()))
    session = await only_session(history, user)
    turn = await whole_turn(history, user, session.session_id, question="ถามต่อที่นี่")
    changes: dict[str, Any] = {
        "session_name": "ชื่อของฉัน",
        "tags": ("ครัว",),
        "folder": "อาหาร",
        "pinned": True,
        "options": {"top_p": 0.5},
    }
    kept = await history.write(update(turn, **changes))
    here = await shown(history, session)
    found = await imported(history, user, as_file(longer(title="ชื่อใหม่ที่โน่น", is_archived=True)))
    assert found == Imported(extended=1, messages=3)
    after = await history.read(ReadSession(session.session_id, user))
    assert replace(after, message_count=7, has_branches=kept.has_branches) == kept
    assert await shown(history, session) == here
    # The messages of there are a branch beside those of here.
    messages = {message.content: message for message in await every_message(history, session)}
    assert messages["ถามต่อที่นี่"].parent_id == messages["ขอแบบเผ็ดด้วย 🌶️"].parent_id
    siblings = await history.read(ReadVersions(session.session_id, user, [turn.question.message_id]))
    assert len(siblings[turn.question.message_id]) == 2
    await history.write(update(turn, leaf_id=messages["ขอแบบเผ็ดด้วย 🌶️"].message_id))
    assert (await shown(history, session))[-2:] == ["ขอแบบเผ็ดด้วย 🌶️", "ใส่พริกขี้หนูเพิ่ม"]
    more = await whole_turn(history, user, session.session_id, question="ต่อจากของโน่น")
    assert more.question.message_order == 11


async def test_another_branch_that_was_chosen_here_stays_shown(history: PostgresStores, user: str) -> None:
    await imported(history, user, as_file(chatgpt_conversation()))
    session = await only_session(history, user)
    first = next(one for one in await every_message(history, session) if one.content == ANSWER)
    turn = update_of(session, leaf_id=first.message_id)
    await history.write(turn)
    await imported(history, user, as_file(longer()))
    assert (await shown(history, session))[-1] == ANSWER


def update_of(session: Session, **fields: Any) -> UpdateSession:
    return UpdateSession(session_id=session.session_id, user_id=session.user_id, at=datetime.now(UTC), **fields)


async def test_a_reply_that_was_asked_for_again_there_is_shown(history: PostgresStores, user: str) -> None:
    await imported(history, user, as_file(chatgpt_conversation()))
    again = longer(current_node="a5")
    await imported(history, user, as_file(again))
    session = await only_session(history, user)
    assert (await shown(history, session))[-1] == "แบบเจ: ใช้ซีอิ๊ว"
    assert OTHER_ANSWER not in await shown(history, session)


def with_answer(text: str, **fields: Any) -> Json:
    """Return the conversation with another text of its last reply."""
    conversation = longer(**fields)
    conversation["mapping"]["a3"]["message"]["content"]["parts"] = [text]
    return conversation


async def test_a_reply_that_has_grown_since_comes_in_as_a_version_beside(history: PostgresStores, user: str) -> None:
    await imported(history, user, as_file(chatgpt_conversation()))
    grown = chatgpt_conversation()
    grown["mapping"]["a3"]["message"]["content"]["parts"] = ["ยินดีครับ แล้วมาใหม่นะ 🙏"]
    assert await imported(history, user, as_file(grown)) == Imported(extended=1, messages=1)
    assert await imported(history, user, as_file(grown)) == Imported(skipped=1)
    session = await only_session(history, user)
    assert (await shown(history, session))[-2:] == ["ขอบคุณครับ", "ยินดีครับ แล้วมาใหม่นะ 🙏"]
    first, version = (await every_message(history, session))[-2:]
    assert (first.content, first.parent_id) == ("ยินดีครับ", version.parent_id)
    versions = await history.read(ReadVersions(session.session_id, user, [version.message_id]))
    assert versions[version.message_id] == [first.message_id, version.message_id]
    # The messages below the longer text stand below it, and one that has grown once more is one more version.
    assert await imported(history, user, as_file(with_answer("ยินดีครับ แล้วมาใหม่นะ 🙏"))) == Imported(
        extended=1, messages=3
    )
    assert (await shown(history, session))[-3:] == ["ยินดีครับ แล้วมาใหม่นะ 🙏", "ขอแบบเผ็ดด้วย 🌶️", "ใส่พริกขี้หนูเพิ่ม"]
    assert (await imported(history, user, as_file(with_answer("ยินดีครับ " * 9)))).messages == 1
    assert (await shown(history, session))[-1] == "ใส่พริกขี้หนูเพิ่ม"
    # An older export has nothing to add.
    assert await imported(history, user, as_file(chatgpt_conversation())) == Imported(skipped=1)


async def test_a_grown_reply_changes_nothing_of_what_was_said_here(history: PostgresStores, user: str) -> None:
    await imported(history, user, as_file(chatgpt_conversation()))
    session = await only_session(history, user)
    turn = await whole_turn(history, user, session.session_id, question="ถามต่อที่นี่")
    here = await shown(history, session)
    assert await imported(history, user, as_file(with_answer("ยินดีครับ มาอีกนะ"))) == Imported(extended=1, messages=4)
    assert await shown(history, session) == here
    messages = {message.content: message for message in await every_message(history, session)}
    assert turn.question.parent_id == messages["ยินดีครับ"].message_id
    assert messages["ขอแบบเผ็ดด้วย 🌶️"].parent_id == messages["ยินดีครับ มาอีกนะ"].message_id


async def test_a_reply_that_was_cut_off_when_it_left_comes_whole_with_the_next_export(
    history: PostgresStores, user: str, postgres: PostgresServer, own_database: str
) -> None:
    write = begin(user)
    turn = await history.write(write)
    await history.write(Checkpoints([grow(write, content="ครึ่ง")]))
    document = (str(uuid7()), turn.reply.message_id.hex, "เอกสาร")
    postgres.query(
        "INSERT INTO message_contexts (id, message_id, doc_id) VALUES (%s, %s, %s)", *document, database=own_database
    )
    older = await exported(history, user)
    await history.write(finish(write, content="ครึ่งแรกและครึ่งหลัง"))
    newer = await exported(history, user)
    await history.write(purge(turn))
    await imported(history, user, older)
    assert await imported(history, user, newer) == Imported(extended=1, messages=1)
    assert (await shown(history, turn.session))[-1] == "ครึ่งแรกและครึ่งหลัง"
    assert len(rows(postgres, own_database)["message_contexts"]) == 2
    assert await imported(history, user, newer) == Imported(skipped=1)


async def test_a_session_in_the_trash_is_extended_and_stays_there(history: PostgresStores, user: str) -> None:
    await imported(history, user, as_file(chatgpt_conversation()))
    session = await only_session(history, user)
    await history.write(update_of(session, deleted=True))
    assert (await imported(history, user, as_file(longer()))).extended == 1
    assert await history.read(ReadSessions(user, limit=5)) == []
    assert (await history.read(ReadSession(session.session_id, user))).message_count == 8


async def test_open_webuis_newer_export_adds_its_messages(history: PostgresStores, user: str) -> None:
    await imported(history, user, as_file([openwebui_chat(archived=False)]))
    chat = openwebui_chat(archived=False)
    messages = chat["chat"]["history"]["messages"]
    messages["u3"] = openwebui_message("u3", "r2", "user", "แล้วพรุ่งนี้ล่ะ", timestamp=1740991000)
    messages["r3"] = openwebui_message("r3", "u3", "assistant", "ไม่มีใครรู้", timestamp=1740991004, model="llama3.1:8b")
    chat["chat"]["history"]["currentId"] = "r3"
    assert await imported(history, user, as_file([chat])) == Imported(extended=1, messages=2)
    assert (await shown(history, await only_session(history, user)))[-2:] == ["แล้วพรุ่งนี้ล่ะ", "ไม่มีใครรู้"]


async def test_our_own_newer_export_adds_its_messages_too(
    history: PostgresStores, user: str, postgres: PostgresServer, own_database: str
) -> None:
    turn = await whole_turn(history, user, idempotency_key="กุญแจ")
    older = await exported(history, user)
    more = await whole_turn(history, user, turn.session.session_id, question="ต่อ", idempotency_key="กุญแจ 2")
    document = (str(uuid7()), more.reply.message_id.hex, "เอกสาร")
    postgres.query(
        "INSERT INTO message_contexts (id, message_id, doc_id) VALUES (%s, %s, %s)", *document, database=own_database
    )
    newer = await exported(history, user)
    before = rows(postgres, own_database)
    await history.write(purge(turn))
    assert (await imported(history, user, older)).sessions == 1
    assert await imported(history, user, newer) == Imported(extended=1, messages=2)
    after = rows(postgres, own_database)
    assert after["message_contexts"] == before["message_contexts"]
    assert json.loads(await exported(history, user))["sessions"][0]["leaf_id"] == str(more.reply.message_id)


async def test_one_import_may_bring_a_session_and_what_it_lacked(history: PostgresStores, user: str) -> None:
    old, new = as_file([chatgpt_conversation()]), as_file([longer()])
    assert await imported(history, user, old, new, old, new) == Imported(sessions=1, extended=1, skipped=2, messages=8)
    assert (await only_session(history, user)).message_count == 8


async def test_somebody_elses_conversation_is_extended_under_its_own_ids(history: PostgresStores, user: str) -> None:
    other = new_user()
    await imported(history, user, as_file(chatgpt_conversation()))
    await imported(history, other, as_file(chatgpt_conversation()))
    assert await imported(history, other, as_file(longer())) == Imported(extended=1, messages=3)
    assert (await only_session(history, user)).message_count == 5
    assert (await only_session(history, other)).message_count == 8
    assert await imported(history, user, as_file(longer())) == Imported(extended=1, messages=3)
    # Also when the ids have become free since.
    await history.write(purge_of(await only_session(history, user)))
    assert await imported(history, other, as_file(longer())) == Imported(skipped=1)


async def test_the_same_message_in_three_sessions_of_a_file_is_kept_in_each(history: PostgresStores, user: str) -> None:
    await whole_turn(history, user)
    value = json.loads(await exported(history, user))
    (session,) = value["sessions"]
    value["sessions"] = [{**session, "session_id": str(uuid7())} for _ in range(2)]
    assert await imported(history, user, as_file(value)) == Imported(sessions=2, messages=4)
    assert await imported(history, user, as_file(value)) == Imported(skipped=2)


async def test_an_import_waits_for_a_reply_that_grows_in_the_session(history: PostgresStores, user: str) -> None:
    await imported(history, user, as_file(chatgpt_conversation()))
    session = await only_session(history, user)
    write = begin(user, session.session_id)
    await history.write(write)
    run = Transfers(history.transfer, history.presets).begin_import(as_person(user), upload(as_file(longer())))
    done, _ = await asyncio.wait((run.task,), timeout=0.7)
    assert not done
    # Meanwhile the turn is not in its way, and it not in that of the turn.
    await history.write(Checkpoints([grow(write)]))
    with pytest.raises(ReplyRunning):
        await history.write(begin(user, session.session_id))
    await history.write(finish(write))
    assert (await run.task).extended == 1
    assert [one.message_order for one in await every_message(history, session)] == list(range(1, 11))


async def test_nothing_is_added_when_a_later_session_is_wrong(
    history: PostgresStores, user: str, postgres: PostgresServer, own_database: str
) -> None:
    """It is so for our own exports; an odd session in another program's is left out."""
    other = new_user()
    await imported(history, other, as_file([longer(), longer(conversation_id="2")]))
    ours = json.loads(await exported(history, other))
    ours["sessions"][-1]["messages"] = 5
    before = rows(postgres, own_database)
    with pytest.raises(ImportRefused):
        await imported(history, user, as_file(ours))
    assert rows(postgres, own_database) == before


async def test_of_other_programs_an_odd_session_is_left_out_and_the_rest_added(
    history: PostgresStores, user: str
) -> None:
    await imported(history, user, as_file(chatgpt_conversation()))
    done = await imported(history, user, as_file([longer(), chatgpt_conversation(conversation_id="2", mapping=5)]))
    assert (done.extended, done.sessions, done.left_out_count) == (1, 0, 1)
