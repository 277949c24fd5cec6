"""The settings: the only place that reads the environment and `.env`."""

from __future__ import annotations

import difflib
import io
import ipaddress
import os
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import SplitResult, quote, urlencode, urlsplit

from dotenv import dotenv_values
from dotenv.parser import parse_stream
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

from thai_chat.domain.errors import SettingsError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
BackendName = Literal["vllm", "ollama", "openai", "llamacpp"]

BACKENDS: tuple[BackendName, ...] = ("vllm", "ollama", "openai", "llamacpp")

_HOME = "THAI_CHAT_HOME"
_PATHS = ("DATA_DIR", "LLAMACPP_MODEL_PATH")

_ADDRESS = re.compile(r'[^\s"\\]+')
_HOST = re.compile(r"[\w.-]+|[0-9a-f.]*:[0-9a-f:.]*:[0-9a-f:.]*(%\w+)?")
_KEY = re.compile(r"[!-~]+")
_DURATION = re.compile(r"-?\d+(\.\d+)?|-?(\d+(\.\d+)?(ms|s|m|h))+")


def _blank_is_unset(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


def _names(value: object) -> object:
    return tuple(part.strip().lower() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _networks(value: object) -> object:
    """Raises ValueError in words of our own: those of `ip_network` quote what was written."""
    if not isinstance(value, str):
        return value
    try:
        return tuple(ipaddress.ip_network(part.strip(), strict=False) for part in value.split(",") if part.strip())
    except ValueError:
        raise ValueError("must be addresses or networks, such as 127.0.0.1 or 10.0.0.0/8") from None


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def _parts(address: str) -> SplitResult:
    """Raises ValueError in words of our own: those of `urlsplit` quote the address, where a password may be."""
    try:
        parts = urlsplit(address)
        is_possible = parts.scheme in ("", "http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        is_possible = False
    if not is_possible or not _ADDRESS.fullmatch(address):
        raise ValueError("must be an http:// or https:// address, whose port is a number up to 65535")
    return parts


def _address(value: str) -> str:
    """With a scheme, without a slash at its end. Raises ValueError."""
    address = value if "://" in value else f"http://{value}"
    _parts(address)
    return address.rstrip("/")


def _without_default_port(address: str) -> str:
    """Return the address as browsers write it."""
    parts = urlsplit(address)
    default = {"http": ":80", "https": ":443"}[parts.scheme]
    return parts._replace(netloc=parts.netloc.removesuffix(default)).geturl()


def _with_ollamas_port(value: str) -> str:
    """A host alone is on Ollama's own port, as its variable of the same name has it."""
    if "://" in value:
        return value
    parts = _parts(f"//{value}")
    return value if parts.port else parts._replace(netloc=f"{parts.netloc}:11434").geturl().removeprefix("//")


def _expanded(path: str) -> Path:
    """With `~` as the shell reads it. Raises ValueError."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise ValueError("begins with ~ and the name of nobody here") from None


_WORDS = {
    "bool_parsing": "must be yes or no",
    "decimal_parsing": "must be a number such as 32.5",
    "float_parsing": "must be a number",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "must be a smaller number",
}
"""What is said instead of pydantic's words, by its type of error."""

Backend = Annotated[BackendName, BeforeValidator(_lower)]


class Settings(BaseModel):
    """Every setting, validated at the start. The field's description is its line in `.env.example`."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    host: str = Field("127.0.0.1", description="Address to listen on")
    port: int = Field(7862, ge=1, le=65535, description="Port of the page and the API")
    allow_open_network: bool = Field(
        False,
        description="yes: listen beyond this machine although there is no login; anybody there can read every chat",
    )
    public_url: str | None = Field(
        None, description="The page's own address as people type it, where a proxy or a name leads to it"
    )
    allowed_hosts: Annotated[tuple[str, ...], BeforeValidator(_names)] = Field(
        (), description="More names under which it answers, with commas; *.example.org stands for all below it"
    )
    trusted_proxies: Annotated[tuple[Network, ...], BeforeValidator(_networks)] = Field(
        (), description="Addresses or networks of proxies whose X-Forwarded-* headers are believed, with commas"
    )
    data_dir: Path = Field(Path("data"), description="Folder of the embedded database and the journal")

    database_url: SecretStr | None = Field(
        None, description="PostgreSQL to use; empty: POSTGRES_HOST, else the embedded server"
    )
    postgres_host: str | None = Field(None, description="Server by its parts, used when DATABASE_URL is empty")
    postgres_port: int = Field(5432, ge=1, le=65535, description="Port of that server")
    postgres_db: str = Field("thai_chat", description="Name of the database there")
    postgres_user: str = Field("thai_chat", description="Its user")
    postgres_password: SecretStr | None = Field(None, description="That user's password")

    vllm_base_url: str | None = Field(
        None,
        description="vLLM's OpenAI-compatible address, e.g. http://127.0.0.1:8000/v1; several with commas between them",
    )
    vllm_api_key: SecretStr | None = Field(None, description="Only when vLLM was started with --api-key")
    vllm_model: str | None = Field(None, description="Model to preselect; empty means the first the server lists")
    ollama_host: Annotated[str | None, BeforeValidator(_blank_is_unset)] = Field(
        "http://127.0.0.1:11434", description="Ollama's address; several servers with commas between them"
    )
    ollama_model: str | None = Field(None, description="Model to preselect")
    ollama_num_ctx: int | None = Field(
        None,
        ge=0,
        le=100_000_000,
        description="Tokens that Ollama's models read at a time; empty: 8192 or more; 0: left to Ollama",
    )
    ollama_keep_alive: str | None = Field(
        None, description="How long Ollama keeps a model in memory, e.g. 30m, -1 for ever; empty: as Ollama is set"
    )
    openai_api_key: SecretStr | None = Field(None, description="Key for OpenAI")
    openai_base_url: str = Field("https://api.openai.com/v1", description="Another OpenAI-compatible cloud")
    openai_model: str | None = Field(None, description="Model to preselect")
    llamacpp_model_path: str | None = Field(
        None,
        description="A GGUF file to serve here; empty: a small English demo model when nothing else answers",
    )
    default_backend: Backend | None = Field(
        None, description="vllm, ollama, openai or llamacpp; empty means the first of FALLBACK_ORDER that answers"
    )
    fallback_order: Annotated[tuple[BackendName, ...], BeforeValidator(_names)] = Field(
        BACKENDS,
        description="Order in which backends are preferred, and asked when the one that was asked can't answer",
    )
    fallback: bool = Field(
        True, description="no: nobody but the one that was asked answers; when it can't, the reply fails and says why"
    )
    allow_cloud_fallback: bool = Field(
        False,
        description="yes: what is asked of your own models may go to OpenAI (or another cloud) when they can't answer",
    )
    first_token_timeout_s: float = Field(
        60,
        gt=0,
        le=86_400,
        description="Seconds after which a vLLM that says nothing is given up, when another server or model can answer",
    )
    usd_thb: Decimal | None = Field(
        None,
        gt=0,
        le=1_000_000,
        description="Baht for a US dollar, e.g. 32.5; empty: the cost of a cloud reply is told in dollars only",
    )
    max_history_messages: int = Field(
        40, ge=1, le=100_000, description="At most this many earlier messages are sent to a model"
    )

    auth: Annotated[Literal["none"], BeforeValidator(_lower)] = Field(
        "none", description="none: one person's tool, no login"
    )
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(_upper)] = Field(
        "INFO", description="DEBUG, INFO, WARNING or ERROR"
    )
    log_format: Annotated[Literal["text", "json"], BeforeValidator(_lower)] = Field("text", description="text or json")

    @field_validator("host")
    @classmethod
    def _bare_host(cls, value: str) -> str:
        host = value.removeprefix("[").removesuffix("]").lower()
        if not _HOST.fullmatch(host):
            raise ValueError("must be an address or a name alone, such as 127.0.0.1; the port is PORT")
        return host

    @field_validator("public_url")
    @classmethod
    def _page_address(cls, value: str | None) -> str | None:
        address = _address(value.strip()) if value else None
        if address and (urlsplit(address).path or urlsplit(address).query or "@" in address):
            raise ValueError("must be a scheme and a name alone, such as https://chat.example.org: no path")
        return _without_default_port(address.lower()) if address else None

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
        return _expanded(str(value))

    @field_validator("vllm_api_key", "openai_api_key")
    @classmethod
    def _key(cls, value: SecretStr | None) -> SecretStr | None:
        if value and not _KEY.fullmatch(value.get_secret_value()):
            raise ValueError("must be the key alone, of plain letters, digits and signs without a space: copy it again")
        return value

    @field_validator("openai_base_url")
    @classmethod
    def _http_address(cls, value: str) -> str:
        return _address(value)

    @field_validator("ollama_host")
    @classmethod
    def _ollamas_port(cls, value: str | None) -> str | None:
        return ",".join(_with_ollamas_port(part.strip()) for part in value.split(",")) if value else None

    @field_validator("vllm_base_url", "ollama_host")
    @classmethod
    def _http_addresses(cls, value: str | None) -> str | None:
        return ",".join(dict.fromkeys(_address(part.strip()) for part in value.split(","))) if value else None

    @field_validator("ollama_keep_alive")
    @classmethod
    def _duration(cls, value: str | None) -> str | None:
        if value and not _DURATION.fullmatch(value.strip()):
            raise ValueError("must be seconds, or a time as in 90s, 30m, 1h30m; -1 means for ever")
        return value.strip() if value else None

    @field_validator("database_url")
    @classmethod
    def _postgres_address(cls, value: SecretStr | None) -> SecretStr | None:
        if value and not value.get_secret_value().startswith(("postgres://", "postgresql://")):
            raise ValueError("must start with postgresql://")
        return value

    @field_validator("llamacpp_model_path")
    @classmethod
    def _model_file(cls, value: str | None) -> str | None:
        if not value:
            return None
        file = _expanded(value)
        # Also where a folder above it is closed to this user, which Path.is_file raises.
        if not os.path.isfile(file) or not os.access(file, os.R_OK):
            raise ValueError("names no file that this user may read")
        return str(file)

    @model_validator(mode="after")
    def _closed_to_the_network(self) -> Settings:
        if not self.is_local and not self.allow_open_network:
            raise ValueError(
                f"HOST={self.host} would show every chat to the network without a login; "
                "keep 127.0.0.1, or set ALLOW_OPEN_NETWORK=yes if that is what you want"
            )
        if not self.is_local and not self.public_url and not self.allowed_hosts:
            raise ValueError(
                f"HOST={self.host} needs the names that people open the page under, or any web site could read every "
                "chat through a name of its own: set PUBLIC_URL=http://NAME:PORT, or ALLOWED_HOSTS=NAME,NAME"
            )
        return self

    @property
    def vllm_addresses(self) -> Sequence[str]:
        """In the order they are written; each is one server."""
        return self.vllm_base_url.split(",") if self.vllm_base_url else ()

    @property
    def ollama_addresses(self) -> Sequence[str]:
        return self.ollama_host.split(",") if self.ollama_host else ()

    @property
    def own_names(self) -> Sequence[str]:
        """The names and addresses, besides loopback's, under which the page may be opened."""
        public = urlsplit(self.public_url).hostname if self.public_url else None
        return (self.host, *self.allowed_hosts, *((public,) if public else ()))

    @property
    def is_local(self) -> bool:
        """True when only this machine can reach the page."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

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
        # As a query, because a host may also be the folder of a socket.
        place = urlencode({"host": self.postgres_host, "port": self.postgres_port})
        return SecretStr(f"postgresql://{user}@/{quote(self.postgres_db, safe='')}?{place}")


def names() -> tuple[str, ...]:
    """Every setting as it is written in the environment."""
    return tuple(name.upper() for name in Settings.model_fields)


def home(environ: Mapping[str, str] | None = None) -> Path:
    """The folder of `.env` and of `data`: THAI_CHAT_HOME, else the clone that this is, else the user's folder for data.

    Never the current folder, whose `.env` may be another program's. Raises SettingsError.
    """
    environ = os.environ if environ is None else environ
    if named := environ.get(_HOME, "").strip():
        try:
            return _expanded(named).absolute()
        except ValueError as error:
            raise SettingsError(f"{_HOME}: {error}") from None
    if is_clone():
        return Path(__file__).parents[1]
    return _expanded(environ.get("XDG_DATA_HOME") or "~/.local/share") / "thai-chat"


def is_clone() -> bool:
    """False for an installed package, which has no manage.sh."""
    return (Path(__file__).parents[1] / "manage.sh").is_file()


def env_file() -> Path:
    return home() / ".env"


def load(file: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process: the environment first, then `file` (default: `env_file()`), then the defaults.

    Relative paths in the file, and the default ones, count from its folder. Raises SettingsError with one line for each
    thing that is wrong; no line holds a secret.
    """
    file = env_file() if file is None else file
    environ = os.environ if environ is None else environ
    written = _read_env_file(file)
    for name in _PATHS:
        if (path := written.get(name, "").strip()) and path[0] != "~":
            written[name] = str(file.parent / path)
    values = {**written, **environ}
    given = {name.lower(): _tidy(name, values[name]) for name in names() if name in values}
    # Left empty means its default, but no Ollama, whose default is an address.
    given = {name: value for name, value in given.items() if value or name == "ollama_host"}
    given.setdefault("data_dir", str(file.parent / "data"))
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        raise SettingsError("\n".join(_plain(problem) for problem in error.errors(include_input=False))) from None


# Names of the plans for teams, which people have in their files already.
_PLANNED = frozenset({"SECRET_KEY", "SESSION_TTL_MINUTES"})
_PLANNED_KINDS = ("REDIS_", "JWT_", "SESSION_TTL")


_OF_OTHERS = frozenset({"OLLAMA_MODELS"})
"""Close to a setting, and read by the program that has it."""


def misspelt(file: Path | None = None) -> list[str]:
    """A line for each name in `file` (default: `env_file()`) that is close to a setting but is none."""
    file = env_file() if file is None else file
    lines = []
    for name in _read_env_file(file):
        if name in names():
            continue
        close = difflib.get_close_matches(name.upper(), names(), n=1, cutoff=0.8)
        if close:
            lines.append(f"{file}: {name} is not a setting; did you mean {close[0]}?")
        elif name.upper() in _PLANNED or name.upper().startswith(_PLANNED_KINDS):
            lines.append(f"{file}: {name} has no effect: there are no accounts and no Redis in this version")
    return lines


def misspelt_around(environ: Mapping[str, str] | None = None) -> list[str]:
    """A line for each name in the environment that is very close to a setting: it may be another program's, too."""
    given = os.environ if environ is None else environ
    found = ((name, difflib.get_close_matches(name.upper(), names(), n=1, cutoff=0.86)) for name in sorted(given))
    return [
        f"{name} in the environment is not a setting; did you mean {close[0]}?"
        for name, close in found
        if close and name not in names() and name not in _OF_OTHERS
    ]


def repeated(file: Path) -> list[str]:
    """Names of settings that `file` has more than once."""
    text = file.read_text("utf-8-sig") if file.exists() else ""
    lines = [line.key for line in parse_stream(io.StringIO(text))]
    return [name for name in names() if lines.count(name) > 1]


def overridden(file: Path, environ: Mapping[str, str] | None = None) -> list[str]:
    """Names of settings that `file` has and the environment has otherwise."""
    written, environ = _read_env_file(file), os.environ if environ is None else environ
    return [name for name in names() if written.get(name) and environ.get(name, written[name]) != written[name]]


def _read_env_file(env_file: Path) -> dict[str, str]:
    try:
        # Read here, since dotenv takes a folder for an empty file. A BOM is what Windows' Notepad begins a file with.
        text = env_file.read_text("utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "it is not UTF-8 text"
        raise SettingsError(f"{env_file} can't be read: {reason}. Correct it or move it away.") from exc
    # dotenv itself passes over them, which would leave out a setting, or begin another database.
    unread = [str(line.original.line) for line in parse_stream(io.StringIO(text)) if line.error]
    if unread:
        raise SettingsError(f"{env_file} line {', '.join(unread)}: must be NAME=VALUE, with quotes in pairs or none")
    return {name: value for name, value in dotenv_values(stream=io.StringIO(text)).items() if value is not None}


def _tidy(name: str, value: str) -> str:
    """Without the spaces around it, which are no part of any value but perhaps of a password."""
    return value.strip() if name != "POSTGRES_PASSWORD" or not value.strip() else value


def _plain(problem: Mapping[str, object]) -> str:
    location = problem["loc"]
    name = str(location[0]).upper() if isinstance(location, tuple) and location else ""
    message = _WORDS.get(str(problem["type"])) or str(problem["msg"]).removeprefix("Value error, ")
    message = message.replace("Input should be", "must be")
    return f"{name}: {message}" if name else message
