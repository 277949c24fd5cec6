"""The error of a program's own request, with the server's words about it."""

from __future__ import annotations

from dataclasses import dataclass

from thai_chat.domain.backend_errors import BackendError


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerWords:
    """The fields of an error as the server gave them, without secrets of this program; empty where it gave none."""

    status: int
    message: str = ""
    type: str = ""
    param: str = ""
    code: str = ""


class RelayRefused(BackendError):
    """The server refuses what the program asked: it would say the same again. `words` are for that program alone, as
    they may quote its request: they go into no log and no notice."""

    code = "relay_refused"

    def __init__(self, detail: str = "", *, words: ServerWords | None = None, **params: str | int | float) -> None:
        super().__init__(detail, **params)
        self.words = words or ServerWords(status=400)
