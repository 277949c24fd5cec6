"""`/api/webhooks`: addresses of programs that are told what happens in a person's sessions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from thai_chat import texts
from thai_chat.api.dependencies import Asking, Hooks, Noting
from thai_chat.api.errors import language_of
from thai_chat.api.refusing import refuses
from thai_chat.api.repeating import SECRET_NOT_REPEATED, Repeated
from thai_chat.chat.text import identifier
from thai_chat.domain.audit import Action, Detail
from thai_chat.domain.errors import HistoryUnavailable, InvalidIdentifier, UnreadableText
from thai_chat.domain.webhook_errors import (
    BadWebhookUrl,
    TooManyWebhooks,
    WebhookHostNotAllowed,
    WebhookNotFound,
    WebhooksOff,
)
from thai_chat.domain.webhooks import (
    URL_CHARS,
    WEBHOOK_NAME_CHARS,
    DeliveryProblem,
    DeliveryState,
    DisabledBy,
    Webhook,
    WebhookChange,
    WebhookDelivery,
    WebhookEvent,
)
from thai_chat.texts import Language
from thai_chat.webhooks.payloads import message_id
from thai_chat.webhooks.service import MadeSecret

router = APIRouter(prefix="/api/webhooks", tags=["webhooks"])

_FOR_ONE = (WebhookNotFound, InvalidIdentifier, HistoryUnavailable)
_URL = "Where to send it: https, or http where the administrator allowed that; its host is one of those allowed"
_EVENTS = "What to tell: reply.finished, session.created, feedback.given"
_CONTENT = "True: what was written is sent too, that is texts of messages, names of sessions and reasons of ratings"
_NAME = "For its owner, to tell webhooks apart"
_ID = "msg_0193f2c0a1b27c3d8e4f5a6b7c8d9e0f"

Told = Literal[WebhookEvent.REPLY_FINISHED, WebhookEvent.SESSION_CREATED, WebhookEvent.FEEDBACK_GIVEN]
_ALL: list[Told] = [WebhookEvent.REPLY_FINISHED, WebhookEvent.SESSION_CREATED, WebhookEvent.FEEDBACK_GIVEN]


class NewWebhook(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"url": "https://hooks.example.org/thai-chat", "events": ["reply.finished", "feedback.given"]}
        },
    )

    url: str = Field(min_length=1, max_length=URL_CHARS, description=_URL)
    events: list[Told] = Field(default=_ALL, min_length=1, max_length=len(_ALL), description=_EVENTS)
    name: str = Field(default="", max_length=WEBHOOK_NAME_CHARS, description=_NAME)
    include_content: bool = Field(default=False, description=_CONTENT)


class ChangedWebhook(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"enabled": True}})

    url: str | None = Field(default=None, min_length=1, max_length=URL_CHARS, description=_URL)
    events: list[Told] | None = Field(default=None, min_length=1, max_length=len(_ALL), description=_EVENTS)
    name: str | None = Field(default=None, max_length=WEBHOOK_NAME_CHARS, description=_NAME)
    include_content: bool | None = Field(default=None, description=_CONTENT)
    enabled: bool | None = Field(
        default=None, description="False: nothing is told, and what waits is dropped; true: begin again"
    )


class WebhookBody(BaseModel):
    webhook_id: UUID = Field(description="The webhook's id")
    url: str = Field(description=_URL)
    name: str = Field(description=_NAME)
    events: list[WebhookEvent] = Field(description=_EVENTS)
    include_content: bool = Field(description=_CONTENT)
    created_at: datetime = Field(description="When it was made")
    enabled: bool = Field(description="Whether anything is told")
    disabled_at: datetime | None = Field(description="Since when nothing is told")
    disabled_by: DisabledBy | None = Field(
        description="person: its owner, or a new password by a link; failures: too many deliveries failed; gone: the "
        "receiver answered 410"
    )
    previous_secret_until: datetime | None = Field(
        description="Until then deliveries are signed with the secret before this one too"
    )


class MadeWebhookBody(WebhookBody):
    secret: str = Field(description="Signs deliveries, whsec_...: this answer alone has it")


class WebhooksBody(BaseModel):
    enabled: bool = Field(description="Whether the administrator allowed any host at all")
    webhooks: list[WebhookBody] = Field(description="The newest first")


class DeliveryBody(BaseModel):
    delivery_id: str = Field(description="What the receiver gets as webhook-id", examples=[_ID])
    event: WebhookEvent = Field(description="What was told")
    created_at: datetime = Field(description="When it happened")
    state: DeliveryState = Field(
        description="waiting: it is tried, maybe again; delivered; failed: given up; dropped: never to be sent"
    )
    tries: int = Field(description="How often it was tried")
    next_at: datetime | None = Field(description="When it is tried next; none when it has ended")
    ended_at: datetime | None = Field(description="When it was delivered, given up or dropped")
    status_code: int | None = Field(description="The receiver's last answer; none where there was none")
    error_code: DeliveryProblem | None = Field(description="Why the last try failed, as a code")
    error: str | None = Field(description="Why the last try failed, in words")


class DeliveriesBody(BaseModel):
    deliveries: list[DeliveryBody] = Field(description="The newest first")


@router.get("", responses=refuses(HistoryUnavailable))
async def list_webhooks(hooks: Hooks, person: Asking) -> WebhooksBody:
    """List one's own webhooks, without their secrets."""
    return WebhooksBody(enabled=hooks.are_on, webhooks=[_body(webhook) for webhook in await hooks.of(person)])


@router.post(
    "",
    status_code=201,
    responses=refuses(
        *(WebhooksOff, BadWebhookUrl, WebhookHostNotAllowed, TooManyWebhooks, HistoryUnavailable, UnreadableText),
        *SECRET_NOT_REPEATED,
    ),
)
async def create_webhook(
    body: NewWebhook, hooks: Hooks, person: Asking, notes: Noting, repeated: Repeated
) -> MadeWebhookBody:
    """Make a webhook.

    What happens in one's own sessions is sent there, signed as the Standard Webhooks are. A person has 20 at most. This
    answer alone has the secret.
    """
    made = await hooks.make(
        person,
        url=body.url,
        events=body.events,
        name=body.name,
        include_content=body.include_content,
        idempotency_key=repeated.key(),
    )
    webhook = made.webhook
    if made.is_repeated:
        return _made(made)
    details: dict[str, Detail] = {
        "events": [str(event) for event in webhook.events],
        "include_content": webhook.include_content,
    }
    notes.put(Action.WEBHOOK_MADE, target=str(webhook.webhook_id), details=details)
    return _made(made)


@router.get("/{webhook_id}", responses=refuses(*_FOR_ONE))
async def get_webhook(webhook_id: str, hooks: Hooks, person: Asking) -> WebhookBody:
    """Return a webhook, without its secret."""
    return _body(await hooks.get(person, identifier(webhook_id)))


@router.patch("/{webhook_id}", responses=refuses(*_FOR_ONE, WebhooksOff, BadWebhookUrl, WebhookHostNotAllowed))
async def update_webhook(
    webhook_id: str, body: ChangedWebhook, hooks: Hooks, person: Asking, notes: Noting
) -> WebhookBody:
    """Change what is named of a webhook."""
    change = WebhookChange(
        url=body.url,
        name=body.name,
        events=body.events,
        include_content=body.include_content,
        enabled=body.enabled,
    )
    changed = await hooks.change(person, identifier(webhook_id), change)
    details: dict[str, Detail] = {"fields": sorted(body.model_fields_set), "include_content": changed.include_content}
    notes.put(Action.WEBHOOK_CHANGED, target=str(changed.webhook_id), details=details)
    return _body(changed)


@router.delete("/{webhook_id}", status_code=204, responses=refuses(*_FOR_ONE))
async def delete_webhook(webhook_id: str, hooks: Hooks, person: Asking, notes: Noting) -> None:
    """Delete a webhook: what waits for it is not sent any more."""
    deleted = identifier(webhook_id)
    await hooks.delete(person, deleted)
    notes.put(Action.WEBHOOK_DELETED, target=str(deleted))


@router.post("/{webhook_id}/test", responses=refuses(*_FOR_ONE, WebhooksOff))
async def test_webhook(webhook_id: str, request: Request, hooks: Hooks, person: Asking) -> DeliveryBody:
    """Send a `ping` now, once, and return what became of it; the answer is 200 when that failed, too."""
    return _delivery(await hooks.test(person, identifier(webhook_id)), language_of(request))


@router.post("/{webhook_id}/secret", responses=refuses(*_FOR_ONE, WebhooksOff))
async def renew_webhook_secret(webhook_id: str, hooks: Hooks, person: Asking, notes: Noting) -> MadeWebhookBody:
    """Make a new secret. For a day deliveries are signed with the old one too, then with the new one alone."""
    made = await hooks.renew_secret(person, identifier(webhook_id))
    notes.put(Action.WEBHOOK_SECRET_MADE, target=str(made.webhook.webhook_id))
    return _made(made)


@router.get("/{webhook_id}/deliveries", responses=refuses(*_FOR_ONE))
async def list_webhook_deliveries(
    webhook_id: str,
    request: Request,
    hooks: Hooks,
    person: Asking,
    limit: Annotated[int, Query(ge=1, le=200, description="How many at most")] = 50,
) -> DeliveriesBody:
    """List the last deliveries with what became of them; those that have ended are kept for 7 days."""
    found = await hooks.deliveries(person, identifier(webhook_id), limit=limit)
    language = language_of(request)
    return DeliveriesBody(deliveries=[_delivery(one, language) for one in found])


def _body(webhook: Webhook) -> WebhookBody:
    return WebhookBody(
        webhook_id=webhook.webhook_id,
        url=webhook.url,
        name=webhook.name,
        events=list(webhook.events),
        include_content=webhook.include_content,
        created_at=webhook.created_at,
        enabled=webhook.disabled_at is None,
        disabled_at=webhook.disabled_at,
        disabled_by=webhook.disabled_by,
        previous_secret_until=webhook.previous_until,
    )


def _made(made: MadeSecret) -> MadeWebhookBody:
    return MadeWebhookBody(**_body(made.webhook).model_dump(), secret=made.secret)


def _delivery(one: WebhookDelivery, language: Language) -> DeliveryBody:
    problem = one.problem
    return DeliveryBody(
        delivery_id=message_id(one.delivery_id),
        event=one.event,
        created_at=one.created_at,
        state=one.state,
        tries=one.tries,
        next_at=one.next_at,
        ended_at=one.ended_at,
        status_code=one.status_code,
        error_code=problem,
        error=texts.text(problem, language, {"status": one.status_code}) if problem else None,
    )
