"""Who asks is known in one place, and every use case takes it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from types import ModuleType
from typing import Any

import pytest

from thai_chat.chat import models as chat_models
from thai_chat.chat import presets, service, sessions, statistics, windows
from thai_chat.chat.search import searches
from thai_chat.chat.transfer import service as transfer
from thai_chat.domain.people import LOCAL, Person, person_of, with_person

OF_THE_HOUSE = {
    "ChatService.backends": "which models there are is the same for all",
    "ChatService.learn_prices": "what a model costs is the same for all",
    "ChatService.price": "what a model costs is the same for all",
    "ChatService.choices_now": "which models there are is the same for all",
    "ChatService.default_choice": "which models there are is the same for all",
    "ChatService.state": "whether PostgreSQL serves is the same for all",
    "ChatService.users_with_replies": "the server looks for accounts that are closed",
    "ChatService.end_all": "the server ends what runs for an account that is closed",
    "ChatService.start": "the process begins",
    "ChatService.close": "the process ends",
    "Models.prepare": "a model is loaded for all",
    "Models.pull": "a model is fetched for all",
    "Models.close": "the process ends",
    "Transfers.close": "the process ends",
    "Sessions.running": "asks which of the listed sessions have a reply that grows",
    "Presets.default_options": "a running reply asks for its session's owner",
}
"""Use cases that are nobody's in particular, with the reason. Any other takes a person."""


def use_cases() -> Iterator[tuple[str, Any]]:
    rooms: list[ModuleType] = [service, windows, sessions, presets, statistics, transfer, searches, chat_models]
    for room in rooms:
        for cls in vars(room).values():
            if inspect.isclass(cls) and cls.__module__ == room.__name__ and not is_dataclass(cls):
                for name, method in vars(cls).items():
                    if inspect.isfunction(method) and not name.startswith("_"):
                        yield f"{cls.__name__}.{name}", method


def takes_person(method: Any) -> bool:
    """Return whether a person, or a stored or asked thing that has one, is among the parameters."""
    kinds = [text for name, text in method.__annotations__.items() if name != "return"]
    return any(_tells_who(method.__globals__.get(kind.removesuffix(" | None"))) for kind in kinds)


def _tells_who(kind: Any) -> bool:
    if kind is Person:
        return True
    names = {field.name for field in fields(kind)} if is_dataclass(kind) else set()
    return bool(names & {"person", "user_id", "session", "turn"})


@pytest.mark.parametrize(("name", "method"), [pytest.param(*case, id=case[0]) for case in use_cases()])
def test_every_use_case_takes_the_person_who_asks(name: str, method: Any) -> None:
    assert takes_person(method) != (name in OF_THE_HOUSE)


def test_a_request_that_passed_no_gate_has_no_person() -> None:
    with pytest.raises(KeyError):
        person_of({"type": "http"})
    assert person_of(with_person({"type": "http"}, LOCAL)) is LOCAL
