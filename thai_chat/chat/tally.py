"""The tokens that a program's request has used: as the server counts them, else estimated from what passed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from thai_chat.domain.events import Usage
from thai_chat.domain.json_types import JsonObject, JsonValue
from thai_chat.domain.ports.relay import RelayCall, RelayKind
from thai_chat.routing.tokens import TOKENS_PER_MESSAGE, estimate_tokens

REASONING = ("reasoning_content", "reasoning")
"""The fields in which servers put a model's thoughts."""
_OPTIONS, _INCLUDE = "stream_options", "include_usage"
_ESTIMATED_CHARS = 4_000
"""The text that is held before it is estimated."""
_MOST_TOKENS = 2**31


class Tally:
    """Looks at each object that passes. A stream's usage is asked for in any case, and hidden from a program that has
    not asked for it."""

    def __init__(self, call: RelayCall) -> None:
        self._body = call.body
        self._kind = call.kind
        self._hides = call.stream and call.kind is RelayKind.CHAT and not _asks_for_usage(call.body)
        self._usage: Usage | None = None
        self._said: list[str] = []
        self._said_chars = 0
        self._said_tokens = 0

    @property
    def unasked(self) -> JsonObject:
        """The fields by which a server is asked to tell its usage, where the program does not ask for it."""
        if not self._hides:
            return {}
        options = self._body.get(_OPTIONS)
        return {_OPTIONS: {**(options if isinstance(options, Mapping) else {}), _INCLUDE: True}}

    def take(self, passed: JsonObject) -> JsonObject | None:
        """Note an object of the answer, and return it as the program is to have it; None where it is to have none."""
        if found := _usage(passed, self._kind):
            self._usage = found
        for text in said_in(passed, self._kind):
            self._said.append(text)
            self._said_chars += len(text)
            if self._said_chars > _ESTIMATED_CHARS:
                self._estimate("")
        if self._hides and "usage" in passed:
            if not passed.get("choices"):
                return None
            return {name: value for name, value in passed.items() if name != "usage"}
        return passed

    def usage(self, model: str) -> Usage:
        """Return the counts of the server; what it has not told is estimated."""
        self._estimate(model)
        told = self._usage or Usage(None, None)
        prompt = self.prompt_tokens(model) if told.prompt_tokens is None else told.prompt_tokens
        completion = self._said_tokens if told.completion_tokens is None else told.completion_tokens
        return Usage(prompt, completion, told.reasoning_tokens, told.cached_tokens)

    @property
    def told(self) -> Usage | None:
        """Return what the server has counted, without estimates."""
        return self._usage

    def prompt_tokens(self, model: str) -> int:
        """Estimate the tokens of what the program sent; pictures count for nothing."""
        sent = list(texts_of(self._body.get("messages") or self._body.get("input")))
        return sum(estimate_tokens(text, model) + TOKENS_PER_MESSAGE for text in sent)

    def _estimate(self, model: str) -> None:
        self._said_tokens += estimate_tokens("".join(self._said), model)
        self._said.clear()
        self._said_chars = 0


def said_in(passed: JsonObject, kind: RelayKind) -> Iterator[str]:
    """Yield the texts in one object of an answer: words, thoughts and arguments of tools."""
    if kind is RelayKind.RESPONSES:
        delta = passed.get("delta")
        if isinstance(delta, str):
            yield delta
        elif "output" in passed:
            yield from texts_of(passed["output"])
        return
    choices = passed.get("choices")
    for choice in choices if isinstance(choices, list) else ():
        said = choice.get("delta") or choice.get("message") if isinstance(choice, Mapping) else None
        if not isinstance(said, Mapping):
            continue
        for name in ("content", *REASONING):
            if isinstance(text := said.get(name), str) and text:
                yield text
        calls = said.get("tool_calls")
        for call in calls if isinstance(calls, list) else ():
            function = call.get("function") if isinstance(call, Mapping) else None
            if isinstance(function, Mapping) and isinstance(text := function.get("arguments"), str):
                yield text


def texts_of(value: JsonValue) -> Iterator[str]:
    """Yield the texts of messages or of an input, but not the pictures."""
    waiting = [value]
    while waiting:
        match waiting.pop():
            case str(text):
                yield text
            case list() as items:
                waiting += reversed(items)
            case Mapping() as item:
                named = (item.get("text"), item.get("content"))
                waiting += [one for one in named if isinstance(one, str | list)]


def _asks_for_usage(body: JsonObject) -> bool:
    options = body.get(_OPTIONS)
    return isinstance(options, Mapping) and bool(options.get(_INCLUDE))


def _usage(passed: JsonObject, kind: RelayKind) -> Usage | None:
    told = passed.get("usage")
    if told is None and kind is RelayKind.RESPONSES and isinstance(inner := passed.get("response"), Mapping):
        told = inner.get("usage")
    if not isinstance(told, Mapping):
        return None
    if kind is RelayKind.EMBEDDINGS:
        return Usage(_count(told.get("prompt_tokens")), 0)
    names = ("input", "output") if kind is RelayKind.RESPONSES else ("prompt", "completion")
    prompt, completion = names
    return Usage(
        _count(told.get(f"{prompt}_tokens")),
        _count(told.get(f"{completion}_tokens")),
        _detail(told, f"{completion}_tokens_details", "reasoning_tokens"),
        _detail(told, f"{prompt}_tokens_details", "cached_tokens"),
    )


def _detail(told: JsonObject, of: str, name: str) -> int | None:
    details = told.get(of)
    return _count(details.get(name)) if isinstance(details, Mapping) else None


def _count(value: JsonValue) -> int | None:
    return value if type(value) is int and 0 <= value < _MOST_TOKENS else None
