"""Importing Gradio costs no more than it has to."""

from __future__ import annotations

import inspect
import subprocess
import sys

LOOKS_FOR_STUBS = """
import ast

def refuse(*_: object) -> None:
    raise AssertionError("Gradio parses its own sources")

ast.get_source_segment = refuse
from thai_chat.ui.components import gr
with gr.Blocks():
    box = gr.Textbox()
    button = gr.Button()
    button.click(str, box, box)
"""


def test_no_stub_of_a_component_is_made() -> None:
    subprocess.run([sys.executable, "-c", LOOKS_FOR_STUBS], check=True)


def test_nothing_else_is_kept_from_its_source() -> None:
    from thai_chat.ui.components import gr

    assert inspect.getfile(gr.Textbox).endswith("textbox.py")
