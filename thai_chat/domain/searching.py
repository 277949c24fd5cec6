"""Queries, their terms and pages of results, as values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from uuid import UUID

from thai_chat.domain.messages import Message, Role, Session
from thai_chat.domain.spelling import fold_part
from thai_chat.domain.word_forms import forms_of

MAX_QUERY_CHARS = 1_000
SEARCHED_CHARS = 2_000_000
"""The most characters of a text that are searched; longer ones would take PostgreSQL longer than it is waited for."""
_PIECE = re.compile(r'(?<!\S)["“”„]([^"“”„]*)(?:["“”„]|$)|(\S+)')
_MARKS = re.compile(r'\s*["“”„]+\s*')
_STEM_BEGINNING = 3
"""The letters that forms have in common if they are looked for together."""


@dataclass(frozen=True, slots=True)
class Term:
    """One thing that must be in a text, folded: a word or a phrase."""

    text: str
    forms: tuple[str, ...] = ()
    """Other forms of an English word that do as well, as whole words."""
    stems: tuple[str, ...] = ()
    """The beginnings of the text and of all `forms`: each of them begins with one of these; empty without forms."""

    @property
    def form_pattern(self) -> str:
        """A regular expression, the same for Python and PostgreSQL, that finds a form as a whole word."""
        endings = {stem: [form[len(stem) :] for form in self.forms if form.startswith(stem)] for stem in self.stems}
        families = "|".join(f"{stem}(?:{'|'.join(found)})" for stem, found in endings.items() if found)
        return f"(?<![a-z])(?:{families})(?![a-z])"

    def spans(self, folded: str) -> Iterator[tuple[int, int]]:
        """Yield where the term is, literally first, then in other forms."""
        yield from self.literal_spans(folded)
        if any(stem in folded for stem in self.stems):
            yield from (match.span() for match in re.finditer(self.form_pattern, folded))

    def literal_spans(self, folded: str) -> Iterator[tuple[int, int]]:
        start = folded.find(self.text)
        while start >= 0:
            yield start, start + len(self.text)
            start = folded.find(self.text, start + len(self.text))


def terms_of(text: str) -> tuple[Term, ...]:
    """Return all words and "phrases" of what somebody typed, each once, in order.

    An open quotation mark goes to the end. Quotation marks alone are what is looked for.
    """
    found: dict[str, Term] = {}
    for phrase, word in _PIECE.findall(text):
        folded = fold_part(phrase or word).strip()
        if folded and folded not in found:
            found[folded] = Term(folded) if phrase else _word(folded)
    if _MARKS.fullmatch(text):
        marks = text.strip()
        found[marks] = Term(marks)
    return tuple(found.values())


def _word(text: str) -> Term:
    forms = sorted(form for form in forms_of(text) if text not in form)
    if not forms:
        return Term(text)
    families: dict[str, list[str]] = {}
    for form in (text, *forms):
        families.setdefault(form[:_STEM_BEGINNING], []).append(form)
    return Term(text, tuple(forms), tuple(map(_common_beginning, families.values())))


def _common_beginning(words: Sequence[str]) -> str:
    same = takewhile(lambda letters: len(set(letters)) == 1, zip(*words, strict=False))
    return words[0][: len(list(same))]


def has_literally(terms: Iterable[Term], folded: str) -> bool:
    return all(term.text in folded for term in terms)


def has_in_any_form(terms: Iterable[Term], folded: str) -> bool:
    return all(next(term.spans(folded), None) is not None for term in terms)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchFilters:
    """All that is named must hold; None leaves it open."""

    role: Role | None = None
    backend: str | None = None
    model: str | None = None
    session_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    """The end of the time, not included itself."""
    pinned: bool | None = None
    """Whether the session is."""
    rating: int | None = None
    """1 or -1: replies that were rated so."""


NO_FILTERS = SearchFilters()


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchCursor:
    """Where a page ended: the next one starts behind it."""

    created_at: datetime
    id: UUID
    """The id of a message, or of a session that was found by its name."""
    is_literal: bool = True
    """Literal hits come first, those in another form of a word after the last of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchQuery:
    user_id: str | None
    """None looks through the messages of everybody, as an administrator may."""
    terms: Sequence[Term]
    """The terms, at least one."""
    limit: int
    filters: SearchFilters = NO_FILTERS
    after: SearchCursor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchHit:
    message: Message
    """A long content is only a part with hits, or the first SEARCHED_CHARS, or less where a page holds many."""
    session: Session
    is_literal: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPage:
    hits: Sequence[SearchHit]
    """Newest first, those that are not literal behind all that are."""
    next: SearchCursor | None = None
    unindexed: int = 0
    """Messages and names, of everybody, that are not searchable yet: after an import, a replay or an upgrade."""
    is_memory: bool = False
    """True when only what memory holds was looked through, because PostgreSQL is away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamePage:
    """A page of sessions found by their names, the newest begun first; its fields are those of a SearchPage."""

    sessions: Sequence[Session]
    next: SearchCursor | None = None
    unindexed: int = 0
    is_memory: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexProgress:
    """How far old messages are searchable; new ones always are, within a moment."""

    done: int
    total: int
    waiting: int
    """Messages and names that changed and are not indexed yet."""

    @property
    def is_complete(self) -> bool:
        return self.done >= self.total and self.waiting == 0
