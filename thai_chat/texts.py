"""Every text that people read, by its code, in Thai and English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

Language = Literal["th", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
FALLBACK: Language = "en"
UNKNOWN = "internal"
"""The text of a code that has none of its own."""

# Errors: the codes of `thai_chat.domain.errors`, {names} are their params.
_ERRORS: Mapping[str, tuple[str, str]] = {
    "internal": (
        "เกิดข้อผิดพลาดที่ไม่คาดคิด ข้อความของคุณยังอยู่ ลองใหม่อีกครั้ง",
        "Something went wrong here. Your text is kept; please try again.",
    ),
    "bad_input": ("คำขอไม่ถูกต้อง", "The request isn't valid."),
    "empty_question": ("พิมพ์คำถามก่อนส่ง", "Write a question first."),
    "question_too_long": (
        "คำถามยาวเกินไป ส่งได้ไม่เกิน {limit} ตัวอักษร กรุณาตัดให้สั้นลง",
        "The question is too long: at most {limit} characters. Please shorten it.",
    ),
    "unreadable_text": (
        "ข้อความมีอักขระที่เก็บไม่ได้ (เช่น NUL หรืออักขระที่ขาดครึ่ง) ลบออกแล้วส่งใหม่",
        "The text has characters that can't be kept (NUL or half of a character). Remove them and send again.",
    ),
    "empty_name": ("ใส่ชื่อแชตก่อน", "Give the session a name first."),
    "invalid_identifier": ("รหัสนี้ไม่ถูกรูปแบบ", "This identifier isn't well formed."),
    "invalid_cursor": ("ตำแหน่งหน้าไม่ถูกต้อง เริ่มจากหน้าแรกใหม่", "The page position isn't valid; start from the first page."),
    "unknown_backend": ("ไม่รู้จักระบบโมเดล “{backend}”", "There is no backend “{backend}”."),
    "foreign_site": (
        "คำขอนี้มาจากหน้าเว็บอื่น จึงไม่รับ",
        "This request comes from another site's page and is refused.",
    ),
    "not_found": ("ไม่พบสิ่งที่ขอ", "Not found."),
    "session_not_found": (
        "ไม่พบแชตนี้ อาจถูกลบไปแล้วหรือลิงก์ไม่ถูกต้อง จึงเปิดแชตใหม่ให้",
        "This session doesn't exist (any more), or the link is wrong. Here is a new one.",
    ),
    "message_not_found": ("ไม่พบข้อความนี้", "This message doesn't exist."),
    "reply_running": (
        "แชตนี้ยังตอบไม่เสร็จ รอให้จบหรือกดหยุดก่อน แล้วค่อยถามต่อ",
        "A reply is still being written in this session. Wait for it or stop it, then ask again.",
    ),
    "backend_error": ("โมเดลตอบไม่ได้ในตอนนี้", "The model couldn't answer."),
    "backend_unreachable": (
        "ติดต่อ {backend} ไม่ได้ ตรวจว่าเปิดอยู่ หรือเลือกโมเดลอื่น",
        "{backend} can't be reached. Check that it runs, or pick another model.",
    ),
    "backend_timeout": (
        "{backend} ไม่ตอบภายในเวลาที่กำหนด ลองใหม่หรือเลือกโมเดลอื่น",
        "{backend} didn't answer in time. Try again, or pick another model.",
    ),
    "backend_loading": (
        "{backend} ยังโหลดโมเดลอยู่ รอสักครู่แล้วลองใหม่ หรือเลือกโมเดลอื่น",
        "{backend} is still loading its model. Try again in a moment, or pick another model.",
    ),
    "backend_denied": (
        "{backend} ปฏิเสธ: คีย์หายไป ไม่ถูกต้อง หรือไม่มีสิทธิ์ ตรวจการตั้งค่าใน .env",
        "{backend} refused: the key is missing, wrong, or may not do this. Check the settings in .env.",
    ),
    "model_not_found": (
        "{backend} ไม่มีโมเดล “{model}” แล้ว เลือกโมเดลอื่นจากรายการ",
        "{backend} doesn't have the model “{model}” (any more). Pick another one.",
    ),
    "context_overflow": (
        "บทสนทนายาวเกินที่ {model} รับได้ เริ่มแชตใหม่ หรือเลือกโมเดลที่รับได้ยาวกว่า",
        "The conversation is longer than {model} can take. Start a new session, or pick a model with a larger window.",
    ),
    "unsupported_parameter": (
        "{model} ไม่รองรับค่า “{param}”",
        "{model} doesn't support the parameter “{param}”.",
    ),
    "rate_limited": (
        "{backend} รับคำขอเพิ่มไม่ได้ในตอนนี้ (ครบโควตาหรือถี่เกินไป) รอสักครู่หรือเลือกโมเดลอื่น",
        "{backend} takes no more requests right now (quota or rate limit). Wait a little, or pick another model.",
    ),
    "backend_failed": (
        "{backend} ขัดข้องขณะตอบ ลองใหม่หรือเลือกโมเดลอื่น",
        "{backend} failed while answering. Try again, or pick another model.",
    ),
    "backend_garbled": (
        "{backend} ตอบกลับมาในรูปแบบที่อ่านไม่ได้",
        "What {backend} sent can't be understood.",
    ),
    "reply_cut": (
        "การเชื่อมต่อกับ {backend} ขาดก่อนตอบจบ ส่วนที่ได้มาแล้วเก็บไว้ให้",
        "The connection to {backend} broke before the reply was whole. What came is kept.",
    ),
    "empty_reply": ("{model} ตอบกลับมาว่างเปล่า ลองถามใหม่", "{model} gave an empty reply. Try asking again."),
    "no_backend": (
        "ยังไม่มีโมเดลที่ตอบได้ ตั้งค่า VLLM_BASE_URL, OLLAMA_HOST หรือ OPENAI_API_KEY ใน .env",
        "No model can answer yet. Set VLLM_BASE_URL, OLLAMA_HOST or OPENAI_API_KEY in .env.",
    ),
    "history_error": ("บันทึกประวัติไม่สำเร็จ", "The history couldn't be kept."),
    "history_unavailable": (
        "ติดต่อฐานข้อมูลไม่ได้ชั่วคราว ลองใหม่อีกครั้ง",
        "The database can't be reached right now. Please try again.",
    ),
    "history_refused": (
        "ฐานข้อมูลไม่รับข้อความนี้ ลองแก้ข้อความแล้วส่งใหม่",
        "The database refuses this text. Change it and send again.",
    ),
    "start": ("ระบบเริ่มทำงานไม่ได้", "The server can't start."),
    "settings": ("การตั้งค่าไม่ถูกต้อง", "The settings aren't valid."),
}

# Things a person should know about a reply or a model.
_NOTICES: Mapping[str, tuple[str, str]] = {
    "answered_by_other": (
        "ถาม {asked} แต่ {answered} เป็นผู้ตอบ เพราะ {asked} ตอบไม่ได้ในตอนนี้",
        "You asked {asked}; {answered} answered, because {asked} couldn't right now.",
    ),
    "context_trimmed": (
        "โมเดลเห็นเฉพาะข้อความล่าสุด ข้อความก่อนหน้า {left_out} ข้อความไม่ได้ส่งไปด้วย",
        "The model saw the latest messages only; {left_out} earlier ones were left out.",
    ),
    "answer_not_streamed": (
        "โมเดลนี้ส่งคำตอบมาทีเดียวทั้งก้อน",
        "This model sends its answer in one piece.",
    ),
    "parameter_dropped": ("โมเดลไม่รับค่า “{param}” จึงถามโดยไม่ใช้ค่านี้", "The model refuses “{param}”; asked without it."),
    "model_loading": (
        "{model} กำลังโหลด คำตอบแรกอาจใช้เวลาสักครู่",
        "{model} is loading; the first words may take a while.",
    ),
    "demo_model": (
        "โมเดลสาธิตภาษาอังกฤษขนาดเล็ก",
        "Small English demo model",
    ),
}

_LABELS = {"vllm": "vLLM", "ollama": "Ollama", "openai": "OpenAI", "llamacpp": "llama.cpp"}

# The page.
_PAGE: Mapping[str, tuple[str, str]] = {
    "brand": ("ไทยแชต", "Thai Chat"),
    "new_session": ("แชตใหม่", "New session"),
    "untitled": ("แชตใหม่", "New session"),
    "find_session": ("ค้นหาแชตล่าสุด…", "Recent sessions…"),
    "load": ("เปิด", "Load"),
    "recent": ("ล่าสุด", "Recent"),
    "no_sessions": ("แชตที่คุณคุยจะอยู่ตรงนี้", "Your sessions will be listed here."),
    "no_match": ("ไม่พบแชตที่ตรงกัน", "No session matches"),
    "pick_session": ("เลือกแชตจากรายการก่อน", "Pick a session from the list first."),
    "rename": ("เปลี่ยนชื่อ", "Rename"),
    "rename_of": ("เปลี่ยนชื่อ {name}", "Rename {name}"),
    "session_name": ("ชื่อแชต", "Name of the session"),
    "running": ("กำลังตอบ", "Answering"),
    "menu_open": ("เปิดแถบข้าง", "Open the sidebar"),
    "menu_close": ("ปิดแถบข้าง", "Close the sidebar"),
    "theme": ("สลับมืด / สว่าง", "Switch dark / light"),
    "model": ("โมเดล", "Model"),
    "model_pick": ("เลือกโมเดล ใช้ตั้งแต่คำถามถัดไป", "Pick a model; it answers from the next question on"),
    "model_none": ("ยังไม่มีโมเดล", "No model"),
    "conversation": ("บทสนทนา", "Conversation"),
    "earlier": ("โหลดข้อความก่อนหน้า", "Load earlier messages"),
    "question": ("พิมพ์ข้อความถึงผู้ช่วย…", "Ask anything…"),
    "question_label": ("คำถาม", "Question"),
    "send": ("ส่ง", "Send"),
    "stop": ("หยุด", "Stop"),
    "hint_keys": ("Enter ส่ง · Shift+Enter ขึ้นบรรทัดใหม่", "Enter sends · Shift+Enter starts a new line"),
    "hint_running": ("กำลังตอบอยู่ กด Esc เพื่อหยุด แล้วค่อยส่ง", "Still answering. Press Esc to stop it, then send."),
    "hint_empty": ("พิมพ์คำถามก่อนส่ง", "Write a question first."),
    "latest": ("ไปที่ข้อความล่าสุด", "Jump to the latest"),
    "copy": ("คัดลอก", "Copy"),
    "copied": ("คัดลอกแล้ว", "Copied"),
    "you": ("คุณ", "You"),
    "waiting": ("กำลังรอคำตอบ", "Waiting for the first word"),
    "thinking": ("กำลังคิด", "Thinking"),
    "thoughts": ("วิธีคิดของโมเดล", "The model's thinking"),
    "reconnecting": ("การเชื่อมต่อขาด กำลังต่อใหม่…", "Connection lost. Reconnecting…"),
    "stopping": ("กำลังหยุด…", "Stopping…"),
    "status_stopped": ("หยุดโดยคุณ", "Stopped by you"),
    "status_interrupted": ("ถูกขัดจังหวะ คำตอบไม่ครบ", "Interrupted: this reply isn't whole"),
    "status_failed": ("ตอบไม่สำเร็จ", "Failed"),
    "figure_first": ("คำแรก {time}", "first word {time}"),
    "figure_total": ("รวม {time}", "{time} in all"),
    "figure_tokens": ("{count} โทเค็น", "{count} tokens"),
    "figure_tokens_estimated": ("ราว {count} โทเค็น", "about {count} tokens"),
    "seconds": ("{count} วิ", "{count} s"),
    "minutes": ("{count} นาที", "{count} min"),
    "hello": ("วันนี้ให้ช่วยอะไรดี", "How can I help you today?"),
    "hello_more": (
        "ถามได้ทั้งภาษาไทยและอังกฤษ ทุกข้อความเก็บไว้ในเครื่องของคุณ",
        "Ask in Thai or English. Every word is kept, on your own machine.",
    ),
    "suggestion_1": ("อธิบาย MVCC ของ PostgreSQL แบบเข้าใจง่าย", "Explain PostgreSQL's MVCC in plain words"),
    "suggestion_2": ("แต่งกลอนแปดเรื่องฝนแรกของปี", "Write a short poem about the first rain of the year"),
    "suggestion_3": ("แปลเป็นไทยให้สละสลวย: “Good things take time.”", "Translate into Thai: “Good things take time.”"),
    "suggestion_4": ("เขียนตัวอย่าง FastAPI ที่อ่านไฟล์ CSV", "Write a FastAPI example that reads a CSV file"),
    "demo_note": (
        "ตอนนี้ใช้โมเดลสาธิตภาษาอังกฤษขนาดเล็ก ตอบภาษาไทยได้ไม่ดี ต่อโมเดลไทยจริงได้โดยตั้ง VLLM_BASE_URL "
        "หรือ OLLAMA_HOST (หรือ OPENAI_API_KEY) ในไฟล์ .env แล้วเปิดใหม่",
        "This is a small English demo model and its Thai is poor. To connect a real Thai model, set VLLM_BASE_URL "
        "or OLLAMA_HOST (or OPENAI_API_KEY) in .env and start again.",
    ),
    "no_model_note": (
        "ยังไม่มีโมเดลที่ตอบได้ ตั้ง VLLM_BASE_URL, OLLAMA_HOST หรือ OPENAI_API_KEY ในไฟล์ .env แล้วเปิดใหม่",
        "No model can answer yet. Set VLLM_BASE_URL, OLLAMA_HOST or OPENAI_API_KEY in .env and start again.",
    ),
    "server_away": (
        "ติดต่อเซิร์ฟเวอร์ไม่ได้ คำถามยังอยู่ในช่อง ลองส่งใหม่",
        "The server can't be reached. Your question is still in the box; send it again.",
    ),
    "close": ("ปิด", "Close"),
    "state": ("สถานะระบบ", "State of the system"),
    "database": ("ฐานข้อมูล", "Database"),
    "database_postgresql": ("PostgreSQL", "PostgreSQL"),
    "database_memory": ("หน่วยความจำเท่านั้น", "memory only"),
    "database_unknown": ("ติดต่อไม่ได้", "unreachable"),
    "memory_only": ("ใช้หน่วยความจำชั่วคราว", "Memory only."),
    "memory_banner": (
        "ติดต่อ PostgreSQL ไม่ได้ แต่คุยต่อได้ตามปกติ",
        "PostgreSQL can't be reached; you can go on chatting.",
    ),
    "memory_waiting": ("มี {count} รายการรอบันทึก", "Turns waiting to be stored: {count}."),
    "memory_no_journal": (
        "และเขียนดิสก์ไม่ได้ หากปิดโปรแกรมตอนนี้ส่วนที่รออยู่จะหายไป",
        "The disk can't be written either: what waits is lost if the program ends now.",
    ),
    "memory_refused": ("ฐานข้อมูลไม่รับ {count} รายการ แยกเก็บไว้ให้แล้ว", "Refused by the database and set aside: {count}."),
    "state_up": ("พร้อม", "up"),
    "state_loading": ("กำลังโหลด", "loading"),
    "state_down": ("ติดต่อไม่ได้", "down"),
    "state_not_configured": ("ยังไม่ตั้งค่า", "not set up"),
    "statistics": ("สถิติ", "Statistics"),
    "statistics_loading": ("กำลังนับ…", "Counting…"),
    "statistics_none": ("ยังไม่มีอะไรให้นับ ถามคำถามแรกได้เลย", "Nothing to count yet. Ask a first question."),
    "stat_sessions": ("แชต", "Sessions"),
    "stat_messages": ("ข้อความ", "Messages"),
    "stat_prompt_tokens": ("โทเค็นที่ส่ง", "Tokens sent"),
    "stat_completion_tokens": ("โทเค็นที่ตอบ", "Tokens answered"),
    "stat_by_model": ("แยกตามโมเดล", "By model"),
    "stat_by_day": ("ข้อความต่อวัน · {count} วันล่าสุด", "Messages a day · last {count} days"),
    "stat_replies": ("คำตอบ", "Replies"),
    "stat_tokens": ("โทเค็น", "Tokens"),
    "stat_first": ("คำแรก", "First word"),
    "stat_day": ("{day}: {messages} ข้อความ, {tokens} โทเค็น", "{day}: {messages} messages, {tokens} tokens"),
}

# Errors that the page notices before the server would.
_SAID_BY_BOTH = ("question_too_long",)

_TEXTS: Mapping[str, tuple[str, str]] = {**_ERRORS, **_NOTICES, **_PAGE}


class _Params(dict[str, object]):
    """Leaves out what was not given instead of failing: a text with a gap is better than none."""

    def __missing__(self, name: str) -> str:
        return "…"


def text(code: str, language: Language, params: Mapping[str, object] | None = None) -> str:
    """The text of `code`, filled with `params`; a code without one gets the text of an unexpected error."""
    filled = dict(params or {})
    if isinstance(backend := filled.get("backend"), str):
        filled["backend"] = label_of(backend)
    return template(code, language).format_map(_Params(filled))


def label_of(backend: str) -> str:
    """How people write a backend's name."""
    return _LABELS.get(backend, backend)


def template(code: str, language: Language) -> str:
    """The text of `code` with its {params} still open."""
    return _TEXTS.get(code, _TEXTS[UNKNOWN])[LANGUAGES.index(language)]


def has_text(code: str) -> bool:
    return code in _TEXTS


def page_texts(language: Language) -> dict[str, str]:
    """The templates of the page's own texts by code, for the part of the page that runs in the browser."""
    return {code: template(code, language) for code in (*_PAGE, *_SAID_BY_BOTH)}


def language_of(accept_language: str | None) -> Language:
    """The language to answer in, from an Accept-Language header: the best ranked one there is a translation for."""
    ranked: list[tuple[float, int, Language]] = []
    for position, part in enumerate((accept_language or "").split(",")):
        tag, _, weight = part.strip().partition(";q=")
        for language in LANGUAGES:
            if tag.lower().split("-")[0] == language and (quality := _quality(weight)) > 0:
                ranked.append((-quality, position, language))
    return min(ranked)[2] if ranked else FALLBACK


def _quality(weight: str) -> float:
    try:
        return float(weight) if weight else 1.0
    except ValueError:
        return 0.0
