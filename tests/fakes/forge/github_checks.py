"""The fake GitHub's check runs: made and changed by apps alone, each by the app that made it."""

import json
import os
from typing import Any

from tests.fakes.forge import github_shapes as shapes
from tests.fakes.forge.github_asks import Ask, paged
from tests.fakes.forge.github_state import CheckRun, State
from tests.fakes.forge.sockets import Answer, Refused
from tests.fakes.forge.tokens import not_found, refusal


def create_check(state: State, ask: Ask) -> Answer:
    if not ask.who().installed:
        raise Refused(refusal(403, "You must authenticate via a GitHub App."))
    if not state.bare.tip(str(ask.body().get("head_sha", ""))):
        raise Refused(refusal(422, f"No commit found for SHA: {ask.body().get('head_sha')}"))
    check = CheckRun(next(state.numbers), ask.who().login, {}, [])
    state.checks.append(check)
    return Answer(201, updated(state, check, ask.body()))


def change_check(state: State, ask: Ask) -> Answer:
    check = check_of(state, ask)
    if check.app != ask.who().login:
        raise Refused(refusal(403, "Invalid app_id. This check run was created by another app."))
    return Answer(200, updated(state, check, ask.body()))


def get_check(state: State, ask: Ask) -> Answer:
    return Answer(200, shapes.check_run(state, check_of(state, ask)))


def list_checks(state: State, ask: Ask) -> Answer:
    commit = state.bare.tip(os.fsdecode(ask.path["ref"]))
    found = [one for one in state.checks if one.fields["head_sha"] == commit]
    shown, headers = paged(state, ask, found)
    return Answer(
        200, {"total_count": len(found), "check_runs": [shapes.check_run(state, one) for one in shown]}, headers
    )


def check_of(state: State, ask: Ask) -> CheckRun:
    found = next((one for one in state.checks if str(one.id) == ask.path["check_run_id"]), None)
    if found is None:
        raise Refused(not_found())
    return found


def updated(state: State, check: CheckRun, asked: dict[str, Any]) -> dict[str, Any]:
    """Take over what was said; annotations are added to those that stand. A conclusion completes it."""
    said: dict[str, Any] = json.loads(json.dumps(asked))
    check.annotations += said.get("output", {}).pop("annotations", [])
    check.fields |= {"status": "completed", "completed_at": state.now()} if "conclusion" in said else {}
    check.fields |= said
    return shapes.check_run(state, check)
