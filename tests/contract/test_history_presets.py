"""Presets: what every history promises of them, while its store can be reached."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from uuid_utils.compat import uuid7

from tests.histories import Stores
from tests.history_writes import new_user
from thai_chat.chat.presets import Presets
from thai_chat.domain.errors import HistoryRefused, HistoryUnavailable, PresetNotFound
from thai_chat.domain.people import LOCAL
from thai_chat.domain.presets import Preset
from thai_chat.domain.repeating_errors import ChangedMeanwhile
from thai_chat.domain.sampling import COMMON
from thai_chat.domain.versions import version_of


def preset(user: str, name: str, **more: object) -> Preset:
    values = {"options": {"system_prompt": "ตอบเป็นกลอน 🪷", "temperature": 0.3}, **more}
    return Preset(preset_id=uuid7(), user_id=user, preset_name=name, updated_at=datetime.now(UTC), **values)  # type: ignore[arg-type]


KEEPING = pytest.mark.parametrize("history", ["memory", "postgresql", "resilient"], indirect=True)


@pytest.mark.parametrize("history", ["resilient in an outage"], indirect=True)
async def test_in_an_outage_presets_are_neither_read_nor_kept_for_later(history: Stores, user: str) -> None:
    with pytest.raises(HistoryUnavailable):
        await history.presets.save(preset(user, "ไว้ทีหลัง"))
    with pytest.raises(HistoryUnavailable):
        await history.presets.usable(user)


@KEEPING
async def test_a_preset_is_kept_as_it_was_given(history: Stores, user: str) -> None:
    made = preset(user, "กวี", backend="vllm", model="typhoon")
    assert await history.presets.save(made) == made
    assert list(await history.presets.usable(user)) == [made]


@KEEPING
async def test_presets_are_listed_by_name_and_others_see_the_shared_ones(history: Stores, user: str) -> None:
    other = new_user()
    for name, shared in (("ข", False), ("ก", True), ("B", False), ("a", True)):
        await history.presets.save(preset(user, name, is_shared=shared))
    assert [one.preset_name for one in await history.presets.usable(user) if one.user_id == user] == [
        "a",
        "B",
        "ก",
        "ข",
    ]
    assert [one.preset_name for one in await history.presets.usable(other) if one.user_id == user] == ["a", "ก"]


@KEEPING
async def test_a_model_has_one_default(history: Stores, user: str) -> None:
    first = await history.presets.save(preset(user, "หนึ่ง", backend="vllm", model="m", is_default=True))
    elsewhere = await history.presets.save(preset(user, "อื่น", backend="ollama", model="m", is_default=True))
    second = await history.presets.save(preset(user, "สอง", backend="vllm", model="m", is_default=True))
    mine = {one.preset_id: one.is_default for one in await history.presets.usable(user) if one.user_id == user}
    assert mine == {first.preset_id: False, elsewhere.preset_id: True, second.preset_id: True}


@KEEPING
async def test_changes_at_the_same_time_all_count_and_a_deleted_preset_stays_deleted(
    history: Stores, user: str
) -> None:
    made = [await history.presets.save(preset(user, f"ที่ {n}", backend="vllm", model="m")) for n in range(6)]
    renamed = [
        history.presets.change(one.preset_id, user, lambda kept: replace(kept, preset_name="ใหม่")) for one in made
    ]
    default = [history.presets.change(one.preset_id, user, lambda kept: replace(kept, is_default=True)) for one in made]
    await asyncio.gather(*renamed, *default)
    found = [one for one in await history.presets.usable(user) if one.user_id == user]
    assert [one.preset_name for one in found] == ["ใหม่"] * 6
    assert sum(one.is_default for one in found) == 1
    await history.presets.delete(made[0].preset_id, user)
    with pytest.raises(PresetNotFound):
        await history.presets.change(made[0].preset_id, user, lambda kept: kept)
    assert len([one for one in await history.presets.usable(user) if one.user_id == user]) == 5


@KEEPING
async def test_of_two_changes_of_one_version_one_is_made(history: Stores, user: str) -> None:
    presets, person = Presets(history.presets, COMMON), replace(LOCAL, user_id=user)
    made = await presets.make(person, name="ก", options={"temperature": 0.3})
    expected = (version_of(made),)
    assert version_of(await presets.get(made.preset_id, person)) == expected[0]
    changes = [presets.change(made.preset_id, person, name=f"ชื่อ {number}", expected=expected) for number in range(6)]
    outcomes = await asyncio.gather(*changes, return_exceptions=True)
    (changed,) = [outcome for outcome in outcomes if isinstance(outcome, Preset)]
    assert sum(isinstance(outcome, ChangedMeanwhile) for outcome in outcomes) == 5
    with pytest.raises(ChangedMeanwhile):
        await presets.delete(made.preset_id, person, expected=expected)
    assert await presets.get(made.preset_id, person) == changed
    await presets.delete(made.preset_id, person, expected=(version_of(changed),))
    with pytest.raises(PresetNotFound):
        await presets.get(made.preset_id, person)


@KEEPING
async def test_somebody_elses_preset_is_neither_changed_nor_deleted(history: Stores, user: str) -> None:
    mine = await history.presets.save(preset(user, "ของฉัน", is_shared=True))
    other = new_user()
    with pytest.raises(PresetNotFound):
        await history.presets.save(replace(mine, user_id=other, preset_name="ของใคร"))
    with pytest.raises(PresetNotFound):
        await history.presets.change(mine.preset_id, other, lambda kept: kept)
    with pytest.raises(PresetNotFound):
        await history.presets.delete(mine.preset_id, other)
    assert mine in await history.presets.usable(user)


@KEEPING
async def test_a_deleted_preset_is_gone(history: Stores, user: str) -> None:
    mine = await history.presets.save(preset(user, "ชั่วคราว"))
    await history.presets.delete(mine.preset_id, user)
    assert mine not in await history.presets.usable(user)
    with pytest.raises(PresetNotFound):
        await history.presets.delete(mine.preset_id, user)


@KEEPING
async def test_what_no_store_can_keep_is_refused(history: Stores, user: str) -> None:
    for bad in (preset(user, "ก" * 256), preset(user, "a\0b"), preset(user, "a", options={"system_prompt": "a\0b"})):
        with pytest.raises(HistoryRefused):
            await history.presets.save(bad)
