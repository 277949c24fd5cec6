"""One routed answer to a program."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from thai_chat.domain.backend_errors import NotOffered, ReplyCut
from thai_chat.domain.json_types import JsonObject
from thai_chat.domain.messages import Choice
from thai_chat.domain.ports.relay import RelayCall, RelaysPrograms
from thai_chat.routing.servers import Servers


class RelayedAnswer:
    """Implements `Relayed`."""

    def __init__(self, asked: Choice, call: RelayCall, servers: Servers) -> None:
        self._asked = asked
        self._call = call
        self._servers = servers
        self._objects: AsyncGenerator[JsonObject, None] | None = None
        self._first: JsonObject = {}

    async def begin(self) -> Choice:
        server = self._servers.take(self._asked.model) or self._servers.servers[0]
        if not isinstance(server.backend, RelaysPrograms):
            raise NotOffered("no way for programs", backend=self._asked.backend, model=self._asked.model)
        self._objects = server.backend.relay(server.full_name(self._asked.model), self._call)
        try:
            self._first = await anext(self._objects)
        except StopAsyncIteration:
            raise ReplyCut("no answer", backend=self._asked.backend, model=self._asked.model) from None
        return self._asked

    async def rest(self) -> AsyncGenerator[JsonObject, None]:
        assert self._objects
        yield self._first
        async for one in self._objects:
            yield one

    async def close(self) -> None:
        if self._objects:
            await self._objects.aclose()
