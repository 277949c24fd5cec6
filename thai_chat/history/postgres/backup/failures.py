"""Failures of a database or a file of a command, as errors that people can read."""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg2

from thai_chat.domain.errors import HistoryUnavailable, StartError
from thai_chat.history.postgres import probe

IMPORT = "An export, of Thai Chat or another program, is imported on the page."


@contextmanager
def looking_at(address: str) -> Iterator[Any]:
    """Open a cursor in a short transaction of a command. Raises HistoryUnavailable, or StartError when it is
    refused."""
    with foreign_errors(None), closing(probe.connect(address)) as connection, connection, connection.cursor() as cursor:
        yield cursor


@contextmanager
def foreign_errors(file: Path | None) -> Iterator[None]:
    """Translate what PostgreSQL and the file system raise; `file` is what is read or written."""
    try:
        yield
    except (psycopg2.OperationalError, psycopg2.InterfaceError) as exc:
        raise HistoryUnavailable(probe.said(exc)) from exc
    except psycopg2.Error as exc:
        raise StartError(f"The database refused: {probe.said(exc)}") from exc
    except OSError as exc:
        raise StartError(f"{file} can't be used: {exc.strerror or exc}.") from exc


def _is_json(file: Path) -> bool:
    with suppress(OSError), file.open("rb") as opened:
        return opened.read(64).removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")
    return False


@contextmanager
def damages(file: Path) -> Iterator[None]:
    """Translate what zipfile raises at broken archives: its own errors, those of the ways of packing, and the last four
    at encrypted entries, unknown ways of packing and nonsense in its tables."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError) as exc:
        if _is_json(file):
            raise StartError(f"{file} is an export, not a backup. {IMPORT}") from exc
        raise StartError(f"{file} is damaged or no backup: {exc}. Use another one.") from exc
    except (NotImplementedError, RuntimeError, struct.error, ValueError) as exc:
        raise StartError(f"{file} is damaged or no backup: {exc}. Use another one.") from exc
