#!/usr/bin/env bash
# Fetches a pull request with a token that reads. Output `gathered`: whether there is something to review.
set -euo pipefail
# shellcheck source=../words.sh
source "$(dirname "${BASH_SOURCE[0]}")/../words.sh"

if [ "$FORK" = true ]; then
    tell notice "Not reviewed: a run for a fork's pull request gets no secrets. Who may write to this repository can \
ask for a review with the comment /review."
    exit 0
fi

only CI GITHUB_TOKEN GITHUB_SERVER_URL GITHUB_API_URL GITHUB_GRAPHQL_URL GITHUB_REPOSITORY
code=0
muted "$RUNNER_TEMP/kimicode/bin/kimicode" review gather --need-write --asker "$ASKER" \
    --pr "$GITHUB_SERVER_URL/$GITHUB_REPOSITORY/pull/$NUMBER" --out pull-request || code=$?
case "$code" in
0) echo "gathered=true" >>"$GITHUB_OUTPUT" ;;
4) tell notice "Not reviewed: who asked for it may not write to this repository." ;;
*)
    tell warning "Not reviewed: the pull request could not be fetched. The log of the run says why."
    [ "$FAIL_ON" = none ] || exit 1
    ;;
esac
