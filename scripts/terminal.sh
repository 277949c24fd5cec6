# shellcheck shell=bash
# How the scripts speak: steps on standard output, a problem in one line on standard error. Sourced.

step() { printf '  %s\n' "$*"; }

fail() {
    printf 'thai-chat: %s\n' "$*" >&2
    exit 1
}
