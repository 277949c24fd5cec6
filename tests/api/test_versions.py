"""Edited questions, replies asked for again and continued, and the trash: what was there before stays."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from tests.api.conftest import Chat
from tests.standins.script import Script, thai_tokens
from thai_chat.domain.messages import Status

FIRST = Script(tokens=("ต้มยำ", "กุ้ง", "น้ำ", "ข้น"))
SECOND = Script(tokens=("แกง", "เขียว", "หวาน"))


async def ask(chat: Chat, session_id: str, query: str, **more: object) -> dict[str, Any]:
    answer = await chat.http.post(f"/api/sessions/{session_id}/messages", json={"query": query, **more})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def again(chat: Chat, session_id: str, message_id: str, **more: object) -> dict[str, Any]:
    answer = await chat.http.post(f"/api/sessions/{session_id}/messages/{message_id}/replies", json=more)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def shown(chat: Chat, session_id: str) -> tuple[list[dict[str, Any]], dict[str, list[str]]]:
    body = (await chat.http.get(f"/api/sessions/{session_id}/messages")).json()
    return body["history"], body["siblings"]


def contents(history: list[dict[str, Any]]) -> list[str]:
    return [message["content"] for message in history]


async def test_an_edited_question_begins_a_branch_and_the_earlier_one_can_be_shown_again(chat: Chat) -> None:
    session_id = str(uuid4())
    chat.standin.script = FIRST
    await ask(chat, session_id, "แนะนำเมนูหน่อย")
    await ask(chat, session_id, "เผ็ดไหม")
    before, _ = await shown(chat, session_id)
    chat.standin.script = SECOND
    await ask(chat, session_id, "เผ็ดน้อย ๆ มีไหม", edits=before[2]["message_id"])
    after, siblings = await shown(chat, session_id)
    assert contents(after) == ["แนะนำเมนูหน่อย", FIRST.text, "เผ็ดน้อย ๆ มีไหม", SECOND.text]
    assert siblings == {after[2]["message_id"]: [before[2]["message_id"], after[2]["message_id"]]}

    patched = await chat.http.patch(f"/api/sessions/{session_id}", json={"shown_message_id": before[2]["message_id"]})
    assert patched.status_code == 200
    assert (await shown(chat, session_id))[0] == before


async def test_the_first_question_of_a_session_can_be_edited(chat: Chat) -> None:
    session_id = str(uuid4())
    first = await ask(chat, session_id, "สวัสดี")
    history, _ = await shown(chat, session_id)
    await ask(chat, session_id, "หวัดดี", edits=history[0]["message_id"])
    after, siblings = await shown(chat, session_id)
    assert contents(after)[0] == "หวัดดี"
    assert siblings[after[0]["message_id"]] == [history[0]["message_id"], after[0]["message_id"]]
    assert [message["content"] for message in chat.standin.seen[-1].body["messages"]] == ["หวัดดี"]
    assert first["message_id"] not in {message["message_id"] for message in after}


async def test_the_model_is_sent_the_shown_branch_alone(chat: Chat) -> None:
    session_id = str(uuid4())
    chat.standin.script = FIRST
    await ask(chat, session_id, "หนึ่ง")
    await ask(chat, session_id, "สอง")
    history, _ = await shown(chat, session_id)
    await ask(chat, session_id, "สองครึ่ง", edits=history[2]["message_id"])
    await ask(chat, session_id, "สาม")
    sent = [message["content"] for message in chat.standin.seen[-1].body["messages"]]
    assert sent == ["หนึ่ง", FIRST.text, "สองครึ่ง", FIRST.text, "สาม"]


async def test_a_reply_asked_for_again_stands_beside_the_first(chat: Chat) -> None:
    session_id = str(uuid4())
    chat.standin.script = FIRST
    first = await ask(chat, session_id, "แนะนำเมนูหน่อย")
    chat.standin.script = SECOND
    second = await again(chat, session_id, first["message_id"], model="other-model")
    assert (second["response"], second["model"], second["query"]) == (SECOND.text, "other-model", "แนะนำเมนูหน่อย")
    history, siblings = await shown(chat, session_id)
    assert contents(history) == ["แนะนำเมนูหน่อย", SECOND.text]
    assert siblings == {second["message_id"]: [first["message_id"], second["message_id"]]}


async def test_a_continued_reply_begins_with_the_text_that_was_there(chat: Chat) -> None:
    session_id = str(uuid4())
    chat.standin.script = Script(tokens=FIRST.tokens, fault="drop", fault_after=2)
    failed = await chat.http.post(f"/api/sessions/{session_id}/messages", json={"query": "แนะนำเมนูหน่อย"})
    assert failed.json()["error"]["code"] == "reply_cut"
    broken = (await shown(chat, session_id))[0][1]
    assert (broken["content"], broken["status"]) == ("ต้มยำกุ้ง", Status.FAILED)

    chat.standin.script = Script(tokens=("น้ำใส", " อร่อยมาก"))
    whole = await again(chat, session_id, broken["message_id"], continues=True)
    assert whole["response"] == "ต้มยำกุ้งน้ำใส อร่อยมาก"
    assert whole["metadata"]["continues"] == broken["message_id"]
    assert whole["metadata"]["begun_by"] == [{"backend": broken["backend"], "model": broken["model"]}]
    history, siblings = await shown(chat, session_id)
    assert contents(history) == ["แนะนำเมนูหน่อย", "ต้มยำกุ้งน้ำใส อร่อยมาก"]
    assert siblings[whole["message_id"]][0] == broken["message_id"]
    kept = (
        await chat.http.patch(f"/api/sessions/{session_id}", json={"shown_message_id": broken["message_id"]})
    ).json()
    assert kept["session_id"] == session_id
    assert (await shown(chat, session_id))[0][1]["content"] == "ต้มยำกุ้ง"


async def test_a_follower_of_a_continued_reply_sees_its_beginning_first(chat: Chat) -> None:
    session_id = str(uuid4())
    chat.standin.script = Script(tokens=FIRST.tokens, fault="drop", fault_after=2)
    await chat.http.post(f"/api/sessions/{session_id}/messages", json={"query": "แนะนำเมนูหน่อย"})
    broken = (await shown(chat, session_id))[0][1]
    chat.standin.script = Script(tokens=("น้ำใส",))
    answer = await chat.http.post(
        f"/api/sessions/{session_id}/messages/{broken['message_id']}/replies", json={"continues": True, "stream": True}
    )
    deltas = [line for line in answer.text.splitlines() if line.startswith("data:") and '"text"' in line]
    assert "".join(line.split('"text":"')[1].split('"')[0] for line in deltas) == "ต้มยำกุ้งน้ำใส"


async def test_a_question_is_not_continued_and_a_reply_is_not_edited(chat: Chat) -> None:
    session_id = str(uuid4())
    await ask(chat, session_id, "สวัสดี")
    question, reply = (await shown(chat, session_id))[0]
    place = f"/api/sessions/{session_id}/messages"
    refused = await chat.http.post(f"{place}/{question['message_id']}/replies", json={"continues": True})
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "not_a_reply")
    refused = await chat.http.post(place, json={"query": "ใหม่", "edits": reply["message_id"]})
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "not_a_question")
    other = str(uuid4())
    await ask(chat, other, "อื่น")
    refused = await chat.http.post(f"/api/sessions/{other}/messages/{reply['message_id']}/replies", json={})
    assert (refused.status_code, refused.json()["error"]["code"]) == (404, "message_not_found")


async def test_asking_again_with_the_same_key_asks_once(chat: Chat) -> None:
    session_id = str(uuid4())
    first = await ask(chat, session_id, "สวัสดี")
    asked = [await again(chat, session_id, first["message_id"], idempotency_key="กด-สอง-ครั้ง") for _ in range(2)]
    assert asked[0]["message_id"] == asked[1]["message_id"]
    assert len(chat.standin.seen) == 2


async def test_another_branch_is_not_shown_while_a_reply_grows(chat: Chat) -> None:
    session_id = str(uuid4())
    first = await ask(chat, session_id, "สวัสดี")
    chat.standin.script = Script(tokens=thai_tokens(2000), delay_ms=20)
    running = await chat.http.post(
        f"/api/sessions/{session_id}/messages/{first['message_id']}/replies",
        json={},
        headers={"Prefer": "respond-async"},
    )
    assert running.status_code == 202
    refused = await chat.http.patch(f"/api/sessions/{session_id}", json={"shown_message_id": first["message_id"]})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "reply_running")
    await chat.http.post(f"/api/sessions/{session_id}/stop")


async def test_a_deleted_session_is_in_the_trash_and_comes_back_as_it_was(chat: Chat) -> None:
    session_id = str(uuid4())
    await ask(chat, session_id, "อย่าลบนะ")
    before, _ = await shown(chat, session_id)
    assert (await chat.http.delete(f"/api/sessions/{session_id}")).status_code == 204

    async def listed(**query: str) -> list[str]:
        body = (await chat.http.get("/api/sessions", params=query)).json()
        return [session["session_id"] for session in body["sessions"]]

    assert await listed() == []
    assert await listed(shelf="trash") == [session_id]
    assert (await chat.http.patch(f"/api/sessions/{session_id}", json={"deleted": False})).status_code == 200
    assert await listed() == [session_id]
    assert await listed(shelf="trash") == []
    assert (await shown(chat, session_id))[0] == before


async def test_emptying_the_trash_deletes_all_in_it_and_nothing_else(chat: Chat) -> None:
    ids = [
        (await chat.http.post("/chat", json={"query": name})).json()["session_id"] for name in ("ทิ้ง", "ทิ้งด้วย", "เก็บ")
    ]
    for session_id in ids[:2]:
        await chat.http.delete(f"/api/sessions/{session_id}")
    assert (await chat.http.delete("/api/sessions")).status_code == 400
    assert (await chat.http.delete("/api/sessions", params={"shelf": "current"})).status_code == 400
    for _ in "twice":
        assert (await chat.http.delete("/api/sessions", params={"shelf": "trash"})).status_code == 204
    statuses = [(await chat.http.get(f"/api/sessions/{session_id}")).status_code for session_id in ids]
    assert statuses == [404, 404, 200]


async def test_a_session_deleted_for_good_is_gone_with_its_running_reply(chat: Chat) -> None:
    session_id = str(uuid4())
    chat.standin.script = Script(tokens=thai_tokens(2000), delay_ms=20)
    place = f"/api/sessions/{session_id}"
    await chat.http.post(f"{place}/messages", json={"query": "ลบเลย"}, headers={"Prefer": "respond-async"})
    for _ in range(2):
        assert (await chat.http.delete(place, params={"permanent": "true"})).status_code == 204
    await chat.standin.until(lambda: chat.standin.running == 0)
    assert (await chat.http.get(place)).status_code == 404
    for gone in (f"/chat/history/{session_id}", f"{place}/events"):
        assert (await chat.http.get(gone)).status_code == 404
    assert (await chat.http.post(f"{place}/stop")).status_code == 404


async def test_names_and_labels_are_changed_one_by_one(chat: Chat) -> None:
    session_id = str(uuid4())
    await ask(chat, session_id, "ตั้งชื่อ")
    place = f"/api/sessions/{session_id}"
    await chat.http.patch(place, json={"session_name": " งาน  ประจำ ", "tags": ["ด่วน", "ด่วน", " บ้าน "]})
    body = (await chat.http.patch(place, json={"pinned": True, "folder": "ลูกค้า"})).json()
    assert (body["session_name"], body["tags"], body["folder"]) == ("งาน ประจำ", ["ด่วน", "บ้าน"], "ลูกค้า")
    assert body["pinned_at"] is not None
    body = (await chat.http.patch(place, json={"pinned": False, "folder": ""})).json()
    assert (body["pinned_at"], body["folder"], body["tags"]) == (None, None, ["ด่วน", "บ้าน"])
    refused = await chat.http.patch(place, json={"colour": "red"})
    assert refused.status_code in (400, 422)


async def test_a_change_of_which_a_part_is_refused_changes_nothing(chat: Chat) -> None:
    session_id = str(uuid4())
    reply = await ask(chat, session_id, "เรื่องเดิม")
    place = f"/api/sessions/{session_id}"
    await again(chat, session_id, reply["message_id"])
    before = (await chat.http.get(place)).json(), await shown(chat, session_id)
    for bad in ({"session_name": " "}, {"options": {"temperature": 9}}, {"tags": ["x"] * 30 + ["y" * 61]}):
        wanted = {"deleted": True, "pinned": True, "shown_message_id": reply["message_id"], **bad}
        assert (await chat.http.patch(place, json=wanted)).status_code == 400
    wanted = {"deleted": True, "session_name": "ชื่อใหม่", "shown_message_id": str(uuid4())}
    assert (await chat.http.patch(place, json=wanted)).status_code == 404
    assert ((await chat.http.get(place)).json(), await shown(chat, session_id)) == before


async def test_a_name_that_is_too_long_is_cut_at_a_whole_letter(chat: Chat) -> None:
    session_id = str(uuid4())
    await ask(chat, session_id, "ตั้งชื่อ")
    place = f"/api/sessions/{session_id}"
    for last in ("ที่", "น้ำ", "👩‍💻", "เก"):
        changed = await chat.http.patch(place, json={"session_name": "ก" * 254 + last})
        assert changed.json()["session_name"] == "ก" * 254
    assert (await chat.http.patch(place, json={"session_name": "ก" * 1_000_000})).json()["session_name"] == "ก" * 255
