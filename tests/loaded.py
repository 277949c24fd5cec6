"""Imports all that a running app may import, for `forked`; what needs a package that is not installed stays out."""

from __future__ import annotations

import gc
import importlib
import pkgutil
from contextlib import suppress

import thai_chat

_RUN_WHEN_IMPORTED = "thai_chat.migrations."

for module in pkgutil.walk_packages(thai_chat.__path__, "thai_chat."):
    if not module.name.startswith(_RUN_WHEN_IMPORTED):
        with suppress(ModuleNotFoundError):
            importlib.import_module(module.name)
gc.freeze()
