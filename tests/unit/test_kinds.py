"""A kind of backend from outside of the package is in the settings, in the doctor and in the texts."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from tests.toy_backend import TOY
from tests.unit.test_model_servers import JSON, serving
from thai_chat import settings, texts
from thai_chat.backends.registry import KINDS, build_backends, build_last_resort, suggested_settings
from thai_chat.commands import doctor, model_servers, settings_findings
from thai_chat.commands.findings import Finding, Level
from thai_chat.domain.errors import SettingsError
from thai_chat.domain.ports.backend_kinds import BackendKind
from thai_chat.settings import Settings
from thai_chat.texts.backends import name_backends

WITH_TOY = (*KINDS, TOY)
NOWHERE = Path("/nowhere/.env")


def given(**values: str) -> Settings:
    return settings.load(NOWHERE, {"OLLAMA_HOST": "", **values}, kinds=WITH_TOY)


def refusal(**values: str) -> str:
    with pytest.raises(SettingsError) as raised:
        given(**values)
    return str(raised.value)


def findings(found: Settings) -> list[Finding]:
    return [*settings_findings.findings(found, NOWHERE), *model_servers.findings(found)]


def test_its_settings_are_read_from_the_environment_and_have_their_defaults() -> None:
    found = given(TOY_ADDRESS="http://toy", DEFAULT_BACKEND="Toy")
    assert found.model_dump(include={"toy_address", "toy_words", "default_backend"}) == {
        "toy_address": "http://toy",
        "toy_words": 2,
        "default_backend": "toy",
    }
    assert found.fallback_order == ("vllm", "ollama", "openai", "llamacpp", "toy")


def test_its_settings_are_read_from_the_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("TOY_ADDRESS=http://toy\nTOY_WORDS=5\n")
    found = settings.load(tmp_path / ".env", {}, kinds=WITH_TOY)
    assert found.model_dump(include={"toy_words"}) == {"toy_words": 5}


def test_an_impossible_value_of_it_is_named_in_plain_words() -> None:
    assert refusal(TOY_WORDS="many") == "TOY_WORDS: must be a whole number"
    assert refusal(TOY_WORDS="10") == "TOY_WORDS: must be less than or equal to 9"
    assert "'llamacpp' or 'toy'" in refusal(DEFAULT_BACKEND="gpt")


def test_its_settings_stand_behind_those_of_the_others_and_before_the_choice_between_all() -> None:
    names = settings.names(WITH_TOY)
    at = names.index("TOY_ADDRESS")
    assert names[at - 1 : at + 4] == ("LLAMACPP_MODEL_PATH", "TOY_ADDRESS", "TOY_WORDS", "TOY_KEY", "DEFAULT_BACKEND")


def test_without_it_nobody_knows_its_settings() -> None:
    assert "TOY_ADDRESS" not in settings.names()
    with pytest.raises(SettingsError, match="DEFAULT_BACKEND"):
        settings.load(NOWHERE, {"DEFAULT_BACKEND": "toy"})


def test_a_slip_in_the_name_of_its_setting_is_told(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("TOY_ADRESS=x\n")
    (line,) = settings.misspelt(tmp_path / ".env", WITH_TOY)
    assert "did you mean TOY_ADDRESS?" in line
    assert settings.misspelt_around({"TOY_ADDRESSES": "x", "TOY_ADDRESS": "x"}, WITH_TOY) == []


def test_the_doctor_asks_its_server_and_gives_its_advice() -> None:
    keys: list[str] = []

    def reply_at(path: str) -> tuple[int, str, bytes]:
        keys.append(path)
        return (200, JSON, b'{"data": [{"id": "bear:new"}]}')

    with serving(reply_at) as address:
        assert "toy: 1 models (bear:new)" in [finding.english for finding in findings(given(TOY_ADDRESS=address))]
    assert keys == ["/models"]
    away = next(
        finding for finding in findings(given(TOY_ADDRESS=address)) if "toy can't be reached" in finding.english
    )
    assert (away.level, away.fix) == (Level.BAD, "wind it up")


def test_the_doctor_tells_which_of_its_settings_has_no_effect() -> None:
    told = [finding.english for finding in findings(given(TOY_WORDS="3", DEFAULT_BACKEND="toy"))]
    assert "TOY_WORDS: without effect, because it needs TOY_ADDRESS" in told
    assert "DEFAULT_BACKEND=toy: without effect, because it needs TOY_ADDRESS" in told


def test_the_doctor_names_an_impossible_value_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TOY_WORDS", "many")
    assert doctor.run(tmp_path / ".env", kinds=WITH_TOY) == 1
    assert "[BAD]  TOY_WORDS: must be a whole number" in capsys.readouterr().out


def test_it_is_built_when_it_is_configured_and_only_then() -> None:
    assert [backend.name for backend in build_backends(given(TOY_ADDRESS="http://toy"))] == ["toy"]
    assert build_backends(given()) == []
    assert build_last_resort((TOY,)) is None
    assert suggested_settings(WITH_TOY)[-1] == "TOY_ADDRESS"


def test_no_password_in_the_address_of_a_server_is_shown_with_its_list() -> None:
    (place,) = TOY.model_lists(given(TOY_ADDRESS="http://me:hidden@toy"))
    assert "hidden" in place.address
    assert "hidden" not in repr(place)


@pytest.mark.parametrize("kind", WITH_TOY, ids=lambda kind: kind.name)
def test_a_kind_says_what_others_rely_on(kind: BackendKind[BaseModel]) -> None:
    assert re.fullmatch(r"[a-z0-9]{1,50}", kind.name)
    assert kind.configured_by.lower() in kind.settings.model_fields
    assert [name for name, field in kind.settings.model_fields.items() if field.is_required()] == []
    assert {"temperature", "max_tokens"} <= kind.options.keys()
    lists = kind.model_lists(kind.settings.model_construct())
    assert all(url.endswith(place.path) for place in lists for url in place.urls)


def test_to_know_the_kinds_loads_no_client_library() -> None:
    code = "import sys, thai_chat.backends.registry; print([name for name in sys.modules if '.' not in name])"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert "'pydantic'" in loaded
    for library in ("openai", "ollama", "aiohttp", "httpx", "httpx2", "xllamacpp", "genai_prices"):
        assert f"'{library}'" not in loaded


@pytest.fixture
def named() -> Iterator[None]:
    name_backends(WITH_TOY)
    yield
    name_backends(KINDS)


def test_people_read_its_label_and_are_told_its_setting(named: None) -> None:
    assert "Toy Box" in texts.text("backend_unreachable", "th", {"backend": "toy"})
    assert "OLLAMA_HOST, TOY_ADDRESS หรือ OPENAI_API_KEY" in texts.text("no_backend", "th")
    assert "OLLAMA_HOST or TOY_ADDRESS (or OPENAI_API_KEY)" in texts.template("demo_note", "en")
    assert "TOY_ADDRESS" in texts.page_texts("en")["no_model_note"]


def test_the_settings_that_people_are_told_are_those_of_before() -> None:
    assert texts.text("no_backend", "en") == (
        "No model can answer yet. Set VLLM_BASE_URL, OLLAMA_HOST or OPENAI_API_KEY in .env."
    )
    assert "VLLM_BASE_URL หรือ OLLAMA_HOST (หรือ OPENAI_API_KEY) ในไฟล์" in texts.template("demo_note", "th")
