"""What the agent said of its own run: the records of `run --output stream-json`, and the end of its stderr."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kimicode.events import Result
from kimicode.messages import decode


@dataclass(frozen=True, slots=True)
class Transcript:
    """`status` is "none" where no result record was written."""

    status: str = "none"
    reason: str = ""
    steps: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    recovered: int = 0
    """Tool calls that stood in the model's text or had to be repaired."""
    last_error: str = ""
    """The last line on stderr."""

    @classmethod
    def read(cls, records: Path, errors: Path) -> "Transcript":
        """Read both files. A line that is no record is passed over: the agent may have been killed in the middle."""
        lines = errors.read_text("utf-8", errors="replace").strip().splitlines()
        last_error = lines[-1] if lines else ""
        results = [record for record in _records(records) if isinstance(record, Result)]
        if not results:
            return cls(last_error=last_error)
        result = results[-1]
        return cls(
            status=result.status,
            reason=result.reason,
            steps=result.steps,
            input_tokens=result.usage.input_tokens,
            output_tokens=result.usage.output_tokens,
            recovered=result.recovered_calls,
            last_error=last_error,
        )


def _records(path: Path) -> Iterator[Any]:
    with path.open(encoding="utf-8", errors="replace") as stream:
        for line in stream:
            try:
                yield decode(json.loads(line))
            except (ValueError, TypeError):
                continue
