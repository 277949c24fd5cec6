"""The end of the page's `<head>`: what it needs first, found by the browser before any script has run."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

from thai_chat import texts
from thai_chat.chat.options import SYSTEM_PROMPT_CHARS
from thai_chat.domain.messages import MAX_QUESTION_CHARS
from thai_chat.domain.ports.backend_kinds import Kinds
from thai_chat.texts import Language
from thai_chat.ui.components import FRONTEND, gr
from thai_chat.ui.shell import Shell, read_shell
from thai_chat.ui.static import ASSETS, Assets, first_modules, style_sheet, version

_BUILT_IN: Language = "en"
"""Gradio's scripts have its own texts in this language."""
_PLACE = re.compile(r"\{(base|version|texts|looped|loopless|theme)\}")
_READ = ("looped", "loopless")
"""The families of the page's text: a person reads one of them, which comes whole, and the other is not asked for."""
_FACE = re.compile(rf"@font-face\s*\{{[^}}]*font-family:\s*({'|'.join(_READ)})\b[^}}]*\}}")
_FONT = re.compile(r"url\((?:\./)?(fonts/[\w.-]+\.woff2)\)")
_RELATIVE = re.compile(r"url\((['\"]?)(?!data:|https?:|/|#)")


@dataclass(frozen=True, slots=True)
class Heads:
    """Makes the head for a page of Gradio's that is mounted; its files are `assets`."""

    page: gr.Blocks
    kinds: Kinds
    assets: Assets

    def by_language(self) -> Mapping[Language, str]:
        """Return the head for each language, and have the one style sheet of the page served."""
        shell = read_shell(FRONTEND, (block.get_block_name() for block in self.page.blocks.values()), texts.LANGUAGES)
        own = style_sheet()
        faces = {
            family: self._serve(family, "".join(face[0] for face in _FACE.finditer(own) if face[1] == family))
            for family in _READ
        }
        sheet = self._serve("all", self._whole(shell, _FACE.sub("", own)))
        return {
            language: "".join((*self._scripts(language, faces), *_links(shell, language, sheet)))
            for language in texts.LANGUAGES
        }

    def _whole(self, shell: Shell, own: str) -> str:
        """Return Gradio's styles, its theme and ours: about in the order in which Gradio would have loaded them."""
        theme = _RELATIVE.sub(r"url(\1../../", self.page.theme_css)
        return "\n".join((shell.style_sheet(FRONTEND / "assets", above="../../assets/"), theme, own))

    def _serve(self, kind: str, sheet: str) -> str:
        """Return the address at which the style sheet is served from now on; fonts for reading are in theirs."""
        if kind in _READ:
            sheet = _FONT.sub(lambda font: f"url({_as_address(font[1])})", sheet)
        name = f"{kind}-{hashlib.sha256(sheet.encode()).hexdigest()[:12]}.css"
        self.assets.made[name] = sheet
        return f"{_base()}/{name}"

    def _serve_texts(self, language: Language) -> str:
        """Return the address of the texts of what is opened seldom."""
        said = json.dumps(texts.later_texts(language), ensure_ascii=False)
        name = f"texts-{language}-{hashlib.sha256(said.encode()).hexdigest()[:12]}.json"
        self.assets.made[name] = said
        return f"{_base()}/{name}"

    def _scripts(self, language: Language, faces: Mapping[str, str]) -> Iterator[str]:
        early = (ASSETS / "early.js").read_text("utf-8")
        values = {
            "base": _base(),
            "version": version(),
            "texts": self._serve_texts(language),
            **faces,
            "theme": f"/theme.css?v={self.page.theme_hash}",
        }
        early = _PLACE.sub(lambda found: values[found[1]], early)
        said = {
            "thaiChatTexts": {language: texts.page_texts(language)},
            "thaiChatLimit": MAX_QUESTION_CHARS,
            "thaiChatPromptLimit": SYSTEM_PROMPT_CHARS,
            "thaiChatBackends": described(self.kinds),
        }
        yield f"<script>{' '.join(f'window.{name} = {as_script(value)};' for name, value in said.items())}</script>"
        yield f"<script>{early}</script>"


def _base() -> str:
    return f"ui-static/{version()}"


def _as_address(font: str) -> str:
    return f"data:font/woff2;base64,{base64.b64encode((ASSETS / font).read_bytes()).decode()}"


def _links(shell: Shell, language: Language, sheet: str) -> Iterator[str]:
    yield f'<link rel="icon" href="{icon()}">'
    yield f'<link rel="stylesheet" href="{sheet}">'
    # Gradio asks for a style unless a link to it, spelled like this, is there; one that is disabled is not loaded.
    yield from (f'<link rel="stylesheet" href="./assets/{escape(name)}" disabled>' for name in shell.styles)
    scripts = list(shell.scripts)
    if language != _BUILT_IN and (locale := (shell.locales or {}).get(language)):
        scripts.append(locale)
    yield from (f'<link rel="modulepreload" href="assets/{escape(name)}">' for name in scripts)
    yield from (f'<link rel="modulepreload" href="{_base()}/{module}">' for module in first_modules())


def described(kinds: Kinds) -> Mapping[str, object]:
    """Return what the browser has to know of each kind, in the order of the picker."""
    return {
        kind.name: {
            "label": kind.label,
            "options": kind.page.examples,
            "effort": kind.page.has_effort,
            "thinking": kind.page.has_thinking_switch,
        }
        for kind in kinds
    }


def as_script(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def icon() -> str:
    """Return the icon as an address that asks nobody: the page's policy lets pictures come from itself alone."""
    return "data:image/svg+xml," + quote((ASSETS / "icon.svg").read_text("utf-8").strip(), safe="/:=")
