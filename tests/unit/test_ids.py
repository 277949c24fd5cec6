"""Ids as they are read from PostgreSQL."""

from __future__ import annotations

import pickle
from copy import deepcopy
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from uuid_utils.compat import uuid7

from thai_chat.history.postgres.connections import Database
from thai_chat.history.postgres.ids import id_of

IDS = [UUID(int=0), UUID(int=2**128 - 1), uuid4(), UUID(str(uuid7()))]


@pytest.mark.parametrize("an_id", IDS, ids=["zeros", "ones", "random", "by time"])
def test_an_id_is_the_same_as_one_made_in_the_usual_way(an_id: UUID) -> None:
    read = id_of(str(an_id))
    assert type(read) is UUID
    assert (read, hash(read), str(read), repr(read)) == (an_id, hash(an_id), str(an_id), repr(an_id))
    assert read.is_safe == an_id.is_safe
    assert pickle.loads(pickle.dumps(read)) == deepcopy(read) == an_id


async def test_postgresql_is_read_so(database_url: str) -> None:
    database = Database(database_url)
    asked = text("SELECT CAST(:a AS uuid), CAST(NULL AS uuid), ARRAY[CAST(:a AS uuid), NULL]")
    try:
        row = await database.run(lambda c: c.execute(asked, {"a": str(IDS[3])}).one())
    finally:
        await database.close()
    assert tuple(row) == (IDS[3], None, [IDS[3], None])
