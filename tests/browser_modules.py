"""Reads the browser's modules: what each imports, and which names its code uses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_STRING = re.compile(r"'(?:\\.|[^'\\\n])*'|\"(?:\\.|[^\"\\\n])*\"")
_PATTERN = re.compile(r"/(?![/*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\[\n])+/[a-z]*")
_BEFORE_PATTERN = re.compile(r"(?:^|[(,=:\[!&|?{};>~+*%<^-]|\b(?:return|typeof|case|of|in))\s*$")
_IMPORTS = (
    re.compile(r"(?<![\w.$'\"`])(?:import|export)\b[^;'\"()]*?\bfrom\s*(['\"])(.+?)\1"),
    re.compile(r"(?<![\w.$'\"`])import\s*(['\"])(.+?)\1"),
    re.compile(r"(?<![\w.$])import\s*\(\s*(['\"`])(.+?)\1\s*\)"),
)
_ANY_DYNAMIC = re.compile(r"(?<![\w.$])import\s*\(")
_NAME = re.compile(r"[A-Za-z_$][\w$]*")


@dataclass(frozen=True)
class Source:
    """`code` is the text without comments; `bare` has no strings and no regular expressions either."""

    code: str
    bare: str


@cache
def read(text: str) -> Source:
    """Return the code of a module. What stands inside of `${}` of a template is code too."""
    code: list[str] = []
    bare: list[str] = []
    _Reader(text, code, bare).take(0, until=None)
    return Source("".join(code), "".join(bare))


class _Reader:
    def __init__(self, text: str, code: list[str], bare: list[str]) -> None:
        self.text, self.code, self.bare = text, code, bare

    def take(self, at: int, *, until: str | None) -> int:
        """Read on from `at` to the brace that closes what is open, or to the end; return the place after it."""
        depth = 0
        while at < len(self.text):
            sign = self.text[at]
            if found := _COMMENT.match(self.text, at):
                self._keep("\n" * found[0].count("\n") or " ")
                at = found.end()
            elif found := self._quoted(at):
                self.code.append(found[0])
                self.bare.append('""')
                at = found.end()
            elif sign == "`":
                at = self._template(at + 1)
            else:
                depth += (sign == "{") - (sign == "}")
                self._keep(sign)
                at += 1
                if until and depth < 0:
                    return at
        return at

    def _keep(self, text: str) -> None:
        self.code.append(text)
        self.bare.append(text)

    def _quoted(self, at: int) -> re.Match[str] | None:
        if self.text[at] == "/":
            return _PATTERN.match(self.text, at) if _BEFORE_PATTERN.search("".join(self.bare[-12:])) else None
        return _STRING.match(self.text, at)

    def _template(self, at: int) -> int:
        """Read a template from behind its first sign; return the place after its last one."""
        self.code.append("`")
        while at < len(self.text) and self.text[at] != "`":
            if self.text.startswith("${", at):
                self._keep("${")
                at = self.take(at + 2, until="}")
                continue
            width = 2 if self.text[at] == "\\" else 1
            self.code.append(self.text[at : at + width])
            at += width
        self.code.append("`")
        self.bare.append('""')
        return at + 1


def names_in(source: Source) -> set[str]:
    return set(_NAME.findall(source.bare))


def imports_in(source: Source) -> Iterator[str]:
    """Yield the addresses of what is imported, at once or later; '?' for one that is made while the page runs."""
    literal = 0
    for pattern in _IMPORTS:
        for found in pattern.finditer(source.code):
            literal += pattern is _IMPORTS[2]
            yield found[2]
    if len(_ANY_DYNAMIC.findall(source.bare)) > literal:
        yield "?"


def modules_in(root: Path) -> dict[str, Source]:
    """Return every script below `root`, which nobody has bundled, by its path from there, such as `lib/api.mjs`."""
    scripts = sorted(path for path in root.rglob("*") if path.suffix in (".js", ".mjs") and "bundle" not in path.parts)
    return {path.relative_to(root).as_posix(): read(path.read_text("utf-8")) for path in scripts}


def graph_of(modules: Mapping[str, Source], root: Path) -> dict[str, list[str]]:
    """Return which modules each imports. An address that leads out of `root`, or nowhere, stays as it was written."""
    return {name: [_resolved(name, address, root) for address in imports_in(code)] for name, code in modules.items()}


def _resolved(importer: str, address: str, root: Path) -> str:
    if not address.startswith(("./", "../")):
        return address
    target = (root / importer).parent.joinpath(address).resolve()
    return target.relative_to(root.resolve()).as_posix() if target.is_relative_to(root.resolve()) else address
