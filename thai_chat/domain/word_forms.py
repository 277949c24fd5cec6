"""English words in their other forms: run, runs, running."""

from __future__ import annotations

import re

_WORD = re.compile(r"[a-z]{3,30}")
_VOWEL = re.compile(r"[aeiouy]")
_SHORT_END = re.compile(r"[^aeiou][aeiou][^aeiouwxy]$")
"""Its last letter is doubled before -ed and -ing (stop), not always (visit)."""
_HISSING = ("s", "x", "z", "ch", "sh", "o")
_SHORTEST = 3
_SHORT_WORDS = ("be", "do", "go")


def forms_of(word: str) -> frozenset[str]:
    """The regular forms of a word in lower case, itself included; of what is no English word only itself.

    Forms that nobody writes ("runed") are among them: they cost little and find nothing.
    """
    if not _WORD.fullmatch(word):
        return frozenset((word,))
    return frozenset(form for base in _bases(word) for form in _inflected(base)) | {word}


def _bases(word: str) -> set[str]:
    """What the word may be a form of."""
    bases = {word}
    if word.endswith("ies"):
        bases.add(word[:-3] + "y")
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        bases.add(word[:-1])
        if word.endswith("es") and word[:-2].endswith(_HISSING):
            bases.add(word[:-2])
    if word.endswith("ied"):
        bases.add(word[:-3] + "y")
    elif word.endswith("eed"):
        if _VOWEL.search(word[:-3]):  # agreed, but not feed
            bases.add(word[:-1])
    elif word.endswith("ed") and _VOWEL.search(word[:-2]):
        bases |= {word[:-1], *_before_ending(word[:-2])}
    elif word.endswith("ing") and _VOWEL.search(word[:-3]):  # using, but not thing
        bases |= {word[:-3] + "e", *_before_ending(word[:-3])}
    return {base for base in bases if base == word or _is_word(base)}


def _before_ending(stem: str) -> set[str]:
    doubled = len(stem) > 3 and stem[-1] == stem[-2] and stem[-1] not in "aeiou"
    return {stem, stem[:-1]} if doubled else {stem}


def _is_word(base: str) -> bool:
    return base in _SHORT_WORDS or (len(base) >= _SHORTEST and _VOWEL.search(base) is not None)


def _inflected(base: str) -> set[str]:
    forms = {base, base + "s"}
    if base.endswith(_HISSING):
        forms.add(base + "es")
    if base.endswith("e"):
        forms |= {base + "d", base[:-1] + "ing"}
    elif base.endswith("y") and base[-2] not in "aeiou":
        forms |= {base[:-1] + "ies", base[:-1] + "ied", base + "ing"}
    else:
        forms |= {base + "ed", base + "ing"}
        if _SHORT_END.search(base):
            forms |= {base + base[-1] + "ed", base + base[-1] + "ing"}
    return forms
