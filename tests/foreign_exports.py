"""Exports of other programs, as they write them: made here, with the oddities that real files have."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]

CHATGPT_ID = "6745e8a2-1f0c-8009-b1d3-0c1f4a5b6c7d"
QUESTION = "สูตรน้ำจิ้มข้าวมันไก่ทำยังไง 🍚"
ANSWER = "ตำขิง กระเทียม พริก แล้วใส่เต้าเจี้ยว"
OTHER_ANSWER = "แบบไม่เผ็ด: ขิง น้ำตาล เต้าเจี้ยว"


def node(key: str, parent: str | None, message: Json | None = None, children: Sequence[str] = ()) -> Json:
    return {"id": key, "message": message, "parent": parent, "children": list(children)}


def said(role: str, *parts: Any, at: float | None = 1732632740.5, kind: str = "text", **fields: Any) -> Json:
    content: Json = {"content_type": kind, "parts": list(parts)}
    if kind in ("code", "execution_output"):
        content = {"content_type": kind, "language": "python", "text": parts[0]}
    if kind == "thoughts":
        content = {"content_type": kind, "thoughts": list(parts), "source_analysis_msg_id": "x"}
    return {
        "id": f"m-{role}",
        "author": {"role": role, "name": None, "metadata": {}},
        "create_time": at,
        "update_time": None,
        "content": content,
        "status": "finished_successfully",
        "end_turn": None,
        "weight": 1.0,
        "metadata": {},
        "recipient": "all",
        "channel": None,
        **fields,
    }


def chatgpt_conversation(**fields: Any) -> Json:
    """Return a question that was answered twice; the first answer was regenerated away. Hidden and system nodes are
    around it."""
    hidden = {"is_visually_hidden_from_conversation": True}
    context = {"content_type": "user_editable_context", "user_profile": "…", "user_instructions": "…"}
    model = {"model_slug": "gpt-4o", "finish_details": {"type": "stop", "stop_tokens": [200002]}}
    return {
        "title": "น้ำจิ้มข้าวมันไก่",
        "create_time": 1732632738.123456,
        "update_time": 1732632790.9,
        "mapping": {
            "client-created-root": node("client-created-root", None, None, ["sys"]),
            "sys": node("sys", "client-created-root", said("system", "", at=None, metadata=hidden), ["ctx"]),
            "ctx": node("ctx", "sys", {**said("user", at=None, metadata=hidden), "content": context}, ["q1"]),
            "q1": node("q1", "ctx", said("user", QUESTION), ["a1", "a2"]),
            "a1": node("a1", "q1", said("assistant", ANSWER, at=1732632745.0, metadata=model)),
            "a2": node("a2", "q1", said("assistant", OTHER_ANSWER, at=1732632760.0, metadata=model), ["q2"]),
            "q2": node("q2", "a2", said("user", "ขอบคุณครับ", at=1732632780.0), ["a3"]),
            "a3": node("a3", "q2", said("assistant", "ยินดีครับ", at=1732632785.0, metadata=model)),
        },
        "moderation_results": [],
        "current_node": "a3",
        "plugin_ids": None,
        "conversation_id": CHATGPT_ID,
        "conversation_template_id": None,
        "gizmo_id": None,
        "is_archived": False,
        "safe_urls": [],
        "default_model_slug": "gpt-4o",
        "id": CHATGPT_ID,
        **fields,
    }


def chatgpt_with_tools() -> Json:
    """Return one reply in several nodes: thoughts, a call of a tool and its output between two pieces of text, a
    picture."""
    thoughts = [{"summary": "คิดเรื่องกราฟ", "content": "ต้องใช้ matplotlib", "chunks": [], "finished": True}]
    call = said("assistant", "plot()", kind="code", at=1732632742.0, recipient="python")
    picture = {"content_type": "image_asset_pointer", "asset_pointer": "sediment://file_00000", "width": 1024}
    attachment = {"attachments": [{"id": "file-1", "name": "ยอดขาย.csv", "mime_type": "text/csv"}]}
    mapping = {
        "q": node("q", None, said("user", "วาดกราฟให้หน่อย", metadata=attachment), ["t"]),
        "t": node("t", "q", said("assistant", *thoughts, kind="thoughts", at=1732632741.0), ["p1"]),
        "p1": node("p1", "t", said("assistant", "จะวาดให้ \ue200cite\ue202turn0search1\ue201ครับ", at=None), ["c"]),
        "c": node("c", "p1", call, ["o"]),
        "o": node("o", "c", said("tool", "ok", kind="execution_output", at=1732632743.0), ["i"]),
        "i": node("i", "o", said("tool", picture, kind="multimodal_text", at=1732632744.0), ["p2"]),
        "p2": node("p2", "i", said("assistant", "เสร็จแล้ว", at=1732632745.0), []),
    }
    return chatgpt_conversation(mapping=mapping, current_node="p2", conversation_id="tools", id="tools")


def openwebui_message(key: str, parent: str | None, role: str, content: str, **fields: Any) -> Json:
    return {"id": key, "parentId": parent, "childrenIds": [], "role": role, "content": content, **fields}


def openwebui_chat(**fields: Any) -> Json:
    """Return a question edited once; the second wording is shown."""
    model: Json = {"model": "llama3.1:8b", "modelName": "llama3.1:8b", "modelIdx": 0, "done": True}
    usage = {"prompt_tokens": 11, "completion_tokens": 5, "total_tokens": 16}
    thoughts = (
        '<details type="reasoning" done="true" duration="5">\n<summary>Thought for 5 seconds</summary>\n'
        "&gt; ดูราคา\n&gt; แล้วตอบ\n</details>\n"
    )
    pdf = [{"type": "file", "name": "ทอง.pdf"}]
    info = {"prompt_eval_count": 21, "eval_count": 9}
    listed = [
        openwebui_message("u1", None, "user", "ราคาทอง", timestamp=1740990000, models=["llama3.1:8b"]),
        openwebui_message("r1", "u1", "assistant", "ไม่ทราบ", timestamp=1740990004, usage=usage, **model),
        openwebui_message("u2", None, "user", "ราคาทองวันนี้เท่าไร", timestamp=1740990100, files=pdf),
        openwebui_message("r2", "u2", "assistant", thoughts + "บาทละ 60,000", timestamp=1740990104, info=info, **model),
    ]
    messages = {message["id"]: message for message in listed}
    chat = {
        "id": "",
        "title": "ราคาทอง",
        "models": ["llama3.1:8b"],
        "params": {"system": "ตอบสั้น ๆ"},
        "history": {"messages": messages, "currentId": "r2"},
        "messages": [messages["u2"], messages["r2"]],
        "tags": [],
        "timestamp": 1740989990000,
        "files": [],
    }
    return {
        "id": "b7c1d2e3-0000-4000-8000-000000000001",
        "user_id": "u",
        "title": "ราคาทอง",
        "chat": chat,
        "updated_at": 1740990104,
        "created_at": 1740989990,
        "share_id": None,
        "archived": True,
        "pinned": True,
        "meta": {"tags": ["การเงิน", "ทอง"]},
        "folder_id": None,
        **fields,
    }


def openwebui_old_chat() -> Json:
    """Return a chat as its first versions kept it: a list, without a tree."""
    return {
        "id": "old-1",
        "title": "ทักทาย",
        "models": ["mistral"],
        "system": "พูดสุภาพ",
        "messages": [
            {"role": "user", "content": "สวัสดี"},
            {"role": "assistant", "content": "สวัสดีครับ", "model": "mistral"},
        ],
        "timestamp": 1700000000,
    }


def as_file(value: object, *, ascii_only: bool = False) -> bytes:
    """Return an export as a file. ChatGPT writes \\uXXXX for whatever is not ASCII; Open WebUI does not."""
    return json.dumps(value, ensure_ascii=ascii_only).encode()


def as_zip(files: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()
