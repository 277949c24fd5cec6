"""The texts of errors, by the codes of `thai_chat.domain.errors`; {names} are their params."""

from __future__ import annotations

from collections.abc import Mapping

ERRORS: Mapping[str, tuple[str, str]] = {
    "internal": (
        "เกิดข้อผิดพลาดที่ไม่คาดคิด ลองใหม่อีกครั้ง",
        "Something went wrong here. Please try again.",
    ),
    "bad_input": ("คำขอไม่ถูกต้อง", "The request isn't valid."),
    "unknown_fields": (
        "คำขอนี้ไม่มีช่องหรือพารามิเตอร์ชื่อ {unknown}",
        "The request has fields or parameters that don't exist here: {unknown}.",
    ),
    "no_json_object": (
        "เนื้อหาของคำขอต้องเป็นออบเจ็กต์ JSON พร้อม Content-Type: application/json",
        "The body has to be a JSON object, sent with Content-Type: application/json.",
    ),
    "http_416": ("ไฟล์นี้ไม่มีส่วนที่ขอ", "The file doesn't have the part that was asked for."),
    "bad_fields": ("คำขอไม่ถูกต้อง ตรวจสอบ {fields}", "The request isn't valid; please check {fields}."),
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
    "bad_label": (
        "แท็กหรือโฟลเดอร์ยาวได้ไม่เกิน {chars} ตัวอักษร และใส่แท็กได้ไม่เกิน {count} แท็ก",
        "A tag or folder takes at most {chars} characters, a session at most {count} tags.",
    ),
    "bad_option": ("ค่า “{param}” ใช้แบบนี้ไม่ได้ ใช้ได้คือ {allowed}", "“{param}” can't be that. It may be: {allowed}."),
    "unknown_option": (
        "ไม่มีตัวเลือกชื่อ “{param}” ที่ส่งให้โมเดลได้ ที่ใช้ได้ เช่น {allowed}",
        "“{param}” isn't among the options that are passed on to models. Some that are: {allowed}.",
    ),
    "not_a_question": ("แก้ไขได้เฉพาะคำถาม", "Only a question can be edited."),
    "only_replies": ("ให้คะแนนหรือเลือกได้เฉพาะคำตอบ", "Only a reply can be rated or chosen."),
    "not_other_replies": (
        "เลือกได้ระหว่างคำตอบของคำถามเดียวกันเท่านั้น",
        "A reply can be chosen only over other replies to the same question.",
    ),
    "bad_reason": (
        "เหตุผลยาวได้ไม่เกิน {limit} ตัวอักษร และแท็กที่ใช้ได้คือ {allowed}",
        "A reason takes at most {limit} characters, and its tags may be: {allowed}.",
    ),
    "not_a_reply": (
        "ตอบต่อได้เฉพาะคำตอบที่จบแล้ว และเปรียบเทียบได้เฉพาะกับคำตอบ",
        "Only a reply that has ended can be continued, and only replies can be compared.",
    ),
    "invalid_identifier": ("รหัสนี้ไม่ถูกรูปแบบ รหัสต้องเป็น UUID", "This identifier isn't well formed: it has to be a UUID."),
    "invalid_cursor": ("ตำแหน่งหน้าไม่ถูกต้อง เริ่มจากหน้าแรกใหม่", "The page position isn't valid; start from the first page."),
    "too_many_places": (
        "ใช้ได้ทีละอย่างเท่านั้น: before_order, after_order หรือ around",
        "Messages can be asked for at one place: give before_order, after_order or around, and no other of them.",
    ),
    "already_kept": (
        "แชตนี้ถูกเก็บไว้แล้ว เปลี่ยนเป็นแชตชั่วคราวไม่ได้",
        "This session is stored already and can't become a temporary one.",
    ),
    "temporary_over": (
        "แชตชั่วคราวนี้จบไปแล้วและไม่ได้ถูกเก็บไว้ เริ่มแชตใหม่แล้วส่งอีกครั้ง",
        "This temporary session has ended and was not kept. Begin a new session and send again.",
    ),
    "temporary_full": (
        "แชตชั่วคราวนี้ยาวเกินไปแล้ว (ไม่เกิน {megabytes} MB) เริ่มแชตใหม่แล้วส่งอีกครั้ง",
        "This temporary session is too long now (at most {megabytes} MB). Begin a new session and send again.",
    ),
    "temporary_busy": (
        "ตอนนี้มีแชตชั่วคราวที่กำลังตอบอยู่มากเกินไป รอสักครู่แล้วส่งอีกครั้ง",
        "Too many temporary sessions are being answered right now. Wait a moment and send again.",
    ),
    "too_many_compared": (
        "เปรียบเทียบได้พร้อมกันไม่เกิน {count} โมเดล",
        "At most {count} models can be compared at a time.",
    ),
    "unknown_backend": ("ไม่รู้จักระบบโมเดล “{backend}”", "There is no backend “{backend}”."),
    "foreign_site": (
        "คำขอนี้มาจากหน้าเว็บอื่น จึงไม่รับ ถ้ามาจากหน้าของ Thai Chat เอง ผู้ดูแลต้องตั้ง PUBLIC_URL ให้ตรงกับที่อยู่ที่เบราว์เซอร์แสดง",
        "This request comes from another site's page and is refused. If it came from Thai Chat's own page, "
        "whoever runs it has to set PUBLIC_URL to the address that the browser shows.",
    ),
    "other_account": (
        "Thai Chat หน้านี้ตอบเฉพาะบัญชีผู้ใช้ของเครื่องที่เปิดมันขึ้นมา {why}",
        "This Thai Chat answers only the account of this machine that started it. {why}",
    ),
    "let_account_in": (
        "การเชื่อมต่อนี้มาจากบัญชี “{account}” ถ้าจะให้เข้าได้ ผู้ที่เปิด Thai Chat ต้องเพิ่มชื่อนี้ใน ALLOW_LOCAL_USERS แล้วเริ่มใหม่ "
        "ถ้ามีหลายคนใช้ ให้แต่ละคนมีบัญชีด้วย AUTH=password",
        "This connection is of the account “{account}”. To let it in, whoever runs Thai Chat has to add that name to "
        "ALLOW_LOCAL_USERS and start again. For several people, AUTH=password gives each an account.",
    ),
    "account_unknown": (
        "ไม่พบว่าการเชื่อมต่อนี้เป็นของบัญชีใด ลองอีกครั้งจากเครื่องนี้โดยตรง "
        "หรือให้ผู้ที่เปิด Thai Chat ตั้ง ALLOW_LOCAL_USERS=* เพื่อให้ทุกคนในเครื่องเข้าได้",
        "It is not known whose connection this is. Try again on this machine itself, or ask whoever runs Thai Chat to "
        "let everybody of this machine in by ALLOW_LOCAL_USERS=*.",
    ),
    "foreign_host": (
        "Thai Chat ไม่ตอบที่ชื่อ “{name}” {why}",
        "Thai Chat doesn't answer under the name “{name}”. {why}",
    ),
    "use_public_address": ("เปิดที่ {address} แทน", "Open it at {address} instead."),
    "name_not_set": (
        "ถ้าเป็นชื่อของเครื่องนี้ ผู้ดูแลต้องตั้ง PUBLIC_URL เป็นที่อยู่ที่เบราว์เซอร์แสดง หรือเพิ่มชื่อนี้ใน ALLOWED_HOSTS "
        "ส่วนบนเครื่องที่เปิด Thai Chat อยู่ เข้าได้ด้วย http://localhost และพอร์ตของโปรแกรม",
        "If it is a name of that machine, whoever runs Thai Chat there has to set PUBLIC_URL to the address that the "
        "browser shows, or to add the name to ALLOWED_HOSTS. On the machine itself, http://localhost with its port "
        "opens it.",
    ),
    "http_405": ("ที่อยู่นี้ใช้ได้เฉพาะ {allowed}", "This address takes {allowed} only."),
    "bad_event": ("คำขอของหน้าเว็บไม่ถูกต้อง เปิดหน้านี้ใหม่", "The page's request isn't valid; open the page anew."),
    "server_busy": (
        "มีการเชื่อมต่อมากเกินไปในตอนนี้ รอสักครู่แล้วลองใหม่",
        "Too many connections are open right now. Please try again in a moment.",
    ),
    "body_too_slow": (
        "ข้อมูลส่งมาช้าเกินไป ตรวจการเชื่อมต่อแล้วส่งใหม่",
        "The request arrived too slowly. Check the connection and send it again.",
    ),
    "not_found": ("ไม่พบสิ่งที่ขอ", "Not found."),
    "session_not_found": (
        "ไม่พบแชตนี้ อาจถูกลบไปแล้วหรือรหัสไม่ถูกต้อง",
        "This session doesn't exist (any more), or its id is wrong.",
    ),
    "key_reused": (
        "คีย์ idempotency นี้ใช้กับคำขออื่นไปแล้ว คำขอใหม่ต้องใช้คีย์ใหม่",
        "This idempotency key was used for another request. A new request needs a new key.",
    ),
    "already_made": (
        "คำขอนี้สร้าง {id} ไปแล้ว และแสดงข้อมูลลับของรายการนั้นซ้ำไม่ได้อีก ลบรายการนั้นแล้วสร้างใหม่ด้วยคีย์ idempotency ใหม่",
        "This request has already made {id}, and its secret can't be shown again. Delete it, and make another one with "
        "a new idempotency key.",
    ),
    "keys_differ": (
        "คำขอนี้มีคีย์ idempotency มากกว่าหนึ่งคีย์และไม่เหมือนกัน ส่งมาเพียงคีย์เดียว",
        "The request names more than one idempotency key. Send one only.",
    ),
    "bad_key": (
        "Idempotency-Key ต้องเป็นข้อความในเครื่องหมายคำพูด หรือคำที่ไม่มีเว้นวรรค ยาวไม่เกิน {limit} ตัวอักษร",
        "Idempotency-Key must be a quoted string, or a token without spaces, of at most {limit} characters.",
    ),
    "changed_meanwhile": (
        "สิ่งนี้ถูกเปลี่ยนไปแล้วหลังจากที่คุณอ่าน อ่านใหม่อีกครั้ง แล้วค่อยเปลี่ยน",
        "This was changed after you read it. Read it again, then change it.",
    ),
    "bad_tag": (
        "{name} ต้องเป็น ETag ที่ได้จากคำตอบ พร้อมเครื่องหมายคำพูด หรือ *",
        "{name} must hold the ETag of an answer, with its quotes, or *.",
    ),
    "message_not_found": ("ไม่พบข้อความนี้", "This message doesn't exist."),
    "newer_messages": (
        "มีข้อความใหม่กว่าในแชตนี้ ซึ่งส่งมาจากที่อื่น อ่านก่อน แล้วส่งอีกครั้งถ้ายังต้องการ",
        "Something newer was said in this session, from somewhere else. Read it, then send again if you still want to.",
    ),
    "message_on_other_branch": (
        "ข้อความนี้อยู่ในอีกรุ่นของแชต ซึ่งไม่ได้แสดงอยู่",
        "This message is in another version of the session than the one that is shown.",
    ),
    "preset_not_found": ("ไม่พบชุดค่านี้", "This preset doesn't exist."),
    "reply_running": (
        "แชตนี้ยังตอบไม่เสร็จ รอให้จบหรือหยุดคำตอบนั้นก่อน แล้วค่อยถามต่อ",
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
    "model_denied": (
        "บัญชีนี้ของ {backend} ยังไม่มีสิทธิ์ใช้ {model} ยืนยันตัวตนขององค์กรหรือขอสิทธิ์ที่หน้าตั้งค่าของ {backend} หรือเลือกโมเดลอื่น",
        "This {backend} account may not use {model}. Verify the organisation or ask for access in {backend}'s "
        "settings, or pick another model.",
    ),
    "engine_dead": (
        "{backend} ยังเปิดอยู่แต่ตัวประมวลผลโมเดลหยุดทำงานแล้ว ต้องเริ่ม {backend} ใหม่ ระหว่างนี้เลือกโมเดลอื่น",
        "{backend} is up but the engine behind it has died. Restart {backend}; meanwhile pick another model.",
    ),
    "no_chat_template": (
        "{model} ไม่มี chat template จึงคุยไม่ได้ เปิด {backend} ใหม่ด้วย --chat-template ไฟล์ (ใช้ไฟล์ของโมเดลต้นแบบได้) "
        "หรือใส่ chat_template ใน tokenizer_config.json ของโมเดล",
        "{model} has no chat template, so it can't chat. Restart {backend} with --chat-template FILE (the base model's "
        "file will do), or put a chat_template into the model's tokenizer_config.json.",
    ),
    "model_not_found": (
        "{backend} ไม่มีโมเดล “{model}” แล้ว เลือกโมเดลอื่นจากรายการ",
        "{backend} doesn't have the model “{model}” (any more). Pick another one.",
    ),
    "model_not_in_registry": (
        "ไม่มีโมเดลชื่อ “{model}” ให้ดาวน์โหลด ตรวจชื่อโมเดลอีกครั้ง",
        "There is no model “{model}” to download. Check its name.",
    ),
    "model_not_fetched": (
        "{backend} ดาวน์โหลด {model} ไม่สำเร็จ ตรวจอินเทอร์เน็ตและพื้นที่ดิสก์ของเครื่องนั้น แล้วลองใหม่ ส่วนที่ได้มาแล้วไม่ต้องโหลดซ้ำ",
        "{backend} couldn't download {model}. Check that machine's internet connection and disk space, then try again; "
        "it goes on where it stopped.",
    ),
    "model_too_large": (
        "{backend} มีหน่วยความจำไม่พอสำหรับ {model} ปิดโมเดลหรือโปรแกรมอื่น หรือเลือกโมเดลที่เล็กกว่า",
        "{backend} has too little memory for {model}. Close other models or programs there, or pick a smaller model.",
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
    "quota_exceeded": (
        "เครดิตหรือโควตาของบัญชี {backend} หมดแล้ว เติมเครดิต หรือเลือกโมเดลอื่น",
        "The {backend} account has no credit left. Add credit, or pick another model.",
    ),
    "backend_busy": (
        "{backend} มีคำขอรอเต็มคิวแล้ว รอสักครู่แล้วลองใหม่ หรือเลือกโมเดลอื่น",
        "{backend} has a full queue of requests. Try again in a moment, or pick another model.",
    ),
    "backend_failed": (
        "{backend} ขัดข้องขณะตอบ ลองใหม่หรือเลือกโมเดลอื่น",
        "{backend} failed while answering. Try again, or pick another model.",
    ),
    "backend_moved": (
        "เซิร์ฟเวอร์ของ {backend} บอกให้ไปที่อยู่อื่น จึงไม่ได้ส่งข้อความไป ตรวจที่อยู่ใน .env (./manage.sh doctor จะบอกที่อยู่ใหม่)",
        "{backend}'s server sends its clients to another address, so nothing was sent there. Check the address in .env "
        "(./manage.sh doctor tells the new one).",
    ),
    "backend_garbled": (
        "{backend} ตอบกลับมาในรูปแบบที่อ่านไม่ได้",
        "What {backend} sent can't be understood.",
    ),
    "web_page": (
        "ที่อยู่ของ {backend} ตอบกลับมาเป็นหน้าเว็บ (เช่น หน้าเข้าสู่ระบบ หรือโปรแกรมอื่น) ไม่ใช่เซิร์ฟเวอร์โมเดล ตรวจที่อยู่ใน .env",
        "{backend}'s address answers with a web page (a login page, say, or another program's), not as a model server. "
        "Check the address in .env.",
    ),
    "reply_cut": (
        "การเชื่อมต่อกับ {backend} ขาดก่อนตอบจบ ส่วนที่ได้มาแล้วเก็บไว้ให้",
        "The connection to {backend} broke before the reply was whole. What came is kept.",
    ),
    "empty_reply": ("{model} ตอบกลับมาว่างเปล่า ลองถามใหม่", "{model} gave an empty reply. Try asking again."),
    "only_thinking": (
        "{model} ใช้โทเค็นทั้งหมดไปกับการคิด จึงไม่มีคำตอบ เพิ่มจำนวนโทเค็นสูงสุดของคำตอบ หรือลดระดับการคิด แล้วลองใหม่",
        "{model} spent all its tokens on thinking and said nothing. Allow a longer reply or less thinking, and try "
        "again.",
    ),
    "reply_filtered": (
        "ตัวกรองเนื้อหาของ {backend} ไม่ยอมให้ {model} ตอบคำถามนี้ ลองถามด้วยถ้อยคำอื่น หรือเลือกโมเดลอื่น",
        "{backend}'s content filter doesn't let {model} answer this. Ask in other words, or pick another model.",
    ),
    "no_backend": (
        "ยังไม่มีโมเดลที่ตอบได้ ตั้งค่า {settings_of_backends} ใน .env",
        "No model can answer yet. Set {settings_of_backends} in .env.",
    ),
    "relay_refused": ("{backend} ไม่รับคำขอนี้", "{backend} does not take this request."),
    "not_offered": ("{backend} ทำสิ่งนี้ไม่ได้", "{backend} can't do this."),
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
