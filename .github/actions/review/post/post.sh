#!/usr/bin/env bash
# Posts the review, to the pull request that started this run: which one it is stands in the event, not in the file.
set -euo pipefail
# shellcheck source=../words.sh
source "$(dirname "${BASH_SOURCE[0]}")/../words.sh"

only CI GITHUB_TOKEN GITHUB_SERVER_URL GITHUB_API_URL GITHUB_GRAPHQL_URL GITHUB_REPOSITORY
code=0
muted "$RUNNER_TEMP/kimicode/bin/kimicode" review post kimicode-review/review.json \
    --pr "$GITHUB_SERVER_URL/$GITHUB_REPOSITORY/pull/$NUMBER" --max-comments "$MAX_COMMENTS" || code=$?
if [ "$code" -ne 0 ]; then
    tell error "There is a review, and it could not be posted: exit code $code. The log of the run says why."
    exit 1
fi
