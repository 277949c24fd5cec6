"""The address of a database: its parts, and whether it is on this machine and works."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from urllib.parse import quote, urlencode

from thai_chat.domain.errors import HistoryUnavailable
from thai_chat.history.postgres import probe
from thai_chat.history.postgres.connections import parsed

HERE = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Address:
    database: str
    role: str
    password: str = field(repr=False)
    port: int
    host: str = HERE
    options: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, url: str) -> Address:
        """Return the parts of an address. The port of several servers is 0. Raises StartError for what is no
        address."""
        parts = dict(parsed(url))
        role, port = parts.pop("user", ""), parts.pop("port", "") or "5432"
        return cls(
            database=parts.pop("dbname", role),
            role=role,
            password=parts.pop("password", ""),
            port=int(port) if port.isdecimal() else 0,
            host=parts.pop("host", "localhost"),
            options=tuple(sorted(parts.items())),
        )

    @property
    def is_here(self) -> bool:
        """True when it names a server of this machine."""
        return self.host in ("", "localhost", HERE, "::1") or self.host.startswith("/")

    def at(self, port: int) -> Address:
        return replace(self, port=port, host=HERE if not self.host.startswith("/") else self.host)

    def url(self) -> str:
        who = quote(self.role, safe="") + (f":{quote(self.password, safe='')}" if self.password else "")
        options = [*self.options]
        where = f"{self.host or HERE}:{self.port}"
        if self.host.startswith("/"):
            where, options = "", [("host", self.host), ("port", str(self.port)), *options]
        asked = f"?{urlencode(options)}" if options else ""
        return f"postgresql://{who}@{where}/{quote(self.database, safe='')}{asked}"


def failure(url: str) -> str:
    """Return why a database can't be used, in the server's own words, which hold no password; empty when it can."""
    try:
        probe.ask(url)
    except HistoryUnavailable as error:
        return str(error)
    return ""
