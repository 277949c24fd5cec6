"""Makes texts of people and models safe and true as the Markdown that Gradio's Chatbot renders."""

from __future__ import annotations

import re

_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")
_INDENT = re.compile(r"^[ \t]+", re.MULTILINE)
_CODE = re.compile(
    r"^[ \t>]*(?P<fence>`{3,}|~{3,})[^\n]*(?:\n.*?(?:^[ \t>]*(?P=fence)[`~]*[ \t]*$|\Z)|\Z)"
    r"|(?P<ticks>`+)(?!`).*?(?<!`)(?P=ticks)(?!`)",
    re.MULTILINE | re.DOTALL,
)
_TAG = re.compile(r"<(?=[A-Za-z/!?])(?!https?://|mailto:|br\s*/?>)", re.IGNORECASE)
_IMAGE = re.compile(r"!(?=\[)")


def shown_as_written(text: str) -> str:
    """Markdown that shows `text` as it was typed: what a person asks is never markup.

    Entities rather than backslashes, since \\( and \\[ would begin a formula.
    """
    escaped = _PUNCTUATION.sub(lambda sign: f"&#{ord(sign.group())};", text.replace("\r\n", "\n"))
    return _INDENT.sub(lambda indent: "&nbsp;" * len(indent.group().expandtabs(4)), escaped)


def without_html(markdown: str) -> str:
    """`markdown` with its raw HTML shown instead of interpreted, and its pictures as links.

    The Chatbot's sanitiser would drop tags without a trace, and a picture from elsewhere would tell its host who
    reads. Code is left alone.
    """
    parts, end = [], 0
    for code in _CODE.finditer(markdown):
        parts += [_inert(markdown[end : code.start()]), code.group()]
        end = code.end()
    return "".join((*parts, _inert(markdown[end:])))


def _inert(text: str) -> str:
    return _IMAGE.sub("", _TAG.sub("&lt;", text))
