"""The rights to replies, where somebody limits them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from thai_chat.domain.people import Person
from thai_chat.domain.ports.quotas import Allowance, MayUse, Permit
from thai_chat.domain.quotas import QuotaState


@dataclass(slots=True)
class Grant:
    """The right to one reply, from a model that `may` be used; None where all of them may."""

    may: MayUse | None = None
    permit: Permit | None = None

    def taken(self) -> Permit | None:
        """Return the permit to who ends it from now on."""
        permit, self.permit = self.permit, None
        return permit


class Permits:
    """Asks the allowance; without one, everything is allowed and nothing counted."""

    def __init__(self) -> None:
        self.allowance: Allowance | None = None

    async def models_for(self, person: Person | None) -> MayUse | None:
        """Return what tells which models a person may use; None where they may use all."""
        return await self.allowance.models_for(person) if self.allowance else None

    async def states(self, person: Person) -> Sequence[QuotaState]:
        """Return how near a person is to each quota; nothing where there are none."""
        return await self.allowance.states(person) if self.allowance else ()

    @asynccontextmanager
    async def grants(self, person: Person, *, replies: int = 1, repeats: str = "") -> AsyncIterator[Sequence[Grant]]:
        """Give the rights to some replies. Those that nobody has taken are given back at the end.

        Raises LimitReached.
        """
        if self.allowance is None:
            yield [Grant() for _ in range(replies)]
            return
        may = await self.allowance.models_for(person)
        permits = await self.allowance.begin(person, replies=replies, repeats=repeats)
        grants = [Grant(may, permit) for permit in permits]
        try:
            yield grants
        except BaseException:
            if repeats:
                self.allowance.forget(person, repeats)
            raise
        finally:
            for grant in grants:
                if unused := grant.taken():
                    unused.end()
