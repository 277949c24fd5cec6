#!/usr/bin/env bash
# The one command for everything: ./manage.sh help
set -euo pipefail

CALLED_FROM=$PWD
cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")"
# shellcheck source=scripts/terminal.sh
source scripts/terminal.sh
# shellcheck source=scripts/debian.sh
source scripts/debian.sh
# shellcheck source=scripts/environment.sh
source scripts/environment.sh

# The browser, its fonts and the servers that the tests start themselves, never as services.
TEST_PACKAGES='chromium fonts-thai-tlwg fonts-noto-core postgresql pgbouncer redis-server'
# Chromium without the parts of a browser around a page: the tests take it where there is such a package.
QUICKER_BROWSER=chromium-headless-shell

show_help() {
    cat <<'HELP'
Thai Chat

  ./manage.sh chat-web-db         start the page on http://127.0.0.1:7862; installs what is missing, Ctrl-C stops it
  ./manage.sh test [ARGS]         install what the tests need and run them all, side by side on every core;
                                  ARGS go to pytest (-n 0: one after the other)
  ./manage.sh test --quick [ARGS] only those of the parts by themselves: unit, contract and architecture
  ./manage.sh test --coverage     what the tests reach, without browsers and floods, and whether that is enough
  ./manage.sh test backends --url URL [--kind vllm|openai|ollama] [--model NAME]
                                  run the tests of the backends against a model server of your own;
                                  its key, where it needs one, is BACKEND_KEY in the environment

  ./manage.sh setup               make .venv and install into it, without starting anything
  ./manage.sh setup-postgres [--database NAME] [--take-over]
                                  install and prepare a PostgreSQL server on this machine and write .env;
                                  what works stays, and nothing of others is taken over unless told
  ./manage.sh doctor              find what is wrong and say how to correct it
  ./manage.sh status              the database, its schema, what it holds and what waits
  ./manage.sh migrate             bring the database's schema up to date (chat-web-db does it too)
  ./manage.sh backup [FILE|FOLDER]
                                  copy every chat into one file; default: a new one in DATA_DIR/backups
  ./manage.sh restore FILE [--replace]
                                  put a backup into an empty database; --replace: also into one that has chats,
                                  which are kept beside the restored ones
  ./manage.sh restore --undo      put back what the last restore replaced
  ./manage.sh restore --forget-old
                                  drop what restores have replaced
  ./manage.sh restore --take-journal
                                  store into the present chats what waited for those that a restore replaced

  ./manage.sh user add NAME [--admin] [--password-stdin]
                                  print an invitation link for somebody, or make the account at once
  ./manage.sh user list           everybody who has an account
  ./manage.sh user disable|enable|reset|make-admin|make-user NAME
                                  keep somebody out, let them in again, a link for a new password, their role
  ./manage.sh user delete NAME [--yes]
                                  delete somebody with all that they have
  ./manage.sh user take-over|give-back NAME [--yes]
                                  give somebody the chats from before there were accounts; undo that

  ./manage.sh check               lint, formatting and types, of the page's scripts too, and the architecture test
  ./manage.sh bundle              make few files of the page's scripts and styles anew, for whoever has changed them
  ./manage.sh bench [NAME ARGS]   measure the speed; docs/performance.md has the method
  ./manage.sh fuzz [ARGS]         look whether every answer of the API is one that /openapi.json describes
  ./manage.sh screens [FOLDER]    every view of the page as a picture: both sizes, light and dark, Thai and English
  ./manage.sh help                this

Settings: .env.example has them all. More: README.md, docs/operations.md.
HELP
}

chat() { "$VENV_PYTHON" -m thai_chat "$@"; }

# A path as the caller meant it, who may have been in another folder.
from_caller() {
    case $1 in
        /*) printf '%s' "$1" ;;
        *) printf '%s/%s' "$CALLED_FROM" "$1" ;;
    esac
}

# Before a first installation of minutes; later starts check it themselves, at once and with every setting.
require_free_port() {
    local python
    [ ! -x "$VENV_PYTHON" ] && [ ! -e .env ] || return 0
    python=$(find_python)
    "$python" - "${HOST:-127.0.0.1}" "${PORT:-7862}" <<'PYTHON' || fail "Port ${PORT:-7862} is taken by another program: stop it, or choose another: PORT=7863 ./manage.sh chat-web-db"
import errno, socket, sys
try:
    probe = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET)
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    probe.bind((sys.argv[1], int(sys.argv[2])))
except OSError as error:
    sys.exit(error.errno == errno.EADDRINUSE)
except (OverflowError, ValueError):
    pass
PYTHON
}

ensure_test_packages() {
    local missing tried=.venv/.quicker-browser
    if has_apt; then
        # shellcheck disable=SC2086 # several packages
        missing=$(missing_packages $TEST_PACKAGES)
        if [ -n "$missing" ]; then
            may_be_root || fail "The tests need Debian packages: run 'sudo apt-get install --no-install-recommends $missing' and start again."
            # shellcheck disable=SC2086
            install_packages .venv/apt.log $missing
        fi
        # Tried once: it need not be there, and without a network each try takes a while.
        if [ ! -e "$tried" ] && may_be_root && [ -n "$(missing_packages "$QUICKER_BROWSER")" ] && apt-cache show "$QUICKER_BROWSER" >/dev/null 2>&1; then
            : >"$tried"
            (install_packages .venv/apt.log "$QUICKER_BROWSER") 2>/dev/null ||
                step 'The tests run in chromium, which takes longer (.venv/apt.log has why).'
        fi
        return
    fi
    for missing in chromium postgres pgbouncer redis-server; do
        command -v "$missing" >/dev/null || fail "The tests need $missing (and Thai fonts) on the PATH: install it and start again."
    done
}

ensure_fuzzing() {
    local home=.venv/fuzz
    is_current "$home/.stamp" requirements-fuzz.txt && return
    "$VENV_PYTHON" -m venv "$home"
    "$home/bin/python" -m pip install --quiet -r requirements-fuzz.txt
    stamp_of requirements-fuzz.txt >"$home/.stamp"
}

run_checks() {
    ensure_dev
    .venv/bin/python -m ruff check .
    .venv/bin/python -m ruff format --check .
    .venv/bin/python -m mypy
    scripts/browser/check.sh
    .venv/bin/python -m pytest -q tests/test_architecture.py tests/test_browser_architecture.py
}

# Refuses before anything is installed or done: who asks for help, or mistypes, wants neither.
check_usage() {
    local verb=$1 argument files=0 most=0
    shift
    case $verb in
        chat-web-db | setup | migrate | status | doctor | check | bundle) ;;
        setup-postgres) [[ " $* " != *' --database '* ]] || most=1 ;; # its name
        backup | restore) most=1 ;;
        *) return ;; # arguments of pytest and of the benchmarks, or no verb at all
    esac
    for argument in "$@"; do
        case $argument in
            -h | --help)
                show_help
                exit
                ;;
            --replace) [ "$verb" = restore ] || wrong_usage "$verb takes no $argument" ;;
            --undo | --forget-old | --take-journal)
                [ "$verb" = restore ] || wrong_usage "$verb takes no $argument"
                [ "$#" -eq 1 ] || wrong_usage "$argument stands alone"
                return
                ;;
            --take-over | --database) [ "$verb" = setup-postgres ] || wrong_usage "$verb takes no $argument" ;;
            -*) wrong_usage "$verb takes no $argument" ;;
            '') wrong_usage "$verb was given an empty name" ;;
            *) files=$((files + 1)) ;;
        esac
    done
    [ "$verb" != setup-postgres ] || [ "$files" -eq "$most" ] || wrong_usage 'setup-postgres [--database NAME] [--take-over]'
    [ "$files" -le "$most" ] || wrong_usage "too much behind $verb: $*"
    [ "$verb" != restore ] || [ "$files" -eq 1 ] || wrong_usage 'which file? ./manage.sh restore FILE [--replace]'
}

wrong_usage() {
    printf 'thai-chat: %s\n  ./manage.sh help shows how each command is used.\n' "$1" >&2
    exit 2
}

main() {
    local verb=${1:-help}
    [ $# -eq 0 ] || shift
    check_usage "$verb" "$@"
    case $verb in
        chat-web-db)
            require_free_port
            ensure_runtime
            exec "$VENV_PYTHON" -m thai_chat serve
            ;;
        setup)
            ensure_runtime
            step 'Everything is installed; ./manage.sh chat-web-db starts the page.'
            ;;
        setup-postgres)
            exec scripts/setup_postgres.sh "$@"
            ;;
        migrate | status | doctor | user)
            ensure_runtime
            chat "$verb" "$@"
            ;;
        backup)
            ensure_runtime
            if [ $# -gt 0 ]; then chat backup "$(from_caller "$1")"; else chat backup; fi
            ;;
        restore)
            ensure_runtime
            local arguments=() argument
            for argument in "$@"; do
                case $argument in
                    --*) arguments+=("$argument") ;;
                    *) arguments+=("$(from_caller "$argument")") ;;
                esac
            done
            chat restore "${arguments[@]}"
            ;;
        check)
            run_checks
            ;;
        bundle)
            ensure_dev
            scripts/browser/bundle.sh
            ;;
        test)
            ensure_dev
            if [ "${1:-}" = backends ]; then
                shift
                # It says to the seclusion of the tests that proxies stay.
                BACKEND='' exec "$VENV_PYTHON" -m tests.contract.real_server "$@"
            fi
            ensure_test_packages
            if [ "${1:-}" = --quick ]; then
                shift
                set -- tests/unit tests/contract tests/test_architecture.py tests/test_browser_architecture.py "$@"
            fi
            # Without browsers, which work in processes of their own, and floods, which look at times and memory.
            if [ "${1:-}" = --coverage ]; then
                shift
                set -- --cov --cov-report=term --ignore tests/browser --ignore tests/floods "$@"
            fi
            # The tests of a file share what they start. Processes are one more than cores, as some tests wait for something,
            # and no hundred of them: each has a browser and a PostgreSQL.
            exec .venv/bin/python -m pytest -n $(($(getconf _NPROCESSORS_ONLN) + 1)) --maxprocesses 8 --dist loadfile \
                --no-loadscope-reorder "$@"
            ;;
        bench)
            ensure_dev
            exec "$VENV_PYTHON" -m scripts.bench "$@"
            ;;
        fuzz)
            ensure_dev
            ensure_fuzzing
            exec "$VENV_PYTHON" -m scripts.fuzz "$@"
            ;;
        screens)
            ensure_dev
            ensure_test_packages
            exec "$VENV_PYTHON" -m scripts.screens "$@"
            ;;
        help | -h | --help)
            show_help
            ;;
        *)
            printf 'thai-chat: there is no command "%s"\n\n' "$verb" >&2
            show_help >&2
            exit 2
            ;;
    esac
}

main "$@"
