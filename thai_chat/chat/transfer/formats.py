"""The programs whose chats are read, in one place: how each is known by the shape of its messages, and what reads it.

Where a new one goes: a module with two functions, and a line in `FORMATS`, before those whose shape is more general.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from thai_chat.chat.transfer import (
    bigagi,
    chatgpt,
    claude,
    deepseek,
    gemini,
    hfchatui,
    librechat,
    llm,
    lmstudio,
    openwebui,
    own,
    plain,
)
from thai_chat.chat.transfer.fields import Loaded, SourcePlace
from thai_chat.domain.transfer import KeptSession

Read = Callable[[Sequence[Loaded], SourcePlace], KeptSession]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportFormat:
    program: str
    """A code: what people read is `import_program_<program>`."""
    fits: Callable[[Loaded], bool]
    read: Read
    """One session of its entries. Raises ImportRefused."""
    messages: str
    """The field in which they are, for whoever misses them."""
    session_of: Callable[[Loaded], str | None] | None = None
    """Which session an entry is of, where a session is several of them; None for one that stands alone."""
    is_ours: bool = False
    """True for our own exports: a mistake in one refuses the import, since nothing of them is to be lost in silence."""


def _single(read: Callable[[Loaded, SourcePlace], KeptSession]) -> Read:
    return lambda values, place: read(values[0], place)


def _is_own(value: Loaded) -> bool:
    return isinstance(value, dict) and "session_id" in value and "messages" in value


OWN = ImportFormat(program="thai-chat", fits=_is_own, read=_single(own.read_session), messages="messages", is_ours=True)
LLM = ImportFormat(
    program="llm", fits=llm.is_llm, read=llm.read_session, messages="response", session_of=llm.conversation_of
)
PLAIN = ImportFormat(program="plain", fits=plain.is_plain, read=_single(plain.read_session), messages="messages")
FORMATS: Sequence[ImportFormat] = (
    OWN,
    ImportFormat(
        program="deepseek", fits=deepseek.is_deepseek, read=_single(deepseek.read_session), messages="mapping"
    ),
    ImportFormat(program="chatgpt", fits=chatgpt.is_chatgpt, read=_single(chatgpt.read_session), messages="mapping"),
    ImportFormat(program="claude", fits=claude.is_claude, read=_single(claude.read_session), messages="chat_messages"),
    LLM,
    ImportFormat(
        program="gemini",
        fits=gemini.is_gemini,
        read=gemini.read_session,
        messages="safeHtmlItem",
        session_of=gemini.conversation_of,
    ),
    ImportFormat(
        program="librechat", fits=librechat.is_librechat, read=_single(librechat.read_session), messages="messages"
    ),
    ImportFormat(
        program="lm-studio", fits=lmstudio.is_lmstudio, read=_single(lmstudio.read_session), messages="messages"
    ),
    ImportFormat(program="big-agi", fits=bigagi.is_bigagi, read=_single(bigagi.read_session), messages="messages"),
    ImportFormat(
        program="hf-chat-ui", fits=hfchatui.is_hfchatui, read=_single(hfchatui.read_session), messages="messages"
    ),
    ImportFormat(program="qwen", fits=openwebui.is_qwen, read=_single(openwebui.read_session), messages="chat.history"),
    ImportFormat(
        program="open-webui", fits=openwebui.is_openwebui, read=_single(openwebui.read_session), messages="messages"
    ),
    PLAIN,
)


def format_of(value: Loaded) -> ImportFormat | None:
    return next((one for one in FORMATS if one.fits(value)), None)


def read(found: ImportFormat, values: Sequence[Loaded], place: SourcePlace) -> KeptSession:
    """Return the session of the entries. Raises ImportRefused, also for a chat in which nobody said anything
    readable."""
    kept = found.read(values, place)
    if not kept.messages and not found.is_ours:
        titled = replace(place, title=kept.session.session_name)
        raise titled.refused("import_no_messages", field=found.messages)
    return replace(kept, program=found.program)
