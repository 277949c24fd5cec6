"""The settings for an OpenID provider, and the key that is made where none is given."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from pydantic import ValidationError

from thai_chat import openid_rules as module
from thai_chat.domain.errors import StartError
from thai_chat.openid_rules import openid_rules
from thai_chat.settings import Settings

GIVEN = {"auth": "oidc", "oidc_issuer": "https://id.example/realms/uni", "oidc_client_id": "thai-chat"}


def settings(folder: Path, **changes: object) -> Settings:
    return Settings.model_validate({**GIVEN, "data_dir": folder, **changes})


def test_the_rules_are_those_of_the_settings(tmp_path: Path) -> None:
    rules = openid_rules(settings(tmp_path, oidc_allowed_domains="Uni.example, b.example", oidc_client_secret="s3cret"))
    assert rules
    assert (rules.issuer, rules.client_id, rules.client_secret) == (GIVEN["oidc_issuer"], "thai-chat", "s3cret")
    assert rules.label == "id.example"
    assert rules.allowed_domains == ("uni.example", "b.example")
    assert "s3cret" not in repr(rules)


@pytest.mark.parametrize(
    ("sign_up", "given", "makes"),
    [("invitation", None, False), ("open", None, True), ("off", "yes", True), ("open", "no", False)],
)
def test_who_is_unknown_gets_an_account_as_the_settings_say(
    tmp_path: Path, sign_up: str, given: str | None, makes: bool
) -> None:
    rules = openid_rules(settings(tmp_path, sign_up=sign_up, oidc_sign_up=given))
    assert rules
    assert rules.makes_accounts is makes


def test_without_a_provider_there_are_no_rules(tmp_path: Path) -> None:
    assert openid_rules(settings(tmp_path, auth="password")) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"oidc_issuer": "http://id.example"}, "must be an https:// address"),
        ({"oidc_issuer": "id.example"}, "must be an https:// address"),
        ({"oidc_issuer": "https://u:p@id.example"}, "must be an https:// address"),
        ({"oidc_issuer": None}, "needs OIDC_ISSUER"),
        ({"oidc_client_id": None}, "needs OIDC_ISSUER"),
        ({"oidc_scopes": "email"}, "must have openid in it"),
        ({"oidc_role_claim": "groups"}, "need each other"),
        ({"oidc_admin_values": "boss"}, "need each other"),
    ],
)
def test_what_can_not_work_is_refused(tmp_path: Path, changes: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        settings(tmp_path, **changes)


@pytest.mark.parametrize("issuer", ["http://localhost:8080/realms/a", "http://127.0.0.1:1", "http://[::1]:1"])
def test_a_provider_on_this_machine_needs_no_tls(tmp_path: Path, issuer: str) -> None:
    assert settings(tmp_path, oidc_issuer=issuer).oidc_issuer == issuer


def test_a_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    first, again = (openid_rules(settings(tmp_path / "data")) for _ in range(2))
    assert first
    assert again
    assert first.key == again.key
    file = tmp_path / "data" / "secret.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.write_bytes(b"cut off")
    other = openid_rules(settings(tmp_path / "data"))
    assert other
    assert other.key != first.key
    assert len(file.read_bytes()) == 32


def test_replicas_with_the_same_secret_have_the_same_key(tmp_path: Path) -> None:
    one, other = (openid_rules(settings(tmp_path / name, secret_key="a" * 16)) for name in "ab")
    assert one
    assert other
    assert one.key == other.key
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(StartError, match="SECRET_KEY is too short"):
        openid_rules(settings(tmp_path, secret_key="a" * 15))


def test_a_key_file_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.key").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StartError, match="can't be used"):
        openid_rules(settings(tmp_path))


def test_what_is_missing_is_told_with_how_to_install_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(StartError, match=r"pip install -r requirements-oidc\.txt"):
        openid_rules(settings(tmp_path))
