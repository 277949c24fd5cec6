"""Prints `.env.example`: every setting of the core and of each kind of backend, with its default and what it is for.

python -m scripts.env_example > .env.example
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from thai_chat.backends.registry import KINDS
from thai_chat.commands.usage import spelled
from thai_chat.settings import Settings

_WIDTH = 120
_HEAD = (
    "Every setting of Thai Chat with its default. Copy this file to .env and change what you need, or set the same "
    "names in the environment, which counts more. ./manage.sh doctor finds what is wrong or misspelt. What is left "
    "empty has its default"
)
_SECTIONS = {
    "host": "The page",
    "database_url": "PostgreSQL",
    next(iter(KINDS[0].settings.model_fields)): "Models",
    "auth": "Accounts and logs",
}
"""By the first setting of each."""


def lines() -> Iterator[str]:
    fields = Settings.model_fields
    none = [kind for kind in KINDS if fields[kind.configured_by.lower()].get_default()]
    switches = [f"{kind.configured_by}= alone means that there is no {kind.label}" for kind in none]
    yield from (f"# {line}" for line in textwrap.wrap(f"{'; '.join([_HEAD, *switches])}.", _WIDTH - 2))
    for name, field in fields.items():
        if name in _SECTIONS:
            yield ""
            yield f"# --- {_SECTIONS[name]} ".ljust(_WIDTH, "-")
        yield f"# {field.description}"
        yield f"{name.upper()}={spelled(field.get_default())}"


if __name__ == "__main__":
    print("\n".join(lines()))
