"""Each route is given the chat service, and whose sessions it may touch.

Coroutines do it: FastAPI sends plain functions to a thread and back at each request, which costs more than most routes.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from thai_chat.chat.service import ChatService

LOCAL_USER = "local"
"""The owner of everything while there are no accounts (AUTH=none)."""


async def _service(request: Request) -> ChatService:
    service: ChatService = request.app.state.service
    return service


async def _owner() -> str:
    return LOCAL_USER


Service = Annotated[ChatService, Depends(_service)]
Owner = Annotated[str, Depends(_owner)]
