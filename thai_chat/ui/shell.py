"""Gradio's own files: which of them the page is going to load, read from Gradio's folder.

Its scripts learn of each other one after another, and fetch a style for each. Told of all of them at once, the browser
fetches the scripts together and the styles as one file. What is not found in another version of Gradio is left to
Gradio: then there are more requests, and the page is the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_ENTRY = re.compile(r'<script type="module"[^>]*\ssrc="\./assets/([^"/]+\.js)"')
_STYLE = re.compile(r'<link rel="stylesheet"[^>]*\shref="\./assets/([^"/]+\.css)"')
_DEPENDENCIES = re.compile(r"__vite__mapDeps=.{0,60}?\(m\.f=\[([^\]]*)\]")
_LATER = re.compile(r"\w+\(async\(\)=>\{[^{}]*\{default:\w+\}=await import\(`\./(Blocks-[\w-]+\.js)`\)", re.DOTALL)
_NUMBERS = re.compile(r"__vite__mapDeps\(\[([\d,]*)\]\)")
_ADDRESS = re.compile(r"url\((?!['\"]?(?:data:|https?:|/|#))(['\"]?)([^)'\"]+)\1\)")


@dataclass(frozen=True, slots=True)
class Shell:
    scripts: tuple[str, ...] = ()
    """Names in Gradio's folder of assets, in the order in which they are needed."""
    styles: tuple[str, ...] = ()
    """The same for the styles, that of Gradio's document first."""
    locales: Mapping[str, str] | None = None
    """The script of Gradio's own texts in a language, where it is none of those above."""

    def style_sheet(self, folder: Path, *, above: str) -> str:
        """Return the text of all styles as one. `above` leads from where it is served to Gradio's folder."""
        sheets = ((folder / name).read_text("utf-8") for name in self.styles)
        return "\n".join(_ADDRESS.sub(rf"url(\1{above}\2\1)", sheet) for sheet in sheets)


def read_shell(frontend: Path, components: Iterable[str], languages: Iterable[str]) -> Shell:
    """Return what Gradio loads for a page of these components; an empty shell where its files are not as expected."""
    try:
        return _read(frontend, sorted(set(components)), languages)
    except (OSError, LookupError, ValueError):
        return Shell()


def _read(frontend: Path, components: Iterable[str], languages: Iterable[str]) -> Shell:
    assets = frontend / "assets"
    page = (frontend / "index.html").read_text("utf-8")
    entry = _ENTRY.findall(page)[0]
    needed = [*_STYLE.findall(page), entry, *_dependencies(entry_text := _text(assets, entry))]
    (start,) = re.findall(r"import\(`\./(Index-[\w-]+\.js)`\)", entry_text)
    (core,) = re.findall(r"import\(`\./(core-[\w-]+\.js)`\)", entry_text)
    needed += _of_blocks(_text(assets, start))
    core_text = _text(assets, core)
    for component in components:
        needed += _of_component(core_text, component)
    found = dict.fromkeys(name for name in needed if (assets / name).is_file())
    locales = {
        language: named[0]
        for language in languages
        if (named := re.findall(rf"/{language}\.json\":\(\)=>\w+\(\(\)=>import\(`\./([\w-]+\.js)`\)", core_text))
    }
    return Shell(
        tuple(name for name in found if name.endswith(".js")),
        tuple(name for name in found if name.endswith(".css")),
        locales,
    )


def _text(assets: Path, name: str) -> str:
    return (assets / name).read_text("utf-8")


def _dependencies(script: str) -> list[str]:
    """Return the files that a script of Vite's names for whatever it imports later."""
    found = _DEPENDENCIES.search(script)
    return [part.strip().strip("\"'`").removeprefix("./") for part in found[1].split(",")] if found else []


def _of_blocks(script: str) -> Iterator[str]:
    """Yield the files of the component that has all others in it."""
    if found := _LATER.search(script):
        yield from (found[1], *_numbered(script, found.end()))


def _of_component(script: str, name: str) -> Iterator[str]:
    """Yield the files of a component as it stands in a page, not of its example or its bare form."""
    component = re.compile(
        rf"[{{,]{re.escape(name)}:{{(?:\w+:\(\)=>(?:(?!,component:)[^{{}}])*,)?component:\(\)=>\w+\(\(\)=>import\(`\./([\w-]+\.js)`"
    )
    if found := component.search(script):
        yield from (found[1], *_numbered(script, found.end()))


def _numbered(script: str, at: int) -> list[str]:
    """Return the files that the next call of `__vite__mapDeps` names by their numbers."""
    names = _dependencies(script)
    found = _NUMBERS.search(script, at)
    return [names[int(number)] for number in found[1].split(",") if number] if found else []
