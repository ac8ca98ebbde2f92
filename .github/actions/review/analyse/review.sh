#!/usr/bin/env bash
# Reviews what was gathered. It holds the model's key and nothing else of this job; the network, for the model.
# Outputs: `written`, whether there is a review to post; `failed`, whether the job is to fail for it.
set -euo pipefail
# shellcheck source=../words.sh
source "$(dirname "${BASH_SOURCE[0]}")/../words.sh"

only KIMICODE_API_KEY KIMICODE_BASE_URL KIMICODE_MODEL
mkdir -p "$RUNNER_TEMP/home"
HOME="$RUNNER_TEMP/home" # without what a runner's own home may hold

options=()
add() { [ -z "$2" ] || options+=("$1" "$2"); }
add --effort "$EFFORT"
add --min-severity "$MIN_SEVERITY"
add --max-price "$MAX_PRICE"
add --max-tokens "$MAX_TOKENS"
add --time-limit "$TIME_LIMIT"
[ "$FAIL_ON" = none ] || add --fail-on "$FAIL_ON"

code=0
muted "$RUNNER_TEMP/kimicode/bin/kimicode" review --gathered pull-request --output json --out review.json \
    "${options[@]}" || code=$?
case "$code" in
0) tell notice "Reviewed to the end." ;;
3) tell warning "Reviewed in part: a limit ended it. What was not read is told in the pull request." ;;
5) tell notice "Reviewed: something at least as bad as '$FAIL_ON' was found." ;;
*) tell warning "Not reviewed: it failed with exit code $code. The log of the run says why." ;;
esac
[ ! -f review.json ] || echo "written=true" >>"$GITHUB_OUTPUT"
if [ "$FAIL_ON" != none ] && [ "$code" -ne 0 ] && [ "$code" -ne 3 ]; then
    echo "failed=true" >>"$GITHUB_OUTPUT"
fi
