#!/usr/bin/env bash
# Installs kimicode as it is at this action's own commit, in an environment of its own: whoever pins the action by its
# commit has pinned the program as well, and constraints.txt holds what it needs.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
place="$RUNNER_TEMP/kimicode"

python3 -I -m venv "$place" # isolated: a venv.py of the checkout is not imported
PIP_CONSTRAINT="$here/constraints.txt" "$place/bin/pip" install \
    --quiet --no-input --disable-pip-version-check "$here/../../.."
