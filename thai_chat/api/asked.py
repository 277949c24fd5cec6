"""The answers to a question, as the description of the API has them: events of a reply, and why there may be none."""

from __future__ import annotations

from thai_chat.api.refusing import Responses, refuses
from thai_chat.api.streaming import REPLY_EVENTS, REPLY_EXAMPLE, events
from thai_chat.domain.backend_errors import BackendError
from thai_chat.domain.error_tree import kinds
from thai_chat.domain.errors import (
    BadOption,
    EmptyQuestion,
    HistoryRefused,
    MessageNotFound,
    NewerMessages,
    NotAQuestion,
    NotAReply,
    QuestionTooLong,
    QuotaUsedUp,
    ReplyRunning,
    SessionNotFound,
    TooManyCompared,
    TooManyReplies,
    UnknownBackend,
    UnknownModel,
    UnknownOption,
    UnreadableText,
)
from thai_chat.domain.relay_errors import RelayRefused
from thai_chat.domain.repeating_errors import BadKey, KeyReused, KeysDiffer
from thai_chat.domain.sent_errors import SentTooMuch, SentUnreadable
from thai_chat.domain.temporary_errors import AlreadyKept, TemporaryBusy, TemporaryFull, TemporaryOver

_REFUSED = (
    *(EmptyQuestion, QuestionTooLong, UnreadableText, BadOption, UnknownOption, UnknownBackend, UnknownModel),
    *(SessionNotFound, MessageNotFound, NotAQuestion, NotAReply, TooManyCompared, HistoryRefused),
    *(ReplyRunning, NewerMessages, BadKey, KeysDiffer, KeyReused),
    *(SentTooMuch, SentUnreadable),
    *(AlreadyKept, TemporaryOver, TemporaryFull, TemporaryBusy, TooManyReplies, QuotaUsedUp),
)
FOLLOWED: Responses = {200: {"content": events(REPLY_EVENTS, example=REPLY_EXAMPLE)}}
"""The reply as server-sent events."""
NOT_ANSWERED: Responses = refuses(*_REFUSED, *(kind for kind in kinds(BackendError) if kind is not RelayRefused))
"""Why there may be no reply."""
ASKED: Responses = {**FOLLOWED, **NOT_ANSWERED}
"""With `stream` the events of the reply; else the reply, or what kept it from being written."""
