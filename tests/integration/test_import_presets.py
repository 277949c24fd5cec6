"""Presets of an import: those that are there already stay, others come beside them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.contract.test_history_presets import preset
from tests.foreign_exports import (
    Json,
    as_file,
)
from tests.histories import PostgresStores
from tests.history_writes import new_user, whole_turn
from tests.integration.test_transfer import exported, imported
from thai_chat.domain.errors import ImportRefused
from thai_chat.domain.presets import Preset
from thai_chat.domain.transfer import Imported


async def own_presets(history: PostgresStores, user: str) -> list[Preset]:
    return [one for one in await history.presets.usable(user) if one.user_id == user]


async def test_presets_that_are_there_already_are_left_as_they_are(history: PostgresStores, user: str) -> None:
    made = [preset(user, "กวี"), preset(user, "ทนาย", backend="vllm", model="m", is_default=True, is_shared=True)]
    for one in made:
        await history.presets.save(one)
    content = await exported(history, user)
    assert await imported(history, user, content) == Imported()
    assert await own_presets(history, user) == sorted(made, key=lambda one: one.preset_name)
    renamed = await history.presets.save(replace(made[0], preset_name="กวีเอก"))
    assert await imported(history, user, content) == Imported()
    assert renamed in await own_presets(history, user)


async def test_a_name_with_other_content_is_kept_beside_with_a_number(history: PostgresStores, user: str) -> None:
    made = await history.presets.save(preset(user, "กวี", backend="vllm", model="m", is_default=True))
    content = await exported(history, user)
    changed = await history.presets.save(replace(made, options={"temperature": 1.5}))
    assert await imported(history, user, content) == Imported(presets=1, former_defaults=1)
    assert await imported(history, user, content) == Imported()
    mine, came = await own_presets(history, user)
    assert mine == changed
    assert (came.preset_name, came.options, came.is_default) == ("กวี (2)", made.options, False)
    assert came.preset_id != mine.preset_id


async def test_an_empty_account_gets_presets_of_one_name_as_they_were(history: PostgresStores, user: str) -> None:
    for model in ("a", "b"):
        await history.presets.save(preset(user, "ย่อความ", backend="vllm", model=model, is_default=True))
    before = await own_presets(history, user)
    content = await exported(history, user)
    for one in before:
        await history.presets.delete(one.preset_id, user)
    assert await imported(history, user, content) == Imported(presets=2, former_defaults=2)
    assert await own_presets(history, user) == [replace(one, is_default=False) for one in before]


async def test_somebody_elses_presets_get_other_ids_and_come_once(history: PostgresStores, user: str) -> None:
    made = await history.presets.save(preset(user, "กวี"))
    content = await exported(history, user)
    other = new_user()
    assert (await imported(history, other, content)).presets == 1
    assert (await imported(history, other, content)).presets == 0
    (theirs,) = await own_presets(history, other)
    assert theirs == replace(made, user_id=other, preset_id=theirs.preset_id)
    assert theirs.preset_id != made.preset_id
    assert await own_presets(history, user) == [made]


async def test_a_part_of_the_history_leaves_without_presets(history: PostgresStores, user: str) -> None:
    turn = await whole_turn(history, user)
    await history.presets.save(preset(user, "กวี"))
    await history.presets.save(preset(new_user(), "ของคนอื่น", is_shared=True))
    assert "presets" not in json.loads(await exported(history, user, chosen=[turn.session.session_id]))
    everything = json.loads(await exported(history, user))
    assert [one["preset_name"] for one in everything["presets"]] == ["กวี"]
    # Files from before presets were exported.
    del everything["presets"]
    assert await imported(history, user, as_file(everything)) == Imported(skipped=1)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"preset_name": " "}, "import_wrong"),
        ({"preset_name": None}, "import_missing"),
        ({"preset_id": "x"}, "import_wrong"),
        ({"options": {"temperature": 9}}, "import_option"),
        ({"options": {"messages": []}}, "import_option"),
        ({"options": {"system_prompt": 5}}, "import_wrong"),
        ({"updated_at": "เมื่อวาน"}, "import_wrong"),
    ],
)
async def test_a_wrong_preset_is_refused_with_its_line(
    history: PostgresStores, user: str, wrong: Json, why: str
) -> None:
    made = await history.presets.save(preset(user, "กวี"))
    await whole_turn(history, user)
    value = json.loads(await exported(history, user))
    await history.presets.delete(made.preset_id, user)
    value["presets"][0].update(wrong)
    with pytest.raises(ImportRefused) as caught:
        await imported(history, user, json.dumps(value, indent=1).encode())
    params = caught.value.params
    assert (params["why"], params["place"], params["line"], params["number"]) == (why, "import_at_preset", 6, 1)
    assert await own_presets(history, user) == []
