"""`/healthz`, `/readyz` and `/api/models`."""

from __future__ import annotations

from tests.api.conftest import Chat


async def test_the_process_says_that_it_lives(chat: Chat) -> None:
    assert (await chat.http.get("/healthz")).json() == {"status": "ok"}


async def test_readiness_names_the_database_and_every_backend(chat: Chat) -> None:
    body = (await chat.http.get("/readyz")).json()
    assert body["status"] == "degraded"
    assert body["database"]["state"] == "memory"
    assert body["backends"]["vllm"] == {
        "state": "up",
        "models": ["thai-model", "other-model"],
        "model_states": {},
        "servers": ["up"],
        "error": None,
    }
    assert body["backends"]["openai"].items() >= {"state": "not_configured", "models": []}.items()
    assert set(body["backends"]) == {"vllm", "ollama", "openai", "llamacpp"}


async def test_models_are_listed_live_with_their_context_windows(chat: Chat) -> None:
    models = (await chat.http.get("/api/models")).json()["models"]
    assert {
        "backend": "vllm",
        "model": "thai-model",
        "chat": True,
        "context_window": 8192,
        "vision": False,
        "thinking": False,
        "price": None,
        "state": "up",
    } in models


async def test_the_api_describes_itself(chat: Chat) -> None:
    paths = (await chat.http.get("/openapi.json")).json()["paths"]
    assert {"/chat", "/readyz", "/api/sessions/{session_id}/events"} <= set(paths)


async def test_where_nobody_signs_in_the_description_names_no_way_to(chat: Chat) -> None:
    described = (await chat.http.get("/openapi.json")).json()
    assert "securitySchemes" not in described["components"]
    assert "security" not in described


async def test_the_description_asks_no_other_host(chat: Chat) -> None:
    page = (await chat.http.get("/docs")).text
    assert "://" not in page
    assert (await chat.http.get("/docs-static/swagger-ui-bundle.js")).status_code == 200
