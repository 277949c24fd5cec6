"""Which module imports what, and what of that the rooms of a package do not allow."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Import:
    importer: str
    """The module that imports, by its dotted name: "thai_chat.history.opening"."""
    imported: str
    """A module of the package, or a library."""


@cache
def imported_names(source: str) -> tuple[str, ...]:
    """Return what a module imports, inside of functions too: "a.b" of `import a.b`, "a.b.c" of `from a.b import c`."""
    names: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return tuple(names)


class Package:
    """The modules of one package on the disk, and lines planted into them, or into new ones, for a try."""

    def __init__(self, folder: Path, planted: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.name = folder.name
        self._planted = {folder / path: line for path, line in (planted or {}).items()}
        self.modules = {self._dotted(path): path for path in sorted({*folder.rglob("*.py"), *self._planted})}

    def room_of(self, module: str) -> str:
        """Return the folder of a module, as "history.outage"; a module on top is a room of its own, as "settings"."""
        parts = module.split(".")[1:]
        if self.modules[module].name != "__init__.py" and len(parts) > 1:
            parts = parts[:-1]
        return ".".join(parts)

    def imports(self) -> Iterator[Import]:
        for module, path in self.modules.items():
            source = path.read_text() if path.exists() else ""
            for name in imported_names(source) + imported_names(self._planted.get(path, "")):
                yield Import(module, self._module_of(name))

    def violations(self, rooms: Mapping[str, Set[str]], libraries: Mapping[str, Set[str]]) -> list[str]:
        """Return what the rows do not allow, in words. What is in no row is not allowed."""
        found = {f"{room} is in no row" for room in map(self.room_of, self.modules) if room not in rooms}
        for one in self.imports():
            room = self.room_of(one.importer)
            if one.imported in self.modules:
                other = self.room_of(one.imported)
                if other and other != room and other not in rooms.get(room, ()):
                    found.add(f"{room} imports {other}: {one.importer}")
            elif (top := one.imported.split(".")[0]) not in sys.stdlib_module_names and room not in libraries.get(
                top, ()
            ):
                found.add(f"{room} imports {top}: {one.importer}")
        return sorted(found)

    def unused(self, rooms: Mapping[str, Set[str]], libraries: Mapping[str, Set[str]]) -> list[str]:
        """Return what the rows allow though nobody does it."""
        done = {(self.room_of(one.importer), self._target(one.imported)) for one in self.imports()}
        allowed = {(room, other) for room, others in rooms.items() for other in others}
        owned = {(room, library) for library, owners in libraries.items() for room in owners}
        gone = {f"{room} is no room" for room in rooms if room not in set(map(self.room_of, self.modules))}
        return sorted({f"{room} does not import {other}" for room, other in (allowed | owned) - done} | gone)

    def circles(self) -> list[str]:
        """Return every circle of modules once, as "a -> b -> a"; imports inside of functions count too."""
        imports: dict[str, set[str]] = {name: set() for name in self.modules}
        for one in self.imports():
            if one.imported in self.modules and one.imported != one.importer:
                imports[one.importer].add(one.imported)
        found: list[str] = []
        done: set[str] = set()

        def visit(name: str, path: tuple[str, ...]) -> None:
            if name in path:
                found.append(" -> ".join((*path[path.index(name) :], name)))
            elif name not in done:
                for imported in sorted(imports[name]):
                    visit(imported, (*path, name))
                done.add(name)

        for name in imports:
            visit(name, ())
        return found

    def _target(self, imported: str) -> str:
        return self.room_of(imported) if imported in self.modules else imported.split(".")[0]

    def _dotted(self, path: Path) -> str:
        parts = (self.name, *path.relative_to(self.folder).with_suffix("").parts)
        return ".".join(parts).removesuffix(".__init__")

    def _module_of(self, name: str) -> str:
        """Return the module that `from module import thing` reads."""
        return name if name in self.modules else name.rpartition(".")[0] or name
