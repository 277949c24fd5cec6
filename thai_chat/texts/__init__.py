"""Every text that people read, by its code, in Thai and English."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, get_args

from thai_chat.texts.account_panels import ACCOUNT_PANELS
from thai_chat.texts.accounts import ACCOUNT_ERRORS
from thai_chat.texts.additions import ADDITION_ERRORS
from thai_chat.texts.backends import label_of, with_settings
from thai_chat.texts.browsing import BROWSING
from thai_chat.texts.choosing import CHOOSING
from thai_chat.texts.code import CODE
from thai_chat.texts.comparing import COMPARING
from thai_chat.texts.drawing import DRAWING
from thai_chat.texts.embedding import EMBEDDING
from thai_chat.texts.errors import ERRORS
from thai_chat.texts.kept import KEPT
from thai_chat.texts.limits import LIMIT_ERRORS, LIMITS
from thai_chat.texts.marks import MARKS
from thai_chat.texts.model_settings import MODEL_SETTINGS
from thai_chat.texts.notices import NOTICES
from thai_chat.texts.openid import OPENID_ERRORS
from thai_chat.texts.page import PAGE
from thai_chat.texts.parts import PARTS
from thai_chat.texts.person import PERSON
from thai_chat.texts.programs import PROGRAM_ERRORS
from thai_chat.texts.reading import READING
from thai_chat.texts.reasons import REASONS
from thai_chat.texts.sent import SENT_ERRORS
from thai_chat.texts.sharing import SHARE_ERRORS, SHARED_PAGE, SHARING
from thai_chat.texts.signing_in import SIGNING_IN
from thai_chat.texts.signs import SIGNS
from thai_chat.texts.statistics import STATISTICS
from thai_chat.texts.temporary import TEMPORARY
from thai_chat.texts.transfer import REFUSALS, TRANSFER
from thai_chat.texts.webhooks import WEBHOOKS
from thai_chat.texts.welcome import WELCOME

Language = Literal["th", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
FALLBACK: Language = "en"
LANGUAGE_COOKIE = "thai_chat_language"
"""The page keeps the language in it that a person has chosen."""
UNKNOWN = "internal"
"""The text of a code that has none of its own."""


# Errors that the page notices before the server would.
_SAID_BY_BOTH = ("question_too_long", "import_too_large", "message_not_found")


def _merged(*dictionaries: Mapping[str, tuple[str, str]]) -> Mapping[str, tuple[str, str]]:
    """Return all texts by their codes. Raises ValueError for a code that stands in two of them."""
    merged: dict[str, tuple[str, str]] = {}
    for texts in dictionaries:
        if twice := merged.keys() & texts.keys():
            raise ValueError(f"codes with two texts: {', '.join(sorted(twice))}")
        merged |= texts
    return merged


_OF_PAGE = (
    PAGE,
    WELCOME,
    CODE,
    DRAWING,
    BROWSING,
    STATISTICS,
    TRANSFER,
    MODEL_SETTINGS,
    CHOOSING,
    COMPARING,
    TEMPORARY,
    PARTS,
    MARKS,
    SIGNS,
    READING,
    KEPT,
    LIMITS,
    PERSON,
    SHARING,
)
"""Said by the page's scripts."""
_TEXTS = _merged(
    ERRORS,
    ACCOUNT_ERRORS,
    ADDITION_ERRORS,
    LIMIT_ERRORS,
    OPENID_ERRORS,
    NOTICES,
    REFUSALS,
    EMBEDDING,
    SIGNING_IN,
    ACCOUNT_PANELS,
    SENT_ERRORS,
    SHARE_ERRORS,
    PROGRAM_ERRORS,
    SHARED_PAGE,
    WEBHOOKS,
    *_OF_PAGE,
)

# Params that are codes themselves, those first that others speak of.
_CODES = ("expected", "place", "why")


_MOST_TRIED = 20


class _Params(dict[str, object]):
    """Leaves out what was not given instead of failing: a text with a gap is better than none."""

    def __missing__(self, name: str) -> str:
        return "…"


def text(code: str, language: Language, params: Mapping[str, object] | None = None) -> str:
    """Return the text of `code`, filled with `params`; a code without one gets the text of an unexpected error.

    Among the params, backends are named as people write them, `reason` is the code of an error, and `tried` has models.
    """
    filled = dict(params or {})
    for name in ("backend", "asked", "answered"):
        if isinstance(backend := filled.get(name), str):
            filled[name] = label_of(backend)
    if isinstance(reason := filled.get("reason"), str):
        filled["reason"] = REASONS.get(reason, REASONS["backend_error"])[LANGUAGES.index(language)]
    if isinstance(tried := filled.get("tried"), Sequence) and not isinstance(tried, str):
        filled["tried"] = ", ".join(_named(model) for model in tried[:_MOST_TRIED])
    for name in _CODES:
        if isinstance(inner := filled.get(name), str) and has_text(inner):
            filled[name] = _fill(template(inner, language), filled) or "…"
    return _fill(template(code, language), filled) or template(UNKNOWN, language)


def _fill(template: str, params: Mapping[str, object]) -> str:
    """Empty where the params do not fit the text: they may come from a file."""
    try:
        return template.format_map(_Params(params))
    except (ValueError, TypeError, AttributeError, LookupError):
        return ""


def _named(model: object) -> str:
    """Return a model and its backend, as notices hold them."""
    if not isinstance(model, Mapping):
        return str(model)
    return f"{label_of(str(model.get('backend')))} ({model.get('model')})"


def template(code: str, language: Language) -> str:
    """Return the text of `code` with its {params} still open, but for the settings that connect a backend."""
    number = LANGUAGES.index(language)
    return with_settings(_TEXTS.get(code, _TEXTS[UNKNOWN])[number], number)


def has_text(code: str) -> bool:
    return code in _TEXTS


def is_told(code: str) -> bool:
    """Tell whether it is the code of an error or a notice, and not of any other text."""
    return code in ERRORS or code in NOTICES


def page_texts(language: Language) -> dict[str, str]:
    """Return the templates of the page's own texts by code, for the part of the page that runs in the browser."""
    own = (*(code for codes in _OF_PAGE for code in codes), *NOTICES, *_SAID_BY_BOTH)
    return {code: template(code, language) for code in own}


def sign_in_texts(language: Language) -> dict[str, str]:
    """Return the templates that the sign-in page's script has: its own, and every reason why signing in may fail."""
    errors = (*ACCOUNT_ERRORS, *OPENID_ERRORS, "server_silent")
    return {code: template(code, language) for code in (*SIGNING_IN, *errors, "language", "brand")}


def later_texts(language: Language) -> dict[str, str]:
    """Return the templates for the parts of the page that are fetched when somebody opens them."""
    return {code: template(code, language) for code in ACCOUNT_PANELS}


def language_for(headers: Mapping[str, str]) -> Language:
    """Return the language to answer a request in: the one that was chosen on the page, else the browser's."""
    for pair in headers.get("cookie", "").split(";"):
        name, _, value = pair.strip().partition("=")
        for language in LANGUAGES:
            if (name, value) == (LANGUAGE_COOKIE, language):
                return language
    return language_of(headers.get("accept-language"))


def language_of(accept_language: str | None) -> Language:
    """Return the language that an Accept-Language header asks for: the best ranked one with a translation."""
    ranked: list[tuple[float, int, Language]] = []
    for position, part in enumerate((accept_language or "").split(",")):
        tag, _, weight = part.strip().partition(";q=")
        for language in LANGUAGES:
            if tag.lower().split("-")[0] == language and (quality := _quality(weight)) > 0:
                ranked.append((-quality, position, language))
    return min(ranked)[2] if ranked else FALLBACK


def _quality(weight: str) -> float:
    try:
        return float(weight) if weight else 1.0
    except ValueError:
        return 0.0
