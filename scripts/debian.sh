# shellcheck shell=bash
# Debian and Ubuntu packages: installed when this user may, else named. Sourced after terminal.sh.

APT_REFRESHED=''

has_apt() { command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; }

# Runs a command as root; false when this user may not without typing a password.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo -n "$@"
    fi
}

may_be_root() { [ "$(id -u)" -eq 0 ] || { command -v sudo >/dev/null && sudo -n true 2>/dev/null; }; }

is_installed() { dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed; }

# Prints those of the given packages that are not installed.
missing_packages() {
    local package
    for package in "$@"; do
        is_installed "$package" || printf '%s ' "$package"
    done
}

# Installs packages without a question, without "recommended" extras, and without starting any service.
# Usage: install_packages LOG PACKAGE...; without a LOG it is a new file, gone when all went well.
install_packages() {
    local log=$1 made='' policy=/usr/sbin/policy-rc.d clusters=/etc/postgresql-common/createcluster.d result=0
    shift
    step "Installing Debian packages: $*"
    if [ -z "$log" ]; then
        made=$(mktemp "${TMPDIR:-/tmp}/thai-chat-apt-XXXXXXXX") || fail 'no file for a log can be made'
        log=$made
    fi
    mkdir -p "$(dirname "$log")"
    if [ -z "$APT_REFRESHED" ]; then
        as_root apt-get update >>"$log" 2>&1 || step "apt-get update had problems ($log has them); going on"
        APT_REFRESHED=yes
    fi
    # postgresql's package makes a cluster and starts it. Neither is asked for: whoever wants one makes it.
    local kept_policy=''
    if [ -e "$policy" ]; then
        kept_policy=yes
    else
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
        as_root chmod 755 "$policy"
    fi
    as_root mkdir -p "$clusters"
    echo 'create_main_cluster = false' | as_root tee "$clusters/thai-chat.conf" >/dev/null
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        -o DPkg::Lock::Timeout=120 "$@" >>"$log" 2>&1 </dev/null || result=$?
    as_root rm -f "$clusters/thai-chat.conf"
    [ -n "$kept_policy" ] || as_root rm -f "$policy"
    if [ "$result" -ne 0 ]; then
        tail -n 5 "$log" >&2
        fail "apt-get could not install: $* ($log has everything). Correct that and start again."
    fi
    [ -z "$made" ] || rm -f "$made"
}
