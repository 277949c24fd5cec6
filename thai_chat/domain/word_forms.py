"""English words in their other forms: run, runs, running."""

from __future__ import annotations

import re

_WORD = re.compile(r"[a-z]{3,30}")
_VOWEL = re.compile(r"[aeiouy]")
_SHORT_END = re.compile(r"[^aeiou][aeiou][^aeiouwxy]$")
"""The end of a word whose last letter is doubled before -ed and -ing (stop), not always (visit)."""
_HISSING = ("s", "x", "z", "ch", "sh", "o")
_NEVER_S = ("s", "x", "z", "sh")
_SHORTEST = 3
_SHORT_WORDS = ("be", "do", "go")

# The base of a word and the forms that no rule gives. Left out is "be", which is everywhere.
_IRREGULAR = """
arise arose arisen, awake awoke awoken, bear bore borne, beat beaten, become became, begin began begun, bend bent,
bid bade bidden, bind bound, bite bit bitten, bleed bled, blow blew blown, break broke broken, breed bred,
bring brought, build built, burn burnt, buy bought, catch caught, choose chose chosen, cling clung, come came,
creep crept, deal dealt, dig dug, do does did done, draw drew drawn, dream dreamt, drink drank drunk,
drive drove driven, dwell dwelt, eat ate eaten, fall fell fallen, feed fed, feel felt, fight fought, find found,
flee fled, fling flung, fly flew flown, forbid forbade forbidden, foresee foresaw foreseen, forget forgot forgotten,
forgive forgave forgiven, freeze froze frozen, get got gotten, give gave given, go goes went gone, grind ground,
grow grew grown, hang hung, have has had, hear heard, hide hid hidden, hold held, keep kept, kneel knelt,
know knew known, lay laid, lead led, lean leant, leap leapt, learn learnt, leave left, lend lent, lie lay lain lying,
light lit, lose lost, make made, mean meant, meet met, mistake mistook mistaken, overcome overcame, pay paid,
prove proven, rebuild rebuilt, rewrite rewrote rewritten, ride rode ridden, ring rang rung, rise rose risen, run ran,
say said, see saw seen, seek sought, sell sold, send sent, sew sewn, shake shook shaken, shine shone, shoot shot,
show shown, shrink shrank shrunk, sing sang sung, sink sank sunk, sit sat, sleep slept, slide slid, sow sown,
speak spoke spoken, speed sped, spell spelt, spend spent, spill spilt, spin spun, spit spat, spoil spoilt,
spring sprang sprung, stand stood, steal stole stolen, stick stuck, sting stung, strike struck stricken,
strive strove striven, swear swore sworn, sweep swept, swell swollen, swim swam swum, swing swung, take took taken,
teach taught, tear tore torn, tell told, think thought, throw threw thrown, undergo undergoes underwent undergone,
understand understood, undo undoes undid undone, wake woke woken, wear wore worn, weave wove woven, weep wept,
win won, wind wound, withdraw withdrew withdrawn, withstand withstood, write wrote written, analysis analyses,
appendix appendices, axis axes, basis bases, calf calves, child children, crisis crises, criterion criteria,
diagnosis diagnoses, foot feet, goose geese, half halves, hypothesis hypotheses, index indices, knife knives,
leaf leaves, life lives, loaf loaves, louse lice, man men, matrix matrices, medium media, mouse mice, ox oxen,
person people, phenomenon phenomena, self selves, shelf shelves, synthesis syntheses, thesis theses, thief thieves,
tooth teeth, vertex vertices, wife wives, wolf wolves, woman women
"""
_FAMILIES = tuple(tuple(family.split()) for family in _IRREGULAR.split(","))
_IRREGULAR_FORMS = {family[0]: family[1:] for family in _FAMILIES}
_IRREGULAR_BASES = {
    form: {family[0] for family in _FAMILIES if form in family} for family in _FAMILIES for form in family
}


def forms_of(word: str) -> frozenset[str]:
    """Return the forms of a word in lower case, itself included; only itself where it is no English word.

    Forms that nobody writes ("runed") are among them: they cost little and find nothing.
    """
    irregular = _IRREGULAR_BASES.get(word, set())
    if not irregular and not _WORD.fullmatch(word):
        return frozenset((word,))
    bases = _bases(word) | irregular
    return frozenset(form for base in bases for form in (*_inflected(base), *_IRREGULAR_FORMS.get(base, ()))) | {word}


def _bases(word: str) -> set[str]:
    """Return the words that the word may be a form of, itself included."""
    bases = {word}
    if word.endswith("ies"):
        bases |= {word[:-3] + "y", word[:-1]}  # studies, movies
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        bases.add(word[:-1])
        if word.endswith("es") and word[:-2].endswith(_HISSING):
            bases.add(word[:-2])
    if word.endswith("ied"):
        bases |= {word[:-3] + "y", word[:-1]}
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
    forms = {base}
    if not base.endswith(_NEVER_S):
        forms.add(base + "s")
    if base.endswith(_HISSING):
        forms.add(base + "es")
    if base.endswith("ee"):
        forms |= {base + "ing"} if base in _IRREGULAR_FORMS else {base + "d", base + "ing"}  # no "seed" of "see"
    elif base.endswith("e"):
        forms |= {base + "d", base[:-1] + "ing"}
    elif base.endswith("y") and base[-2] not in "aeiou":
        forms |= {base[:-1] + "ies", base[:-1] + "ied", base + "ing"}
    else:
        forms |= {base + "ed", base + "ing"}
        if _SHORT_END.search(base):
            forms |= {base + base[-1] + "ed", base + base[-1] + "ing"}
    return forms
