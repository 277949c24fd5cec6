"""The first administrator comes from the terminal: by a link that each start prints until somebody has used it."""

from __future__ import annotations

import re

import httpx

from tests.app import App, running_app
from tests.postgres_servers import PostgresServer

PASSWORD = "ปลาทูสองตัวในเข่ง"


def links(app: App) -> list[str]:
    """Return the tokens of the links that the app has printed, over all its starts."""
    return re.findall(rf"{re.escape(app.address)}/invitation/([\w-]{{43}})\b", app.log)


async def test_a_start_prints_a_link_until_somebody_administers(own_database: str, postgres: PostgresServer) -> None:
    settings = {"AUTH": "password", "LOG_LEVEL": "DEBUG", "LOG_FORMAT": "json"}
    async with running_app(DATABASE_URL=postgres.address(own_database), **settings) as app:
        await app.stop()
        await app.start()
        old, new = links(app)
        async with httpx.AsyncClient(base_url=app.address, timeout=20) as http:
            assert (await http.get(f"/api/invitations/{old}")).status_code == 404
            assert (await http.get(f"/api/invitations/{new}")).json()["purpose"] == "first"
            body = {"token": new, "name": "boss", "password": PASSWORD, "take_over": True}
            made = await http.post("/api/sign-up", json=body)
            assert (made.status_code, made.json()["user_id"]) == (201, "local")
            assert (await http.get("/api/people")).status_code == 200
            cookie = dict(http.cookies)["thai_chat"]
        await app.stop()
        await app.start()
        assert links(app) == [old, new]
        logged = "\n".join(line for line in app.log.splitlines() if line.startswith("{"))
        for secret in (old, new, cookie, PASSWORD):
            assert secret not in logged
