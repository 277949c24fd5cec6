#!/usr/bin/env bash
# Few files of the page's scripts and styles, thai_chat/ui/assets/bundle/, which are kept in the repository: whoever runs the
# page needs none of this. With --check it compares them with what the sources make.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")"
# shellcheck source=scripts/terminal.sh
source ../terminal.sh
# shellcheck source=scripts/browser/tools.sh
source tools.sh

BUNDLE=../../thai_chat/ui/assets/bundle

make_bundle() {
    local sum styles
    { read -r sum; read -r -a styles; } < <(cd ../.. && "$PYTHON" -c '
from thai_chat.ui.static import STYLES, sources_sum
print(sources_sum()); print(*STYLES)')
    node bundle.mjs "$1" "$sum" "${styles[@]}"
}

if [ "${1:-}" = --check ]; then
    made=$(mktemp -d)
    trap 'rm -rf "$made"' EXIT
    make_bundle "$made/bundle"
    diff -rq "$made/bundle" "$BUNDLE" >/dev/null ||
        fail "thai_chat/ui/assets/bundle is not what the page's sources make: run ./manage.sh bundle and commit it."
else
    make_bundle "$BUNDLE"
fi
