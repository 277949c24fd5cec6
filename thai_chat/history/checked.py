"""The door of every conversation: what no store can keep is refused here, once."""

from __future__ import annotations

from thai_chat.domain.errors import HistoryRefused
from thai_chat.domain.ports.conversation import Conversation, HistoryState
from thai_chat.domain.reads import Answer, Read
from thai_chat.domain.writes import BeginTurn, Checkpoints, Outcome, Write
from thai_chat.history.checks import check, check_text


class CheckedConversation:
    """A `Conversation` over one that trusts what it is given."""

    def __init__(self, conversation: Conversation, *, takes_temporary: bool = False) -> None:
        """Take the conversation; turns of temporary sessions are refused unless it `takes_temporary` ones."""
        self._conversation = conversation
        self._takes_temporary = takes_temporary

    async def write(self, write: Write[Outcome]) -> Outcome:
        for one in write.checkpoints if isinstance(write, Checkpoints) else (write,):
            check(one)
            if isinstance(one, BeginTurn) and one.temporary and not self._takes_temporary:
                raise HistoryRefused("a temporary session is not stored")
        return await self._conversation.write(write)

    async def read(self, read: Read[Answer]) -> Answer:
        check_text(*read.texts)
        return await self._conversation.read(read)

    async def state(self) -> HistoryState:
        return await self._conversation.state()
