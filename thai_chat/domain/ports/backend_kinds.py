"""The description of a kind of model server: everything that is to know of it before one is asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from thai_chat.domain.options import Options, Rule, either
from thai_chat.domain.ports.backend import Backend

S = TypeVar("S")
"""The kind's own settings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageOptions:
    """The parts of the page's form of model settings that are shown for a model of the kind."""

    examples: str = "top_k, min_p, repetition_penalty, seed, stop"
    """Names of further options, with commas, for the hint below the field that takes any."""
    has_effort: bool = True
    """`reasoning_effort` means something to it."""
    has_thinking_switch: bool = False
    """`chat_template_kwargs.enable_thinking` means something to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """The doctor's advice on a server that can't be used: commands, in English."""

    start: str
    """The server can't be reached."""
    check: str
    """Something else than a model server answers."""
    key: str
    """The server refuses the key."""
    name_model: str
    """The server has no list of models."""
    no_model: str = "load a model there"
    """The server's list is empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelList:
    """Where one server lists its models, for the doctor, which asks it over plain HTTP."""

    setting: str
    """The setting that holds the address, as it is written in the environment."""
    address: str = field(repr=False)
    """The address as it is set, perhaps with a user and a password."""
    path: str
    """The list's route, which every one of `urls` ends with."""
    urls: Sequence[str] = field(repr=False)
    """Where the list may be, the likeliest first."""
    key: str = field(default="", repr=False)
    """Sent as a bearer token; empty sends none."""
    advice: Advice


@dataclass(frozen=True, slots=True, kw_only=True)
class LastResort:
    """A small model that answers when no server does."""

    build: Callable[[Path | None], Backend | None]
    """Takes the folder for the model's log. Returns None when the model is not installed."""
    needs: str
    """The things to install before `fetch`, as the end of a sentence that begins with "It needs"."""
    missing: Callable[[], str | None]
    """The commands that have the model there, the kind's own first; None when it is there."""
    fetch: Callable[[], str]
    """Installs the model and returns a line that says where it is. Raises StartError. Safe to call twice."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BackendKind(Generic[S]):
    """One kind of model server. Its module declares it, `backends/registry.py` lists it, all others read it.

    A kind is made when its module is imported, so the module imports no client library outside of `build`.
    """

    name: str
    """How settings, tables and the API call it: small letters and digits, at most 50."""
    label: str
    """How people write it."""
    settings: type[S]
    """A pydantic model, of which the settings are composed: its fields' names in capitals are the names in the
    environment, and a field's description is its line in `.env.example`. All fields have a default."""
    configured_by: str
    """The setting by which it is there, in capitals. Left empty it means that there is no such server."""
    build: Callable[[S, Path | None], Sequence[Backend]]
    """Makes the backends, one for each server, without contacting or starting one. Takes the folder for logs. Called
    only when the kind is configured; each backend's `name` is the kind's."""
    options: Options
    """The options that are passed on to its servers."""
    page: PageOptions = PageOptions()
    model_lists: Callable[[S], Sequence[ModelList]] = lambda settings: ()
    """One for each server that is configured; none where no server has to be asked."""

    is_cloud: bool = False
    """True if questions to it leave the user's own servers."""
    passes_on: Callable[[str], bool] = lambda model: False
    """Whether its server puts questions to this model to somebody else's machine, by the model's name alone."""
    is_suggested: bool = True
    """Whoever has no model yet is told to set `configured_by`."""
    is_expected: bool = True
    """Somebody asked for it, so that a server that is away is a fault; False where an address is the default."""
    default_tag: str = ""
    """The tag that its list adds to the name of a model that is written without it."""
    may_hide_models: bool = True
    """A server with an empty list may have models all the same."""
    first_word_s: Callable[[S], float | None] = lambda settings: None
    """Seconds without a word after which a server is given up when somebody else can answer. None leaves it the time
    that its adapter gives it."""
    priced_at: Callable[[S], str | None] = lambda settings: None
    """The address that tells whose price list counts; None where nothing is paid."""
    last_resort: LastResort | None = None
    foreign_names: frozenset[str] = frozenset()
    """Variables of the server's own program whose names are close to those of `settings`."""

    def is_configured(self, settings: object) -> bool:
        return bool(getattr(settings, self.configured_by.lower()))


Kinds = tuple[BackendKind[Any], ...]
"""All kinds of backends, in the order of the picker."""


def options_of(kinds: Kinds) -> Options:
    """Return by name what any of the kinds takes: a session may change its model, and keeps its options."""
    rules: dict[str, list[Rule]] = {}
    for kind in kinds:
        for name, rule in kind.options.items():
            if all(rule.allowed != other.allowed for other in rules.setdefault(name, [])):
                rules[name].append(rule)
    return {name: found[0] if len(found) == 1 else either(*found) for name, found in rules.items()}
