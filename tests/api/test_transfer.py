"""Exports and imports over HTTP, on a real PostgreSQL."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import resource
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from urllib.parse import unquote
from uuid import uuid4

import httpx
import pytest

from tests.api.conftest import serving
from tests.api.streams import require_stream
from tests.foreign_exports import Json, as_file, as_zip, chatgpt_conversation, openwebui_old_chat
from tests.histories import MemoryStores, PostgresStores, straight
from tests.history_writes import update, whole_turn
from tests.postgres_servers import PostgresServer
from thai_chat.backends.registry import KINDS
from thai_chat.chat.service import ChatService
from thai_chat.domain.people import LOCAL
from thai_chat.domain.reads import ReadSession, ReadSessions
from thai_chat.gate import doors, gate
from thai_chat.routing.router import Router

THAI = {"Accept-Language": "th"}
EVENTS = {"Accept": "text/event-stream"}


@pytest.fixture
async def history(postgres: PostgresServer, own_database: str) -> AsyncIterator[PostgresStores]:
    async with straight(postgres.address(own_database)) as history:
        yield history


@pytest.fixture
async def http(history: PostgresStores) -> AsyncIterator[httpx.AsyncClient]:
    service = ChatService(history.storage, Router([], kinds=KINDS), max_history_messages=20)
    async with serving(service) as http:
        yield http
    await service.close()


def form(*contents: bytes, name: str = "แชต.json") -> list[tuple[str, tuple[str, bytes, str]]]:
    return [("file", (name, content, "application/json")) for content in contents]


def counts(**others: int) -> dict[str, int]:
    return {"sessions": 0, "extended": 0, "skipped": 0, "messages": 0, "presets": 0, "former_defaults": 0, **others}


def counted(body: Json) -> Json:
    return {name: count for name, count in body.items() if name in counts()}


def events_of(text: str) -> list[tuple[str, Json]]:
    frames = [frame.split("\n") for frame in text.split("\n\n") if frame.startswith("event:")]
    return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in frames]


async def test_a_form_of_ever_so_many_parts_is_refused_whatever_they_are(http: httpx.AsyncClient) -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = await http.post("/api/import", content=part * 5_000 + b"--x--\r\n", headers=headers)
    assert answer.status_code == 400
    assert "1000" in answer.text or "1,000" in answer.text


async def test_a_session_leaves_as_a_file_with_its_name(http: httpx.AsyncClient, history: PostgresStores) -> None:
    turn = await whole_turn(history, LOCAL.user_id, session_name="น้ำจิ้ม: ข้าวมันไก่/ต้ม")
    path = f"/api/sessions/{turn.session.session_id}/export"
    answer = await http.get(path, params={"format": "md"}, headers=THAI)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/markdown; charset=utf-8"
    disposition = answer.headers["content-disposition"]
    assert disposition.startswith("attachment; filename=\"thai-chat.md\"; filename*=UTF-8''")
    assert unquote(disposition.partition("''")[2]) == "น้ำจิ้ม ข้าวมันไก่ ต้ม.md"
    assert answer.text.startswith("# น้ำจิ้ม: ข้าวมันไก่/ต้ม\n")
    assert "## คุณ · " in answer.text
    english = await http.get(path, params={"format": "md", "timezone": "UTC"}, headers={"Accept-Language": "en"})
    assert f"## You · {turn.question.created_at.day} " in english.text


@pytest.mark.parametrize("format_", ["json", "md", "csv", "jsonl"])
async def test_a_selection_or_everything_leaves_in_every_format(
    http: httpx.AsyncClient, history: PostgresStores, format_: str
) -> None:
    turns = [await whole_turn(history, LOCAL.user_id, question=f"ข้อ {number}") for number in range(3)]
    chosen = [str(turn.session.session_id) for turn in turns[:2]]
    everything = await http.get("/api/export", params={"format": format_})
    selection = await http.get("/api/export", params={"format": format_, "session_id": chosen})
    posted = await http.post("/api/export", json={"format": format_, "session_ids": chosen})
    assert ["ข้อ 2" in answer.text for answer in (everything, selection, posted)] == [True, False, False]
    assert "ข้อ 0" in selection.text
    assert selection.text.replace(exported_at(selection), "") == posted.text.replace(exported_at(posted), "")
    assert f".{format_}" in everything.headers["content-disposition"]
    match format_:
        case "csv":
            rows = list(csv.DictReader(io.StringIO(everything.content.decode("utf-8-sig"), newline="")))
            assert len(rows) == 6
        case "jsonl":
            assert [set(json.loads(line)) for line in everything.text.splitlines()] == [{"messages"}] * 3


def exported_at(answer: httpx.Response) -> str:
    return json.loads(answer.text)["exported_at"] if answer.text.startswith('{"format"') else "\0"


async def test_what_is_not_mine_or_not_there_does_not_leave(http: httpx.AsyncClient, history: PostgresStores) -> None:
    theirs = await whole_turn(history, "somebody else")
    for session_id in (str(theirs.session.session_id), str(uuid4())):
        answer = await http.get(f"/api/sessions/{session_id}/export", params={"format": "json"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "session_not_found")
        assert (await http.get("/api/export", params={"session_id": session_id})).status_code == 404
    assert (await http.get("/api/sessions/x/export", params={"format": "json"})).status_code == 400
    assert (await http.get(f"/api/sessions/{uuid4()}/export")).status_code == 400
    assert (await http.get("/api/export", params={"format": "docx"})).status_code == 400
    assert (await http.get("/api/export", params={"timezone": "Asia/Atlantis"})).status_code == 400


async def test_an_export_comes_back_by_import(http: httpx.AsyncClient, history: PostgresStores) -> None:
    turn = await whole_turn(history, LOCAL.user_id)
    content = (await http.get("/api/export")).content
    answer = await http.post("/api/import", files=form(content))
    assert (answer.status_code, counted(answer.json())) == (200, counts(skipped=1))
    assert (await history.read(ReadSession(turn.session.session_id, LOCAL.user_id))).message_count == 2


async def test_an_import_tells_how_far_it_is(http: httpx.AsyncClient) -> None:
    conversations = [{**chatgpt_conversation(), "conversation_id": str(number)} for number in range(50)]
    archive = as_zip(
        {"conversations-000.json": as_file(conversations[:30]), "conversations-001.json": as_file(conversations[30:])}
    )
    answer = await http.post("/api/import", files=form(archive, name="export.zip"), headers=EVENTS)
    require_stream(answer)
    events = events_of(answer.text)
    assert {name for name, _ in events[:-1]} == {"progress"}
    name, body = events[-1]
    assert (name, counted(body)) == ("completed", counts(sessions=50, messages=250))


async def test_many_files_are_one_import(http: httpx.AsyncClient, history: PostgresStores) -> None:
    good = as_file([chatgpt_conversation()])
    answer = await http.post("/api/import", files=form(good, good[:-40]))
    assert answer.status_code == 400
    assert await history.read(ReadSessions(LOCAL.user_id, limit=1)) == []
    answer = await http.post("/api/import", files=form(good, as_file([chatgpt_conversation(conversation_id="2")])))
    assert counted(answer.json()) == counts(sessions=2, messages=10)


async def test_an_import_says_what_came_from_where_and_what_was_left_out(http: httpx.AsyncClient) -> None:
    conversations = [chatgpt_conversation(conversation_id=str(number), title=f"แชต {number}") for number in range(5)]
    for number, conversation in enumerate(conversations):
        conversation["update_time"] += number
    odd = {**conversations[0], "title": "แปลก", "mapping": None}
    files = {
        "conversations.json": as_file([*conversations, odd]),
        "old.json": as_file(openwebui_old_chat()),
        "user.json": b"{}",
    }
    given = [("file", (name, content, "application/json")) for name, content in files.items()]
    body = (await http.post("/api/import", files=given, headers=THAI)).json()
    assert counted(body) == counts(sessions=6, messages=27)
    assert [(one["program"], one["name"], one["sessions"], one["messages"]) for one in body["programs"]] == [
        ("chatgpt", "ChatGPT", 5, 25),
        ("open-webui", "Open WebUI", 1, 2),
    ]
    newest = body["programs"][0]["newest"]
    assert [one["session_name"] for one in newest] == ["แชต 4", "แชต 3", "แชต 2"]
    assert (await http.get(f"/api/sessions/{newest[0]['session_id']}")).status_code == 200
    assert body["left_out_count"] == 2
    assert [(one["code"], one["file"], one["title"]) for one in body["left_out"]] == [
        ("import_companion", "user.json", None),
        ("import_missing", "conversations.json", "แปลก"),
    ]
    assert body["left_out"][1]["message"] == "ไฟล์ “conversations.json” บรรทัดที่ 1 แชตที่ 6 “แปลก”: ไม่มีฟิลด์ “mapping”"
    again = (await http.post("/api/import", files=given, headers={**EVENTS, "Accept-Language": "en"})).text
    name, body = events_of(again)[-1]
    assert (name, counted(body)) == ("completed", counts(skipped=6))
    assert [(one["skipped"], one["newest"]) for one in body["programs"]] == [(5, []), (1, [])]
    assert body["left_out"][1]["message"].endswith("the field “mapping” is missing.")


async def test_of_what_was_left_out_the_first_are_told_and_all_are_counted(http: httpx.AsyncClient) -> None:
    odd = [{**chatgpt_conversation(), "mapping": None} for _ in range(250)]
    body = (await http.post("/api/import", files=form(as_file([chatgpt_conversation(), *odd])))).json()
    assert (body["sessions"], len(body["left_out"]), body["left_out_count"]) == (1, 100, 250)


async def test_a_refusal_says_line_and_reason_in_the_readers_language(http: httpx.AsyncClient) -> None:
    broken = b'[\n{"mapping": {}},\n{"mapping": {},}\n]'
    for headers, said in ((THAI, "บรรทัดที่ 3"), ({"Accept-Language": "en"}, "line 3")):
        answer = await http.post("/api/import", files=form(broken), headers=headers)
        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (400, "import_refused")
        assert said in error["message"]
        streamed = await http.post("/api/import", files=form(broken), headers={**headers, **EVENTS})
        assert events_of(streamed.text)[-1] == ("error", error)


async def test_hundreds_of_files_take_a_handful_of_descriptors(http: httpx.AsyncClient) -> None:
    exports = [as_file([chatgpt_conversation(conversation_id=str(number))]) for number in range(300)]
    archive = as_zip({f"chat-{number}.json": content for number, content in enumerate(exports)})
    with few_descriptors(20):
        answer = await http.post("/api/import", files=form(*exports))
        assert counted(answer.json()) == counts(sessions=300, messages=1500)
        answer = await http.post("/api/import", files=form(archive, name="export.zip"))
        assert counted(answer.json()) == counts(skipped=300)


@contextmanager
def few_descriptors(number: int) -> Iterator[None]:
    """Let no more than so many descriptors be opened beside those that are."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(int(name) for name in os.listdir("/proc/self/fd"))
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 1 + number, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


async def test_more_files_than_may_be_and_half_a_form_are_refused(http: httpx.AsyncClient) -> None:
    answer = await http.post("/api/import", files=form(*[b"[]"] * 1001))
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "import_refused")
    assert "1000" in answer.json()["error"]["message"]
    half = b'--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n[]'
    answer = await http.post("/api/import", content=half, headers={"Content-Type": "multipart/form-data; boundary=b"})
    assert answer.status_code == 400


async def test_fields_of_a_form_that_are_no_files_are_passed_over(http: httpx.AsyncClient) -> None:
    more = {"note": "x" * 3_000_000}
    answer = await http.post("/api/import", data=more, files=form(as_file([chatgpt_conversation()])))
    assert counted(answer.json()) == counts(sessions=1, messages=5)


async def test_nothing_of_an_upload_stays_on_the_disk_or_open(http: httpx.AsyncClient) -> None:
    await http.post("/api/import", files=form(as_file([chatgpt_conversation()])))
    before = len(os.listdir("/proc/self/fd"))
    for content in (as_file([chatgpt_conversation()]), b"broken", as_zip({"a.json": b"broken"})):
        await http.post("/api/import", files=form(content))
        await http.post("/api/import", files=form(content), headers=EVENTS)
    await http.post("/api/import", content=b"--b", headers={"Content-Type": "multipart/form-data; boundary=b"})
    assert len(os.listdir("/proc/self/fd")) <= before


async def test_an_import_without_a_file_is_refused(http: httpx.AsyncClient) -> None:
    for answer in (
        await http.post("/api/import"),
        await http.post("/api/import", data={"file": "x"}),
        await http.post("/api/import", json={"format": "thai-chat"}),
    ):
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "import_refused")


async def test_an_import_may_be_larger_than_a_question_but_not_without_bound(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = as_file([chatgpt_conversation(title="ก" * 1000, x="x" * 5_000_000)])
    assert len(large) > doors.ORDINARY.size_bytes
    assert (await http.post("/api/import", files=form(large))).json()["sessions"] == 1
    small = doors.Door("/api/import", ("POST",), body=doors.BodyLimit(1_000_000, is_file=True))
    monkeypatch.setattr(gate, "door_of", lambda _: small)
    answer = await http.post("/api/import", files=form(large))
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "import_too_large")

    async def endless() -> AsyncIterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'
        for _ in range(40):
            yield b"x" * 50_000

    chunked = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = await http.post("/api/import", content=endless(), headers=chunked)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "import_too_large")


async def test_another_sites_page_imports_nothing(http: httpx.AsyncClient, history: PostgresStores) -> None:
    foreign = {"Sec-Fetch-Site": "cross-site"}
    answer = await http.post("/api/import", files=form(as_file([chatgpt_conversation()])), headers=foreign)
    assert answer.status_code == 403
    assert await history.read(ReadSessions(LOCAL.user_id, limit=1)) == []


async def test_closing_the_connection_takes_the_import_back(http: httpx.AsyncClient, history: PostgresStores) -> None:
    conversations = [{**chatgpt_conversation(), "conversation_id": str(number)} for number in range(4000)]
    files = form(as_file(conversations))
    async with http.stream("POST", "/api/import", files=files, headers=EVENTS) as answer:
        async for line in answer.aiter_lines():
            if line.startswith("data:") and json.loads(line.removeprefix("data:"))["done"]:
                break
    # The next import waits for the end of that one.
    again = await http.post("/api/import", files=form(as_file([chatgpt_conversation(conversation_id="after")])))
    assert again.json()["sessions"] == 1
    assert len(await history.read(ReadSessions(LOCAL.user_id, limit=10))) == 1


async def test_a_client_that_goes_away_takes_its_import_back(
    http: httpx.AsyncClient, history: PostgresStores, postgres: PostgresServer, own_database: str
) -> None:
    conversations = [{**chatgpt_conversation(), "conversation_id": str(number)} for number in range(4000)]
    asking = asyncio.create_task(http.post("/api/import", files=form(as_file(conversations))))
    importing = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory'"
    while not await asyncio.to_thread(postgres.query, importing, database=own_database):  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    asking.cancel()
    again = await http.post("/api/import", files=form(as_file([chatgpt_conversation(conversation_id="after")])))
    assert again.json()["sessions"] == 1
    assert len(await history.read(ReadSessions(LOCAL.user_id, limit=10))) == 1


async def test_without_postgresql_nothing_leaves_and_nothing_comes_in() -> None:
    service = ChatService(MemoryStores().storage, Router([], kinds=KINDS), max_history_messages=20)
    async with serving(service) as http:
        for answer in await asyncio.gather(
            http.get("/api/export"),
            http.get("/api/statistics"),
            http.post("/api/import", files=form(as_file([chatgpt_conversation()]))),
        ):
            assert (answer.status_code, answer.json()["error"]["code"]) == (503, "history_unavailable")
    await service.close()


async def test_statistics_and_what_is_behind_them_are_served(http: httpx.AsyncClient, history: PostgresStores) -> None:
    turns = [await whole_turn(history, LOCAL.user_id, question="สูตรน้ำจิ้มข้าวมันไก่") for _ in range(3)]
    trash = await whole_turn(history, LOCAL.user_id)
    await history.write(update(trash, deleted=True))
    zone = {"timezone": "Asia/Bangkok"}
    found = (await http.get("/api/statistics", params={**zone, "days": 7})).json()
    assert (found["total"]["sessions"], found["total"]["messages"], found["total"]["replies"]) == (3, 6, 3)
    assert len(found["by_day"]) == 7
    assert sum(hour["messages"] for hour in found["by_hour"]) == 6
    assert found["by_model"][0]["model"] == "typhoon-8b"
    assert found["by_backend"][0]["replies"] == 3

    listed: list[str] = []
    cursor = ""
    while cursor is not None:
        params = {**zone, "days": 7, "limit": 4, **({"cursor": cursor} if cursor else {})}
        page = (await http.get("/api/statistics/messages", params=params)).json()
        listed += [message["message_id"] for message in page["messages"]]
        cursor = page["next"]
    assert len(set(listed)) == len(listed) == 6
    params = {**zone, "days": 7, "model": "typhoon-8b", "backend": "vllm", "role": "assistant"}
    page = (await http.get("/api/statistics/messages", params=params)).json()
    assert {message["message_id"] for message in page["messages"]} == {str(turn.reply.message_id) for turn in turns}
    sessions = (await http.get("/api/statistics/sessions", params=zone)).json()
    assert [session["messages"] for session in sessions["sessions"]] == [2, 2, 2]

    asked = (await http.get("/api/statistics/questions", params=zone)).json()
    assert [(group["text"], group["count"]) for group in asked["questions"]] == [("สูตรน้ำจิ้มข้าวมันไก่", 3)]
    params = {**zone, "question": asked["questions"][0]["key"]}
    page = (await http.get("/api/statistics/messages", params=params)).json()
    assert {message["message_id"] for message in page["messages"]} == {str(turn.question.message_id) for turn in turns}


@pytest.mark.parametrize(
    "params",
    [
        {"timezone": "Asia/Atlantis"},
        {"days": "0"},
        {"first": "yesterday"},
        {"first": "0001-01-01"},
        {"last": "9999-12-31"},
        {"session_id": "x"},
        {"hour": "24"},
        {"figure": "happiness"},
        {"cursor": "x"},
        {"role": "robot"},
        {"model": "\0"},
    ],
)
async def test_figures_that_there_are_not_are_refused(http: httpx.AsyncClient, params: dict[str, str]) -> None:
    answer = await http.get("/api/statistics/messages", params=params)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"]
