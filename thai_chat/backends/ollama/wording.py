"""How Ollama says what is wrong, as data."""

from __future__ import annotations

import re

QUEUE_FULL = re.compile(r"server busy|maximum pending requests", re.IGNORECASE)
NO_MEMORY = re.compile(r"requires more system memory|out of memory|unable to allocate|cudaMalloc failed", re.I)
NOT_SUPPORTED = re.compile(r"does not support (?P<param>thinking|tools)", re.IGNORECASE)
WRONG_TYPE = re.compile(r'option "(?P<param>\w+)" must be of type', re.IGNORECASE)
NO_MODEL = re.compile(r"model .{1,200} not found", re.IGNORECASE)
NOT_IN_REGISTRY = re.compile(
    r"file does not exist|manifest.{0,40}(?:not found|unknown|40[134])|invalid model name", re.IGNORECASE
)
"""The last three cases of a fetch: no such model, one that is not open to everybody, no name of a model."""
