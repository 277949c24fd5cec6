"""Which questions are asked again and again: those with the same words, however politely and in whatever order."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2s
from uuid import UUID

from thai_chat.chat import titles
from thai_chat.chat.words import function_words
from thai_chat.chat.words import words as segmented
from thai_chat.domain.spelling import fold
from thai_chat.domain.statistics import AskedQuestion

CHARS = 200
"""The characters of a question that are read; what is asked stands at its beginning, what is pasted behind."""
ALIKE = 0.75
"""Questions that share so much of their words are the same question."""
_BREATH = 25
_BREATH_S = 0.002

Words = frozenset[str]

_WORD = re.compile(r"\w")
_THAI_POLITE = """
ครับ คับ ครับผม ค่ะ คะ ค่า จ้ะ จ้า นะ น่ะ หน่อย ที ด้วย เถอะ สิ ซิ ขอ ช่วย กรุณา โปรด รบกวน อยาก ต้องการ ให้ ได้ ไหม มั้ย มัย หรือ เปล่า
ไม่ ยังไง อย่างไร ทำไง คือ อะไร ว่า ที่ ของ และ กับ แล้ว ก็ จะ เป็น มี ใน จาก ไป มา นี้ นั้น บ้าง แบบ เรื่อง ฉัน ผม เรา คุณ ทำ ใช้ ๆ
"""
_ENGLISH_SMALL = """
a an the is are was were be been do does did can could would should will may might i me my we our you your it its this
that these those to of in on at for with from by as and or but if then than so what which who whom how why when where
please tell give explain show make write help about into us some any there here not no yes let's i'm it's
"""
_SMALL: Words = frozenset(_THAI_POLITE.split()) | frozenset(_ENGLISH_SMALL.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionGroup:
    key: str
    """The same for the same words."""
    text: str
    """The newest of them, as a name: one line, cut at a word."""
    message_ids: Sequence[UUID]
    """Newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrequentWord:
    word: str
    message_ids: Sequence[UUID]
    """The ids of the questions that have the word."""


def words_of(text: str) -> Words:
    """Return the words that tell what is asked; all of them where none does."""
    found = [word.strip("'’.-/@") for line in text[:CHARS].splitlines() for word in segmented(fold(line))]
    found = [word for word in found if _WORD.search(word)]
    return frozenset(word for word in found if word not in _SMALL) or frozenset(found)


def words_of_all(
    questions: Iterable[AskedQuestion], known: dict[UUID, Words], *, sleep: Callable[[float], None] = time.sleep
) -> dict[UUID, Words]:
    """Return the words of each question by its message.

    Questions that are not `known` take some tenths of a millisecond each; others run in between.
    """
    found: dict[UUID, Words] = {}
    for question in questions:
        words = known.get(question.message_id)
        if words is None:
            words = known[question.message_id] = words_of(question.text)
            if len(known) % _BREATH == 0:
                sleep(_BREATH_S)
        found[question.message_id] = words
    return found


def groups_of(questions: Sequence[AskedQuestion], words: dict[UUID, Words]) -> list[QuestionGroup]:
    """Return the groups of questions that were asked more than once, most often first. `questions` are newest first."""
    same: dict[Words, list[AskedQuestion]] = {}
    for question in questions:
        if words[question.message_id]:
            same.setdefault(words[question.message_id], []).append(question)
    groups: list[tuple[Words, list[AskedQuestion]]] = []
    having: dict[str, list[int]] = {}
    for key, asked in sorted(same.items(), key=lambda item: -len(item[1])):
        place = _alike(key, groups, having)
        if place is not None:
            groups[place][1].extend(asked)
            continue
        for word in key:
            having.setdefault(word, []).append(len(groups))
        groups.append((key, list(asked)))
    order = {question.message_id: place for place, question in enumerate(questions)}
    repeated = [
        (key, sorted(asked, key=lambda question: order[question.message_id])) for key, asked in groups if len(asked) > 1
    ]
    repeated.sort(key=lambda group: -len(group[1]))
    return [
        QuestionGroup(
            key=_key(key),
            text=titles.name_of(asked[0].text),
            message_ids=[question.message_id for question in asked],
        )
        for key, asked in repeated
    ]


def frequent_words(questions: Sequence[AskedQuestion], words: dict[UUID, Words], *, limit: int) -> list[FrequentWord]:
    """Return what the questions are about: words that more than one of them has."""
    small = function_words()
    counts = Counter(
        word for question in questions for word in words[question.message_id] if len(word) > 1 and word not in small
    )
    common = [word for word, count in counts.most_common(limit) if count > 1 and not word.isdecimal()]
    return [
        FrequentWord(
            word=word,
            message_ids=[question.message_id for question in questions if word in words[question.message_id]],
        )
        for word in common
    ]


def _alike(key: Words, groups: Sequence[tuple[Words, object]], having: dict[str, list[int]]) -> int | None:
    """Return the place of the group that shares most words with `key`, when that is enough."""
    shared = Counter(place for word in key for place in having.get(word, ()))
    if not shared:
        return None
    place, count = shared.most_common(1)[0]
    together = len(key | groups[place][0])
    return place if count / together >= ALIKE else None


def _key(words: Words) -> str:
    return blake2s("\x1f".join(sorted(words)).encode(), digest_size=8).hexdigest()
