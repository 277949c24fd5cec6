"""Which accounts may connect, by the setting and by who started the page."""

from __future__ import annotations

import os
import pwd

import pytest
from pydantic import ValidationError

from tests.other_accounts import NOBODY, needs_root
from thai_chat import connecting
from thai_chat.domain.errors import StartError
from thai_chat.domain.local_users import local_users
from thai_chat.settings import Settings

NUMBER = pwd.getpwnam(NOBODY).pw_uid


def test_the_account_that_starts_and_root_may_connect_and_nobody_who_is_unknown() -> None:
    users = local_users((), {})
    assert users
    assert users.numbers == {0, os.geteuid()}
    assert not users.have(None)


@pytest.mark.parametrize("name", [NOBODY, str(NUMBER)])
def test_the_setting_names_others_by_name_or_number(name: str) -> None:
    users = local_users((name,), {})
    assert users
    assert users.have(NUMBER)


def test_a_star_lets_everybody_in() -> None:
    assert local_users(("*",), {}) is None


@needs_root
@pytest.mark.parametrize(("caller", "more"), [("1000", {1000}), ("x", set()), ("9" * 30, set()), ("", set())])
def test_who_called_root_by_sudo_may_connect(caller: str, more: set[int]) -> None:
    users = local_users((), {"SUDO_UID": caller})
    assert users
    assert users.numbers == {0, *more}


def test_a_name_that_no_account_has_is_told() -> None:
    with pytest.raises(StartError, match="no account 'no-such-account'"):
        local_users(("no-such-account",), {})


@pytest.mark.parametrize("value", ["a b", "-x", "สมชาย", "a/b", "**"])
def test_what_is_no_name_is_refused_with_the_settings(value: str) -> None:
    with pytest.raises(ValidationError, match="names or numbers of accounts"):
        Settings(allow_local_users=value)


def test_names_keep_their_letters() -> None:
    assert Settings(allow_local_users="Somchai, www-data").allow_local_users == ("Somchai", "www-data")


@pytest.mark.parametrize(
    ("settings", "who"),
    [
        ({}, "accounts of this machine: root"),
        ({"allow_local_users": ("*",)}, "everybody who has an account of this machine"),
        ({"auth": ("password",)}, "people who sign in"),
        (
            {"host": "0.0.0.0", "allow_open_network": True, "public_url": "http://chat.lan"},
            "everybody in the network, without sign-in",
        ),
    ],
)
def test_the_start_says_who_may_connect(settings: dict[str, object], who: str) -> None:
    given = Settings.model_validate(settings)
    guests = connecting.guests_of(given)
    assert (guests is not None) == (not settings)
    assert connecting.told(given, guests).replace(f"{pwd.getpwuid(os.geteuid()).pw_name}, ", "").startswith(who)
