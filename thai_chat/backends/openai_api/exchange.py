"""How one reply is asked for: by which API, with which body, and what is left out once the server refused it."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from thai_chat.backends import failures
from thai_chat.backends.continuation import INSTRUCTION, Continuation
from thai_chat.backends.openai_api import profile
from thai_chat.backends.openai_api.parameters import Learned
from thai_chat.domain.backend_errors import (
    BackendError,
    BackendFailed,
    ContextOverflow,
    NotOffered,
    UnsupportedParameter,
)
from thai_chat.domain.events import Notice
from thai_chat.domain.json_types import JsonObject, JsonValue
from thai_chat.domain.messages import Role
from thai_chat.domain.options import Options
from thai_chat.domain.ports.backend import PromptMessage, ReplyRequest
from thai_chat.domain.sampling import COMMON

_STREAM, _PREFILL = "stream", "prefill"
_CAPS = frozenset({"max_tokens", "max_completion_tokens"})
_ROOM_TOKENS = 256
"""With less room than this for a reply, a shorter history serves better than a shorter reply."""
_SUMMARY, _STREAM_OPTIONS = "reasoning.summary", "stream_options"
_MAY_GO = (_SUMMARY, _STREAM_OPTIONS)
_ANY = "any value"
_A_WHILE_S = profile.STREAMING_REFUSED_S


class Api(StrEnum):
    COMPLETIONS = "completions"
    RESPONSES = failures.RESPONSES


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """The differences between servers, as they are known before anything is asked."""

    options: Options = field(default_factory=lambda: COMMON)
    """The options that are passed on; all else is left out, and that is said."""
    stream_options: JsonObject = field(default_factory=lambda: {"include_usage": True})
    prefills: Sequence[JsonObject] = ()
    """The flags that have a last message of the assistant continued, those to try first in front."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestAttempt:
    """How the request is sent this time."""

    api: Api
    streams: bool
    prefill: JsonObject | None
    """The flags that have the server itself go on with the beginning; None: it is asked to in words."""
    messages: Sequence[PromptMessage]
    extras: Mapping[str, JsonValue]
    """The fields that go beside model, messages and stream."""
    places: Mapping[str, str]
    """Where in `extras` each thing is that can be left out, with its name, which is empty when nobody asked for it."""
    notices: Sequence[Notice]
    """The notices that a person should have of it: for when the server takes it."""


@dataclass(frozen=True, slots=True)
class _Wish:
    name: str
    """The name under which it was asked for; empty when nobody did."""
    paths: Sequence[str]
    """Where it may go, best first."""
    value: JsonValue


class Exchange:
    """One request, and what was learned while it was made."""

    def __init__(self, request: ReplyRequest, ways: Ways, learned: Learned, *, api: Api = Api.COMPLETIONS) -> None:
        """Take the request. `api` is preferred for the model; it goes to the other one when the server says so."""
        self._request = request
        self._ways = ways
        self._learned = learned
        self._api = api
        self._continues = bool(request.continues.strip())
        self._cap: int | None = None
        self._is_bare = False
        """True once all that nobody asked for is left out."""

    @property
    def model(self) -> str:
        return self._request.model

    def continuation(self, attempt: RequestAttempt) -> Continuation | None:
        """Return what joins the reply to its beginning; None when it has none."""
        return Continuation(self._request.continues, prefilled=attempt.prefill is not None) if self._continues else None

    def attempt(self) -> RequestAttempt:
        """Return all that was asked for, less what the model is known to refuse."""
        model, learned = self._request.model, self._learned
        api = Api.RESPONSES if learned.refuses(model, Api.COMPLETIONS) else self._api
        streams = not learned.refuses(model, _STREAM)
        prefill = self._prefill() if self._continues and api is Api.COMPLETIONS else None
        extras: dict[str, JsonValue] = dict(prefill or {})
        places: dict[str, str] = {}
        notices = [Notice("option_left_out", {"param": name}) for name in self._left_out()]
        for wish in self._wishes(api, streams=streams):
            path = next((path for path in wish.paths if not self._refused(api, path, wish.value)), None)
            if path is not None:
                _put(extras, path, wish.value)
                places[path] = wish.name
            elif wish.name:
                notices.append(Notice("parameter_dropped", {"param": wish.name}))
        if self._cap is not None:
            notices.append(Notice("reply_cap_lowered", {"tokens": self._cap}))
        return RequestAttempt(
            api=api,
            streams=streams,
            prefill=prefill,
            messages=self._messages(prefills=prefill is not None),
            extras=extras,
            places=places,
            notices=notices,
        )

    def settle(self, error: BackendError, attempt: RequestAttempt) -> bool:
        """Tell whether the next attempt differs, so that it may do better than `attempt`, which failed with `error`.

        That comes to an end: a refusal counts only for what was sent, and what was refused is not sent again.
        """
        match error:
            case UnsupportedParameter():
                return self._leave_out(error, attempt) or self._become_bare(attempt)
            case NotOffered() if attempt.api is Api.COMPLETIONS and error.params.get("api") == Api.RESPONSES:
                self._learned.refuse(self._request.model, Api.COMPLETIONS)
                return True
            case ContextOverflow():
                return self._lower_the_cap(error)
            case BackendFailed() if error.params.get("status") in (400, 422):
                return self._refuse_prefills(attempt, self._ways.prefills) or self._become_bare(attempt)
        return False

    def succeeded(self, attempt: RequestAttempt) -> None:
        """Note that what was left out for `attempt` is what the server refused, so that it is left out from now on."""
        if self._is_bare:
            for path in self._unasked(attempt.api, streams=attempt.streams):
                self._learned.refuse(self.model, self._mark(attempt.api, path, _ANY), for_s=_A_WHILE_S)

    def _become_bare(self, attempt: RequestAttempt) -> bool:
        """Leave out what nobody asked for; False when that is done already.

        Servers refuse what they don't know in many words; whatever they say, it may be that.
        """
        if self._is_bare or not any(attempt.places.get(path) == "" for path in _MAY_GO):
            return False
        self._is_bare = True
        return True

    def mistook_for_reasoning(self, attempt: RequestAttempt) -> bool:
        """Note that the server hands out the rest of the reply as reasoning: another way may be read right.

        False when it was not asked to go on by itself.
        """
        return self._refuse_prefills(attempt, [attempt.prefill] if attempt.prefill is not None else [])

    def _refuse_prefills(self, attempt: RequestAttempt, ways: Sequence[JsonObject]) -> bool:
        if attempt.prefill is None:
            return False
        for flags in ways:
            self._learned.refuse(self.model, _mark_of(flags), for_s=_A_WHILE_S)
        return True

    def _prefill(self) -> JsonObject | None:
        known = (flags for flags in self._ways.prefills if not self._learned.refuses(self.model, _mark_of(flags)))
        return next(known, None)

    def _left_out(self) -> Sequence[str]:
        """Return what was asked for and is not passed on: stored by an earlier version, or meant for another
        backend."""
        return [name for name, value in self._request.options.items() if not self._is_passed_on(name, value)]

    def _is_passed_on(self, name: str, value: JsonValue) -> bool:
        rule = self._ways.options.get(name)
        return rule is not None and rule.fits(value)

    def _wishes(self, api: Api, *, streams: bool) -> Iterator[_Wish]:
        for name, value in self._request.options.items():
            if not self._is_passed_on(name, value):
                continue
            if name in _CAPS and isinstance(value, int):
                value = value if self._cap is None else min(value, self._cap)
                value = max(value, profile.RESPONSES_LEAST_TOKENS) if api is Api.RESPONSES else value
            if api is Api.RESPONSES and name == "response_format":
                value = _text_format(value)
            yield _Wish(name, _paths(api, name), value)
        if api is Api.RESPONSES:
            yield _Wish("", ["store"], False)  # else OpenAI keeps every question and reply for a month
        if not self._is_bare:
            unasked: JsonObject = {_SUMMARY: "auto", _STREAM_OPTIONS: self._ways.stream_options}
            for path in self._unasked(api, streams=streams):
                yield _Wish("", [path], unasked[path])

    def _unasked(self, api: Api, *, streams: bool) -> Sequence[str]:
        """Return where there goes what nobody asked for and a reply can do without."""
        if api is Api.RESPONSES:
            return [_SUMMARY] if profile.thinks(self.model) else []
        return [_STREAM_OPTIONS] if streams else []

    def _messages(self, *, prefills: bool) -> Sequence[PromptMessage]:
        if not self._continues:
            return self._request.messages
        # Templates trim the end of the last message, and then don't find what they should go on with.
        begun = PromptMessage(Role.ASSISTANT, self._request.continues.rstrip())
        asked = [] if prefills else [PromptMessage(Role.USER, INSTRUCTION)]
        return [*self._request.messages, begun, *asked]

    def _leave_out(self, error: UnsupportedParameter, attempt: RequestAttempt) -> bool:
        param, by_value = str(error.params["param"]), error.params.get("refused") == "value"
        model = self._request.model
        if param == _STREAM:
            if attempt.streams:
                self._learned.refuse(model, _STREAM, for_s=_A_WHILE_S)
            return attempt.streams
        refused = [path for path in attempt.places if _covers(param, path)]
        for path in refused:
            what = self._mark(attempt.api, path, _get(attempt.extras, path) if by_value else _ANY)
            self._learned.refuse(model, what, for_s=_A_WHILE_S if path in profile.VERIFIED_ONLY else float("inf"))
        return bool(refused) or self._refuse_prefills(attempt, self._ways.prefills)

    def _refused(self, api: Api, path: str, value: JsonValue) -> bool:
        marks = self._mark(api, path, _ANY), self._mark(api, path, value)
        return any(self._learned.refuses(self._request.model, mark) for mark in marks)

    def _mark(self, api: Api, path: str, value: JsonValue) -> Hashable:
        """Return what is remembered of a refusal. GPT-5.1 and later take a temperature only when they don't reason."""
        effort = "" if "effort" in path else str(self._request.options.get("reasoning_effort", ""))
        return api, path, effort, value if value is _ANY else repr(value)

    def _lower_the_cap(self, error: ContextOverflow) -> bool:
        """Lower the cap where the room that was asked for the reply overflows the window, and not the conversation.

        False where that is not so.
        """
        limit, prompt = error.params.get("limit"), error.params.get("prompt")
        asked = [value for name, value in self._request.options.items() if name in _CAPS and isinstance(value, int)]
        if self._cap is not None or not asked or not isinstance(limit, int) or not isinstance(prompt, int):
            return False
        if not _ROOM_TOKENS <= limit - prompt < max(asked):
            return False
        self._cap = limit - prompt
        return True


def _mark_of(prefill: JsonObject) -> Hashable:
    return _PREFILL, repr(prefill)


def _paths(api: Api, name: str) -> Sequence[str]:
    if api is Api.RESPONSES:
        return [] if name in profile.RESPONSES_LACKS else [profile.RESPONSES_PATHS.get(name, name)]
    newer = profile.RENAMED_PARAMETERS.get(name)
    return [name, newer] if newer else [name]


def _text_format(value: JsonValue) -> JsonValue:
    """Return the format as the Responses API has it: beside the type, what Chat Completions keeps under
    `json_schema`."""
    schema = value.get("json_schema") if isinstance(value, Mapping) else None
    if not isinstance(value, Mapping) or not isinstance(schema, Mapping):
        return value
    return {**schema, "type": value.get("type")}


def _covers(param: str, path: str) -> bool:
    """Tell whether a refusal of `param` is one of `path`, of a part of it, or of what it is a part of."""
    return f"{path}.".startswith(f"{param}.") or f"{param}.".startswith(f"{path}.")


def _put(extras: dict[str, JsonValue], path: str, value: JsonValue) -> None:
    """Put a value into `extras`; what is there already stays, also inside of it."""
    head, _, rest = path.partition(".")
    if not rest:
        there = extras.setdefault(head, value)
        if isinstance(there, Mapping) and isinstance(value, Mapping):
            extras[head] = {**value, **there}
        return
    inner = extras.get(head)
    inside = dict(inner) if isinstance(inner, Mapping) else {}
    _put(inside, rest, value)
    extras[head] = inside


def _get(extras: Mapping[str, JsonValue], path: str) -> JsonValue:
    value: JsonValue = extras
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
