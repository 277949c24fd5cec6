"""The settings: what `.env.example` shows, what is refused and in which words, and what is never shown."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from psycopg2.extensions import parse_dsn
from pydantic import SecretStr

from scripts import env_example
from thai_chat import settings
from thai_chat.commands import usage
from thai_chat.domain.errors import SettingsError
from thai_chat.settings import Settings

EXAMPLE = Path(__file__).parents[2] / ".env.example"
SECRET = "s3cr3t-รหัส"


def written(text: str, folder: Path) -> Path:
    file = folder / ".env"
    file.write_text(text, "utf-8")
    return file


def refusal(values: dict[str, str]) -> str:
    with pytest.raises(SettingsError) as raised:
        settings.load(Path("/nowhere/.env"), values)
    return str(raised.value)


def given(**values: str) -> Settings:
    return settings.load(Path("/nowhere/.env"), values)


def test_env_example_names_every_setting_once_in_order_under_its_description() -> None:
    shown = re.findall(r"^# (.*)\n([A-Z_]+)=", EXAMPLE.read_text("utf-8"), re.MULTILINE)
    described = [(field.description, name.upper()) for name, field in Settings.model_fields.items()]
    assert shown == described


def test_env_example_is_what_its_script_prints() -> None:
    assert EXAMPLE.read_text("utf-8").splitlines() == list(env_example.lines())


def test_the_help_of_the_start_names_every_setting_with_its_default() -> None:
    shown = re.findall(r"^([A-Z_]+=.*)$", EXAMPLE.read_text("utf-8"), re.MULTILINE)
    assert re.findall(r"^  ([A-Z_]+=.*)$", usage.every_setting(), re.MULTILINE) == shown


def test_every_setting_is_described() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_env_example_as_it_is_gives_the_defaults() -> None:
    assert settings.load(EXAMPLE, {}) == Settings(data_dir=EXAMPLE.parent / "data")


def test_without_a_file_everything_has_its_default() -> None:
    found = given()
    assert (found.host, found.port, found.data_dir) == ("127.0.0.1", 7862, Path("/nowhere/data"))
    assert found.database_address is None


def test_the_environment_counts_more_than_the_file(tmp_path: Path) -> None:
    file = written("PORT=7000\nLOG_LEVEL=DEBUG\n", tmp_path)
    found = settings.load(file, {"PORT": "7001"})
    assert (found.port, found.log_level) == (7001, "DEBUG")


def test_a_setting_left_empty_is_not_set(tmp_path: Path) -> None:
    found = settings.load(written("DATABASE_URL=\nVLLM_BASE_URL=  \nDEFAULT_BACKEND=\n", tmp_path), {})
    assert (found.database_url, found.vllm_base_url, found.default_backend) == (None, None, None)


def test_other_names_in_the_file_are_left_alone(tmp_path: Path) -> None:
    assert settings.load(written("SOMETHING_ELSE=1\nPORT=7001\n", tmp_path), {}).port == 7001


def test_an_address_without_a_scheme_is_http() -> None:
    assert given(OLLAMA_HOST="192.168.1.5:11434/").ollama_host == "http://192.168.1.5:11434"


def test_ollama_is_on_its_own_port_where_none_is_named() -> None:
    assert given(OLLAMA_HOST="127.0.0.1").ollama_host == "http://127.0.0.1:11434"
    assert given(OLLAMA_HOST="gpu,[::1],me:secret@box/ollama").ollama_addresses == [
        "http://gpu:11434",
        "http://[::1]:11434",
        "http://me:secret@box:11434/ollama",
    ]
    assert given(OLLAMA_HOST="https://ollama.example").ollama_host == "https://ollama.example"


def test_several_servers_are_written_with_commas() -> None:
    found = given(VLLM_BASE_URL="http://one:8000/v1/, two:8000/v1,http://one:8000/v1", OLLAMA_HOST="a:11434,b:11434")
    assert found.vllm_addresses == ["http://one:8000/v1", "http://two:8000/v1"]
    assert found.ollama_addresses == ["http://a:11434", "http://b:11434"]
    assert given(OLLAMA_HOST="").ollama_addresses == ()


def test_no_question_goes_to_the_cloud_in_place_of_an_own_model_unless_somebody_says_so() -> None:
    assert given().fallback
    assert not given().allow_cloud_fallback
    assert given(ALLOW_CLOUD_FALLBACK="yes").allow_cloud_fallback


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("PORT", "eighty", "whole number"),
        ("PORT", "70000", "less than or equal to 65535"),
        ("VLLM_BASE_URL", "ftp://here/v1", "http:// or https://"),
        ("VLLM_BASE_URL", "http://one:8000/v1,", "http:// or https://"),
        ("OPENAI_BASE_URL", "https://", "http:// or https://"),
        ("USD_THB", "-1", "greater than 0"),
        ("USD_THB", "0", "greater than 0"),
        ("USD_THB", "32,5", "a number such as 32.5"),
        ("USD_THB", "สามสิบสอง", "a number such as 32.5"),
        ("USD_THB", "NaN", "finite"),
        ("USD_THB", "Infinity", "finite"),
        ("USD_THB", "1e30", "less than or equal to"),
        ("FIRST_TOKEN_TIMEOUT_S", "0", "greater than 0"),
        ("DATABASE_URL", f"mysql://user:{SECRET}@here/db", "must start with postgresql://"),
        ("FIRST_TOKEN_TIMEOUT_S", "inf", "less than or equal to 86400"),
        ("HOST", "http://127.0.0.1", "an address or a name alone"),
        ("HOST", "127.0.0.1:7862", "the port is PORT"),
        ("VLLM_BASE_URL", f"http://me:{SECRET}@gpu:8000x/v1", "whose port is a number"),
        ("VLLM_BASE_URL", f"http://me:{SECRET}@[gpu/v1", "http:// or https://"),
        ("OLLAMA_HOST", f"localhost:11434 OPENAI_API_KEY={SECRET}", "whose port is a number"),
        ("OLLAMA_HOST", f"me:{SECRET}", "whose port is a number"),
        ("OPENAI_BASE_URL", "https://a host/v1", "http:// or https://"),
        ("OPENAI_API_KEY", SECRET, "copy it again"),
        ("VLLM_API_KEY", "“sk-x”", "copy it again"),
        ("FALLBACK", "perhaps", "yes or no"),
        ("DATA_DIR", "~no-such-person/chats", "nobody here"),
        ("LLAMACPP_MODEL_PATH", "~no-such-person/a.gguf", "nobody here"),
        ("LLAMACPP_MODEL_PATH", "/no/such/โมเดล.gguf", "names no file"),
        ("DEFAULT_BACKEND", "gpt", "'vllm', 'ollama', 'openai' or 'llamacpp'"),
        ("FALLBACK_ORDER", "vllm,gpt", "'vllm', 'ollama', 'openai' or 'llamacpp'"),
        ("OLLAMA_NUM_CTX", "8k", "whole number"),
        ("OLLAMA_KEEP_ALIVE", "for ever", "30m"),
        ("MAX_HISTORY_MESSAGES", "0", "greater than or equal to 1"),
        ("MAX_HISTORY_MESSAGES", "9" * 30, "less than or equal to 100000"),
        ("AUTH", "maybe", "'none'"),
        ("LOG_LEVEL", "LOUD", "'DEBUG', 'INFO', 'WARNING' or 'ERROR'"),
    ],
)
def test_an_impossible_value_is_named_in_one_line_without_the_value(name: str, value: str, says: str) -> None:
    line = refusal({name: value})
    assert line.startswith(f"{name}: ")
    assert says in line
    assert "\n" not in line
    assert SECRET not in line


def test_every_setting_may_be_left_empty() -> None:
    for blank in ("", "  "):
        assert given(**dict.fromkeys(settings.names(), blank)) == Settings(
            ollama_host=None, data_dir=Path("/nowhere/data")
        )


def test_spaces_around_a_value_are_no_part_of_it_unless_it_is_a_password() -> None:
    found = given(HOST=" 127.0.0.1 ", OPENAI_API_KEY=" sk-x\n", POSTGRES_PASSWORD=" p ")
    assert found.host == "127.0.0.1"
    assert found.openai_api_key == SecretStr("sk-x")
    assert found.postgres_password == SecretStr(" p ")


def test_names_of_backends_and_levels_may_be_written_large_or_small() -> None:
    found = given(DEFAULT_BACKEND="Ollama", FALLBACK_ORDER="vLLM,OpenAI", LOG_LEVEL="debug", LOG_FORMAT="JSON")
    assert (found.default_backend, found.fallback_order) == ("ollama", ("vllm", "openai"))
    assert (found.log_level, found.log_format) == ("DEBUG", "json")


def test_a_tilde_in_data_dir_is_the_home_folder() -> None:
    assert given(DATA_DIR="~/แชต").data_dir == Path.home() / "แชต"


def test_everything_that_is_wrong_is_named_at_once() -> None:
    assert [line.split(":")[0] for line in refusal({"PORT": "x", "AUTH": "x"}).splitlines()] == ["PORT", "AUTH"]


def test_an_address_open_to_the_network_is_refused_without_a_login() -> None:
    assert "ALLOW_OPEN_NETWORK=yes" in refusal({"HOST": "0.0.0.0"})
    found = given(HOST="0.0.0.0", ALLOW_OPEN_NETWORK="yes", PUBLIC_URL="http://chat.lan:7862")
    assert (found.host, found.own_names) == ("0.0.0.0", ("0.0.0.0", "chat.lan"))


def test_an_address_open_to_the_network_needs_the_names_that_lead_to_it() -> None:
    assert "ALLOWED_HOSTS" in refusal({"HOST": "0.0.0.0", "ALLOW_OPEN_NETWORK": "yes"})
    found = given(HOST="::", ALLOW_OPEN_NETWORK="yes", ALLOWED_HOSTS="Chat.lan, *.team.example,[fe80::1]")
    assert found.own_names == ("::", "chat.lan", "*.team.example", "fe80::1")


@pytest.mark.parametrize("name", ["*", "http://chat.lan", "chat.lan:80", "a/b", "*.*.lan", "chat lan"])
def test_a_name_that_would_open_to_every_name_or_is_none_is_refused(name: str) -> None:
    assert "ALLOWED_HOSTS" in refusal({"ALLOWED_HOSTS": name})


def test_the_public_address_is_a_scheme_and_a_name_alone() -> None:
    assert given(PUBLIC_URL="https://Chat.example.org/").public_url == "https://chat.example.org"
    assert given(PUBLIC_URL="https://chat.example.org:443").public_url == "https://chat.example.org"
    assert given(PUBLIC_URL="http://chat.example.org:443").public_url == "http://chat.example.org:443"
    for wrong in ("https://chat.example.org/path", "https://u:p@chat.example.org", "ftp://chat", "https://c/?a=b"):
        assert "PUBLIC_URL" in refusal({"PUBLIC_URL": wrong})


def test_trusted_proxies_are_addresses_and_networks() -> None:
    found = given(TRUSTED_PROXIES="127.0.0.1, 10.0.0.0/8,::1").trusted_proxies
    assert [str(network) for network in found] == ["127.0.0.1/32", "10.0.0.0/8", "::1/128"]
    message = refusal({"TRUSTED_PROXIES": "proxy.example"})
    assert "such as 127.0.0.1" in message
    assert "proxy.example" not in message


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.1.1", "::1", "[::1]", "localhost", "LOCALHOST"])
def test_this_machine_alone_needs_no_login(host: str) -> None:
    assert given(HOST=host).is_local


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    with pytest.raises(SettingsError, match=r"\.env can't be read: Is a directory\."):
        settings.load(tmp_path / ".env", {})


def test_a_file_that_is_not_text_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes("PORT=7862 # พอร์ต".encode("tis-620"))
    with pytest.raises(SettingsError, match="not UTF-8"):
        settings.load(tmp_path / ".env", {})


@pytest.mark.parametrize("line", [f"OPENAI_API_KEY='{SECRET}", f"OPENAI_API_KEY {SECRET}", f"OPENAI_API_KEY: {SECRET}"])
def test_a_line_that_sets_nothing_is_named_by_its_number(tmp_path: Path, line: str) -> None:
    with pytest.raises(SettingsError, match=r"\.env line 3: must be NAME=VALUE") as raised:
        settings.load(written(f"# mine\nPORT=7001\n{line}\n", tmp_path), {})
    assert SECRET not in str(raised.value)


def test_a_file_from_windows_is_read(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"PORT=7001\r\nexport LOG_LEVEL = 'DEBUG' # loud\r\nDATABASE_URL=\r\n")
    found = settings.load(tmp_path / ".env", {})
    assert (found.port, found.log_level, found.database_url) == (7001, "DEBUG", None)


def test_a_byte_order_mark_does_not_hide_the_first_setting(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"\xef\xbb\xbfPORT=7001\n")
    assert settings.load(tmp_path / ".env", {}).port == 7001


@pytest.mark.parametrize("line", ["SESSION_TTL_MINUTES=abc", "REDIS_HOST=localhost", "REDIS_PORT=1"])
def test_a_name_of_the_plans_for_teams_is_told_to_have_no_effect(line: str, tmp_path: Path) -> None:
    (told,) = settings.misspelt(written(f"{line}\n", tmp_path))
    assert f"{line.partition('=')[0]} has no effect" in told
    assert "abc" not in told


def test_a_misspelt_name_is_noticed_and_the_right_one_given(tmp_path: Path) -> None:
    lines = settings.misspelt(written("OLAMA_HOST=x\nPATH_TO_SOMETHING=y\nPORT=1\nport=2\n", tmp_path))
    assert len(lines) == 2
    assert "did you mean PORT?" in lines[1]
    assert "OLAMA_HOST" in lines[0]
    assert "OLLAMA_HOST" in lines[0]


def test_secrets_are_not_shown_when_the_settings_are() -> None:
    found = given(DATABASE_URL=f"postgresql://u:{SECRET}@here/db", OPENAI_API_KEY="sk-s3cr3t", POSTGRES_PASSWORD=SECRET)
    assert SECRET not in repr(found)
    assert SECRET not in str(found.model_dump())
    assert "s3cr3t" not in f"{found!r} {found.model_dump()}"


def test_database_url_counts_more_than_the_parts() -> None:
    found = given(DATABASE_URL="postgres://u@here/db?sslmode=require", POSTGRES_HOST="there")
    assert found.database_address
    assert found.database_address.get_secret_value() == "postgresql://u@here/db?sslmode=require"


@pytest.mark.parametrize("host", ["db.example.org", "/var/run/postgresql"])
def test_the_parts_make_an_address_that_libpq_reads_back(host: str) -> None:
    password = "p@ss:/?#&รหัส %41"
    found = given(POSTGRES_HOST=host, POSTGRES_PORT="6543", POSTGRES_DB="แชต", POSTGRES_PASSWORD=password)
    assert found.database_address
    assert parse_dsn(found.database_address.get_secret_value()) == {
        "host": host,
        "port": "6543",
        "dbname": "แชต",
        "user": "thai_chat",
        "password": password,
    }


def test_paths_in_the_file_count_from_its_folder_and_those_of_the_environment_from_the_current_one(
    tmp_path: Path,
) -> None:
    (tmp_path / "ไทย.gguf").touch()
    file = written("DATA_DIR=ข้อมูล\nLLAMACPP_MODEL_PATH=ไทย.gguf\n", tmp_path)
    found = settings.load(file, {})
    assert (found.data_dir, found.llamacpp_model_path) == (tmp_path / "ข้อมูล", str(tmp_path / "ไทย.gguf"))
    assert settings.load(file, {"DATA_DIR": "here"}).data_dir == Path("here")


def test_env_and_data_are_in_the_clone_and_of_an_installed_command_in_the_users_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert settings.home({}) == EXAMPLE.parent
    monkeypatch.setattr(settings, "__file__", str(tmp_path / "site-packages" / "thai_chat" / "settings.py"))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert settings.home({}) == tmp_path / ".local" / "share" / "thai-chat"
    assert settings.home({"XDG_DATA_HOME": "/x"}) == Path("/x/thai-chat")
    assert settings.home({"XDG_DATA_HOME": "/x", "THAI_CHAT_HOME": "~/แชต"}) == tmp_path / "แชต"


def test_a_name_of_the_environment_that_is_nearly_a_setting_is_told() -> None:
    for name, meant in (
        ("OLLAMA_HSOT", "OLLAMA_HOST"),
        ("PUBLIC_ULR", "PUBLIC_URL"),
        ("openai_api_kei", "OPENAI_API_KEY"),
    ):
        (line,) = settings.misspelt_around({name: "secret", "PORT": "1"})
        assert line == f"{name} in the environment is not a setting; did you mean {meant}?"


@pytest.mark.parametrize(
    "name",
    [
        *(
            "HOME",
            "HOSTNAME",
            "HOSTTYPE",
            "LOGNAME",
            "USER",
            "SHELL",
            "LANG",
            "LC_ALL",
            "PWD",
            "OLDPWD",
            "TERM",
            "PATH",
        ),
        *(
            "PGHOST",
            "PGPORT",
            "POSTGRES_INITDB_ARGS",
            "OLLAMA_MODELS",
            "OLLAMA_ORIGINS",
            "OPENAI_ORG_ID",
            "SSH_AUTH_SOCK",
        ),
        *(
            "HTTPS_PROXY",
            "VLLM_PORT",
            "VLLM_HOST_IP",
            "XDG_DATA_HOME",
            "THAI_CHAT_HOME",
            "JOURNAL_STREAM",
            "SHLVL",
            "PORT",
        ),
    ],
)
def test_names_that_other_programs_read_are_not_told(name: str) -> None:
    assert settings.misspelt_around({name: "x"}) == []


def test_env_of_the_current_folder_is_not_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    written("PORT=7001\n", tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("THAI_CHAT_HOME", str(tmp_path / "elsewhere"))
    assert settings.load(environ={}).port == 7862
    monkeypatch.setenv("THAI_CHAT_HOME", str(tmp_path))
    assert settings.load(environ={}).port == 7001
