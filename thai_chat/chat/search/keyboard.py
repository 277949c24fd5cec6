"""The text that was meant when the keyboard was in the wrong layout: Thai (Kedmanee, TIS 820-2538) and English (US)."""

from __future__ import annotations

import re

from thai_chat.chat.words import is_made_of_words

_KEYS = "`1234567890-=qwertyuiop[]\\asdfghjkl;'zxcvbnm,./"
_KEYS_SHIFTED = '~!@#$%^&*()_+QWERTYUIOP{}|ASDFGHJKL:"ZXCVBNM<>?'
_THAI = "_ๅ/-ภถุึคตจขชๆไำพะัีรนยบลฃฟหกดเ้่าสวงผปแอิืทมใฝ"
_THAI_SHIFTED = '%+๑๒๓๔ู฿๕๖๗๘๙๐"ฎฑธํ๊ณฯญฐ,ฅฤฆฏโฌ็๋ษศซ.()ฉฮฺ์?ฒฬฦ'

_TO_THAI = dict(zip(map(ord, _KEYS + _KEYS_SHIFTED), _THAI + _THAI_SHIFTED, strict=True))
_TO_LATIN = {ord(thai): latin for latin, thai in zip(_KEYS + _KEYS_SHIFTED, _THAI + _THAI_SHIFTED, strict=True)}

_THAI_LETTER = re.compile(r"[ก-ฮะ-ฺเ-๛]")
_LATIN_LETTER = re.compile(r"[A-Za-z]")
_KEY_IN_LATIN = re.compile(r"[a-zA-Z][;\[\]\\/=`][a-zA-Z]")
_ENGLISH = re.compile(r"[a-z]*[aeiouy][a-z]*(?:['-][a-z]+)*[.,?!]?")
# A Thai word begins with a consonant or a vowel before it; never with a mark or a vowel behind one.
_BROKEN_THAI = re.compile(r"(?:^|\s)[ะ-ฺๅ-๎]|[ะ-ฺ็-๎][ั-ฺ]|[เ-ไ](?![ก-ฮ])|[่-๋]{2}")


def in_other_layout(text: str) -> str | None:
    """Return what the same keys give in the other layout; None for a text with letters of both scripts, or of none."""
    is_thai, is_latin = bool(_THAI_LETTER.search(text)), bool(_LATIN_LETTER.search(text))
    if is_thai is is_latin:
        return None
    other = text.translate(_TO_LATIN if is_thai else _TO_THAI)
    return other.lower() if is_thai else other


def is_probably(other: str) -> bool:
    """Tell whether a text that `in_other_layout` gave makes sense by itself."""
    if _THAI_LETTER.search(other):
        return len(_THAI_LETTER.findall(other)) > 1 and is_made_of_words(other)
    words = other.split()
    return len(other) > 2 and bool(words) and all(_ENGLISH.fullmatch(word) for word in words)


def makes_no_sense(text: str) -> bool:
    """Tell whether nobody would type this on purpose: Thai that can't be read, Latin with keys of Thai letters in
    it."""
    if _THAI_LETTER.search(text):
        return bool(_BROKEN_THAI.search(text)) or not is_made_of_words(text)
    return _KEY_IN_LATIN.search(text) is not None
