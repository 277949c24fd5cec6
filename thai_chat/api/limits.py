"""`/api/me/limits`, and what administrators say of quotas and of models that are not open to everybody."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from thai_chat.api.dependencies import Asking, Noting, People
from thai_chat.domain.audit import Action, Detail
from thai_chat.domain.errors import UnknownModel
from thai_chat.domain.people import PersonRole
from thai_chat.domain.quotas import ZONE, ModelRule, Quota, QuotaKind, QuotaRule, Quotas, QuotaState, Used

router = APIRouter(tags=["people"])

Count = Annotated[int, Field(ge=0, le=10**15)]
Dollars = Annotated[Decimal, Field(ge=0, le=10**6, max_digits=15, decimal_places=9)]


class LimitBody(BaseModel):
    what: Quota
    used: float
    limit: float | None
    resets_at: datetime | None


class LimitsBody(BaseModel):
    limits: list[LimitBody]


class QuotasPut(BaseModel):
    """Whatever is not there is left to the role's quotas, and to the settings; null says that there is no limit."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"tokens_day": 200_000, "usd_month": 20}})

    requests_minute: Annotated[int, Field(ge=1, le=10**6)] | None = None
    running_replies: Annotated[int, Field(ge=0, le=10**4)] | None = None
    tokens_day: Count | None = None
    tokens_month: Count | None = None
    usd_day: Dollars | None = None
    usd_month: Dollars | None = None


class QuotaRuleBody(BaseModel):
    kind: QuotaKind
    subject: str
    quotas: dict[Quota, float | None]


class QuotaRulesBody(BaseModel):
    quotas: list[QuotaRuleBody]
    defaults: dict[PersonRole, dict[Quota, float | None]] = Field(description="By the settings, for each role")


class ModelRulePut(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"roles": ["administrator"]}})

    roles: list[PersonRole] = Field(default_factory=list, max_length=10)
    accounts: list[UUID] = Field(default_factory=list, max_length=1000)


class ModelRuleBody(BaseModel):
    backend: str
    model: str
    roles: list[PersonRole]
    accounts: list[UUID]


class ModelRulesBody(BaseModel):
    rules: list[ModelRuleBody]


class UsedBody(BaseModel):
    replies: int
    tokens: int
    cost_usd: str = Field(description="US dollars, exact")


class UsedOnBody(UsedBody):
    date: date
    """A day, or the first of a month."""


class PersonUsedBody(UsedBody):
    account_id: UUID | None
    """Null for an account that is gone."""
    name: str | None
    display_name: str | None
    by_date: list[UsedOnBody]


class PeopleStatisticsBody(BaseModel):
    timezone: str
    first: date
    last: date
    by: str
    team: UsedBody
    by_date: list[UsedOnBody]
    people: list[PersonUsedBody]


@router.get("/api/me/limits")
async def get_my_limits(people: People, person: Asking) -> LimitsBody:
    """Tell how near one is to each limit; a key's own limits count where a key asks."""
    return LimitsBody(limits=[limit_body(state) for state in await people.limits.states(person)])


@router.get("/api/quotas")
async def list_quotas(people: People) -> QuotaRulesBody:
    """List the quotas that are set. A person's own go before those of the role, and those before the settings; where a
    key has its own, both count."""
    return QuotaRulesBody(
        quotas=[
            QuotaRuleBody(kind=rule.kind, subject=rule.subject, quotas=_numbers(rule.quotas))
            for rule in await people.limits.rules()
        ],
        defaults={role: _numbers(set_to) for role, set_to in people.limits.defaults.items()},
    )


@router.put("/api/quotas/{kind}/{subject}")
async def put_quotas(kind: QuotaKind, subject: str, body: QuotasPut, people: People, notes: Noting) -> QuotaRuleBody:
    """Set the quotas of a role, an account or a key, all of them: an empty body takes them away."""
    given = {Quota(name): value for name, value in body.model_dump(exclude_unset=True).items()}
    set_to = {name: None if value is None else Decimal(value) for name, value in given.items()}
    rule = QuotaRule(kind=kind, subject=subject, quotas=set_to)
    await people.limits.put(rule)
    numbers = _numbers(rule.quotas)
    details = {what.value: amount for what, amount in numbers.items()}
    notes.put(Action.QUOTA_CHANGED, target=f"{kind.value}/{subject}", details=details)
    return QuotaRuleBody(kind=kind, subject=subject, quotas=numbers)


@router.get("/api/model-rules")
async def list_model_rules(people: People) -> ModelRulesBody:
    """List the models that are not open to everybody."""
    return ModelRulesBody(rules=[_rule_body(rule) for rule in await people.limits.models.all()])


@router.put("/api/model-rules/{backend}/{model:path}")
async def put_model_rule(backend: str, model: str, body: ModelRulePut, people: People, notes: Noting) -> ModelRuleBody:
    """Open a model to some roles and accounts alone."""
    rule = ModelRule(
        backend=backend, model=model, roles=list(dict.fromkeys(body.roles)), accounts=list(dict.fromkeys(body.accounts))
    )
    await people.limits.models.put(rule)
    details: dict[str, Detail] = {"roles": list(rule.roles), "accounts": [str(one) for one in rule.accounts]}
    notes.put(Action.MODEL_RULE_CHANGED, target=f"{backend}/{model}", details=details)
    return _rule_body(rule)


@router.delete("/api/model-rules/{backend}/{model:path}", status_code=204)
async def delete_model_rule(backend: str, model: str, people: People, notes: Noting) -> None:
    """Open a model to everybody."""
    if not await people.limits.models.delete(backend, model):
        raise UnknownModel
    notes.put(Action.MODEL_RULE_CHANGED, target=f"{backend}/{model}", details={"everybody": True})


@router.get("/api/people/statistics")
async def get_people_statistics(
    people: People,
    first: Annotated[date | None, Query(description="Default: the first of this month")] = None,
    last: Annotated[date | None, Query(description="Default: today")] = None,
    by: Annotated[str, Query(pattern="^(day|month)$")] = "day",
) -> PeopleStatisticsBody:
    """Tell what people have used, each and all together, by day or by month. There are figures in it alone."""
    found = await people.limits.spending(first=first, last=last, by_month=by == "month")
    return PeopleStatisticsBody(
        timezone=ZONE.key,
        first=found.first,
        last=found.last,
        by=by,
        team=_used_body(found.team),
        by_date=[UsedOnBody(date=day, **_used_body(used).model_dump()) for day, used in found.by_date.items()],
        people=[
            PersonUsedBody(
                account_id=one.account.account_id if one.account else None,
                name=one.account.name if one.account else None,
                display_name=one.account.display_name if one.account else None,
                by_date=[UsedOnBody(date=day, **_used_body(used).model_dump()) for day, used in one.by_date.items()],
                **_used_body(one.total).model_dump(),
            )
            for one in found.people
        ],
    )


def limit_body(state: QuotaState) -> LimitBody:
    resets_at = state.resets_at.astimezone(UTC) if state.resets_at else None
    limit = None if state.limit is None else float(state.limit)
    return LimitBody(what=state.what, used=float(state.used), limit=limit, resets_at=resets_at)


def _numbers(quotas: Quotas) -> dict[Quota, float | None]:
    return {name: None if amount is None else float(amount) for name, amount in quotas.items()}


def _rule_body(rule: ModelRule) -> ModelRuleBody:
    return ModelRuleBody(backend=rule.backend, model=rule.model, roles=list(rule.roles), accounts=list(rule.accounts))


def _used_body(used: Used) -> UsedBody:
    return UsedBody(replies=used.replies, tokens=used.tokens, cost_usd=f"{used.cost_usd:f}")
