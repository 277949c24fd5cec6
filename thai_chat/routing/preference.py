"""Who is preferred: for a question that names nobody, and in place of one that can't answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from thai_chat.domain.backend_errors import BackendError, NoBackend
from thai_chat.domain.messages import Choice
from thai_chat.domain.ports.backend import DEMO_NOTE, BackendChoices, BackendState, ModelInfo
from thai_chat.domain.ports.quotas import MayUse
from thai_chat.routing.retries import remedy_for
from thai_chat.routing.servers import READINESS, Servers

_MAY_ANSWER = (BackendState.UP, BackendState.SLOW, BackendState.LOADING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The rules of a user: what is allowed, and how long a first word is waited for."""

    fall_back: bool = True
    """Another backend may answer when the one that was asked can't."""
    fall_back_to_cloud: bool = False
    """That other one may be in the cloud, where what was said leaves the user's own servers."""
    first_word_s: Mapping[str, float | None] = field(default_factory=dict)
    """The time after which a server that has said nothing is given up, by backend, when somebody else can answer. A
    backend that is not named, or named with None, has the time that its adapter gives it: it may load a model first, or
    reason without a word."""

    def first_word_limit_s(self, backend: str) -> float | None:
        return self.first_word_s.get(backend)


@dataclass(frozen=True, slots=True)
class _Candidate:
    choice: Choice
    state: BackendState
    is_cloud: bool


class Preference:
    """The preference among the backends there are; the mapping of them may grow."""

    def __init__(self, backends: Mapping[str, Servers], order: Sequence[str], rules: Rules) -> None:
        self._backends = backends
        self._order = order
        self.rules = rules

    def servers(self, backend: str) -> Servers:
        return self._backends[backend]

    def default_choice(self, may: MayUse | None = None) -> Choice:
        """Return the first that is up, else the one that is nearest to it. Raises NoBackend when none has a model.

        `may` tells which models are meant at all, here and below.
        """
        offered = [(found, default_model(found, may)) for found in self._offered()]
        return self._readiest([self._candidate(found, model) for found, model in offered if model])

    def choice_with(self, model: str, may: MayUse | None = None) -> Choice:
        """Return the readiest of the backends that list the model; when none does, the default backend."""
        having = [
            self._candidate(found, named)
            for found in self._offered()
            if _info(found, named := self._backends[found.name].as_listed(model))
        ]
        if not having:
            return Choice(self.default_choice(may).backend, model)
        usable = [candidate for candidate in having if may is None or may(candidate.choice, True)]
        return self._readiest(usable or having)

    def others(self, asked: Choice, error: BackendError | None = None, may: MayUse | None = None) -> Sequence[Choice]:
        """Return who may answer instead of the asked one, in order, after `error`; without one, in general."""
        remedy = remedy_for(error) if error else None
        if not self.rules.fall_back or (remedy and not remedy.other_model):
            return ()
        found: list[_Candidate] = []
        for offered in self._offered():
            if offered.name != asked.backend:
                found += self._instead(offered, asked.model, may)
            elif remedy and remedy.same_backend and (model := default_model(offered, may)) not in (None, asked.model):
                beside = self._candidate(offered, str(model))
                may_leave = self.rules.fall_back_to_cloud or self._candidate(offered, asked.model).is_cloud
                if may_leave or not beside.is_cloud:
                    found.insert(0, beside)
        ready = [candidate for candidate in found if candidate.state in _MAY_ANSWER]
        ready.sort(key=lambda candidate: candidate.state is BackendState.LOADING)
        return [candidate.choice for candidate in ready]

    def is_same_model(self, asked: Choice, other: Choice) -> bool:
        """Tell whether the other one has the name of the asked one, as its own servers list it."""
        return other.model == self._backends[other.backend].as_listed(asked.model)

    def reads_pictures(self, choice: Choice) -> bool:
        """Tell whether a model is known to read pictures."""
        info = _info(self._backends[choice.backend].choices(), choice.model)
        return info is not None and info.vision

    def _instead(self, offered: BackendChoices, model: str, may: MayUse | None) -> Sequence[_Candidate]:
        """Return the same model there, else the backend's default; never the demo model, which answers no question."""
        named = self._backends[offered.name].as_listed(model)
        is_there = _info(offered, named) and (may is None or may(Choice(offered.name, named), True))
        found = named if is_there else default_model(offered, may)
        if found is None or ((info := _info(offered, found)) and info.note == DEMO_NOTE):
            return ()
        candidate = self._candidate(offered, found)
        return () if candidate.is_cloud and not self.rules.fall_back_to_cloud else (candidate,)

    def _readiest(self, candidates: Sequence[_Candidate]) -> Choice:
        """Return the readiest candidate. Raises NoBackend.

        A cloud takes no question from an own server before it that is away: that would be a fall-back, too.
        """
        allowed: list[_Candidate] = []
        own_before = False
        for candidate in candidates:
            own_before = own_before or not candidate.is_cloud
            if self.rules.fall_back_to_cloud or not (candidate.is_cloud and own_before):
                allowed.append(candidate)
        if not allowed:
            raise NoBackend("no backend has a model")
        return min(allowed, key=lambda candidate: READINESS.index(candidate.state)).choice

    def _offered(self) -> Sequence[BackendChoices]:
        return [self._backends[name].choices() for name in self._order if name in self._backends]

    def _candidate(self, offered: BackendChoices, model: str) -> _Candidate:
        info = _info(offered, model)
        return _Candidate(
            Choice(offered.name, model),
            offered.model_states.get(model, offered.state),
            self._backends[offered.name].is_cloud(model) or (info is not None and info.is_cloud),
        )


def default_model(offered: BackendChoices, may: MayUse | None) -> str | None:
    """Return the backend's default model; where that may not be used, the first that may."""
    model = offered.default_model
    if may is None or (model and may(Choice(offered.name, model), is_listed(offered, model))):
        return model
    return next((info.model for info in offered.models if may(Choice(offered.name, info.model), True)), None)


def is_listed(offered: BackendChoices, model: str) -> bool:
    return _info(offered, model) is not None


def _info(offered: BackendChoices, model: str) -> ModelInfo | None:
    return next((info for info in offered.models if info.model == model), None)
