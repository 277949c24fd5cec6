"""Each route is given the chat service and the person who asks.

Coroutines do it: FastAPI sends plain functions to a thread and back at each request, which costs more than most routes.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from thai_chat.chat.service import ChatService
from thai_chat.domain.people import Person, person_of


async def _service(request: Request) -> ChatService:
    service: ChatService = request.app.state.service
    return service


async def _asking(request: Request) -> Person:
    return person_of(request.scope)


Service = Annotated[ChatService, Depends(_service)]
Asking = Annotated[Person, Depends(_asking)]
