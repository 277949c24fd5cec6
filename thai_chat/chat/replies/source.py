"""Where a reply comes from: the earlier messages, the options and the prompt, put to the router."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace

from thai_chat.chat.fitting import fitted
from thai_chat.chat.options import sampling_of, system_prompt_of
from thai_chat.chat.presets import Presets
from thai_chat.chat.prompt import Prompt, build_prompt
from thai_chat.chat.replies.growing import GrowingReply
from thai_chat.domain.events import RoutedEvent
from thai_chat.domain.json_types import JsonObject
from thai_chat.domain.messages import Choice, Message, Session
from thai_chat.domain.ports.conversation import Conversation
from thai_chat.domain.ports.quotas import MayUse
from thai_chat.domain.reads import ReadMessages
from thai_chat.routing.router import ModelPrompt, Router


class ReplySource:
    """Makes the streams of replies, and notes with each what its model was sent."""

    def __init__(
        self, conversation: Conversation, router: Router, presets: Presets, *, max_history_messages: int
    ) -> None:
        self._conversation = conversation
        self._router = router
        self._presets = presets
        self._max_history_messages = max_history_messages

    async def stream(
        self, reply: GrowingReply, options: JsonObject, may: MayUse | None = None
    ) -> AsyncGenerator[RoutedEvent, None]:
        """Yield what the router streams for the question, with a prompt made for whoever answers it.

        `options` go over those of the session; `may` tells which models may answer, all without it.
        """
        earlier = await self._earlier(reply)

        async def prompt_for(choice: Choice, context_window: int | None) -> ModelPrompt:
            asked = {**await self._options_for(reply.turn.session, choice), **options}
            prompt = await self._prompt(reply, earlier, choice, context_window, system_prompt_of(asked))
            reply.facts = replace(reply.facts, context_used=prompt.context_used)
            sampling = sampling_of(asked)
            if sampling or reply.facts.options is not None:
                # {} too: a checkpoint may have kept those of a model that did not answer, and metadata is merged.
                reply.facts = replace(reply.facts, options=sampling)
            return ModelPrompt(prompt.messages, sampling)

        stream = self._router.stream(
            reply.choice, prompt_for, session_id=reply.log.session_id, continues=reply.turn.reply.content, may=may
        )
        async with aclosing(stream):
            async for event in stream:
                yield event

    async def _earlier(self, reply: GrowingReply) -> Sequence[Message]:
        question = reply.turn.question
        if question.parent_id is None:
            return ()
        return await self._conversation.read(
            ReadMessages(
                reply.log.session_id,
                reply.log.user_id,
                limit=self._max_history_messages,
                before_order=question.message_order,
            )
        )

    async def _prompt(
        self,
        reply: GrowingReply,
        earlier: Sequence[Message],
        choice: Choice,
        context_window: int | None,
        system_prompt: str,
    ) -> Prompt:
        question = reply.turn.question
        # In a session with branches the order of arrival counts those that are not shown too.
        earlier_messages = None if reply.turn.session.has_branches else question.message_order - 1

        def build(scale: float) -> Prompt:
            return build_prompt(
                earlier,
                question.content,
                context_window=context_window,
                max_messages=self._max_history_messages,
                earlier_messages=earlier_messages,
                reply_so_far=reply.turn.reply.content,
                system_prompt=system_prompt,
                model=choice.model,
                scale=scale,
            )

        return await fitted(
            build, lambda messages: self._router.count_tokens(choice, messages), context_window=context_window
        )

    async def _options_for(self, session: Session, choice: Choice) -> JsonObject:
        """Return the session's own options, were they all set to nothing, else those that are kept for the model."""
        return session.options or await self._presets.default_options(session.user_id, choice)
