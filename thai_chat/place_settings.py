"""The settings of where the page listens and where the database is."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated
from urllib.parse import quote, urlencode, urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, field_validator

from thai_chat.backends.setting_types import RELATIVE
from thai_chat.domain.setting_values import expanded, http_address, is_loopback

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_HOST = re.compile(r"[\w.-]+|[0-9a-f.]*:[0-9a-f:.]*:[0-9a-f:.]*(%\w+)?")


_ACCOUNT = re.compile(r"[0-9]{1,10}|[A-Za-z_][\w.@\\-]{0,254}\$?")
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?"
_EMBEDDER = re.compile(rf"{_LABEL}(?:\.{_LABEL})*|\*(?:\.{_LABEL}){{2,}}")
"""The hosts that a Content-Security-Policy can name."""

_USUAL_PORT = re.compile(r"^(http://.*):80$|^(https://.*):443$")
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")


def names(value: object) -> object:
    return tuple(part.strip().lower() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def as_written(value: object) -> object:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _networks(value: object) -> object:
    """Return the networks. Raises ValueError in words of our own: those of `ip_network` quote what was written."""
    if not isinstance(value, str):
        return value
    try:
        return tuple(ipaddress.ip_network(part.strip(), strict=False) for part in value.split(",") if part.strip())
    except ValueError:
        raise ValueError("must be addresses or networks, such as 127.0.0.1 or 10.0.0.0/8") from None


def _without_default_port(address: str) -> str:
    """Return the address as browsers write it."""
    parts = urlsplit(address)
    default = {"http": ":80", "https": ":443"}[parts.scheme]
    return parts._replace(netloc=parts.netloc.removesuffix(default)).geturl()


class Place(BaseModel):
    """Where the page listens, and where the database is."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    host: str = Field("127.0.0.1", description="Address to listen on")
    port: int = Field(7862, ge=1, le=65535, description="Port of the page and the API")
    allow_open_network: bool = Field(
        False,
        description="yes: listen beyond this machine although there is no login; anybody there can read every chat",
    )
    allow_local_users: Annotated[tuple[str, ...], BeforeValidator(as_written)] = Field(
        (),
        description="Accounts of this machine that may connect, besides the one that starts the page and root, where "
        "nobody signs in: names or numbers with commas (a proxy's, e.g. www-data); *: everybody",
    )
    public_url: str | None = Field(
        None, description="The page's own address as people type it, where a proxy or a name leads to it"
    )
    allowed_hosts: Annotated[tuple[str, ...], BeforeValidator(names)] = Field(
        (), description="More names under which it answers, with commas; *.example.org stands for all below it"
    )
    embed_hosts: Annotated[tuple[str, ...], BeforeValidator(names)] = Field(
        (), description="Hosts whose pages may have the chat in a frame, by a button of /embed.js, with commas"
    )
    cors_origins: Annotated[tuple[str, ...], BeforeValidator(names)] = Field(
        (),
        description="Sites whose scripts may use the API from a browser, by an API key, e.g. https://app.example.org, "
        "with commas; where nobody signs in they may do all that the page may",
    )
    trusted_proxies: Annotated[tuple[Network, ...], BeforeValidator(_networks)] = Field(
        (), description="Addresses or networks of proxies whose X-Forwarded-* headers are believed, with commas"
    )
    data_dir: Annotated[Path, RELATIVE] = Field(
        Path("data"), description="Folder of the embedded database and the journal"
    )

    database_url: SecretStr | None = Field(
        None, description="PostgreSQL to use; empty: POSTGRES_HOST, else the embedded server"
    )
    postgres_host: str | None = Field(None, description="Server by its parts, used when DATABASE_URL is empty")
    postgres_port: int = Field(5432, ge=1, le=65535, description="Port of that server")
    postgres_db: str = Field("thai_chat", description="Name of the database there")
    postgres_user: str = Field("thai_chat", description="Its user")
    postgres_password: SecretStr | None = Field(None, description="That user's password")

    @field_validator("host")
    @classmethod
    def _bare_host(cls, value: str) -> str:
        host = value.removeprefix("[").removesuffix("]").lower()
        if not _HOST.fullmatch(host):
            raise ValueError("must be an address or a name alone, such as 127.0.0.1; the port is PORT")
        return host

    @field_validator("allow_local_users")
    @classmethod
    def _account_names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(name == "*" or _ACCOUNT.fullmatch(name) for name in value):
            raise ValueError("must be names or numbers of accounts with commas, such as www-data, or * for everybody")
        return value

    @field_validator("public_url")
    @classmethod
    def _page_address(cls, value: str | None) -> str | None:
        address = http_address(value.strip()) if value else None
        if address and (urlsplit(address).path or urlsplit(address).query or "@" in address):
            raise ValueError("must be a scheme and a name alone, such as https://chat.example.org: no path")
        if address and not address.isascii():
            raise ValueError("must be written in ASCII: a Thai name as browsers send it, such as https://xn--...")
        return _without_default_port(address.lower()) if address else None

    @field_validator("embed_hosts")
    @classmethod
    def _embedders(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if not name.isascii():
                raise ValueError("must be written in ASCII: a Thai name as browsers send it, such as xn--...")
            if not _EMBEDDER.fullmatch(name):
                raise ValueError(
                    "must be names or IPv4 addresses alone, such as intranet.example.org, without scheme and port; "
                    "*. needs two parts behind it, such as *.example.org"
                )
        return value

    @field_validator("cors_origins")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if "*" in value:
            raise ValueError("must name each site, such as https://app.example.org: * would let every site in")
        for origin in value:
            if not _ORIGIN.fullmatch(origin):
                raise ValueError(
                    "must be origins alone, such as https://app.example.org or http://localhost:3000: scheme and name, "
                    "and the port where it is none of the usual, in ASCII and without a path"
                )
        return tuple(_USUAL_PORT.sub(r"\1\2", origin) for origin in value)

    @field_validator("allowed_hosts")
    @classmethod
    def _host_names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        names = tuple(name.removeprefix("[").removesuffix("]") for name in value)
        for name in names:
            if not _HOST.fullmatch(name.removeprefix("*.")):
                raise ValueError("must be names or addresses alone, such as chat.example.org, without scheme and port")
        return names

    @field_validator("data_dir")
    @classmethod
    def _folder(cls, value: Path) -> Path:
        return expanded(str(value))

    @field_validator("database_url")
    @classmethod
    def _postgres_address(cls, value: SecretStr | None) -> SecretStr | None:
        if value and not value.get_secret_value().startswith(("postgres://", "postgresql://")):
            raise ValueError("must start with postgresql://")
        return value

    @property
    def own_names(self) -> Sequence[str]:
        """The names and addresses, besides loopback's, under which the page may be opened."""
        public = urlsplit(self.public_url).hostname if self.public_url else None
        return (self.host, *self.allowed_hosts, *((public,) if public else ()))

    @property
    def is_local(self) -> bool:
        """True when only this machine can reach the page."""
        return is_loopback(self.host)

    @property
    def database_address(self) -> SecretStr | None:
        """The server that DATABASE_URL or POSTGRES_HOST names, as one address; None means the embedded one."""
        if self.database_url:
            return SecretStr(self.database_url.get_secret_value().replace("postgres://", "postgresql://", 1))
        if not self.postgres_host:
            return None
        user = quote(self.postgres_user, safe="")
        if self.postgres_password:
            user += f":{quote(self.postgres_password.get_secret_value(), safe='')}"
        # The host goes into the query, because it may also be the folder of a socket.
        place = urlencode({"host": self.postgres_host, "port": self.postgres_port})
        return SecretStr(f"postgresql://{user}@/{quote(self.postgres_db, safe='')}?{place}")
