"""Cookies that are remembered: how seldom the store is asked, and when a session is over."""

from __future__ import annotations

import asyncio
import os
import stat
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from thai_chat.accounts.browsers import FRESH_S, STALE_S, TOUCH_EVERY, Browsers
from thai_chat.accounts.ended import EndedSignIns
from thai_chat.domain.account_errors import SignInUnavailable
from thai_chat.domain.accounts import Account, SignIn, hash_of_token, new_token
from thai_chat.domain.errors import HistoryUnavailable
from thai_chat.domain.people import PersonRole

START = datetime(2026, 11, 29, 12, tzinfo=UTC)
IDLE = timedelta(days=7)
LONGEST = timedelta(days=30)


@dataclass
class Store:
    """Sessions in a dictionary, with all that the store in PostgreSQL tells of them."""

    rows: dict[bytes, tuple[SignIn, Account]] = field(default_factory=dict)
    looks: int = 0
    is_away: bool = False
    touched: list[datetime] = field(default_factory=list)
    held: asyncio.Event | None = None
    """A look-up waits for this."""

    async def find(self, token_hash: bytes, now: datetime, idle_since: datetime) -> tuple[SignIn, Account] | None:
        self.looks += 1
        found = self.rows.get(token_hash)
        if self.held:
            await self.held.wait()
        if self.is_away:
            raise HistoryUnavailable
        if not found or found[1].is_disabled or found[0].expires_at <= now or found[0].used_at <= idle_since:
            return None
        return found

    async def touch(self, sign_in_id: UUID, at: datetime) -> None:
        if self.is_away:
            raise HistoryUnavailable
        self.touched.append(at)
        for key, (sign_in, account) in self.rows.items():
            if sign_in.sign_in_id == sign_in_id:
                self.rows[key] = (replace(sign_in, used_at=at), account)

    async def end(self, account_id: UUID, sign_in_id: UUID) -> bool:
        if self.is_away:
            raise HistoryUnavailable
        ended = [key for key, (one, _) in self.rows.items() if one.sign_in_id == sign_in_id]
        for key in ended:
            del self.rows[key]
        return bool(ended)


@dataclass
class Clock:
    passed_s: float = 0.0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.passed_s)

    def seconds(self) -> float:
        return self.passed_s

    def pass_by(self, **time: float) -> None:
        self.passed_s += timedelta(**time).total_seconds()


@dataclass
class Setting:
    store: Store
    clock: Clock
    browsers: Browsers

    def signed_in(self) -> tuple[str, SignIn]:
        account = Account(account_id=uuid4(), user_id=uuid4().hex, name="มะลิ", display_name="มะลิ", created_at=START)
        now = self.clock.now()
        sign_in = SignIn(
            sign_in_id=uuid4(),
            account_id=account.account_id,
            created_at=now,
            used_at=now,
            expires_at=now + LONGEST,
        )
        token = new_token()
        self.store.rows[hash_of_token(token)] = (sign_in, account)
        return token, sign_in

    def browsers_of(self, folder: Path) -> Browsers:
        """Return what a process that has this folder remembers."""
        return Browsers(
            self.store,  # type: ignore[arg-type]
            idle=IDLE,
            now=self.clock.now,
            clock=self.clock.seconds,
            ended=EndedSignIns(folder),
        )

    async def is_known(self, token: str) -> bool:
        return await self.browsers.person(token) is not None


@pytest.fixture
def setting() -> Setting:
    store, clock = Store(), Clock()
    browsers = Browsers(store, idle=IDLE, now=clock.now, clock=clock.seconds, most=3)  # type: ignore[arg-type]
    return Setting(store, clock, browsers)


async def test_a_session_is_looked_up_once_for_many_requests(setting: Setting) -> None:
    token, sign_in = setting.signed_in()
    for _ in range(50):
        person = await setting.browsers.person(token)
        assert person is not None
        assert (person.sign_in_id, person.account_id) == (sign_in.sign_in_id, sign_in.account_id)
    assert setting.store.looks == 1


async def test_requests_that_come_together_share_one_look_up(setting: Setting) -> None:
    token, _ = setting.signed_in()
    setting.store.held = asyncio.Event()
    asking = [asyncio.create_task(setting.is_known(token)) for _ in range(20)]
    await asyncio.sleep(0)
    asking[0].cancel()  # whoever goes away takes the look-up from nobody else
    setting.store.held.set()
    assert await asyncio.gather(*asking[1:]) == [True] * 19
    assert setting.store.looks == 1


async def test_what_can_be_no_token_is_not_looked_up(setting: Setting) -> None:
    for text in ("", "x", "ก" * 43, "a" * 44, "a" * 42 + "\n", "a" * 1_000_000):
        assert not await setting.is_known(text)
    assert setting.store.looks == 0


async def test_a_session_that_ended_elsewhere_is_over_within_ten_seconds(setting: Setting) -> None:
    token, _ = setting.signed_in()
    await setting.is_known(token)
    setting.store.rows.clear()
    over_after = None
    for second in range(12):
        setting.clock.pass_by(seconds=1)
        if not await setting.is_known(token):
            over_after = second + 1
            break
        await asyncio.sleep(0)
    assert over_after is not None
    assert over_after <= 10


async def test_who_comes_back_after_a_pause_waits_for_the_look_up(setting: Setting) -> None:
    token, _ = setting.signed_in()
    await setting.is_known(token)
    setting.store.rows.clear()
    setting.clock.pass_by(seconds=STALE_S)
    assert not await setting.is_known(token)


async def test_a_look_up_between_is_in_nobodys_way(setting: Setting) -> None:
    token, _ = setting.signed_in()
    await setting.is_known(token)
    setting.clock.pass_by(seconds=FRESH_S)
    setting.store.held = asyncio.Event()
    assert await asyncio.wait_for(setting.is_known(token), 1)
    await asyncio.sleep(0)
    assert setting.store.looks == 2
    setting.store.held.set()


async def test_a_session_ends_at_once_where_it_is_ended(setting: Setting) -> None:
    (mine, sign_in), (other, _) = setting.signed_in(), setting.signed_in()
    assert await setting.is_known(mine)
    assert await setting.is_known(other)
    await setting.store.end(sign_in.account_id, sign_in.sign_in_id)
    setting.browsers.end(sign_in.account_id, sign_in.sign_in_id)
    assert not await setting.is_known(mine)
    assert await setting.is_known(other)
    setting.browsers.end_all(sign_in.account_id)
    assert await setting.is_known(other)


async def test_a_look_up_that_began_before_the_end_does_not_bring_the_session_back(setting: Setting) -> None:
    token, sign_in = setting.signed_in()
    setting.store.held = asyncio.Event()
    asking = asyncio.create_task(setting.is_known(token))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await setting.store.end(sign_in.account_id, sign_in.sign_in_id)
    setting.browsers.end(sign_in.account_id, sign_in.sign_in_id)
    setting.store.held.set()
    assert not await asking
    assert not await setting.is_known(token)


async def test_a_session_is_over_when_it_expires_also_in_an_outage(setting: Setting) -> None:
    token, _ = setting.signed_in()
    for _ in range(29):
        setting.clock.pass_by(days=1)
        assert await setting.is_known(token)
        await setting.browsers.close()
    setting.store.is_away = True
    assert await setting.is_known(token)
    setting.clock.pass_by(days=1)
    with pytest.raises(SignInUnavailable):
        await setting.is_known(token)
    setting.store.is_away = False
    assert not await setting.is_known(token)


async def test_a_session_without_use_is_over(setting: Setting) -> None:
    token, _ = setting.signed_in()
    assert await setting.is_known(token)
    setting.clock.passed_s += IDLE.total_seconds()
    assert not await setting.is_known(token)


async def test_in_an_outage_who_is_remembered_goes_on_and_nobody_new_comes_in(setting: Setting) -> None:
    (known, _), (unknown, _) = setting.signed_in(), setting.signed_in()
    assert await setting.is_known(known)
    setting.store.is_away = True
    for _ in range(20):
        setting.clock.pass_by(hours=12)
        assert await setting.is_known(known)
    with pytest.raises(SignInUnavailable):
        await setting.is_known(unknown)
    setting.store.is_away = False  # ten days later: uses that nobody could note count
    assert await setting.is_known(known)


async def test_who_signs_out_in_an_outage_is_out_for_good(setting: Setting) -> None:
    token, sign_in = setting.signed_in()
    assert await setting.is_known(token)
    setting.store.is_away = True
    await setting.browsers.end_later(sign_in.account_id, sign_in.sign_in_id)
    with pytest.raises(SignInUnavailable):
        await setting.is_known(token)
    setting.store.is_away = False
    assert not await setting.is_known(token)
    await setting.browsers.end_in_store()
    assert setting.store.rows == {}


async def test_a_session_that_ended_in_an_outage_is_over_in_the_next_process_too(
    setting: Setting, tmp_path: Path
) -> None:
    token, sign_in = setting.signed_in()
    await setting.browsers_of(tmp_path).end_later(sign_in.account_id, sign_in.sign_in_id)
    (kept,) = (tmp_path / "signed-out").iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    (kept.parent / str(uuid4())).touch()
    (kept.parent / "notes.txt").write_text("x")
    (kept.parent / str(uuid4())).symlink_to(kept.parent / "gone")
    os.mkfifo(kept.parent / str(uuid4()))
    after_a_kill = setting.browsers_of(tmp_path)
    assert await after_a_kill.person(token) is None
    assert list(setting.store.rows)
    await after_a_kill.end_in_store()
    assert setting.store.rows == {}
    assert not kept.exists()


async def test_use_is_noted_once_a_minute(setting: Setting) -> None:
    token, _ = setting.signed_in()
    for _ in range(180):
        setting.clock.pass_by(seconds=1)
        await setting.is_known(token)
        await setting.browsers.close()
    assert len(setting.store.touched) == 180 / TOUCH_EVERY.total_seconds()


async def test_a_store_that_is_away_when_use_is_noted_harms_nobody(setting: Setting) -> None:
    token, _ = setting.signed_in()
    await setting.is_known(token)
    setting.store.is_away = True
    setting.clock.pass_by(minutes=2)
    assert await setting.is_known(token)
    await setting.browsers.close()


async def test_what_has_changed_of_an_account_is_seen_at_once(setting: Setting) -> None:
    token, sign_in = setting.signed_in()
    await setting.is_known(token)
    found, account = setting.store.rows[hash_of_token(token)]
    setting.store.rows[hash_of_token(token)] = (found, replace(account, role=PersonRole.ADMINISTRATOR))
    setting.browsers.renew(sign_in.account_id)
    person = await setting.browsers.person(token)
    assert person is not None
    assert person.is_administrator


async def test_memory_has_a_bound(setting: Setting) -> None:
    tokens = [setting.signed_in()[0] for _ in range(5)]
    for token in tokens:
        assert await setting.is_known(token)
    assert setting.store.looks == 5
    assert await setting.is_known(tokens[4])
    assert setting.store.looks == 5
    assert await setting.is_known(tokens[0])
    assert setting.store.looks == 6
