#!/usr/bin/env bash
# Prepares a PostgreSQL server on this machine for Thai Chat. Run again, it repairs what is missing and keeps the rest.
set -euo pipefail

cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/.."
# shellcheck source=scripts/terminal.sh
source scripts/terminal.sh
# shellcheck source=scripts/debian.sh
source scripts/debian.sh
# shellcheck source=scripts/environment.sh
source scripts/environment.sh

PYTHON=.venv/bin/python
NAME=thai_chat
DONE=()

did() {
    DONE+=("$*")
    step "$*"
}

print_steps() {
    cat <<STEPS
On this machine PostgreSQL has to be prepared by hand: $1

  1. Install and start PostgreSQL 13 or newer. Debian, Ubuntu:
         sudo apt-get install postgresql && sudo pg_ctlcluster 15 main start   # the version that pg_lsclusters shows
     macOS: brew install postgresql@17 && brew services start postgresql@17
  2. As its superuser (sudo -u postgres psql), with a password of your own:
         CREATE ROLE $NAME LOGIN PASSWORD 'choose-one';
         ALTER ROLE $NAME SET log_min_error_statement TO 'panic';  -- the server's log is to hold nothing of the chats
         ALTER ROLE $NAME SET log_error_verbosity TO 'terse';
         CREATE DATABASE $NAME OWNER $NAME TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8';
         REVOKE CONNECT ON DATABASE $NAME FROM PUBLIC;
     The locale matters: in a database of locale C nothing knows Thai letters. (macOS: LOCALE 'en_US.UTF-8'.)
  3. In .env (chmod 600 .env):
         DATABASE_URL=postgresql://$NAME:choose-one@127.0.0.1:5432/$NAME
  4. ./manage.sh migrate
  5. python3 scripts/test_postgres_integration.py
STEPS
}

# SQL on standard input, as the server's superuser: no password on any command line.
superuser_sql() {
    local command=(psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1
        --host=/var/run/postgresql --port="$PORT" --dbname="${1:-postgres}")
    if [ "$(id -u)" -eq 0 ]; then
        (cd / && runuser -u postgres -- "${command[@]}")
    else
        (cd / && sudo -n -u postgres "${command[@]}")
    fi
}

install_server() {
    if compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null && command -v pg_lsclusters >/dev/null; then
        return
    fi
    install_packages "${TMPDIR:-/tmp}/thai-chat-apt-$(id -u).log" postgresql
    did 'Installed PostgreSQL from the packages of this system.'
}

# Sets VERSION, CLUSTER, PORT and STATE: a running one is taken before one that is down, a newer before an older.
choose_cluster() {
    local newest found
    if [ -z "$(pg_lsclusters --no-header)" ]; then
        newest=$(basename "$(dirname "$(dirname "$(printf '%s\n' /usr/lib/postgresql/*/bin/postgres | sort -V | tail -n 1)")")")
        as_root pg_createcluster "$newest" main --locale C.UTF-8 --encoding UTF8 >/dev/null
        did "Made the PostgreSQL cluster $newest/main."
    fi
    found=$(pg_lsclusters --no-header | awk '{ print ($4 ~ /^online/ ? 1 : 0), $1, $2, $3, $4 }' |
        sort -k1,1nr -k2,2Vr | head -n 1)
    read -r _ VERSION CLUSTER PORT STATE <<<"$found"
}

start_server() {
    case $STATE in
        online*) return ;;
    esac
    if [ -d /run/systemd/system ]; then
        as_root systemctl enable --now "postgresql@$VERSION-$CLUSTER" >/dev/null 2>&1 ||
            fail "PostgreSQL $VERSION/$CLUSTER does not start: journalctl -u postgresql@$VERSION-$CLUSTER says why."
    else
        as_root pg_ctlcluster "$VERSION" "$CLUSTER" start >/dev/null ||
            fail "PostgreSQL $VERSION/$CLUSTER does not start: /var/log/postgresql has its log."
    fi
    did "Started PostgreSQL $VERSION/$CLUSTER on port $PORT."
    [ -d /run/systemd/system ] || step "There is no systemd: after a reboot, pg_ctlcluster $VERSION $CLUSTER start."
}

# The address that .env has, when it is of this database and works; nothing else is worth keeping.
working_address() {
    "$PYTHON" - "$NAME" "$PORT" <<'PYTHON'
import sys
from thai_chat import settings
from thai_chat.domain.errors import ThaiChatError
from thai_chat.history import probe
try:
    address = settings.load(environ={}).database_address
    if address and probe.place(address.get_secret_value()) in [
        f"{sys.argv[1]}@{host}:{sys.argv[2]}/{sys.argv[1]}" for host in ("127.0.0.1", "localhost")
    ]:
        probe.ask(address.get_secret_value())
        print(address.get_secret_value())
except ThaiChatError:
    pass
PYTHON
}

make_role() {
    local exists password
    exists=$(echo "SELECT 1 FROM pg_roles WHERE rolname = '$NAME';" | superuser_sql)
    password=$("$PYTHON" -c 'import secrets; print(secrets.token_hex(24))')
    [ -n "$exists" ] || echo "CREATE ROLE $NAME;" | superuser_sql
    superuser_sql <<SQL
-- The password must not get into the server's log.
SET log_statement = 'none'; SET log_min_duration_statement = -1; SET log_min_error_statement = 'panic';
SET password_encryption = 'scram-sha-256';
ALTER ROLE $NAME LOGIN PASSWORD '$password';
SQL
    ADDRESS="postgresql://$NAME:$password@127.0.0.1:$PORT/$NAME"
    if [ -n "$exists" ]; then
        did "Gave the user $NAME a new password: .env had none that works."
    else
        did "Made the user $NAME with a generated password."
    fi
}

# What is refused, slow or interrupted would else be in the server's log, with what was said in it.
quiet_log() {
    "$PYTHON" -c 'import sys; from thai_chat.domain import server_log; print(*server_log.statements(sys.argv[1]), sep=";\n", end=";\n")' \
        "$NAME" | superuser_sql
}

make_database() {
    local owner
    # Nothing beyond its own database, also when somebody gave it more.
    echo "ALTER ROLE $NAME LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;" | superuser_sql
    quiet_log
    owner=$(echo "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = '$NAME';" | superuser_sql)
    case $owner in
        '')
            echo "CREATE DATABASE $NAME OWNER $NAME TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8';" | superuser_sql
            did "Made the database $NAME (UTF-8, locale C.UTF-8)."
            ;;
        "$NAME") ;;
        postgres)
            echo "ALTER DATABASE $NAME OWNER TO $NAME;" | superuser_sql
            did "Gave the database $NAME to the user $NAME."
            ;;
        *) fail "There is a database $NAME that belongs to $owner: rename it, or prepare one by hand (README.md)." ;;
    esac
    echo "REVOKE CONNECT ON DATABASE $NAME FROM PUBLIC; GRANT ALL ON DATABASE $NAME TO $NAME;" | superuser_sql
    echo "REVOKE CREATE ON SCHEMA public FROM PUBLIC; GRANT ALL ON SCHEMA public TO $NAME;" | superuser_sql "$NAME"
}

write_env() {
    printf '%s' "$ADDRESS" | "$PYTHON" scripts/env_file.py DATABASE_URL .env
    did 'Wrote DATABASE_URL into .env (mode 600, other lines kept).'
}

report() {
    echo
    if [ "${#DONE[@]}" -eq 0 ]; then
        echo 'PostgreSQL was prepared already; everything was checked and nothing had to be changed.'
    else
        echo 'PostgreSQL is ready. What was done:'
        printf '  - %s\n' "${DONE[@]}"
    fi
    [ -z "${DATABASE_URL:-}" ] ||
        echo 'DATABASE_URL is set in your environment, which counts more than .env: unset it to use this database.'
    if [ -e data/postgres ]; then
        echo 'Chats of the embedded database stay where they are. To take them over:'
        echo '  DATABASE_URL= ./manage.sh backup chats.zip && ./manage.sh restore chats.zip'
    fi
    echo 'Next: ./manage.sh chat-web-db'
}

main() {
    if ! has_apt; then
        print_steps 'only Debian and Ubuntu are done by this script.'
        exit 1
    fi
    if ! may_be_root; then
        print_steps 'it takes root (or sudo without a password), which this user is not.'
        exit 1
    fi
    ensure_runtime
    install_server
    choose_cluster
    start_server
    ADDRESS=$(working_address)
    [ -n "$ADDRESS" ] || NEW_ADDRESS=yes
    [ -z "${NEW_ADDRESS:-}" ] || make_role
    make_database
    [ -z "${NEW_ADDRESS:-}" ] || write_env
    chmod 600 .env
    # The environment's own DATABASE_URL is not the database that was prepared.
    env -u DATABASE_URL "$PYTHON" -m thai_chat migrate
    env -u DATABASE_URL "$PYTHON" scripts/test_postgres_integration.py
    report
}

main "$@"
