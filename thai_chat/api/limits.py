"""`/api/me/limits`, and what administrators say of quotas and of models that are not open to everybody."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from thai_chat.api.dependencies import Asking, Noting, People
from thai_chat.api.refusing import refuses
from thai_chat.domain.account_errors import AccountNotFound
from thai_chat.domain.audit import Action, Detail
from thai_chat.domain.errors import UnknownModel
from thai_chat.domain.people import PersonRole
from thai_chat.domain.quotas import ZONE, ModelRule, Quota, QuotaKind, QuotaRule, Quotas, QuotaState, Used

router = APIRouter(tags=["people"])

Count = Annotated[int, Field(ge=0, le=10**15)]
Dollars = Annotated[Decimal, Field(ge=0, le=10**6, max_digits=15, decimal_places=9)]


class LimitBody(BaseModel):
    what: Quota = Field(description="What is limited")
    used: float = Field(description="How much of it is used up")
    limit: float | None = Field(description="Null: there is no limit")
    resets_at: datetime | None = Field(description="When counting begins anew; null: there is no such time")


class LimitsBody(BaseModel):
    limits: list[LimitBody] = Field(description="One for each kind of limit")


class QuotasPut(BaseModel):
    """Whatever is not there is left to the role's quotas, and to the settings; null says that there is no limit."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"tokens_day": 200_000, "usd_month": 20}})

    requests_minute: Annotated[int, Field(ge=1, le=10**6)] | None = Field(default=None, description="Requests a minute")
    running_replies: Annotated[int, Field(ge=0, le=10**4)] | None = Field(
        default=None, description="Replies that are written at the same time"
    )
    tokens_day: Count | None = Field(default=None, description="Tokens a day")
    tokens_month: Count | None = Field(default=None, description="Tokens a month")
    usd_day: Dollars | None = Field(default=None, description="US dollars a day")
    usd_month: Dollars | None = Field(default=None, description="US dollars a month")


class QuotaRuleBody(BaseModel):
    kind: QuotaKind = Field(description="Whether it is for a role, an account or a key")
    subject: str = Field(description="The role's name, or the id of the account or key", examples=["user"])
    quotas: dict[Quota, float | None] = Field(
        description="Those that are set; null: no limit", examples=[{"tokens_day": 200_000, "usd_month": 20}]
    )


class QuotaRulesBody(BaseModel):
    quotas: list[QuotaRuleBody] = Field(description="Those that are set here")
    defaults: dict[PersonRole, dict[Quota, float | None]] = Field(
        description="By the settings, for each role", examples=[{"user": {"tokens_day": 200_000}}]
    )


class ModelRulePut(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"roles": ["administrator"]}})

    roles: list[PersonRole] = Field(default_factory=list, max_length=10, description="Roles that may use the model")
    accounts: list[UUID] = Field(default_factory=list, max_length=1000, description="Accounts that may use it besides")


class ModelRuleBody(BaseModel):
    backend: str
    model: str
    roles: list[PersonRole] = Field(description="Roles that may use the model")
    accounts: list[UUID] = Field(description="Accounts that may use it besides")


class ModelRulesBody(BaseModel):
    rules: list[ModelRuleBody] = Field(description="A model without a rule is open to everybody")


class UsedBody(BaseModel):
    replies: int
    tokens: int = Field(description="Tokens of questions and replies")
    cost_usd: str = Field(description="US dollars, exact", examples=["0.0123"])


class UsedOnBody(UsedBody):
    date: Annotated[date, Field(description="A day, or the first of a month")]


class PersonUsedBody(UsedBody):
    account_id: UUID | None = Field(description="Null for an account that is gone")
    name: str | None
    display_name: str | None
    by_date: list[UsedOnBody] = Field(description="Dates on which nothing was used are left out")


class PeopleStatisticsBody(BaseModel):
    timezone: str
    first: date = Field(description="The first day that is counted")
    last: date = Field(description="The last day that is counted")
    by: str = Field(description="`day` or `month`", examples=["day"])
    team: UsedBody = Field(description="Everybody together")
    by_date: list[UsedOnBody] = Field(description="Everybody together, on each date")
    people: list[PersonUsedBody] = Field(description="Each person")


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


@router.put("/api/quotas/{kind}/{subject}", responses=refuses(AccountNotFound))
async def put_quotas(
    kind: Annotated[QuotaKind, Path(description="Whom it is for")],
    subject: Annotated[str, Path(description="The role's name, or the id of the account or key")],
    body: QuotasPut,
    people: People,
    notes: Noting,
) -> QuotaRuleBody:
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


@router.put("/api/model-rules/{backend}/{model:path}", responses=refuses(AccountNotFound))
async def put_model_rule(backend: str, model: str, body: ModelRulePut, people: People, notes: Noting) -> ModelRuleBody:
    """Open a model to some roles and accounts alone."""
    rule = ModelRule(
        backend=backend, model=model, roles=list(dict.fromkeys(body.roles)), accounts=list(dict.fromkeys(body.accounts))
    )
    await people.limits.models.put(rule)
    details: dict[str, Detail] = {"roles": list(rule.roles), "accounts": [str(one) for one in rule.accounts]}
    notes.put(Action.MODEL_RULE_CHANGED, target=f"{backend}/{model}", details=details)
    return _rule_body(rule)


@router.delete("/api/model-rules/{backend}/{model:path}", status_code=204, responses=refuses(UnknownModel))
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
    by: Annotated[str, Query(pattern="^(day|month)$", description="`day` or `month`")] = "day",
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
