"""What a server was seen to refuse, remembered for each model, so that the next request is right at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from thai_chat.domain.messages import JsonObject, JsonValue
from thai_chat.domain.ports import ReplyRequest
from thai_chat.routing.quirks import RENAMED_PARAMETERS, STREAMING_REFUSED_S

_STREAM_OPTIONS = "stream_options"
_NO_OPTIONS = frozenset({"model", "messages", "stream", _STREAM_OPTIONS, "n"})
"""What an option may not change: whom is asked what, and that one reply streams."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """How a request is sent this time."""

    streams: bool
    parameters: dict[str, JsonValue]
    """What goes beside model, messages and stream."""
    dropped: Sequence[str]
    """Asked-for options that are left out because the model refuses them."""


class LearnedParameters:
    """Lives as long as its backend: a restart asks anew, as servers and accounts change."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._refused: dict[str, set[str]] = {}
        self._no_streaming_until: dict[str, float] = {}

    def attempt(self, request: ReplyRequest, *, stream_options: JsonObject) -> Attempt:
        """All that was asked for and the wish for token counts, less what the model is known to refuse."""
        streams = self._clock() >= self._no_streaming_until.get(request.model, 0.0)
        refused = self._refused.get(request.model, set())
        parameters: dict[str, JsonValue] = {}
        dropped = []
        for name, value in request.options.items():
            if name in _NO_OPTIONS:
                continue
            newer = RENAMED_PARAMETERS.get(name, name)
            if name not in refused:
                parameters[name] = value
            elif newer not in refused:
                parameters.setdefault(newer, value)
            else:
                dropped.append(name)
        if streams and _STREAM_OPTIONS not in refused:
            parameters[_STREAM_OPTIONS] = stream_options
        return Attempt(streams=streams, parameters=parameters, dropped=dropped)

    def learn(self, model: str, param: str, attempt: Attempt) -> bool:
        """Notes a refusal; False when nothing that was sent can be left out to cure it.

        Streaming is refused to organisations that are not verified; that is believed for a while only.
        """
        if param == "stream" and attempt.streams:
            self._no_streaming_until[model] = self._clock() + STREAMING_REFUSED_S
            return True
        if param not in attempt.parameters:
            return False
        self._refused.setdefault(model, set()).add(param)
        return True
