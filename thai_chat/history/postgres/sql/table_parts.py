"""The parts that all tables share."""

from __future__ import annotations

from sqlalchemy import (
    DateTime,
    MetaData,
    text,
)

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    }
)

NO_JSON = text("'{}'::jsonb")
TIME = DateTime(timezone=True)
