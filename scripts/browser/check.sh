#!/usr/bin/env bash
# Lint and types of the page's scripts, and whether the bundle is what they make, by the tools that package-lock.json pins. ./manage.sh check runs it.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")"
# shellcheck source=scripts/terminal.sh
source ../terminal.sh

# shellcheck source=scripts/browser/tools.sh
source tools.sh

node_modules/.bin/biome check --error-on-warnings ../../thai_chat/ui/assets
node_modules/.bin/tsc --project .
./bundle.sh --check
