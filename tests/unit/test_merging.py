"""JSON Merge Patch as RFC 7386 has it."""

from __future__ import annotations

import pytest

from thai_chat.domain.addition_errors import MetadataTooLarge
from thai_chat.domain.json_types import JsonObject
from thai_chat.domain.merging import merged, merged_within


@pytest.mark.parametrize(
    ("kept", "patch", "wanted"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
        ({"a": 1}, {"a": {"b": [None, {"c": None}]}}, {"a": {"b": [None, {"c": None}]}}),
    ],
    ids=[str(number) for number in range(9)],
)
def test_a_patch_is_merged_and_merging_it_again_changes_nothing(
    kept: JsonObject, patch: JsonObject, wanted: JsonObject
) -> None:
    before = repr(kept)
    assert merged(kept, patch) == wanted == merged(wanted, patch)
    assert repr(kept) == before


def test_names_of_ours_do_not_count_for_the_size() -> None:
    kept: JsonObject = {"dept_id": "d" * 50, "fingerprint": "f" * 22, "imported": ["x"] * 50}
    assert merged_within(kept, {"a": "ก"}, 12)["a"] == "ก"
    with pytest.raises(MetadataTooLarge):
        merged_within(kept, {"a": "กข"}, 12)
    assert merged_within(kept, {"a": "กข"}, None)["a"] == "กข"
