"""System prompts and options with a turn, with a session, and as presets."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from tests.api.conftest import Chat

POET = {"system_prompt": "ตอบเป็นกลอนสี่", "temperature": 0.7, "chat_template_kwargs": {"enable_thinking": False}}


async def ask(chat: Chat, session_id: str, query: str = "สวัสดี", **more: object) -> dict[str, Any]:
    answer = await chat.http.post(f"/api/sessions/{session_id}/messages", json={"query": query, **more})
    assert answer.status_code == 200, answer.text
    return chat.standin.seen[-1].body


async def make(chat: Chat, name: str, **more: object) -> dict[str, Any]:
    answer = await chat.http.post("/api/presets", json={"preset_name": name, "options": POET, **more})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_options_of_a_turn_are_sent_once(chat: Chat) -> None:
    session_id = str(uuid4())
    sent = await ask(chat, session_id, options=POET)
    assert sent["messages"][0] == {"role": "system", "content": "ตอบเป็นกลอนสี่"}
    assert (sent["temperature"], sent["chat_template_kwargs"]) == (0.7, {"enable_thinking": False})
    reply = (await chat.http.get(f"/chat/history/{session_id}")).json()["history"][-1]
    assert reply["metadata"]["options"] == {"temperature": 0.7, "chat_template_kwargs": {"enable_thinking": False}}
    sent = await ask(chat, session_id, "อีกที")
    assert "temperature" not in sent
    assert [message["role"] for message in sent["messages"]] == ["user", "assistant", "user"]


@pytest.mark.parametrize("kept_as", ["options", "session_options"])
@pytest.mark.parametrize(
    ("option", "code"),
    [
        (r'"stop": ["\u0000"]', "unreadable_text"),
        (r'"chat_template_kwargs": {"\u0000": 1}', "unreadable_text"),
        ('"logit_bias": {"42": NaN}', "bad_option"),
        ('"custom": 1e999', "unknown_option"),
        ('"kv_transfer_params": {"do_remote_prefill": true}', "unknown_option"),
        ('"num_ctx": 100000000', "unknown_option"),
        ('"chat_template_kwargs": {"chat_template": "x"}', "bad_option"),
    ],
)
async def test_an_option_that_no_store_and_no_model_takes_is_refused_before_anything_is_stored(
    chat: Chat, kept_as: str, option: str, code: str
) -> None:
    session_id = str(uuid4())
    answer = await chat.http.post(
        f"/api/sessions/{session_id}/messages",
        content=f'{{"query": "สวัสดี", "{kept_as}": {{{option}}}}}',
        headers={"Content-Type": "application/json"},
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)
    assert chat.standin.seen == []
    assert (await chat.http.get(f"/api/sessions/{session_id}")).status_code == 404
    await ask(chat, session_id, "ถามใหม่ได้เลย")


async def test_options_of_a_session_stay_with_it(chat: Chat) -> None:
    session_id = str(uuid4())
    first = await ask(chat, session_id, session_options=POET)
    second = await ask(chat, session_id, "อีกที")
    assert first["temperature"] == second["temperature"] == 0.7
    assert second["messages"][0]["role"] == "system"
    place = f"/api/sessions/{session_id}"
    assert (await chat.http.get(place)).json()["options"] == POET
    await chat.http.patch(place, json={"options": {}})
    assert "temperature" not in await ask(chat, session_id, "ไม่เอาแล้ว")


async def test_an_option_that_can_not_be_is_told_and_nothing_is_asked(chat: Chat) -> None:
    answer = await chat.http.post(
        "/chat", json={"query": "สวัสดี", "options": {"temperature": 9}}, headers={"Accept-Language": "th"}
    )
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "bad_option"
    assert "temperature" in answer.json()["error"]["message"]
    assert chat.standin.seen == []
    assert (await chat.http.get("/api/sessions")).json()["sessions"] == []


async def test_a_default_preset_is_used_for_its_model_where_a_session_has_no_options_of_its_own(chat: Chat) -> None:
    preset = await make(chat, "กวี", backend="vllm", model="thai-model")
    place = f"/api/presets/{preset['preset_id']}"
    assert "temperature" not in await ask(chat, str(uuid4()))
    assert (await chat.http.patch(place, json={"is_default": True})).json()["is_default"] is True
    assert (await ask(chat, str(uuid4())))["messages"][0]["content"] == "ตอบเป็นกลอนสี่"
    assert "temperature" not in await ask(chat, str(uuid4()), model="other-model")
    own = await ask(chat, str(uuid4()), session_options={"temperature": 0.1})
    assert own["temperature"] == 0.1
    assert [message["role"] for message in own["messages"]] == ["user"]
    assert (await chat.http.delete(place)).status_code == 204
    assert "temperature" not in await ask(chat, str(uuid4()))


async def test_an_option_set_to_nothing_is_not_sent_whatever_stands_below_it(chat: Chat) -> None:
    preset = await make(chat, "กวี", backend="vllm", model="thai-model")
    await chat.http.patch(f"/api/presets/{preset['preset_id']}", json={"is_default": True})
    session_id = str(uuid4())
    bare = await ask(chat, session_id, options={"temperature": None, "system_prompt": None})
    assert "temperature" not in bare
    assert bare["chat_template_kwargs"] == {"enable_thinking": False}
    assert [message["role"] for message in bare["messages"]] == ["user"]
    answer = await chat.http.patch(f"/api/sessions/{session_id}", json={"options": {"temperature": None}})
    assert answer.json()["options"] == {"temperature": None}
    sent = await ask(chat, session_id, "อีกที")
    assert {"temperature", "chat_template_kwargs"}.isdisjoint(sent)
    assert sent["messages"][0]["role"] == "user"
    reply = (await chat.http.get(f"/chat/history/{session_id}")).json()["history"][-1]
    assert "options" not in reply["metadata"]
    await chat.http.patch(f"/api/sessions/{session_id}", json={"options": {}})
    assert (await ask(chat, session_id, "แล้วตอนนี้"))["temperature"] == 0.7


async def test_a_preset_goes_over_to_another_model_and_back_to_any(chat: Chat) -> None:
    preset = await make(chat, "กวี", backend="vllm", model="thai-model")
    place = f"/api/presets/{preset['preset_id']}"
    await chat.http.patch(place, json={"is_default": True})
    moved = (await chat.http.patch(place, json={"backend": "vllm", "model": "other-model"})).json()
    assert (moved["backend"], moved["model"], moved["is_default"]) == ("vllm", "other-model", True)
    assert "temperature" not in await ask(chat, str(uuid4()), model="thai-model")
    assert (await ask(chat, str(uuid4()), model="other-model"))["temperature"] == 0.7
    of_any = (await chat.http.patch(place, json={"backend": None, "model": None})).json()
    assert (of_any["backend"], of_any["model"], of_any["is_default"]) == (None, None, False)
    assert of_any["options"] == POET
    assert "temperature" not in await ask(chat, str(uuid4()), model="other-model")


async def test_half_of_a_model_is_refused_and_not_passed_over(chat: Chat) -> None:
    made = await chat.http.post("/api/presets", json={"preset_name": "กวี", "model": "thai-model"})
    assert (made.status_code, made.json()["error"]["param"]) == (400, "backend")
    preset = await make(chat, "กวี")
    changed = await chat.http.patch(f"/api/presets/{preset['preset_id']}", json={"backend": "vllm"})
    assert (changed.status_code, changed.json()["error"]["param"]) == (400, "model")


async def test_presets_are_listed_changed_and_deleted(chat: Chat) -> None:
    preset = await make(chat, "  กวี   ประจำบ้าน ")
    assert (preset["preset_name"], preset["is_own"], preset["is_shared"]) == ("กวี ประจำบ้าน", True, False)
    place = f"/api/presets/{preset['preset_id']}"
    changed = (await chat.http.patch(place, json={"options": {"top_k": 5}, "is_shared": True})).json()
    assert (changed["options"], changed["is_shared"], changed["preset_name"]) == ({"top_k": 5}, True, "กวี ประจำบ้าน")
    assert (await chat.http.get("/api/presets")).json()["presets"] == [changed]
    refused = await chat.http.patch(place, json={"options": {"top_p": 5}})
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "bad_option")
    assert (await chat.http.delete(place)).status_code == 204
    assert (await chat.http.delete(place)).json()["error"]["code"] == "preset_not_found"


async def test_a_preset_without_a_model_is_nobodys_default(chat: Chat) -> None:
    preset = await make(chat, "ทั่วไป")
    changed = await chat.http.patch(f"/api/presets/{preset['preset_id']}", json={"is_default": True})
    assert changed.json()["is_default"] is False


async def test_options_can_be_checked_before_there_is_anything_to_keep_them_with(chat: Chat) -> None:
    checked = await chat.http.post("/api/presets/check", json={"options": {**POET, "stop": "", "top_p": None}})
    assert checked.json() == {"options": {**POET, "top_p": None}}
    refused = await chat.http.post("/api/presets/check", json={"options": {"temperature": 3}})
    assert refused.status_code == 400
    assert (await chat.http.get("/api/presets")).json() == {"presets": []}


async def test_a_refused_option_is_named_apart_from_the_words(chat: Chat) -> None:
    session_id = str(uuid4())
    await ask(chat, session_id)
    refused = await chat.http.patch(f"/api/sessions/{session_id}", json={"options": {"top_k": "มาก"}})
    error = refused.json()["error"]
    assert (error["code"], error["param"]) == ("bad_option", "top_k")
    assert "top_k" in error["message"]
