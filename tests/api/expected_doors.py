"""Who may come in by which door where there are accounts, and what is sent there.

It is a second list beside `gate/doors.py`, so that a door which is opened too far is told, and so is one in no list.
"""

from __future__ import annotations

from uuid import uuid4

ANYBODY, READ, CHAT, ADMIN, BROWSER = "anybody", "read", "chat", "admin", "browser"
SESSIONS = {
    "": {"GET": READ, "POST": CHAT, "DELETE": CHAT},
    "/labels": {"GET": READ},
    "/{session_id}": {"GET": READ, "PATCH": CHAT, "DELETE": CHAT},
    "/{session_id}/messages": {"GET": READ, "POST": CHAT},
    "/{session_id}/messages/{message_id}": {"GET": READ, "PATCH": CHAT, "DELETE": CHAT},
    "/{session_id}/messages/{message_id}/contexts": {"GET": READ, "POST": CHAT},
    "/{session_id}/messages/{message_id}/replies": {"POST": CHAT},
    "/{session_id}/messages/{message_id}/rating": {"PUT": CHAT, "DELETE": CHAT},
    "/{session_id}/messages/{message_id}/preference": {"PUT": CHAT, "DELETE": CHAT},
    "/{session_id}/deleted": {"GET": READ},
    "/{session_id}/messages/{message_id}/versions": {"GET": READ},
    "/{session_id}/events": {"GET": READ},
    "/{session_id}/stop": {"POST": CHAT},
    "/{session_id}/leave": {"POST": CHAT},
    "/{session_id}/export": {"GET": READ},
    "/{session_id}/export/examples": {"GET": READ},
    "/{session_id}/share": {"POST": CHAT},
    "/{session_id}/branch": {"POST": CHAT},
}
EXPECTED: dict[str, dict[str, str]] = {
    "/": {"GET": READ},
    "/gradio_api/run/predict": {"POST": CHAT},
    "/assets/{path:path}": {"GET": ANYBODY},
    "/static/{path:path}": {"GET": ANYBODY},
    "/theme.css": {"GET": ANYBODY},
    "/favicon.ico": {"GET": ANYBODY},
    "/ui-static/{version}/message/diagram.html": {"GET": ANYBODY},
    "/ui-static/{version}/{path:path}": {"GET": ANYBODY},
    "/sign-in": {"GET": ANYBODY},
    "/sign-in/oidc": {"GET": ANYBODY},
    "/sign-in/oidc/callback": {"GET": ANYBODY},
    "/invitation/{token}": {"GET": ANYBODY},
    "/s/{token}": {"GET": ANYBODY, "POST": ANYBODY},
    "/embed.js": {"GET": ANYBODY},
    "/docs": {"GET": READ},
    "/docs-static/{path:path}": {"GET": ANYBODY},
    "/openapi.json": {"GET": READ},
    "/healthz": {"GET": ANYBODY},
    "/readyz": {"GET": ANYBODY},
    "/chat": {"POST": CHAT},
    "/chat/history/{session_id}": {"GET": READ},
    "/chat/load-session": {"POST": READ},
    "/chat/status": {"GET": READ},
    "/chat/reset": {"POST": CHAT},
    **{
        f"{prefix}{path}": methods
        for prefix in ("/api/sessions", "/api/conversations", "/conversations")
        for path, methods in SESSIONS.items()
    },
    "/api/operations-chat": {"POST": CHAT},
    "/api/operations-chat/sessions": {"GET": READ},
    "/api/operations-chat/history/{session_id}": {"GET": READ},
    "/api/operations-chat/suggestions": {"GET": READ},
    "/api/operations-chat/statistics": {"GET": READ},
    "/api/suggestions": {"GET": READ},
    "/api/chat/start": {"POST": CHAT},
    "/api/chat/{session_id}/message": {"POST": CHAT},
    "/api/chat/{session_id}/history": {"GET": READ},
    "/api/changes": {"GET": READ},
    "/api/webhooks": {"GET": READ, "HEAD": READ, "POST": CHAT},
    "/api/webhooks/{webhook_id}": {"GET": READ, "HEAD": READ, "PATCH": CHAT, "DELETE": CHAT},
    "/api/webhooks/{webhook_id}/test": {"POST": CHAT},
    "/api/webhooks/{webhook_id}/secret": {"POST": CHAT},
    "/api/webhooks/{webhook_id}/deliveries": {"GET": READ, "HEAD": READ},
    "/api/search": {"GET": READ},
    "/api/models": {"GET": READ},
    "/api/models/prepare": {"POST": CHAT},
    "/api/models/pull": {"POST": CHAT},
    "/api/presets": {"GET": READ, "POST": CHAT},
    "/api/presets/check": {"POST": CHAT},
    "/api/presets/{preset_id}": {"GET": READ, "PATCH": CHAT, "DELETE": CHAT},
    "/api/export": {"GET": READ, "POST": READ},
    "/api/export/examples": {"GET": READ},
    "/api/import": {"POST": CHAT},
    "/api/me": {"GET": READ, "PATCH": CHAT, "DELETE": BROWSER},
    "/api/me/identities": {"GET": BROWSER, "POST": BROWSER},
    "/api/me/identities/{identity_id}": {"DELETE": BROWSER},
    "/api/me/password": {"POST": BROWSER},
    "/api/me/sign-ins": {"GET": BROWSER, "DELETE": BROWSER},
    "/api/me/sign-ins/{sign_in_id}": {"DELETE": BROWSER},
    "/api/me/limits": {"GET": READ},
    "/api/sign-in": {"GET": ANYBODY, "POST": ANYBODY},
    "/api/sign-out": {"POST": CHAT},
    "/api/sign-up": {"POST": ANYBODY},
    "/api/reset-password": {"POST": ANYBODY},
    "/api/invitations": {"GET": ADMIN, "POST": ADMIN},
    "/api/invitations/{invitation_id:uuid}": {"DELETE": ADMIN},
    "/api/invitations/{token}": {"GET": ANYBODY},
    "/api/people": {"GET": ADMIN},
    "/api/people/{account_id}": {"PATCH": ADMIN, "DELETE": ADMIN},
    "/api/people/{account_id}/reset": {"POST": ADMIN},
    "/api/people/statistics": {"GET": ADMIN},
    "/api/quotas": {"GET": ADMIN},
    "/api/quotas/{kind}/{subject}": {"PUT": ADMIN},
    "/api/model-rules": {"GET": ADMIN},
    "/api/model-rules/{backend}/{model:path}": {"PUT": ADMIN, "DELETE": ADMIN},
    "/api/shares": {"GET": READ},
    "/api/shares/continue": {"POST": CHAT},
    "/api/shares/{share_id}": {"DELETE": CHAT},
    "/api/keys": {"GET": READ, "POST": BROWSER},
    "/api/keys/{key_id}": {"DELETE": BROWSER},
    "/api/audit": {"GET": ADMIN},
    "/api/statistics": {"GET": READ},
    "/api/statistics/questions": {"GET": READ},
    "/api/statistics/messages": {"GET": READ},
    "/api/statistics/sessions": {"GET": READ},
    "/v1/models": {"GET": READ, "HEAD": READ},
    "/v1/models/{model:path}": {"GET": READ, "HEAD": READ},
    "/v1/chat/completions": {"POST": CHAT},
    "/v1/embeddings": {"POST": CHAT},
    "/v1/responses": {"POST": CHAT},
}
"""Who may come in, by door and method: a key of which scope, browsers alone, or anybody."""
for door, methods in EXPECTED.items():
    if "GET" in methods and door != "/sign-in/oidc/callback":
        methods["HEAD"] = methods["GET"]

BODIES: dict[tuple[str, str], object] = {
    ("POST", "/messages"): {"query": "x"},
    ("POST", "/message"): {"query": "x"},
    ("POST", "/contexts"): {"contexts": [{"content": "x"}]},
    ("POST", "/branch"): {"message_id": str(uuid4())},
    ("DELETE", "/api/me"): {"password": "x"},
    ("POST", "/replies"): {"backend": "vllm", "model": "thai-model"},
    ("PATCH", "/api/presets/{preset_id}"): {"preset_name": "x"},
    ("POST", "/api/webhooks"): {"url": "https://localhost:9/x"},
    ("PATCH", "/api/webhooks/{webhook_id}"): {"name": "x"},
    ("PATCH", "/messages/{message_id}"): {"deleted": True},
    ("PATCH", "/{session_id}"): {"session_name": "x"},
    ("PUT", "/rating"): {"value": 1},
    ("PUT", "/preference"): {"over": [str(uuid4())]},
}
"""Bodies that the owner could send, by the end of the address, so that nothing but the person is wrong."""
QUESTIONS = {"/export": {"format": "json"}, "/export/examples": {"format": "sft"}}


def body_for(method: str, door: str) -> object:
    return next((body for (known, end), body in BODIES.items() if known == method and door.endswith(end)), {})


def question_for(door: str) -> dict[str, str]:
    return next((query for end, query in QUESTIONS.items() if door.endswith(end)), {})
