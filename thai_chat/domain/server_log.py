"""The settings that keep what people and models wrote out of the log of a PostgreSQL server of one's own.

Only its superuser may set them, and for a role: then they hold however the role comes in, through a pooler too.
"""

from __future__ import annotations

from collections.abc import Mapping

ROLE_SETTINGS: Mapping[str, str] = {
    # Neither the statement that failed nor the row that it failed for, of which PostgreSQL quotes the beginning.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_min_duration_sample": "-1",
    "log_transaction_sample_rate": "0",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    # Where the module is not loaded it is a name without effect.
    "auto_explain.log_min_duration": "-1",
}


def statements(role: str) -> list[str]:
    """Return the statements that the superuser runs; they may be repeated.

    `role` is a plain name, or one that is quoted already.
    """
    return [f"ALTER ROLE {role} SET {name} TO '{value}'" for name, value in ROLE_SETTINGS.items()]
