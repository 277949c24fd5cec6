"""The form in which searched text is stored, and the keys by which the index finds it (chat_search_keys in SQL)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

SHADES = 7
"""How finely the character behind two others is told apart."""
_FEWEST, _MOST = 8, 12
"""Keys of a query that are asked for together: each one more is one more list to be read."""
FINE_BITS, COARSE_BITS = 20, 24
"""The bits of the seconds since 1970 that a key of time leaves out: steps of 12 and of 194 days."""
_GRAM_MASK = (1 << 30) - 1
_FINE_BASE, _COARSE_BASE = -(1 << 29), -(1 << 29) - (1 << 27)

# A Thai letter takes three bytes in UTF-8. The 48 that make up 99 % of Thai text, the commonest first, are stored as
# the characters of one byte that a folded text never has: A to Z and control characters. That is half to store, to
# cache and to look through. Texts are only ever compared with each other, so nobody sees it.
_THAI = "าน่รอก้เงมัยวีดลทหะคตบิสปไแจขใพืช็ุูำ์โึผถณศซธญๆ"
_FREE = bytes((*range(ord("A"), ord("Z") + 1), *range(0x01, 0x09), *range(0x0E, 0x1C))).decode()
_LATIN = "etaoinsrhldcumfpgwybvkxjqz"
_RANKED = frozenset(_FREE + _LATIN)
_PLACES = dict(zip(map(ord, _THAI), _FREE, strict=True))


def packed(folded: str) -> str:
    """Return the folded text as it is stored: one character for each of its own, different ones for different ones."""
    return folded if folded.isascii() else folded.translate(_PLACES)


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys that a text must contain if it has some strings in it."""

    all_of: Sequence[int]
    any_of: Sequence[Sequence[int]]
    """One of each."""


def keys_of(strings: Sequence[Sequence[str]]) -> Keys:
    """Return the keys for lists of packed strings, of each of which a text has one; none is empty."""
    all_of: dict[int, int] = {}
    any_of: list[Sequence[int]] = []
    for alternatives in strings:
        if len(alternatives) == 1:
            _add_all(alternatives[0], all_of, any_of)
        else:
            any_of.append([key for string in alternatives for key in _one_of(string)])
    return Keys(_chosen(all_of), any_of)


def _chosen(rarities: dict[int, int]) -> list[int]:
    """Return keys from everywhere in the strings, the rarest of its neighbours each: words may be common that never
    meet."""
    keys = list(rarities)
    count = min(len(keys), max(_FEWEST, min(_MOST, len(keys) // 2)))
    runs = (keys[len(keys) * run // count : len(keys) * (run + 1) // count] for run in range(count))
    return [max(run, key=rarities.__getitem__) for run in runs]


def _one_of(string: str) -> Sequence[int]:
    """Return keys of which a text has one that has the string: its rarest, or that of two letters in all shades."""
    all_of: dict[int, int] = {}
    any_of: list[Sequence[int]] = []
    _add_all(string, all_of, any_of)
    return [max(all_of, key=all_of.__getitem__)] if all_of else any_of[0]


def _add_all(string: str, all_of: dict[int, int], any_of: list[Sequence[int]]) -> None:
    words = string.split(" ")
    for number, word in enumerate(words):
        # A space behind the word is known when the string goes on behind it.
        _add(word, all_of, any_of, behind=" " if number < len(words) - 1 else "")


def _add(word: str, all_of: dict[int, int], any_of: list[Sequence[int]], *, behind: str) -> None:
    """Add the keys of a word; `all_of` gets the rarity of each key too."""
    known = word + behind
    if len(known) > 2:
        for first, second, third in zip(known, known[1:], known[2:], strict=False):
            all_of[_gram(first, second, ord(third))] = _rarity(first) + _rarity(second)
    elif len(word) == 2:
        any_of.append([_gram(word[0], word[1], shade) for shade in range(SHADES)])
    else:
        all_of.update((-ord(character), _rarity(character)) for character in word)


def _rarity(character: str) -> int:
    """Return the character's rank among the letters of its script; the rarest are those of others."""
    return max(_FREE.find(character), _LATIN.find(character)) if character in _RANKED else len(_FREE)


def _gram(first: str, second: str, third: int) -> int:
    return (ord(first) * 31337 + ord(second)) * 16 + third % SHADES & _GRAM_MASK


def time_keys(oldest: int, newest: int) -> Sequence[int]:
    """Return keys of which every text from the fine step `oldest` to the fine step `newest` has one, and no other
    text."""
    keys: list[int] = []
    ratio = 1 << (COARSE_BITS - FINE_BITS)
    step = oldest
    while step <= newest:
        if step % ratio == 0 and step + ratio - 1 <= newest:
            keys.append(_COARSE_BASE - step // ratio)
            step += ratio
        else:
            keys.append(_FINE_BASE - step)
            step += 1
    return keys


def fine_step(at: datetime) -> int:
    return max(0, int(at.timestamp())) >> FINE_BITS


def first_of(step: int) -> tuple[datetime, UUID]:
    """Return the place that is before all others of a fine step; of the first step, before all that there are."""
    at = datetime.fromtimestamp(step << FINE_BITS, UTC) if step > 0 else datetime.min.replace(tzinfo=UTC)
    return at, UUID(int=0)
