"""The body of a request, taken up to a size and within a time."""

from __future__ import annotations

import asyncio

from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

from thai_chat.domain.errors import ImportTooLarge, QuestionTooLong, ThaiChatError
from thai_chat.domain.messages import MAX_QUESTION_CHARS
from thai_chat.gate.doors import BodyLimit


def too_large(limit: BodyLimit) -> ThaiChatError:
    if limit.is_file:
        return ImportTooLarge(limit=limit.size_bytes // 1_000_000)
    return QuestionTooLong(limit=MAX_QUESTION_CHARS)


def bounded(receive: Receive, limit: BodyLimit) -> Receive:
    """End a body that goes on beyond its limit with 413, and one that does not arrive in time with 408.

    What comes behind the body, the end of the connection, is waited for without a limit.
    """
    received_bytes = 0
    is_whole = False
    deadline = asyncio.get_running_loop().time() + limit.whole_s

    async def bounded() -> Message:
        nonlocal received_bytes, is_whole
        if is_whole:
            return await receive()
        try:
            async with asyncio.timeout_at(min(deadline, asyncio.get_running_loop().time() + limit.pause_s)):
                message = await receive()
        except TimeoutError:
            # FastAPI turns any other error while it reads a body into "400".
            raise HTTPException(408) from None
        received_bytes += len(message.get("body", b""))
        is_whole = not message.get("more_body", False)
        if received_bytes > limit.size_bytes:
            if limit.is_file:
                raise too_large(limit)
            raise HTTPException(413)
        return message

    return bounded
