"""The texts of an empty session: a greeting, questions that suit the model, and what to do when none can answer."""

from __future__ import annotations

from collections.abc import Mapping

WELCOME: Mapping[str, tuple[str, str]] = {
    "hello": ("วันนี้ให้ช่วยอะไรดี", "How can I help you today?"),
    "hello_more": (
        "ถามได้ทั้งภาษาไทยและอังกฤษ ทุกข้อความเก็บไว้ในเครื่องของคุณ",
        "Ask in Thai or English. Every word is kept, on your own machine.",
    ),
    "demo_note": (
        "ตอนนี้ใช้โมเดลสาธิตภาษาอังกฤษขนาดเล็ก ตอบภาษาไทยได้ไม่ดี ต่อโมเดลไทยจริงได้โดยตั้ง "
        "{settings_of_servers} ในไฟล์ .env แล้วเปิดใหม่",
        "This is a small English demo model and its Thai is poor. To connect a real Thai model, set "
        "{settings_of_servers} in .env and start again.",
    ),
    "no_model_note": (
        "ยังไม่มีโมเดลที่ตอบได้ ตั้ง {settings_of_backends} ในไฟล์ .env แล้วเปิดใหม่",
        "No model can answer yet. Set {settings_of_backends} in .env and start again.",
    ),
    "no_model_answers": ("ตอนนี้ไม่มีโมเดลที่ตอบได้", "No model can answer right now."),
    "no_model_start": (
        "เมื่อเซิร์ฟเวอร์ของโมเดลกลับมา หน้านี้จะพร้อมเองโดยไม่ต้องโหลดใหม่",
        "Once a model server is back this page is ready by itself; there is no need to reload it.",
    ),
    "no_model_there": (
        "{backends} ยังไม่มีโมเดลสำหรับคุย ดาวน์โหลดหรือเปิดโมเดลที่นั่นก่อน แล้วหน้านี้จะเห็นเอง",
        "There is no chat model on {backends} yet. Download or start one there, and this page will find it.",
    ),
    "suggestion_any_1": ("อธิบาย MVCC ของ PostgreSQL แบบเข้าใจง่าย", "Explain PostgreSQL's MVCC in plain words"),
    "suggestion_any_2": ("แต่งกลอนแปดเรื่องฝนแรกของปี", "Write a short poem about the first rain of the year"),
    "suggestion_any_3": (
        "แปลเป็นไทยให้สละสลวย: “Good things take time.”",
        "Translate into Thai: “Good things take time.”",
    ),
    "suggestion_any_4": ("เขียนตัวอย่าง FastAPI ที่อ่านไฟล์ CSV", "Write a FastAPI example that reads a CSV file"),
    # The demo model can do these, in the one language that it knows.
    "suggestion_demo_1": ("Tell me about the sea.", "Tell me about the sea."),
    "suggestion_demo_2": ("What is a mango?", "What is a mango?"),
    "suggestion_demo_3": ("Write two sentences about rain.", "Write two sentences about rain."),
    "suggestion_demo_4": ("Why do people drink tea?", "Why do people drink tea?"),
    "suggestion_thai_1": ("อธิบายสำนวน “น้ำขึ้นให้รีบตัก” พร้อมตัวอย่าง", "Explain three well-known Thai proverbs"),
    "suggestion_thai_2": (
        "เขียนอีเมลลางานแบบสุภาพถึงหัวหน้า",
        "Write a polite e-mail in Thai that asks for a day off",
    ),
    "suggestion_thai_3": ("แต่งกลอนสุภาพอวยพรวันสงกรานต์", "Write a Thai poem with good wishes for Songkran"),
    "suggestion_thai_4": (
        "ปรับประโยคนี้ให้เป็นทางการ: “ขอเลื่อนประชุมไปก่อนนะ”",
        "How does one order food politely in Thai?",
    ),
    "suggestion_code_1": ("เขียนตัวอย่าง FastAPI ที่อ่านไฟล์ CSV", "Write a FastAPI example that reads a CSV file"),
    "suggestion_code_2": (
        "เขียน SQL หายอดขายรายเดือนย้อนหลังหนึ่งปี",
        "Write the SQL for monthly sales over the last year",
    ),
    "suggestion_code_3": (
        "เขียน regex ตรวจเบอร์โทรศัพท์ไทย พร้อมชุดทดสอบ",
        "Write a regex for Thai phone numbers, with tests",
    ),
    "suggestion_code_4": (
        "อธิบาย async และ await ใน Python ด้วยตัวอย่างสั้น ๆ",
        "Explain async and await in Python with a short example",
    ),
    "suggestion_thinking_1": (
        "เชือกสองเส้นไหม้หมดเส้นละหนึ่งชั่วโมงแต่ไม่สม่ำเสมอ จับเวลา 45 นาทีอย่างไร",
        "Two ropes burn for an hour each, unevenly. How do you time 45 minutes?",
    ),
    "suggestion_thinking_2": (
        "ผ่อนบ้าน 3 ล้าน 30 ปี ดอกเบี้ย 6% ผ่อนเพิ่มเดือนละ 3,000 ประหยัดเท่าไร",
        "A loan of 3 million over 30 years at 6%: what do 3,000 more a month save?",
    ),
    "suggestion_thinking_3": (
        "จัดตารางเวร 5 คนให้ครบ 7 วันอย่างยุติธรรม",
        "Plan fair shifts for five people over seven days",
    ),
    "suggestion_thinking_4": ("พิสูจน์ว่ารากที่สองของ 2 เป็นจำนวนอตรรกยะ", "Prove that the square root of 2 is irrational"),
    "suggestion_small_1": ("แปลเป็นอังกฤษ: “ขอบคุณที่ช่วยนะ”", "Translate into Thai: “Thank you for your help.”"),
    "suggestion_small_2": ("คิดชื่อร้านกาแฟให้ห้าชื่อ", "Suggest five names for a coffee shop"),
    "suggestion_small_3": ("สรุปข้อดีของการเดินออกกำลังกายสามข้อ", "Give three good reasons to take walks"),
    "suggestion_small_4": ("เขียนข้อความอวยพรวันเกิดสั้น ๆ ให้เพื่อน", "Write a short birthday message for a friend"),
}
