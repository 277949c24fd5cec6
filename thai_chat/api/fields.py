"""Fields and parameters that have the same name and the same meaning all over the API, and examples of them.

A model says itself what only it means. `api/openapi.py` puts these where nothing is said.
"""

from __future__ import annotations

from typing import Any

SESSION, QUESTION, REPLY = (f"0199a1b2-0000-7000-8000-00000000000{number}" for number in range(3))
_OTHER = "0199a1b2-0000-7000-8000-00000000000a"

DESCRIPTIONS: dict[str, str] = {
    "account_id": "The account's id",
    "action": "What was done",
    "address": "The network address it came from; empty where that is not known",
    "audio_provided": "Whether there are any",
    "archived": "Whether the session is archived",
    "archived_at": "Since when the session is archived; null: it is not",
    "at": "When it was done",
    "audio_files": "The audio files of the reply, as they are kept with it",
    "backend": "The backend, by its name in the settings: `vllm`, `ollama`, `openai` or `llamacpp`",
    "after": "The last event that was read: its id, or its number. `Last-Event-ID` wins",
    "before_order": "Only messages below this `message_order`",
    "completion_tokens": "Tokens of the reply",
    "conversation_length": "How many messages the shown branch has now",
    "content": "The text, in Markdown where a model wrote it",
    "cost_usd": "US dollars; null where the price is not known",
    "count": "How many there are",
    "created_at": "When it was made",
    "cursor": "`next` of the page before",
    "days": "The last days, today among them",
    "display_name": "The name that is shown to people",
    "entry_id": "The entry's id",
    "error": "What went wrong",
    "expires_at": "When it ends; null: it does not end by itself",
    "first": "The first day that is counted; null: since ever",
    "first_token_ms": "Milliseconds from the question to the first word",
    "folders": "The folders in use",
    "folder": "The folder that the session is in; null: none",
    "has_password": "Whether there is a password",
    "history": "The messages, oldest first",
    "hour": "The hour of the day, 0 to 23",
    "identity_id": "The identity's id",
    "idempotency_key": "The same key is the same request, however often it is sent",
    "invitation_id": "The id of the link",
    "key_id": "The part of the key that is no secret",
    "language": "`th` or `en`; null: the browser's",
    "last": "The last day that is counted; null: until now",
    "first_message_at": "When the first message was made; null where there is none",
    "last_message_at": "When the last message was made; null where there is none",
    "last_used_at": "When a browser or a key of theirs was last seen; null: not for a long time",
    "latency_ms": "Milliseconds from the question to the end of the reply",
    "limit": "The most that come in one answer",
    "message_count": "How many messages the shown branch has",
    "message_id": "The message's id",
    "message_order": "The message's place in the session; it grows, and may have gaps",
    "metadata": "What else is known of the message: why a reply ended, its rating, what the server told of it",
    "model": "The model, by its name at the backend",
    "messages": "How many messages",
    "model_used": "The model that answered",
    "name": "The name to sign in by",
    "name_contains": "Only sessions whose name has this in it",
    "notices": "What a reader should know of the reply, in the language of Accept-Language",
    "offset": "How many are left out before the first",
    "options": "Options for models: system_prompt, temperature, top_p, top_k, ...",
    "parent_id": "The message that this one follows; null for the first of a session",
    "parts": "What the message is made of, in order, each with its `type`; null for plain text",
    "password": "The password",
    "permanent": "Delete it for good, in place of marking it as deleted",
    "pinned": "Whether the session is pinned",
    "pinned_at": "Since when the session is pinned; null: it is not",
    "prefer": "`respond-async`: answer 202 as soon as the question is stored (RFC 7240)",
    "preset_id": "The preset's id",
    "preset_name": "The preset's name",
    "problem": "Why the reply failed, for people, in the language of Accept-Language; null for one that did not",
    "prompt_tokens": "Tokens of what was sent to the model",
    "query": "The question",
    "question": "The question, as it is stored",
    "reasoning_tokens": "Those of the reply's tokens that went into thinking",
    "rated_down": "Replies rated down; not counted by day",
    "replies": "How many replies of models",
    "role": "Who says it: `user`, `assistant` or `system`",
    "running": "Whether a reply of the session still grows",
    "scopes": "What the key is good for",
    "session": "The session",
    "session_id": "The session's id",
    "session_name": "The session's name",
    "sessions": "How many sessions",
    "share_id": "The id of the link",
    "shelf": "Where to look: `current`, `archived` or `trash`",
    "sign_in_id": "The id of the session of a browser",
    "started_at": "When it began",
    "status": "`complete`, `streaming`, `stopped`, `interrupted` or `failed`",
    "stream": "Answer with server-sent events while the reply grows, in place of one answer at its end",
    "tag": "Only sessions with this tag",
    "tags": "The session's tags",
    "text": "The text",
    "timezone": "IANA name of the time zone that cuts days",
    "title": "The session's name",
    "token": "The end of the link",
    "total_messages": "How many messages there are",
    "total_sessions": "How many sessions there are",
    "updated_at": "When it was last changed",
    "url": "The link's address",
    "used_at": "When it was last used; null: never",
    "user_id": "The id under which this person's sessions are kept",
    "versions": "All versions of the message, oldest first",
    "views": "How often the link was opened",
    "webhook_id": "The webhook's id",
    "word": "The word",
}

EXAMPLES: dict[str, Any] = {
    "account_id": _OTHER,
    "address": "192.0.2.7",
    "backend": "vllm",
    "browser": "Mozilla/5.0 (X11; Linux x86_64) Firefox/146.0",
    "code": "answered_by_other",
    "content": "สวัสดีครับ",
    "cost_usd": None,
    "display_name": "มะลิ",
    "entry_id": _OTHER,
    "file": "conversations.json",
    "folder": "งาน",
    "hour": 9,
    "invitation_id": _OTHER,
    "key": "tc_4f2k9x0q7m1c_…",
    "key_id": "4f2k9x0q7m1c",
    "message_id": REPLY,
    "model": "my-thai-model",
    "name": "mali",
    "next": None,
    "parent_id": QUESTION,
    "preset_id": _OTHER,
    "preset_name": "ผู้ช่วยสั้น ๆ",
    "query": "สวัสดี",
    "response": "สวัสดีครับ",
    "session_id": SESSION,
    "status": "complete",
    "session_name": "สวัสดี",
    "share_id": _OTHER,
    "sign_in_id": _OTHER,
    "text": "สวัสดี",
    "timezone": "Asia/Bangkok",
    "title": None,
    "user_id": "local",
    "word": "ข้าว",
}
_OF_FORMATS: dict[str, Any] = {
    "uuid": _OTHER,
    "date-time": "2026-11-21T04:00:00+00:00",
    "date": "2026-11-21",
    "uri": "http://127.0.0.1:7862/s/Zk3v9",
}
_OF_TYPES: dict[str, Any] = {"string": "…", "integer": 1, "number": 1.0, "boolean": False, "null": None}
_DEPTH = 6


def example_of(schema: dict[str, Any], components: dict[str, Any], *, name: str = "", depth: int = 0) -> Any:
    """Return an example of a schema, made of those of its fields."""
    schema = _resolved(schema, components)
    if "example" in schema:
        return schema["example"]
    if "examples" in schema:
        return schema["examples"][0]
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    if name in EXAMPLES and (EXAMPLES[name] is not None or _may_be_null(schema)):
        return EXAMPLES[name]
    if "default" in schema:
        return schema["default"]
    for key in ("anyOf", "oneOf", "allOf"):
        if key in schema:
            return example_of(schema[key][0], components, name=name, depth=depth)
    return _of_type(schema, components, depth)


def _of_type(schema: dict[str, Any], components: dict[str, Any], depth: int) -> Any:
    kind = schema.get("type")
    if kind == "object":
        if "properties" not in schema and isinstance(values := schema.get("additionalProperties"), dict) and values:
            key = example_of(schema.get("propertyNames", {}), components) or EXAMPLES["backend"]
            return {key: example_of(values, components, depth=depth + 1)}
        fields = schema.get("properties", {}) if depth < _DEPTH else {}
        return {field: example_of(one, components, name=field, depth=depth + 1) for field, one in fields.items()}
    if kind == "array":
        if "prefixItems" in schema:
            return [example_of(one, components, depth=depth + 1) for one in schema["prefixItems"]]
        items = schema.get("items", {})
        return [example_of(items, components, depth=depth + 1)] if items and depth < _DEPTH else []
    if kind in ("integer", "number") and "minimum" in schema:
        return max(schema["minimum"], _OF_TYPES[kind])
    return _OF_FORMATS.get(schema.get("format", ""), _OF_TYPES.get(str(kind)))


def completed(example: Any, schema: dict[str, Any], components: dict[str, Any]) -> Any:
    """Return an example with what it lacks: nulls, which FastAPI leaves out, and the fields that a model adds to those
    of the model it is made of."""
    schema = _resolved(schema, components)
    for one in schema.get("anyOf", ()):
        if one.get("type") != "null":
            return completed(example, one, components)
    if isinstance(example, list):
        return [completed(one, schema.get("items", {}), components) for one in example]
    if not isinstance(example, dict) or "properties" not in schema:
        return example
    fields = schema["properties"]
    missing = {
        name: None if _may_be_null(fields[name]) else example_of(fields[name], components, name=name)
        for name in schema.get("required", ())
        if name not in example
    }
    return {
        **{name: completed(one, fields.get(name, {}), components) for name, one in example.items()},
        **missing,
    }


def _may_be_null(schema: dict[str, Any]) -> bool:
    return any(one.get("type") == "null" for one in schema.get("anyOf", ()))


def _resolved(schema: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    """Return the schema that a reference leads to, with what is said beside it."""
    if "$ref" not in schema:
        return schema
    aimed = components[schema["$ref"].rpartition("/")[2]]
    return {**aimed, **{key: value for key, value in schema.items() if key != "$ref"}}
