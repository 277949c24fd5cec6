"""What every route is given: the chat service, and whose sessions it may touch."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from thai_chat.chat.service import ChatService

LOCAL_USER = "local"
"""The owner of everything while there are no accounts (AUTH=none)."""


def _service(request: Request) -> ChatService:
    service: ChatService = request.app.state.service
    return service


def _owner() -> str:
    return LOCAL_USER


Service = Annotated[ChatService, Depends(_service)]
Owner = Annotated[str, Depends(_owner)]
