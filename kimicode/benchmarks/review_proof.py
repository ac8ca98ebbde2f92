"""Proves the cases: a bug fails its proof until it is fixed, a harmless change computes what was computed before.

`python -m kimicode.benchmarks.review_proof [NAME ...]`; JavaScript needs `node`.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kimicode.benchmarks.review_set import Case, apply, load

PATIENCE = 30.0
"""Seconds for one program."""
LEAST_OUTPUT = 200
"""Characters: a harmless change whose proof prints less has not been looked at."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a proof did in one tree; `code` is None where it was stopped."""

    code: int | None
    output: str
    errors: str

    @property
    def failed_by_assertion(self) -> bool:
        return self.code == 1 and ("AssertionError" in self.errors or "ERR_ASSERTION" in self.errors)


def main(names: Sequence[str]) -> int:
    """Prove these cases or all, and print those that are not proven; 0 where all are."""
    problems = 0
    for case in load(names):
        with tempfile.TemporaryDirectory(prefix="kimicode-proof-") as folder:
            problem = prove(case, Path(folder))
        problems += bool(problem)
        print(f"{case.name}: {problem or 'proven'}", flush=True)
    return int(problems > 0)


def provable(case: Case) -> bool:
    """Whether this machine has what the case's language needs."""
    return case.package.language == "python" or shutil.which("node") is not None


def prove(case: Case, work: Path) -> str:
    """What speaks against the case, "" where it is what it says. `work` is an empty folder."""
    before, after = work / "before", work / "after"
    before.mkdir()
    case.package.unpack(before)
    shutil.copytree(before, after)
    apply(case.change.encode(), after)
    first, second = run(case, before), run(case, after)
    if case.harmless:
        return _differing(first, second)
    apply(case.fix.encode(), after)
    return _unproven(case, first, second, run(case, after))


def run(case: Case, tree: Path) -> Outcome:
    """Run the case's proof in a tree, which is its working folder and what it imports from."""
    python = case.package.language == "python"
    program = tree / ("proof_.py" if python else "proof.mjs")
    program.write_text(case.proof, "utf-8")
    command = [sys.executable, "-B", program.name] if python else ["node", program.name]
    try:
        done = subprocess.run(command, cwd=tree, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        return Outcome(None, "", "")
    finally:
        program.unlink()
    return Outcome(done.returncode, done.stdout, done.stderr)


def _differing(before: Outcome, after: Outcome) -> str:
    if before.code or after.code is None or before.code is None:
        return f"the proof does not run on the code before: {before.errors[-300:]}"
    if after.code:
        return f"the proof does not run on the changed code: {after.errors[-300:]}"
    if len(before.output) < LEAST_OUTPUT:
        return f"the proof prints {len(before.output)} characters, which compares little"
    return "" if before.output == after.output else "the changed code computes something else"


def _unproven(case: Case, before: Outcome, after: Outcome, fixed: Outcome) -> str:
    if fixed.code != 0:
        return f"the proof fails on the fixed code, too: {fixed.errors[-300:]}"
    if not after.failed_by_assertion:
        return f"the proof does not show the bug, exit code {after.code}: {after.errors[-300:]}"
    if case.regression is not (before.code == 0):
        return f"regression is {case.regression}, but the proof exits with {before.code} before the change"
    return ""


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
