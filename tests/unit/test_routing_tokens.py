"""Tokens estimated beside what real tokenizers count."""

from __future__ import annotations

import pytest

from thai_chat.routing.tokens import estimate_tokens

PASSAGES = {
    "chat": (
        "เมื่อวานไปกินข้าวมันไก่เจ๊แดงมา อร่อยมากกก แต่คนเยอะสุด ๆ "
        "รอคิวตั้งครึ่งชั่วโมงแน่ะ 😅 ใครจะไปแนะนำให้ไปก่อนเที่ยงนะคะ "
        "ที่จอดรถหายากด้วย น้ำซุปร้อน ๆ กับน้ำจิ้มเต้าเจี้ยวเด็ดจริง "
        "เดี๋ยวอาทิตย์หน้าว่าจะพาแม่ไปอีก ใครว่างไปด้วยกันมั้ย"
    ),
    "formal": (
        "รายวิชานี้มุ่งให้ผู้เรียนเข้าใจหลักการทำงานของฐานข้อมูลเชิงสัมพันธ์ "
        "การออกแบบตาราง การทำให้เป็นบรรทัดฐาน และการเขียนคำสั่งเพื่อสืบค้นข้อมูล"
        "อย่างมีประสิทธิภาพ รวมทั้งการควบคุมภาวะพร้อมกันของธุรกรรมหลายรายการ "
        "เศรษฐกิจไทยในไตรมาสที่สามขยายตัวร้อยละ 2.5 เมื่อเทียบกับช่วงเดียวกันของ"
        "ปีก่อน โดยได้รับแรงสนับสนุนจากการส่งออกสินค้าและการท่องเที่ยวที่ฟื้นตัวต่อเนื่อง"
    ),
    "reply": (
        "## วิธีสำรองฐานข้อมูล\n\n1. **หยุดการเขียน** ชั่วคราว แล้วสั่ง `pg_dump -Fc thai_chat > backup.dump`\n"
        "2. ตรวจไฟล์ด้วย `pg_restore --list` ว่าครบทุกตาราง\n3. "
        "เก็บไว้อย่างน้อย 2 แห่ง เช่น NAS กับ cloud storage\n\n"
        "> หมายเหตุ: ถ้าฐานข้อมูลใหญ่กว่า 100 GB ควรใช้ `pg_basebackup` ร่วมกับ WAL "
        "archiving แทน เพราะกู้คืนได้เร็วกว่า และย้อนกลับไปยังเวลาใดก็ได้"
    ),
    "story": (
        "ฝนแรกของปีตกลงมาในคืนที่ยายจากไป กลิ่นดินชื้นลอยเข้ามาทางหน้าต่าง "
        "เสียงกบร้องระงมอยู่ในทุ่งนาหลังบ้าน ข้านั่งฟังอยู่คนเดียวจนรุ่งสาง "
        "นึกถึงวันที่ยายสอนให้ร้อยมาลัยดอกมะลิ มือของยายเหี่ยวย่นแต่อ่อนโยน "
        "ท่านพูดเสมอว่าความคิดถึงก็เหมือนสายฝน มันจะกลับมาเมื่อถึงเวลาของมัน"
    ),
    "mixed": (
        "ช่วยดู error นี้หน่อยครับ: `sqlalchemy.exc.OperationalError: server closed "
        "the connection unexpectedly` เจอตอน deploy ขึ้น production "
        "ใช้ PostgreSQL 18 กับ Python 3.11 ครับ ลอง restart service "
        "แล้วก็ยังเป็นอยู่ ไม่แน่ใจว่าเกี่ยวกับ connection pool หรือ firewall ของ AWS"
    ),
}

COUNTED = {
    "gpt-5.1": (108, 133, 125, 117, 65),
    "gpt-oss:20b": (108, 133, 125, 117, 65),
    "meta-llama/Llama-3.1-8B-Instruct": (123, 159, 149, 136, 81),
    "qwen3:8b": (143, 185, 164, 149, 93),
    "Qwen/Qwen3.6-35B-A3B": (74, 77, 102, 83, 56),
    "typhoon2.1-gemma3-12b": (89, 100, 114, 99, 59),
    "deepseek-chat": (111, 116, 136, 112, 69),
    "gpt-3.5-turbo": (224, 321, 236, 252, 121),
    "llama2:7b": (240, 359, 268, 268, 139),
}
"""The passages in their order, by the tokenizers themselves: o200k_base, o200k_harmony, Llama 3.1, Qwen3, Qwen3.6,
Gemma 3, DeepSeek V3, cl100k_base, Llama 2; none with the tokens that begin and end a text."""


@pytest.mark.parametrize("model", COUNTED)
def test_thai_is_estimated_near_what_each_tokenizer_counts(model: str) -> None:
    estimated = sum(estimate_tokens(passage, model) for passage in PASSAGES.values())
    assert abs(estimated / sum(COUNTED[model]) - 1) < 0.1
    # A message alone may be further off: in formal Thai more of the words are tokens of their own.
    for passage, counted in zip(PASSAGES.values(), COUNTED[model], strict=True):
        assert abs(estimate_tokens(passage, model) / counted - 1) < 0.35


def test_a_model_whose_name_says_nothing_is_in_the_middle_of_those_of_today() -> None:
    text = "".join(PASSAGES.values())
    known = sorted(estimate_tokens(text, model) for model in COUNTED)
    assert known[0] < estimate_tokens(text, "our-thai-lora") < known[-3]


@pytest.mark.parametrize(
    ("model", "like"),
    [
        ("ft:gpt-4o-mini-2024-07-18:org::abc", "gpt-4o"),
        ("openai/o3-mini", "gpt-4o"),
        ("gpt-4-0613", "gpt-3.5-turbo"),
        ("DeepSeek-R1-Distill-Qwen-7B", "qwen3"),
        ("deepseek-r1:8b", "qwen3"),
        ("deepseek-r1:671b", "deepseek-chat"),
        ("models/gemini-2.5-flash", "gemma3"),
        ("phi4:latest", ""),
    ],
)
def test_the_tokenizer_is_known_by_the_name(model: str, like: str) -> None:
    assert estimate_tokens("น้ำใจคนไทย" * 100, model) == estimate_tokens("น้ำใจคนไทย" * 100, like)


@pytest.mark.parametrize(("text", "tokens"), [("", 0), ("a" * 1000, 250), ("ж" * 100, 50), ("\ud800", 1)])
def test_what_is_not_thai_is_estimated_by_its_bytes(text: str, tokens: int) -> None:
    assert estimate_tokens(text) == tokens
