"""The texts of exports and imports, on the page and in their files."""

from __future__ import annotations

from collections.abc import Mapping

REFUSALS: Mapping[str, tuple[str, str]] = {
    "import_refused": ("ไม่ได้นำเข้าอะไรเลย {place}: {why}", "Nothing was imported. {place}: {why}"),
    "import_too_large": (
        "ไฟล์ใหญ่เกินไป รวมกันได้ไม่เกิน {limit} MB แบ่งเป็นหลายไฟล์แล้วนำเข้าทีละส่วน",
        "The files are too large: at most {limit} MB together. Import them in several parts.",
    ),
    "import_stopped": (
        "การนำเข้าถูกหยุด ไม่ได้นำเข้าอะไรเลย ลองใหม่ได้",
        "The import was stopped: nothing was imported. Try again.",
    ),
    "import_left_out": ("{place}: {why}", "{place}: {why}"),
    "import_program_thai-chat": ("ไทยแชต", "Thai Chat"),
    "import_program_chatgpt": ("ChatGPT", "ChatGPT"),
    "import_program_claude": ("Claude", "Claude"),
    "import_program_gemini": ("Gemini", "Gemini"),
    "import_program_deepseek": ("DeepSeek", "DeepSeek"),
    "import_program_qwen": ("Qwen", "Qwen"),
    "import_program_open-webui": ("Open WebUI", "Open WebUI"),
    "import_program_librechat": ("LibreChat", "LibreChat"),
    "import_program_lm-studio": ("LM Studio", "LM Studio"),
    "import_program_hf-chat-ui": ("HuggingChat", "HuggingChat"),
    "import_program_big-agi": ("Big-AGI", "Big-AGI"),
    "import_program_llm": ("llm", "llm"),
    "import_program_plain": ("ไฟล์ข้อความแบบทั่วไป", "Plain messages"),
    "import_in_file": ("ไฟล์ “{file}”", "The file “{file}”"),
    "import_at_line": ("ไฟล์ “{file}” บรรทัดที่ {line}", "“{file}”, line {line}"),
    "import_at_session": (
        "ไฟล์ “{file}” บรรทัดที่ {line} แชตที่ {number} “{title}”",
        "“{file}”, line {line}, session {number} “{title}”",
    ),
    "import_at_message": (
        "ไฟล์ “{file}” แชตที่ {number} “{title}” (เริ่มบรรทัดที่ {line}) ข้อความที่ {message}",
        "“{file}”, session {number} “{title}” (from line {line}), message {message}",
    ),
    "import_at_preset": (
        "ไฟล์ “{file}” บรรทัดที่ {line} ชุดค่าที่ {number} “{title}”",
        "“{file}”, line {line}, preset {number} “{title}”",
    ),
    "import_empty": ("ไฟล์ว่างเปล่า", "it is empty."),
    "import_no_json": (
        "ไม่ใช่ไฟล์ JSON หรือ ZIP (คอลัมน์ {column})",
        "this is neither JSON nor a ZIP archive (column {column}).",
    ),
    "import_broken": ("JSON ผิดรูปแบบตรงคอลัมน์ {column}", "the JSON is broken here, at column {column}."),
    "import_cut_off": (
        "ไฟล์ขาดกลางคัน อาจดาวน์โหลดมาไม่ครบ ลองดาวน์โหลดใหม่",
        "the file ends in the middle. It may not have been downloaded as a whole; download it again.",
    ),
    "import_not_utf8": (
        "ตัวอักษรไม่ใช่ UTF-8 (คอลัมน์ {column}) บันทึกไฟล์เป็น UTF-8 แล้วลองใหม่",
        "the text isn't UTF-8 (column {column}). Save the file as UTF-8 and try again.",
    ),
    "import_unknown": (
        "ไม่พบแชตของโปรแกรมที่รู้จักในไฟล์นี้ (ไทยแชต ChatGPT Claude Gemini DeepSeek Qwen Open WebUI LibreChat "
        "LM Studio HuggingChat Big-AGI llm)",
        "no chats of a known program are in it (Thai Chat, ChatGPT, Claude, Gemini, DeepSeek, Qwen, Open WebUI, "
        "LibreChat, LM Studio, HuggingChat, Big-AGI, llm).",
    ),
    "import_messages_unknown": (
        "มีฟิลด์ “{field}” แต่ไม่พบว่าใครพูดและพูดอะไร (เช่น “role” กับ “content”)",
        "the field “{field}” is there, but not who said what in it (such as “role” and “content”).",
    ),
    "import_no_messages": (
        "ไม่มีข้อความที่อ่านได้ใน “{field}”",
        "there is no message to read in “{field}”.",
    ),
    "import_nothing": ("ไม่มีแชตอยู่ในไฟล์นี้", "there are no chats in it."),
    "import_companion": (
        "เป็นไฟล์ประกอบ ไม่มีแชต",
        "it goes with an export, and has no chats.",
    ),
    "import_picture": (
        "เป็นรูปภาพ ไม่ใช่ไฟล์ที่ส่งออกจากโปรแกรมแชต (ต้องเป็น JSON หรือ ZIP)",
        "it is a picture, not an export of chats, which is a JSON or ZIP file.",
    ),
    "import_document": (
        "ไฟล์ชนิดนี้ไม่ใช่ไฟล์ที่ส่งออกจากโปรแกรมแชต (ต้องเป็น JSON หรือ ZIP)",
        "a file of this kind is not an export of chats, which is a JSON or ZIP file.",
    ),
    "import_database_broken": (
        "ฐานข้อมูลเสียหายหรืออ่านไม่ได้ คัดลอกไฟล์ใหม่ขณะที่โปรแกรมปิดอยู่",
        "the database is damaged or can't be read. Copy it again while its program is closed.",
    ),
    "import_database_other": (
        "ไม่ใช่ฐานข้อมูล logs.db ของโปรแกรม llm",
        "this is not the database logs.db of the program llm.",
    ),
    "import_newer": (
        "ส่งออกจากไทยแชตรุ่นใหม่กว่า (รูปแบบรุ่น {version}) อัปเดตโปรแกรมนี้ก่อน",
        "it was made by a newer Thai Chat (format version {version}). Update this one first.",
    ),
    "import_missing": ("ไม่มีฟิลด์ “{field}”", "the field “{field}” is missing."),
    "import_wrong": ("ฟิลด์ “{field}” ต้องเป็น{expected}", "the field “{field}” must be {expected}."),
    "import_option": (
        "ฟิลด์ “{field}” ใช้ไม่ได้ (ค่าที่ใช้ได้: {allowed})",
        "the field “{field}” can't be used (possible: {allowed}).",
    ),
    "import_too_long": (
        "ฟิลด์ “{field}” ยาวเกิน {limit} ตัวอักษร",
        "the field “{field}” is longer than {limit} characters.",
    ),
    "import_too_deep": ("ฟิลด์ “{field}” ซ้อนกันลึกเกินไป", "the field “{field}” is nested too deeply."),
    "import_twice": (
        "“{field}” ซ้ำกับข้อความอื่นในแชตเดียวกัน",
        "“{field}” is the same as another message's in this session.",
    ),
    "import_lost": (
        "“{field}” ชี้ไปยังข้อความที่ไม่มีอยู่ก่อนหน้า",
        "“{field}” names a message that is not there, or comes later.",
    ),
    "import_zip_broken": (
        "ไฟล์ ZIP เสียหายหรือมีรหัสผ่าน ลองดาวน์โหลดใหม่",
        "the ZIP archive is damaged, or has a password. Download it again.",
    ),
    "import_zip_nothing": ("ไม่มีไฟล์แชต (.json) อยู่ใน ZIP", "there are no chats (.json) in the ZIP archive."),
    "import_zip_large": (
        "เนื้อหาใน ZIP ใหญ่เกินไปเมื่อคลายออก (ไฟล์นี้คลายได้ไม่เกิน {limit} MB)",
        "what is in the ZIP archive is too large when unpacked (this one: at most {limit} MB).",
    ),
    "import_zip_many": (
        "มีไฟล์แชตใน ZIP มากเกินไป (ไม่เกิน {limit} ไฟล์) แบ่งเป็นหลาย ZIP",
        "the ZIP archive holds more than {limit} files with chats. Make several of it.",
    ),
    "import_many_files": (
        "ส่งไฟล์มามากเกินไป (ครั้งละไม่เกิน {limit} ไฟล์) ส่งทีละส่วน หรือรวมเป็น ZIP",
        "more than {limit} files were sent. Send them in parts, or as a ZIP archive.",
    ),
    "import_many_sessions": (
        "มีแชตมากเกินไป (ครั้งละไม่เกิน {limit} แชต) แบ่งเป็นหลายไฟล์แล้วนำเข้าทีละส่วน",
        "there are more than {limit} sessions. Import them in several parts.",
    ),
    "import_many_presets": (
        "มีชุดค่ามากเกินไป (ครั้งละไม่เกิน {limit} ชุด)",
        "there are more than {limit} presets.",
    ),
    "import_session_large": (
        "แชตนี้ใหญ่เกินไป (ไม่เกิน {limit} MB) ลบแชตนี้ออกจากไฟล์แล้วลองใหม่",
        "this session is too large (at most {limit} MB). Take it out of the file and try again.",
    ),
    "import_session_long": (
        "แชตนี้มีข้อความมากเกินไป (ไม่เกิน {limit} ข้อความ) ลบแชตนี้ออกจากไฟล์แล้วลองใหม่",
        "this session has more than {limit} messages. Take it out of the file and try again.",
    ),
    "import_session_tangled": (
        "ข้อมูลประกอบของแชตนี้มีมากเกินไป (ไม่เกิน {limit} ส่วน) ลบแชตนี้ออกจากไฟล์แล้วลองใหม่",
        "there is too much beside the texts of this session (more than {limit} parts). "
        "Take it out of the file and try again.",
    ),
    "import_session_odd": (
        "แชตนี้เก็บไว้ในรูปแบบที่ไม่รู้จัก",
        "this session is kept in a form that is not known here.",
    ),
    "import_too_heavy": (
        "ไฟล์นี้ใหญ่หรือซับซ้อนเกินไป อ่านแล้วใช้หน่วยความจำเกินที่กำหนด แบ่งเป็นหลายไฟล์แล้วนำเข้าทีละส่วน",
        "it is too large or too tangled: reading it takes more memory than an import may. Import it in several parts.",
    ),
    "import_too_slow": (
        "ไฟล์นี้ใหญ่หรือซับซ้อนเกินไป ใช้เวลาอ่านนานเกินที่กำหนด แบ่งเป็นหลายไฟล์แล้วนำเข้าทีละส่วน",
        "it is too large or too tangled: reading it takes longer than an import may. Import it in several parts.",
    ),
    "import_no_room": (
        "เครื่องแม่ข่ายไม่มีที่ว่างพอสำหรับไฟล์นี้ แจ้งผู้ดูแลระบบ",
        "the server's disk has no room for it. Tell whoever runs this server.",
    ),
    "import_no_file": ("ไม่มีไฟล์แนบมา", "no file was sent."),
    "import_expects_object": ("ออบเจกต์ {{ … }}", "an object {{ … }}"),
    "import_expects_list": ("รายการ [ … ]", "a list [ … ]"),
    "import_expects_text": ("ข้อความ", "text"),
    "import_expects_number": ("ตัวเลขที่ไม่ติดลบ", "a number that is not negative"),
    "import_expects_flag": ("true หรือ false", "true or false"),
    "import_expects_id": ("รหัส UUID", "a UUID"),
    "import_expects_time": ("เวลาแบบ ISO 8601 ที่มีเขตเวลา", "an ISO 8601 time with its zone"),
    "import_expects_parts": ("ส่วนต่าง ๆ ที่รวมข้อความได้ตรงกับ content", "parts whose text is the content"),
    "import_expects_word": ("ค่าที่กำหนดไว้ (ดูรูปแบบไฟล์)", "one of the words that the format knows"),
    "markdown_you": ("คุณ", "You"),
    "markdown_assistant": ("ผู้ช่วย", "Assistant"),
    "markdown_system": ("คำสั่งระบบ", "System prompt"),
}
"""Why a file was not imported: the server says it."""

TRANSFER: Mapping[str, tuple[str, str]] = {
    "export_import": ("ส่งออก / นำเข้า", "Export / import"),
    "export_what": ("ส่งออกอะไร", "What to export"),
    "export_everything": ("ทุกแชต", "All sessions"),
    "export_this": ("แชตที่เปิดอยู่", "The open session"),
    "export_format": ("รูปแบบไฟล์", "File format"),
    "export_json_more": ("ครบทุกอย่าง นำเข้ากลับได้เหมือนเดิม", "Everything; can be imported again as it was"),
    "export_md_more": ("อ่านง่าย เฉพาะคำตอบที่แสดงอยู่", "For reading: what is shown"),
    "export_csv_more": ("ตารางทุกข้อความ เปิดใน Excel ได้เลย", "A table of all messages; opens in Excel"),
    "export_sft_more": ("ฝึกโมเดลให้ตอบตาม เฉพาะคำตอบที่สมบูรณ์", "For fine-tuning: whole replies to imitate"),
    "export_dpo_more": ("ฝึกโมเดลด้วยคู่คำตอบที่ดีกว่าและแย่กว่า", "For fine-tuning: pairs of a better and a worse reply"),
    "export_training": ("เลือกคำตอบที่ใช้ฝึก", "Which replies to train with"),
    "export_rating": ("คะแนน", "Rating"),
    "export_rating_any": ("ทุกคำตอบ", "Any reply"),
    "export_rating_not_down": ("ไม่เอาคำตอบที่ว่าไม่ดี", "Not those rated bad"),
    "export_rating_up": ("เฉพาะคำตอบที่ว่าดี", "Only those rated good"),
    "export_since": ("ตั้งแต่วันที่", "From"),
    "export_until": ("ถึงวันที่", "To"),
    "export_label": ("โฟลเดอร์หรือแท็ก", "Folder or tag"),
    "export_all": ("ทั้งหมด", "All"),
    "export_with_reasoning": ("รวมสิ่งที่โมเดลคิด (<think>)", "With what the model thought (<think>)"),
    "export_examples": ("มี {count} ตัวอย่าง", "{count} {count:example|examples}"),
    "export_no_examples": ("ยังไม่มีคำตอบที่ตรงตามนี้", "No reply fits."),
    "export_no_pairs": (
        "ยังไม่มีคู่คำตอบ ให้คะแนนดีและไม่ดีกับคำตอบของคำถามเดียวกัน หรือเลือกคำตอบที่ชอบเมื่อเทียบสองโมเดล",
        "No pair yet: rate one reply to a question good and another bad, or choose one when you compare two models.",
    ),
    "export_download": ("ดาวน์โหลด", "Download"),
    "import": ("นำเข้า", "Import"),
    "import_hint": (
        "ไฟล์ที่ส่งออกจากไทยแชต ChatGPT Claude Gemini DeepSeek Qwen Open WebUI LibreChat LM Studio HuggingChat Big-AGI "
        "หรือ llm (.zip .json .jsonl logs.db) เลือกหลายไฟล์หรือทั้งโฟลเดอร์ได้",
        "Exports of Thai Chat, ChatGPT, Claude, Gemini, DeepSeek, Qwen, Open WebUI, LibreChat, LM Studio, HuggingChat, "
        "Big-AGI and llm (.zip, .json, .jsonl, logs.db): any number of files, or a whole folder",
    ),
    "import_drop": ("ลากไฟล์มาวางที่นี่ หรือ", "Drop files here, or"),
    "import_pick": ("เลือกไฟล์", "Choose files"),
    "import_pick_folder": ("เลือกโฟลเดอร์", "Choose a folder"),
    "import_go": ("ไปที่แชต", "Go to"),
    "import_from_new": ("ใหม่ {sessions} แชต", "{sessions} new"),
    "import_from_extended": ("เพิ่มข้อความ {extended} แชต", "{extended} with new messages"),
    "import_from_skipped": ("มีอยู่แล้ว {skipped} แชต", "{skipped} here already"),
    "import_left_out_count": ("ข้ามไป {count} รายการ", "{count} left out"),
    "import_left_out_more": ("และอีก {count} รายการ", "and {count} more"),
    "import_companions": (
        "ไฟล์ประกอบที่ไม่มีแชต จึงไม่ได้อ่าน: {files}",
        "Files that go with an export and have no chats were passed over: {files}",
    ),
    "import_uploading": ("กำลังส่งไฟล์ {percent}%", "Sending the files, {percent}%"),
    "import_looking": ("กำลังอ่านไฟล์…", "Reading the files…"),
    "import_progress": ("นำเข้าแล้ว {done} จาก {total} แชต", "{done} of {total} {total:session|sessions} imported"),
    "import_cancel": ("ยกเลิก", "Cancel"),
    "import_cancelled": ("ยกเลิกแล้ว ไม่ได้นำเข้าอะไร", "Cancelled: nothing was imported."),
    "import_done": (
        "นำเข้า {sessions} แชต {messages} ข้อความแล้ว",
        "Imported {sessions} {sessions:session|sessions} with {messages} {messages:message|messages}.",
    ),
    "import_extended": (
        "เพิ่มข้อความใหม่ในแชตที่มีอยู่แล้ว {extended} แชต",
        "Added new messages to {extended} {extended:session that was|sessions that were} here already.",
    ),
    "import_skipped": (
        "มีอยู่แล้ว {skipped} แชต จึงคงไว้ตามเดิม",
        "{skipped} {skipped:session was here already and was left as it is|"
        "sessions were here already and were left as they are}.",
    ),
    "import_presets": ("ชุดค่าใหม่ {presets} ชุด", "{presets} new {presets:preset|presets}."),
    "import_former_defaults": (
        "ในนั้น {former_defaults} ชุดเคยเป็นค่าเริ่มต้นของโมเดล ที่นี่ยังไม่ใช้เป็นค่าเริ่มต้น เลือกเองได้ในการตั้งค่าโมเดล",
        "{former_defaults} of them {former_defaults:was the default of its model|were defaults of their models} there "
        "and {former_defaults:is|are} not here: choose in the model settings.",
    ),
    "import_cut": (
        "การเชื่อมต่อขาดระหว่างนำเข้า ลองใหม่ได้ ไม่มีอะไรซ้ำ",
        "The connection broke. Try again: nothing is imported twice.",
    ),
}
