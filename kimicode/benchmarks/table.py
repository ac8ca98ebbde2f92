"""Results of `solve` as a Markdown table, for a README: `python -m kimicode.benchmarks.table FILE.json`."""

import json
import sys
from pathlib import Path
from typing import Any

HEAD = "| Bug | Result | Steps | Seconds | Recovered calls | Why not |\n|---|---|---|---|---|---|"


def table(results: dict[str, Any]) -> str:
    """One row per attempt, and the rate in the line above."""
    rows = [
        f"| {one['bug']} | {'solved' if one['solved'] else 'failed'} | {one['steps']} | {one['seconds']:.0f} "
        f"| {one['recovered']} | {one['reason'].split(': tests.')[0]} |"
        for one in results["bugs"]
    ]
    return "\n".join([f"Solved: {results['solved']} of {results['attempts']}.", "", HEAD, *rows])


if __name__ == "__main__":
    sys.stdout.write(table(json.loads(Path(sys.argv[1]).read_text("utf-8"))) + "\n")
