"""Entity tags: what has not changed is not sent again, and what has is not changed unseen."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from tests.api.conftest import Chat
from tests.standins.script import Script, thai_tokens

ENDLESS = Script(tokens=thai_tokens(9000), delay_ms=20)


@pytest.fixture
async def kept(chat: Chat) -> tuple[httpx.AsyncClient, str]:
    """Return a client and the address of a session."""
    session_id = (await chat.http.post("/chat", json={"query": "ก"})).json()["session_id"]
    return chat.http, f"/api/sessions/{session_id}"


@pytest.fixture
async def preset(chat: Chat) -> tuple[str, str]:
    """Return the address of a preset and its tag."""
    made = await chat.http.post("/api/presets", json={"preset_name": "สั้น", "options": {"temperature": 0.2}})
    return f"/api/presets/{made.json()['preset_id']}", made.headers["ETag"]


Kept = tuple[httpx.AsyncClient, str]


async def get(http: httpx.AsyncClient, address: str, *known: str) -> httpx.Response:
    return await http.get(address, headers=[("If-None-Match", tag) for tag in known])


async def test_a_session_that_is_known_is_not_sent_again(kept: Kept) -> None:
    http, address = kept
    first = await get(http, address)
    tag = first.headers["ETag"]
    assert tag.startswith('"')
    for known in ([tag], [f"W/{tag}"], ['"other", ' + tag], ['"other"', tag], ["*"]):
        again = await get(http, address, *known)
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    for other in ('"other"', 'W/"other"', f'"{tag[1:-1].upper()}"'):
        assert (await get(http, address, other)).json() == first.json()
    assert (await http.head(address, headers={"If-None-Match": tag})).status_code == 304


async def test_a_change_gives_the_new_tag(kept: Kept) -> None:
    http, address = kept
    first = (await get(http, address)).headers["ETag"]
    changed = await http.patch(address, json={"session_name": "ชื่อใหม่"}, headers={"If-Match": first})
    tag = changed.headers["ETag"]
    assert (changed.status_code, tag != first) == (200, True)
    assert (await get(http, address, tag)).status_code == 304
    assert (await get(http, address, first)).json()["session_name"] == "ชื่อใหม่"


@pytest.mark.parametrize("method", ["PATCH", "DELETE", "DELETE for good"])
async def test_what_was_changed_meanwhile_stays(kept: Kept, method: str) -> None:
    http, address = kept
    first = (await get(http, address)).headers["ETag"]
    await http.patch(address, json={"session_name": "ของอีกคน"})
    kind, _, for_good = method.partition(" ")
    body: dict[str, Any] = {"json": {"pinned": True}} if kind == "PATCH" else {}
    if for_good:
        body["params"] = {"permanent": True}
    for tags in (first, f"W/{first}", '"other"', f'"other", {first}'):
        refused = await http.request(kind, address, headers={"If-Match": tags}, **body)
        assert (refused.status_code, refused.json()["error"]["code"]) == (412, "changed_meanwhile")
    now = await get(http, address)
    assert (now.json()["session_name"], now.json()["pinned_at"], now.json()["deleted_at"]) == ("ของอีกคน", None, None)
    taken = await http.request(kind, address, headers={"If-Match": now.headers["ETag"]}, **body)
    assert taken.status_code in (200, 204)


async def test_a_weak_tag_does_not_change_anything(kept: Kept) -> None:
    http, address = kept
    tag = (await get(http, address)).headers["ETag"]
    refused = await http.patch(address, json={"pinned": True}, headers={"If-Match": f"W/{tag}"})
    assert refused.status_code == 412
    assert (await http.patch(address, json={"pinned": True}, headers={"If-Match": "*"})).status_code == 200


async def test_what_is_not_there_is_not_found_before_anything_else(chat: Chat) -> None:
    missing = "/api/sessions/01900000-0000-7000-8000-000000000001"
    for answer in (
        await chat.http.patch(missing, json={"pinned": True}, headers={"If-Match": '"a"'}),
        await chat.http.delete(missing, headers={"If-Match": '"a"'}),
        await chat.http.delete(missing, headers={"If-Match": '"a"'}, params={"permanent": True}),
        await get(chat.http, missing, "*"),
    ):
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "session_not_found")


@pytest.mark.parametrize("name", ["If-Match", "If-None-Match"])
@pytest.mark.parametrize("value", ["", "abc", '"a', 'a"', '"a" "b"', "*, *", '"a", *', "'a'"])
async def test_a_header_without_tags_is_refused(kept: Kept, name: str, value: str) -> None:
    http, address = kept
    method = "PATCH" if name == "If-Match" else "GET"
    refused = await http.request(
        method, address, headers={name: value}, json={"pinned": True} if method == "PATCH" else None
    )
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "bad_tag")
    assert name in refused.json()["error"]["message"]


async def test_of_many_changes_of_one_version_one_is_made(kept: Kept) -> None:
    http, address = kept
    headers = {"If-Match": (await get(http, address)).headers["ETag"]}
    answers = await asyncio.gather(
        *(http.patch(address, json={"session_name": f"ชื่อที่ {number}"}, headers=headers) for number in range(12))
    )
    assert sorted(answer.status_code for answer in answers) == [200] + 11 * [412]
    made = next(answer.json() for answer in answers if answer.status_code == 200)
    assert (await get(http, address)).json()["session_name"] == made["session_name"]


async def test_a_tag_tells_that_a_reply_grows_but_not_how_far(chat: Chat, kept: Kept) -> None:
    http, address = kept
    before = (await get(http, address)).headers["ETag"]
    chat.standin.scripts["thai-model"] = ENDLESS
    begun = await http.post(f"{address}/messages", json={"query": "ข"}, headers={"Prefer": "respond-async"})
    assert begun.status_code == 202
    first = await get(http, address)
    async with http.stream("GET", f"{address}/events") as events:
        async for line in events.aiter_lines():
            if line.startswith("event: delta"):
                break
    growing = first.headers["ETag"]
    assert (first.json()["running"], growing != before) == (True, True)
    assert (await get(http, address, growing)).status_code == 304
    await http.post(f"{address}/stop")
    ended = await get(http, address, growing)
    while ended.status_code == 304 or ended.json()["running"]:
        ended = await get(http, address, growing)
    assert ended.headers["ETag"] != growing
    renamed = await http.patch(address, json={"session_name": "ใหม่"}, headers={"If-Match": growing})
    assert renamed.status_code == 200


async def test_a_preset_is_read_and_changed_as_it_was_seen(chat: Chat, preset: tuple[str, str]) -> None:
    http, (address, tag) = chat.http, preset
    one = await get(http, address)
    assert (one.status_code, one.headers["ETag"], one.json()["preset_name"]) == (200, tag, "สั้น")
    assert (await get(http, address, tag)).status_code == 304
    changed = await http.patch(address, json={"preset_name": "ยาว"}, headers={"If-Match": tag})
    assert (await get(http, address, changed.headers["ETag"])).status_code == 304
    for late in (
        await http.patch(address, json={"preset_name": "ช้า"}, headers={"If-Match": tag}),
        await http.delete(address, headers={"If-Match": tag}),
    ):
        assert (late.status_code, late.json()["error"]["code"]) == (412, "changed_meanwhile")
    assert (await http.delete(address, headers={"If-Match": changed.headers["ETag"]})).status_code == 204
    gone = await get(http, address, "*")
    assert (gone.status_code, gone.json()["error"]["code"]) == (404, "preset_not_found")


async def test_the_list_of_presets_has_a_tag(chat: Chat, preset: tuple[str, str]) -> None:
    first = await get(chat.http, "/api/presets")
    assert (await get(chat.http, "/api/presets", first.headers["ETag"])).status_code == 304
    await chat.http.patch(preset[0], json={"preset_name": "ยาว"})
    assert (await get(chat.http, "/api/presets", first.headers["ETag"])).status_code == 200


async def test_the_list_of_models_has_a_tag(chat: Chat) -> None:
    first = await get(chat.http, "/api/models")
    assert first.json()["models"]
    assert (await get(chat.http, "/api/models", first.headers["ETag"])).status_code == 304


@pytest.mark.parametrize("encoding", ["br", "gzip"])
async def test_each_form_of_a_body_has_a_tag_of_its_own(chat: Chat, encoding: str) -> None:
    options = {"system_prompt": "ตอบสั้น ๆ " * 200}
    made = (await chat.http.post("/api/presets", json={"preset_name": "ยาว", "options": options})).json()
    address = f"/api/presets/{made['preset_id']}"
    plain = await chat.http.get(address, headers={"Accept-Encoding": "identity"})
    packed = await chat.http.get(address, headers={"Accept-Encoding": encoding})
    assert packed.headers["Content-Encoding"] == encoding
    assert packed.headers["ETag"] == f'{plain.headers["ETag"][:-1]}-{encoding}"'
    assert packed.json() == plain.json()
    for tag in (plain.headers["ETag"], packed.headers["ETag"]):
        known = await chat.http.get(address, headers={"Accept-Encoding": encoding, "If-None-Match": tag})
        assert (known.status_code, known.headers["ETag"]) == (304, tag)
        assert "Accept-Encoding" in known.headers["Vary"]
    changed = await chat.http.patch(
        address, json={"preset_name": "ก"}, headers={"If-Match": packed.headers["ETag"], "Accept-Encoding": encoding}
    )
    assert changed.status_code == 200


async def test_a_small_body_is_not_packed_and_keeps_its_tag(kept: Kept) -> None:
    http, address = kept
    plain, packed = [
        (await http.get(address, headers={"Accept-Encoding": encoding})).headers["ETag"]
        for encoding in ("identity", "br")
    ]
    assert plain == packed
