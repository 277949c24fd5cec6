"""Draws Markdown that a model wrote as HTML that can do nothing but be read.

Nothing in it is loaded or run: HTML is text, pictures are links, links lead to the web or to mail. What is hostile
takes bounded time and memory: the text is bounded, nesting is bounded, and whoever takes too many steps is shown as it
was written.
"""

from __future__ import annotations

import re
from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock
from markdown_it.rules_block.table import table
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

from thai_chat.sharing.formulas import block_formula, inline_formula

MARKDOWN_CHARS = 100_000
"""A longer text is shown as it was written: what is read of one character may take half a kilobyte."""
_NESTING = 20
_MOST_STEPS = 600_000
_MOST_CELLS = 20_000
"""The cells of all tables of one text: an empty one takes as much memory as a full one."""
_SCHEMES = frozenset({"http", "https", "mailto"})
_REL = "noopener noreferrer nofollow ugc"
_ADDRESS = re.compile(r"https?://[A-Za-z0-9._~:/?#@!$&'()*+,;=%\[\]-]+")
"""An address that stands in a text; a Thai letter ends it."""
_BEHIND_ADDRESS = ".,;:!?'*]"
_LINKS = "links"
_STEPS = "steps"
_CELLS = "cells"
_HEADINGS_BELOW = 2
"""The levels of headings that the page itself has."""


@dataclass(frozen=True, slots=True)
class SpokenLabels:
    """Words for people who hear the page."""

    code: str
    formula: str
    table: str


class _TooHard(Exception):
    """The text takes more steps than are spent on one."""


def as_html(text: str, labels: SpokenLabels) -> str:
    """Return the text as HTML."""
    if len(text) > MARKDOWN_CHARS:
        return plain(text)
    env: MutableMapping[str, Any] = {_STEPS: 0, _CELLS: 0, _LINKS: 0, "labels": labels}
    try:
        return str(_parser().render(text, env))
    except (_TooHard, RecursionError):
        return plain(text)


def plain(text: str) -> str:
    """Return the text as it was written."""
    return f'<p class="plain">{escape(text)}</p>'


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": _NESTING}, renderer_cls=_Renderer)
    parser.enable("strikethrough")
    parser.block.ruler.before("code", "step", _block_step, {"alt": ["paragraph", "blockquote", "list", "reference"]})
    parser.block.ruler.before("code", "table", _bounded_table, {"alt": ["paragraph", "reference"]})
    parser.block.ruler.before("table", "formula", block_formula, {"alt": ["paragraph", "reference", "blockquote"]})
    parser.inline.ruler.before("text", "step", _inline_step)
    parser.inline.ruler.before("escape", "formula", inline_formula)
    parser.validateLink = _is_allowed  # type: ignore[method-assign, assignment]
    return parser


def _is_allowed(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme.lower() in _SCHEMES and bool(parts.netloc or parts.scheme.lower() == "mailto")


def _spend(env: MutableMapping[str, Any]) -> None:
    env[_STEPS] += 1
    if env[_STEPS] > _MOST_STEPS:
        raise _TooHard


def _block_step(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    _spend(state.env)
    return False


def _inline_step(state: StateInline, silent: bool) -> bool:
    _spend(state.env)
    return False


def _bounded_table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Take a table while all of them together are small enough; more are text."""
    if state.env[_CELLS] > _MOST_CELLS:
        return False
    if silent:
        return table(state, start, end, silent)
    if start + 2 > end or not _may_be_rule(state, start + 1):
        return False
    columns = state.src.count("|", state.bMarks[start], state.eMarks[start]) + 1
    line = start + 1
    while line < end and not state.isEmpty(line) and state.env[_CELLS] <= _MOST_CELLS:
        state.env[_CELLS] += columns
        line += 1
    return state.env[_CELLS] <= _MOST_CELLS and table(state, start, end, silent)


def _may_be_rule(state: StateBlock, line: int) -> bool:
    """Tell whether the line has nothing but what stands between a table's head and its body."""
    written = state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]]
    return bool(written) and not written.strip("|:- \t")


class _Renderer(RendererHTML):
    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: MutableMapping[str, Any]) -> str:
        """Return a link to the picture."""
        token = tokens[idx]
        name = self.renderInlineAsText(token.children, options, env) if token.children else ""
        address = str(token.attrs.get("src", ""))
        return f'<a href="{escape(address)}" rel="{_REL}">{escape(name or address)}</a>'

    def link_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: MutableMapping[str, Any]) -> str:
        env[_LINKS] += 1
        tokens[idx].attrSet("rel", _REL)
        return self.renderToken(tokens, idx, options, env)

    def link_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: MutableMapping[str, Any]) -> str:
        env[_LINKS] -= 1
        return "</a>"

    def text(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: MutableMapping[str, Any]) -> str:
        """Return the text, with links where addresses stand in it."""
        content = tokens[idx].content
        return escape(content) if env[_LINKS] else _linked(content)

    def heading_open(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: MutableMapping[str, Any]
    ) -> str:
        level = int(tokens[idx].tag.removeprefix("h"))
        return f'<h{min(level + _HEADINGS_BELOW, 6)} class="level-{level}">'

    def heading_close(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: MutableMapping[str, Any]
    ) -> str:
        level = int(tokens[idx].tag.removeprefix("h"))
        return f"</h{min(level + _HEADINGS_BELOW, 6)}>\n"

    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: MutableMapping[str, Any]) -> str:
        language = tokens[idx].info.strip().split(maxsplit=1)
        return _box(tokens[idx].content, language[0][:40] if language else "", env["labels"].code)

    def code_block(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: MutableMapping[str, Any]) -> str:
        return _box(tokens[idx].content, "", env["labels"].code)

    def formula(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: MutableMapping[str, Any]) -> str:
        return f'<code class="formula">{escape(tokens[idx].content)}</code>'

    def formula_block(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: MutableMapping[str, Any]
    ) -> str:
        return _box(tokens[idx].content, "TeX", env["labels"].formula)

    def table_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: MutableMapping[str, Any]) -> str:
        return f'<div class="table" role="group" tabindex="0" aria-label="{escape(env["labels"].table)}"><table>\n'

    def table_close(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: MutableMapping[str, Any]
    ) -> str:
        return "</table></div>\n"

    def th_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: MutableMapping[str, Any]) -> str:
        return _cell("th", tokens[idx])

    def td_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: MutableMapping[str, Any]) -> str:
        return _cell("td", tokens[idx])


def _linked(text: str) -> str:
    pieces: list[str] = []
    done = 0
    for found in _ADDRESS.finditer(text):
        address = found[0].rstrip(_BEHIND_ADDRESS)
        if "(" not in address:
            address = address.rstrip(")" + _BEHIND_ADDRESS)
        if _is_allowed(address):
            link = f'<a href="{escape(address)}" rel="{_REL}">{escape(address)}</a>'
            pieces += [escape(text[done : found.start()]), link]
            done = found.start() + len(address)
    return "".join((*pieces, escape(text[done:])))


def _cell(tag: str, token: Token) -> str:
    """Return the tag with a class for its alignment: the page allows no styles in place."""
    side = str(token.attrs.get("style", "")).removeprefix("text-align:")
    return f'<{tag} class="{side}">' if side in ("left", "center", "right") else f"<{tag}>"


def _box(text: str, language: str, label: str) -> str:
    head = f'<div class="language">{escape(language)}</div>' if language else ""
    code = f'<pre tabindex="0" role="group" aria-label="{escape(label)}" dir="ltr"><code>{escape(text)}</code></pre>'
    return f'<div class="code">{head}{code}</div>\n'
