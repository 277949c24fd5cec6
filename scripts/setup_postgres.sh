#!/usr/bin/env bash
# Prepares a PostgreSQL server on this machine for Thai Chat: scripts/postgres has what is done, this what is needed before.
set -euo pipefail

cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/.."
# shellcheck source=scripts/terminal.sh
source scripts/terminal.sh
# shellcheck source=scripts/debian.sh
source scripts/debian.sh
# shellcheck source=scripts/environment.sh
source scripts/environment.sh

NAME=thai_chat

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
         CREATE ROLE ${NAME}_requests NOLOGIN;  -- what a person asks is carried out as it, and sees this person's rows
         GRANT ${NAME}_requests TO $NAME;
         CREATE DATABASE $NAME OWNER $NAME TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8';
         REVOKE CONNECT ON DATABASE $NAME FROM PUBLIC;
     The locale matters: in a database of locale C nothing knows Thai letters. (macOS: LOCALE 'en_US.UTF-8'.)
  3. In .env (chmod 600 .env):
         DATABASE_URL=postgresql://$NAME:choose-one@127.0.0.1:5432/$NAME
  4. ./manage.sh migrate
  5. python3 scripts/test_postgres_integration.py
STEPS
}

main() {
    local result=0
    if [ ! -x "$VENV_PYTHON" ] && ! has_apt; then
        print_steps 'only Debian and Ubuntu are done by this script.'
        exit 1
    fi
    if [ ! -x "$VENV_PYTHON" ] && ! may_be_root; then
        print_steps 'it takes root (or sudo without a password), which this user is not.'
        exit 1
    fi
    ensure_runtime
    "$VENV_PYTHON" -m scripts.postgres "$@" || result=$?
    if [ "$result" -eq 3 ]; then
        print_steps 'it takes root (or sudo without a password), which this user is not.'
        exit 1
    fi
    exit "$result"
}

main "$@"
