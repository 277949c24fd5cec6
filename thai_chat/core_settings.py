"""The settings as fields: the core's own, and how those of each kind of backend are composed with them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, create_model, field_validator, model_validator

from thai_chat.domain.alternatives import alternatives
from thai_chat.domain.people import PersonRole
from thai_chat.domain.ports.backend_kinds import Kinds
from thai_chat.domain.quotas import Quota, Quotas
from thai_chat.domain.setting_values import is_secure_address
from thai_chat.domain.webhook_hosts import WebhookHosts
from thai_chat.place_settings import Place, as_written, names

_WAYS = {("none",), ("password",), ("oidc",), ("password", "oidc"), ("oidc", "password")}


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _or_none(value: object) -> object:
    return None if isinstance(value, str) and value.strip().lower() == "none" else value


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


class Core(Place):
    """The settings that are read outside of `backends/`; `composed` has those of each kind of backend between them.

    A field's description is its line in `.env.example`.
    """

    kinds: ClassVar[Kinds] = ()
    """The backends that there can be."""

    default_backend: str | None = None
    fallback_order: tuple[str, ...] = ()
    fallback: bool = Field(
        True, description="no: nobody but the one that was asked answers; when it can't, the reply fails and says why"
    )
    allow_cloud_fallback: bool = False
    usd_thb: Decimal | None = Field(
        None,
        gt=0,
        le=1_000_000,
        description="Baht for a US dollar, e.g. 32.5; empty: the cost of a cloud reply is told in dollars only",
    )
    max_history_messages: int = Field(
        40, ge=1, le=100_000, description="At most this many earlier messages are sent to a model"
    )

    auth: Annotated[tuple[str, ...], BeforeValidator(names)] = Field(
        ("none",),
        description="none: one person's tool, no login; password: people have accounts; oidc: an OpenID provider knows "
        "them; password,oidc: either",
    )
    sign_up: Annotated[Literal["off", "invitation", "open"], BeforeValidator(_lower)] = Field(
        "invitation", description="Who may make an account: off, invitation (by a link), or open (anybody who comes)"
    )
    sign_in_hours: int = Field(
        720, ge=1, le=24 * 365, description="Hours after which somebody has to sign in again, whatever they do"
    )
    sign_in_idle_hours: int = Field(
        168, ge=1, le=24 * 365, description="Hours without use after which somebody has to sign in again"
    )
    admin_reads_chats: bool = Field(
        False, description="yes: administrators may search and count what everybody said; the page tells people so"
    )
    audit_days: int = Field(
        365,
        ge=1,
        le=36_500,
        description="Days that an entry of the audit log is kept: who signed in, exported or deleted",
    )
    quota_requests_minute: Annotated[int | None, BeforeValidator(_or_none)] = Field(
        600,
        ge=1,
        description="Requests a minute of one person who is no administrator, where there are accounts; none: any "
        "number",
    )
    quota_running_replies: Annotated[int | None, BeforeValidator(_or_none)] = Field(
        4, ge=0, description="Replies that are written for one of them at a time; none: any number"
    )
    quota_tokens_day: Annotated[int | None, BeforeValidator(_or_none)] = Field(
        None,
        ge=0,
        description="Tokens of one of them in a day, prompts and thinking included; empty: any number",
    )
    quota_tokens_month: Annotated[int | None, BeforeValidator(_or_none)] = Field(
        None, ge=0, description="Tokens in a month"
    )
    quota_usd_day: Annotated[Decimal | None, BeforeValidator(_or_none)] = Field(
        None, ge=0, description="US dollars of one of them in a day, as far as prices are known, e.g. 1.50"
    )
    quota_usd_month: Annotated[Decimal | None, BeforeValidator(_or_none)] = Field(
        None, ge=0, description="US dollars in a month"
    )
    oidc_issuer: str | None = Field(
        None,
        description="The OpenID provider's address, e.g. https://accounts.google.com; the page's own, which it has to "
        "know, is PUBLIC_URL/sign-in/oidc/callback",
    )
    oidc_client_id: str | None = Field(None, description="The name by which the provider knows this page")
    oidc_client_secret: SecretStr | None = Field(None, description="Its secret; empty for a public client")
    oidc_scopes: str = Field("openid email profile", description="What the provider is asked to tell")
    oidc_label: str | None = Field(None, description="The provider's name on the button; empty: its host")
    oidc_sign_up: bool | None = Field(
        None,
        description="yes: whoever the provider signs in gets an account; no: only by an invitation; empty: yes with "
        "SIGN_UP=open",
    )
    oidc_allowed_domains: Annotated[tuple[str, ...], BeforeValidator(names)] = Field(
        (), description="Only people whose verified e-mail address is of these domains sign in by it, with commas"
    )
    oidc_role_claim: str | None = Field(
        None, description="The claim that tells who is an administrator, e.g. groups or realm_access.roles"
    )
    oidc_admin_values: Annotated[tuple[str, ...], BeforeValidator(as_written)] = Field(
        (), description="Its values that make an administrator, with commas, at each sign-in anew"
    )
    webhook_hosts: Annotated[tuple[str, ...], BeforeValidator(names)] = Field(
        (),
        description="Hosts that webhooks may be sent to, with commas, e.g. hooks.example.org, *.example.org, "
        "http://n8n.lan:5678; empty: no webhooks",
    )
    secret_key: SecretStr | None = Field(
        None,
        description="Signs webhooks, and what a browser keeps while it is at the provider; tells a repeated request "
        "the secret of what it made (Idempotency-Key); empty: a key in DATA_DIR. Several replicas need the same",
    )
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(_upper)] = Field(
        "INFO", description="DEBUG, INFO, WARNING or ERROR"
    )
    log_format: Annotated[Literal["text", "json"], BeforeValidator(_lower)] = Field("text", description="text or json")

    @field_validator("auth")
    @classmethod
    def _ways(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if value not in _WAYS:
            raise ValueError("must be 'none', 'password', 'oidc' or 'password,oidc'")
        return value

    @field_validator("oidc_issuer")
    @classmethod
    def _provider(cls, value: str | None) -> str | None:
        if value and not (is_secure_address(value) and not urlsplit(value).query and "@" not in value):
            raise ValueError("must be an https:// address, or an http:// one on this machine, without a question")
        return value

    @field_validator("webhook_hosts")
    @classmethod
    def _receivers(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        WebhookHosts(value)
        return value

    @field_validator("oidc_scopes")
    @classmethod
    def _scopes(cls, value: str) -> str:
        if "openid" not in value.split():
            raise ValueError("must have openid in it, such as: openid email profile")
        return " ".join(value.split())

    @model_validator(mode="after")
    def _known_to_a_provider(self) -> Core:
        if "oidc" in self.auth and not (self.oidc_issuer and self.oidc_client_id):
            raise ValueError(
                "AUTH=oidc needs OIDC_ISSUER, the provider's address, and OIDC_CLIENT_ID, the name it gave"
            )
        if bool(self.oidc_role_claim) != bool(self.oidc_admin_values):
            raise ValueError("OIDC_ROLE_CLAIM and OIDC_ADMIN_VALUES need each other: set both or none")
        return self

    @model_validator(mode="after")
    def _closed_to_the_network(self) -> Core:
        if self.is_local:
            return self
        if not self.has_accounts and not self.allow_open_network:
            raise ValueError(
                f"HOST={self.host} would show every chat to the network without a login; keep 127.0.0.1, set "
                "AUTH=password, or set ALLOW_OPEN_NETWORK=yes if that is what you want"
            )
        if not self.public_url and not self.allowed_hosts:
            raise ValueError(
                f"HOST={self.host} needs the names that people open the page under, or any web site could read every "
                "chat through a name of its own: set PUBLIC_URL=http://NAME:PORT, or ALLOWED_HOSTS=NAME,NAME"
            )
        return self

    @property
    def quotas(self) -> Mapping[PersonRole, Quotas]:
        """The quotas of each role; administrators have none."""
        amounts = {what: getattr(self, f"quota_{what}") for what in Quota}
        mine = {what: Decimal(amount) for what, amount in amounts.items() if amount is not None}
        return {PersonRole.USER: mine, PersonRole.ADMINISTRATOR: {}}

    @property
    def has_accounts(self) -> bool:
        return "none" not in self.auth


@cache
def composed(kinds: Kinds) -> type[Core]:
    """Return the class of all settings, in the order of `.env.example`: the page's, each kind's, then the others."""
    kind_names = tuple(kind.name for kind in kinds)
    name: Any = Literal.__getitem__(kind_names)
    clouds = alternatives([kind.label for kind in kinds if kind.is_cloud])
    whom = f"{clouds} (or another cloud)" if clouds else "a cloud"
    # Fields come in the reverse order of the bases.
    bases: Any = (Core, *(kind.settings for kind in reversed(kinds)), Place)
    made: type[Core] = create_model(
        "Settings",
        __base__=bases,
        default_backend=(
            Annotated[name | None, BeforeValidator(_lower)],
            Field(
                None, description=f"{alternatives(kind_names)}; empty means the first of FALLBACK_ORDER that answers"
            ),
        ),
        fallback_order=(
            Annotated[tuple[name, ...], BeforeValidator(names)],
            Field(
                kind_names,
                description="Order in which backends are preferred, and asked when the one that was asked can't answer",
            ),
        ),
        allow_cloud_fallback=(
            bool,
            Field(
                False,
                description=f"yes: what is asked of your own models may go to {whom} when they can't answer",
            ),
        ),
    )
    made.kinds = kinds
    return made
