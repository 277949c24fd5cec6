"""Real Thai for tests: messages that stand beside the project, or what PyThaiNLP ships where there are none."""

from __future__ import annotations

import random
from pathlib import Path

_ODD = (
    *("น้ำ", "น\u0e4d\u0e49า", "น\u0e49\u0e4dา", "นำ\u0e49", "เเ", "แ", "ฤๅ", "๒๕๖๙", "2569", "ๆ", "ะะ"),
    *(
        "\u0e48",
        "\u0e49",
        "\u0e4d",
        "\u0e31",
        "\u0e3a",
        "\u0e4c",
        "\u0e4e",
        "\u200b",
        "\u200d",
        "\ufeff",
        "\u2028",
        "\n",
        "  ",
    ),
    *("👨‍👩‍👧‍👦", "❤️", "🇹🇭", "ß", "ẞ", "İ", "ı", "é", "e\u0301", "ﬁn", "漢字", "ｶﾞ", "A", "Z", "running ran"),
    *("%", "_", "\\", "'", '"', "$1", "{}", "100%", "(a|b)*"),
)

_MESSAGES = Path(__file__).parents[2] / "shared" / "data" / "thai_social_messages.txt"


def texts(count: int, *, seed: int = 1) -> list[str]:
    """Return the same texts for the same seed; some are several messages, one below the other."""
    chosen = random.Random(seed)
    known = _messages()
    return ["\n".join(chosen.choices(known, k=chosen.choice((1, 1, 1, 2, 5)))) for _ in range(count)]


def disturbed(known: list[str], count: int, *, seed: int = 3) -> list[str]:
    """Return texts with what makes searching hard put in anywhere, also in the middle of a cluster."""
    chosen = random.Random(seed)
    found = []
    for _ in range(count):
        text = chosen.choice(known)
        for _ in range(chosen.randint(1, 6)):
            place = chosen.randint(0, len(text))
            text = text[:place] + chosen.choice(_ODD) + text[place:]
        found.append(text)
    return found


def pieces(known: list[str], count: int, *, seed: int = 2) -> list[str]:
    """Return parts of the texts, from one character to a sentence, wherever they begin and end."""
    chosen = random.Random(seed)
    found = []
    for _ in range(count):
        text = chosen.choice([text for text in known if text])
        length = chosen.choice((1, 1, 2, 2, 3, 3, 4, 5, 7, 10, 15, 30, 60))
        start = chosen.randrange(len(text))
        found.append(text[start : start + length])
    return found


def _messages() -> list[str]:
    if _MESSAGES.exists():
        return _MESSAGES.read_text("utf-8").splitlines()
    from pythainlp.corpus import thai_stopwords, thai_syllables, thai_words

    chosen = random.Random(0)
    words = [sorted(words) for words in (thai_words(), thai_syllables(), thai_stopwords())]
    parts = (" ", "", "", "", " GPU ", " v๒ ", "😀", "ๆ ")
    return [
        chosen.choice(parts).join(chosen.choice(chosen.choice(words)) for _ in range(chosen.randint(1, 25)))
        for _ in range(3000)
    ]
