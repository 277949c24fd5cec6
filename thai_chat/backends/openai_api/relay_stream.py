"""Decodes the answer to a program: its objects go on as they are, once they are known to be parts of an answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import orjson

from thai_chat.backends.failures import Refusal
from thai_chat.backends.openai_api.decoder import Decoder, refusal_inside
from thai_chat.backends.openai_api.halves import DeltaHalves
from thai_chat.backends.openai_api.whole_answer import as_chunks, is_answer
from thai_chat.backends.wording import BROKEN_OFF
from thai_chat.domain.backend_errors import BackendError, BackendGarbled, ReplyCut
from thai_chat.domain.json_types import JsonObject
from thai_chat.domain.ports.relay import RelayCall, RelayKind, has_begun, says_something

_LAST = frozenset({"response.completed", "response.incomplete", "response.failed"})
_NO_REASON = (None, "", "null", "None")
_MOST_CHOICES = 1_000
_SHALLOW = 200
"""With so few brackets nothing is nested too deeply to be written again: `orjson` reads 1,024 levels and writes 254."""


class RelayStream(Decoder[JsonObject]):
    """A decoder of an answer in any of OpenAI's forms, streamed or in one piece."""

    __slots__ = ("_call", "_ended", "_halves", "_is_answered", "_stops_on_words", "_to_error")

    def __init__(self, call: RelayCall, to_error: Callable[[Refusal], BackendError]) -> None:
        super().__init__()
        self._call = call
        self._to_error = to_error
        self._halves: DeltaHalves | None = None
        self._ended: dict[int, bool] = {}
        """Whether each choice that was begun has its reason for the end."""
        self._is_answered = False
        """The answer came in one piece, or the server named its end in so many words."""
        self._stops_on_words = False
        """The server has a reason for the end beside words, maybe beside all of them: more may follow."""

    @property
    def is_whole(self) -> bool:
        return self._is_answered or (bool(self._ended) and all(self._ended.values()))

    @property
    def has_ended(self) -> bool:
        return self.is_whole and not self._stops_on_words

    def shows_life(self, items: Sequence[JsonObject]) -> bool:
        return any(has_begun(self._call.kind, item) for item in items)

    def _end(self) -> None:
        self._is_answered = self._is_answered or (self.done and bool(self._ended))

    def _error(self, refusal: Refusal) -> BackendError:
        return self._to_error(refusal)

    def _expect_halves(self) -> None:
        self._halves = self._halves or DeltaHalves()

    def _part(self, payload: bytes) -> list[JsonObject]:
        objects = super()._part(payload)
        if payload.count(b"{") + payload.count(b"[") > _SHALLOW:
            try:
                orjson.dumps(objects)
            except orjson.JSONEncodeError as exc:
                raise BackendGarbled("nested too deeply to be sent on") from exc
        return objects

    def _events(self, part: dict[str, Any]) -> list[JsonObject]:
        if self._halves:
            part = self._halves.mended(part)
        if not self._call.stream:
            if not is_answer(self._call.kind, part):
                raise BackendGarbled("the answer is not what it should be")
            self._is_answered = self.done = True
            return [part]
        if self._call.kind is RelayKind.RESPONSES:
            return self._of_response(part)
        return self._of_completion(part)

    def _of_completion(self, part: dict[str, Any]) -> list[JsonObject]:
        choices = part.get("choices")
        if not choices:
            return [part] if "choices" in part or part.get("usage") else []  # the rest says only that it is there
        if not isinstance(choices, list):
            raise TypeError("a list expected")
        if not self._ended and all("message" in choice and not choice.get("delta") for choice in choices):
            self._is_answered = self.done = True
            return as_chunks(part, self._call.body)
        for choice in choices:
            self._note(choice)
        return [part]

    def _note(self, choice: dict[str, Any]) -> None:
        index, says = choice.get("index", 0), says_something(choice.get("delta"))
        reason = choice.get("finish_reason")
        if reason not in _NO_REASON:
            self._ended[index] = True
            self._stops_on_words = self._stops_on_words or says
            if reason in BROKEN_OFF:
                self._break_off(ReplyCut("the server gave the reply up"))
        elif says or index not in self._ended:
            self._ended[index] = False  # what comes after an end takes it back
            if len(self._ended) > _MOST_CHOICES:
                raise BackendGarbled("choices without an end")

    def _of_response(self, part: dict[str, Any]) -> list[JsonObject]:
        if part.get("object") == "response":
            self._is_answered = self.done = True
            return [{"type": f"response.{part.get('status') or 'completed'}", "sequence_number": 0, "response": part}]
        kind = part.get("type")
        if kind == "error":
            raise self._error(refusal_inside(part))
        if kind in _LAST:
            self._is_answered = self.done = True
        return [part] if isinstance(kind, str) else []
