"""Passwords: what may be one, that each way to type it is the same, and wrong ones that are too many."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest
from limits import RateLimitItemPerMinute

from thai_chat.accounts import passwords as module
from thai_chat.accounts.attempts import Attempts
from thai_chat.accounts.passwords import AT_ONCE, Passwords, checked
from thai_chat.domain.account_errors import BadPassword, TooManyAttempts
from thai_chat.domain.errors import UnreadableText

PASSWORD = "น้ำใจปลาทู๙"


@pytest.fixture
async def passwords() -> AsyncIterator[Passwords]:
    made = Passwords()
    yield made
    made.close()


async def test_a_password_is_right_or_wrong(passwords: Passwords) -> None:
    kept = await passwords.hash(PASSWORD)
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert PASSWORD not in kept
    assert (await passwords.verify(PASSWORD, kept)).is_right
    assert not (await passwords.verify(PASSWORD + " ", kept)).is_right
    assert not (await passwords.verify(PASSWORD, None)).is_right
    assert not (await passwords.verify("nobody's", None)).is_right
    assert not (await passwords.verify(PASSWORD, "not a hash")).is_right


@pytest.mark.parametrize(
    "typed",
    [
        "น้\u0e4d\u0e32ใจปลาทู๙",  # sara am as two characters
        "น\u0e4d้\u0e32ใจปลาทู๙",  # the tone behind the circle
    ],
)
async def test_each_way_to_type_thai_is_the_same_password(passwords: Passwords, typed: str) -> None:
    assert typed != PASSWORD
    kept = await passwords.hash(PASSWORD)
    assert (await passwords.verify(typed, kept)).is_right


def test_vowels_tones_and_accents_may_be_typed_in_any_order() -> None:
    assert checked("เเมวสามตัวสี่ขา") == checked("แมวสามตัวส่ีขา")
    assert checked("cafe\u0301 cafe\u0301") == checked("café café")
    assert checked("Password") != checked("password")


@pytest.mark.parametrize(
    ("password", "error"),
    [
        ("เจ็ดตัว", BadPassword),
        ("1234567", BadPassword),
        ("x" * 201, BadPassword),
        ("x" * 1_000_000, BadPassword),
        ("ปลาทู\x00สองตัว", UnreadableText),
        ("ปลาทู\ud800สองตัว", UnreadableText),
    ],
)
async def test_what_can_be_no_password_is_never_hashed(
    passwords: Passwords, password: str, error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hashed(_: object) -> None:
        raise AssertionError("hashed")

    monkeypatch.setattr(passwords, "_run", hashed)
    with pytest.raises(error):
        await passwords.hash(password)


@pytest.mark.parametrize("password", ["12345678", "x" * 200, "๑๒๓๔๕๖๗๘", "パスワード八文字", "🐟🐟🐟🐟🐟🐟🐟🐟"])
async def test_any_script_will_do(passwords: Passwords, password: str) -> None:
    assert (await passwords.verify(password, await passwords.hash(password))).is_right


async def test_a_hash_of_other_parameters_is_made_anew(passwords: Passwords) -> None:
    weak = Passwords(memory_kib=8 * 1024, passes=1)
    try:
        old = await weak.hash(PASSWORD)
    finally:
        weak.close()
    verdict = await passwords.verify(PASSWORD, old)
    assert verdict.is_right
    assert verdict.new_hash is not None
    again = await passwords.verify(PASSWORD, verdict.new_hash)
    assert (again.is_right, again.new_hash) == (True, None)
    assert (await passwords.verify("ไม่ใช่รหัสนี้", old)).new_hash is None


async def test_for_nobody_as_much_is_hashed_as_for_somebody(
    passwords: Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = await passwords.hash(PASSWORD)
    await passwords.verify(PASSWORD, None)
    tried: list[str] = []
    verify = passwords._hasher.verify_and_update

    def counted(password: str, password_hash: str) -> tuple[bool, str | None]:
        tried.append(password_hash.rpartition("$")[0].rpartition("$")[0])
        return verify(password, password_hash)

    monkeypatch.setattr(passwords._hasher, "verify_and_update", counted)
    await passwords.verify("ไม่ใช่รหัสนี้", kept)
    await passwords.verify("ไม่ใช่รหัสนี้", None)
    assert len(tried) == 2
    assert tried[0] == tried[1]


async def test_few_are_hashed_at_once(passwords: Passwords, monkeypatch: pytest.MonkeyPatch) -> None:
    running, most, lock = 0, 0, threading.Lock()
    hashed = passwords._hasher.hash

    def counted(password: str) -> str:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        try:
            return hashed(password)
        finally:
            with lock:
                running -= 1

    monkeypatch.setattr(passwords._hasher, "hash", counted)
    await asyncio.gather(*(passwords.hash(PASSWORD) for _ in range(8)))
    assert 1 <= most <= AT_ONCE


def test_the_longest_password_takes_linear_time() -> None:
    assert len(module.checked("่" * 200)) == 200


def few(count: int) -> RateLimitItemPerMinute:
    return RateLimitItemPerMinute(count, 15)


def test_a_name_is_held_back_from_wherever_it_comes() -> None:
    attempts = Attempts(of_name=few(3), of_address=few(100))
    for number in range(3):
        attempts.require_few("มะลิ", f"10.0.0.{number}")
        attempts.note_failure("มะลิ", f"10.0.0.{number}")
    with pytest.raises(TooManyAttempts) as refused:
        attempts.require_few(" มะลิ ", "10.0.0.9")
    assert 0 < int(refused.value.params["seconds"]) <= 15 * 60 + 2
    attempts.require_few("ตูน", "10.0.0.9")
    attempts.forget("มะลิ")
    attempts.require_few("มะลิ", "10.0.0.9")


@pytest.mark.parametrize(
    ("first", "second", "is_same"),
    [
        ("10.0.0.1", "10.0.0.1", True),
        ("10.0.0.1", "10.0.0.2", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
    ],
)
def test_an_address_is_held_back_whatever_names_it_tries(first: str, second: str, is_same: bool) -> None:
    attempts = Attempts(of_name=few(100), of_address=few(3))
    for number in range(3):
        attempts.note_failure(f"name {number}", first)
    if is_same:
        with pytest.raises(TooManyAttempts):
            attempts.require_few("another", second)
    else:
        attempts.require_few("another", second)
