"""A program in a real browser, on a page of a site that the settings name, uses the API by a key and nothing else."""

from __future__ import annotations

from uuid import uuid4

import httpx
import pytest
from playwright.async_api import Browser

from tests.app import running_app
from tests.browser.signed_in import MALI, PASSWORD, add_person, browser_of
from tests.browser.test_other_sites import other_site
from tests.standins.openai_server import OpenAIStandin

pytestmark = pytest.mark.asyncio(loop_scope="session")

BY_KEY = """async ([chat, key]) => {
  const headers = { Authorization: `Bearer ${key}`, 'X-Request-Id': 'from-a-script', 'X-Thai-Chat-Made-Up': '1' };
  const json = { ...headers, 'Content-Type': 'application/json' };
  const asked = (path, how = {}) => fetch(chat + path, { headers, ...how });
  const made = await asked('/chat', { method: 'POST', headers: json, body: '{"query": "สวัสดี"}' });
  const { session_id: id } = await made.json();
  const stream = await asked(`/api/sessions/${id}/messages`, {
    method: 'POST', headers: json, body: '{"query": "อีกครั้ง", "stream": true}',
  });
  const wrong = await asked('/chat', { method: 'POST', headers: json, body: '{"query": "x", "modle": 1}' });
  const head = await asked('/api/sessions', { method: 'HEAD' });
  const renamed = await asked(`/api/sessions/${id}`, {
    method: 'PATCH', headers: json, body: '{"session_name": "จากสคริปต์"}',
  });
  return {
    made: [made.status, made.headers.get('x-request-id')],
    streamed: (await stream.text()).includes('event: completed'),
    wrong: [wrong.status, (await wrong.json()).error.message],
    head: head.status,
    renamed: (await renamed.json()).session_name,
  };
}"""
WITHOUT_KEY = """async (chat) => {
  const tries = {
    nothing: () => fetch(chat + '/api/sessions').then(async (answer) => (await answer.json()).error.code),
    cookies: () => fetch(chat + '/api/sessions', { credentials: 'include' }).then((answer) => answer.status),
    signingIn: () => fetch(chat + '/api/sign-in', { method: 'POST', body: '{}' }).then(async (answer) =>
      (await answer.json()).error.code),
    page: () => fetch(chat + '/').then(async (answer) => (await answer.json()).error.code),
    file: () => fetch(chat + '/favicon.ico').then((answer) => answer.status),
    blind: () => fetch(chat + '/chat', {
      method: 'POST', mode: 'no-cors', credentials: 'include', body: '{"query": "แอบ"}',
    }).then((answer) => answer.type),
  };
  const found = {};
  for (const [name, run] of Object.entries(tries)) {
    found[name] = await run().catch(() => 'refused');
  }
  return found;
}"""
ELSEWHERE = """([chat, key]) => fetch(chat + '/api/sessions', { headers: { Authorization: `Bearer ${key}` } })
  .then((answer) => answer.status, () => 'refused')"""


async def test_a_script_of_a_named_site_uses_the_api_by_a_key_alone(browser: Browser, model: OpenAIStandin) -> None:
    async with (
        other_site() as named,
        other_site() as unnamed,
        running_app(VLLM_BASE_URL=model.base_url, AUTH="password", CORS_ORIGINS=named.address) as app,
        browser_of(browser) as context,
    ):
        chat = f"http://localhost:{app.port}"  # the same site as the others, so that cookies of it go along
        await add_person(app, MALI)
        async with httpx.AsyncClient(base_url=chat) as http:
            who = {"name": MALI, "password": PASSWORD}
            assert (await http.post("/api/sign-in", json=who)).status_code == 200
            made = await http.post("/api/keys", json={"name": str(uuid4()), "scopes": ["read", "chat"]})
            key = made.json()["key"]
            cookies = [{"name": cookie.name, "value": cookie.value or "", "url": chat} for cookie in http.cookies.jar]
        await context.add_cookies(cookies)  # type: ignore[arg-type]
        page = await context.new_page()
        await page.goto(named.address)
        done = await page.evaluate(BY_KEY, [chat, key])
        assert done["made"] == [200, "from-a-script"]
        assert done["streamed"]
        assert done["wrong"][0] == 400
        assert "modle" in done["wrong"][1]
        assert (done["head"], done["renamed"]) == (200, "จากสคริปต์")
        assert await page.evaluate(WITHOUT_KEY, chat) == {
            "nothing": "sign_in_needed",
            "cookies": "refused",
            "signingIn": "foreign_site",
            "page": "foreign_site",
            "file": 403,
            "blind": "refused",
        }
        await page.goto(unnamed.address)
        assert await page.evaluate(ELSEWHERE, [chat, key]) == "refused"
        async with httpx.AsyncClient(base_url=chat, headers={"Authorization": f"Bearer {key}"}) as http:
            sessions = (await http.get("/api/sessions")).json()["sessions"]
        assert [session["session_name"] for session in sessions] == ["จากสคริปต์"]
