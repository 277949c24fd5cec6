"""The body of a request, taken up to a size and within a time."""

from __future__ import annotations

import asyncio

from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

from thai_chat.domain.errors import BodyTooLarge, BodyTooSlow, ImportTooLarge, QuestionTooLong, ThaiChatError
from thai_chat.domain.messages import MAX_QUESTION_CHARS
from thai_chat.gate.answers import Answer
from thai_chat.gate.doors import ORDINARY, BodyLimit


def too_large(limit: BodyLimit) -> ThaiChatError:
    if limit.is_file:
        return ImportTooLarge(limit=limit.size_bytes // 1_000_000)
    if limit != ORDINARY:
        return BodyTooLarge()
    return QuestionTooLong(limit=MAX_QUESTION_CHARS)


class Body:
    """The `receive` of one request. What comes behind the body, the end of the connection, is waited for without a
    limit."""

    def __init__(self, receive: Receive, limit: BodyLimit, answer: Answer) -> None:
        self.refused: ThaiChatError | None = None
        """The error for which no more of the body is taken."""
        self._receive = receive
        self._limit = limit
        self._answer = answer
        self._received_bytes = 0
        self._is_whole = False
        self._deadline = asyncio.get_running_loop().time() + limit.whole_s

    async def __call__(self) -> Message:
        """Raise HTTPException, 413 or 408, for a body that is too long or does not arrive in time.

        Once an answer has begun, nothing else can be answered: then whoever waits is told that the client is gone.
        """
        if self._is_whole:
            return await self._receive()
        if self.refused:
            return self._refuse(self.refused)
        try:
            async with asyncio.timeout_at(min(self._deadline, asyncio.get_running_loop().time() + self._limit.pause_s)):
                message = await self._receive()
        except TimeoutError:
            return self._refuse(BodyTooSlow())
        self._received_bytes += len(message.get("body", b""))
        if self._received_bytes > self._limit.size_bytes:
            return self._refuse(too_large(self._limit))
        self._is_whole = not message.get("more_body", False)
        return message

    def _refuse(self, refused: ThaiChatError) -> Message:
        self.refused = refused
        if self._answer.has_begun:
            return {"type": "http.disconnect"}
        if isinstance(refused, ImportTooLarge):
            raise refused
        # FastAPI turns any other error while it reads a body into "400".
        if isinstance(refused, BodyTooLarge):
            raise HTTPException(413, refused.code)
        raise HTTPException(408 if isinstance(refused, BodyTooSlow) else 413)
