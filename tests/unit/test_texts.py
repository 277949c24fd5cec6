"""Every code that can reach a person has a text in both languages."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

from thai_chat import texts
from thai_chat.domain.audit import Action
from thai_chat.domain.error_tree import kinds
from thai_chat.domain.ports.backend import BackendState
from thai_chat.domain.ports.conversation import DatabaseState
from thai_chat.routing.retries import REMEDIES, remedy_for
from thai_chat.texts.reasons import REASONS

PACKAGE = Path(texts.__file__).parent.parent
THAI = re.compile("[\u0e00-\u0e7f]")
BRANDS = {
    "database_postgresql",
    "temperature",
    "top_p",
    "quota_used_up",
    *(f"suggestion_demo_{n}" for n in range(1, 5)),
}
"""Texts that are names or for a model that knows no Thai, and stay as they are, or come whole by a param."""


ERROR_CODES = {kind.code for kind in kinds()}


def fields_of(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_the_tree_has_every_error_of_the_domain() -> None:
    modules = {module.stem for module in (PACKAGE / "domain").glob("*errors.py")}
    assert modules == {kind.__module__.rpartition(".")[2] for kind in kinds()}


@pytest.mark.parametrize("code", sorted(ERROR_CODES))
def test_every_error_has_a_text(code: str) -> None:
    assert texts.has_text(code)


@pytest.mark.parametrize("action", Action)
def test_administrators_read_every_action_in_words_and_can_pick_it(action: Action) -> None:
    listed = (PACKAGE / "ui" / "assets" / "people" / "audit.mjs").read_text(encoding="utf-8")
    assert texts.has_text(f"action_{action}")
    assert f"'{action}'" in listed


@pytest.mark.parametrize("code", [f"state_{state}" for state in BackendState])
def test_every_state_of_a_backend_has_a_text(code: str) -> None:
    assert texts.has_text(code)


@pytest.mark.parametrize("code", [f"database_{state}" for state in DatabaseState])
def test_every_state_of_the_database_has_a_text(code: str) -> None:
    assert texts.has_text(code)


@pytest.mark.parametrize("code", sorted(REASONS))
def test_every_reason_is_an_error_and_said_in_both_languages(code: str) -> None:
    thai, english = REASONS[code]
    assert code in ERROR_CODES
    assert THAI.search(thai)
    assert not THAI.search(english)


def test_every_failure_that_another_model_may_cure_has_its_reason() -> None:
    curable = {kind.code for kind in REMEDIES if remedy_for(kind()).other_model}
    assert curable <= set(REASONS)


def test_every_notice_of_the_source_has_a_text() -> None:
    source = "".join(path.read_text("utf-8") for path in PACKAGE.rglob("*.py"))
    noticed = set(re.findall(r"Notice\(\s*\"(\w+)\"", source))
    assert noticed
    assert {code for code in noticed if not texts.has_text(code)} == set()


def test_every_text_that_the_browser_asks_for_is_sent_to_it() -> None:
    scripts = "".join(path.read_text("utf-8") for path in (PACKAGE / "ui" / "assets").rglob("*.mjs"))
    asked = set(re.findall(r"\bt\('(\w+)'", scripts))
    asked |= {code for both in re.findall(r"\bt\([\w.]+ \? '(\w+)' : '(\w+)'", scripts) for code in both}
    assert len(asked) > 50
    sent = texts.page_texts("th").keys() | texts.later_texts("th").keys() | texts.sign_in_texts("th").keys()
    assert asked - sent == set()


@pytest.mark.parametrize("code", sorted(texts.page_texts("th").keys() | ERROR_CODES))
def test_both_languages_say_the_same(code: str) -> None:
    thai, english = (texts.template(code, language) for language in texts.LANGUAGES)
    assert fields_of(thai) == fields_of(english)
    assert code in BRANDS or THAI.search(thai)
    assert not THAI.search(english)


def test_a_text_is_filled_with_its_params() -> None:
    assert "vLLM" in texts.text("backend_unreachable", "th", {"backend": "vLLM"})


def test_a_missing_param_leaves_a_gap_and_does_not_fail() -> None:
    assert "…" in texts.text("backend_unreachable", "en")


def test_params_are_never_formats() -> None:
    assert "{0.__class__}" in texts.text("backend_unreachable", "en", {"backend": "{0.__class__}"})


def test_an_unknown_code_says_that_something_went_wrong() -> None:
    assert texts.text("no_such_code", "th") == texts.text("internal", "th")


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("th-TH,th;q=0.9,en;q=0.8", "th"),
        ("en-US,en;q=0.9,th;q=0.8", "en"),
        ("fr-FR,th;q=0.5,en;q=0.4", "th"),
        ("en;q=0.1,th;q=0.9", "th"),
        ("TH", "th"),
        ("de-DE", "en"),
        ("th;q=0", "en"),
        ("th;q=abc,en", "en"),
        ("", "en"),
        (None, "en"),
    ],
)
def test_the_best_ranked_language_with_a_translation_is_taken(header: str | None, language: str) -> None:
    assert texts.language_of(header) == language
