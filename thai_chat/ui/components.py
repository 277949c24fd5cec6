"""Gradio, imported in half of the time.

At every import Gradio parses the source of each of its components twice, to write stub files for editors beside them:
1.3 of 4.1 s. It passes over a component that has no source file.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def _without_stubs() -> Iterator[None]:
    file_of: Callable[..., str] = inspect.getfile

    def getfile(thing: Any) -> str:
        if isinstance(thing, type) and thing.__module__.startswith("gradio."):
            raise OSError("not looked for")
        return file_of(thing)

    inspect.getfile = getfile  # type: ignore[assignment]
    try:
        yield
    finally:
        inspect.getfile = file_of


with _without_stubs():
    import gradio as gr

FRONTEND = Path(gr.__file__).parent / "templates" / "frontend"
"""The folder of Gradio's document and of the scripts and styles that it loads."""

__all__ = ["FRONTEND", "gr"]
