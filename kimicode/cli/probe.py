"""The check of the model's server: are address, key and model name right?"""

import threading
import time

from kimicode.cli.checks import Check
from kimicode.config.schema import Endpoint
from kimicode.llm.probe import DEADLINE_S, Reply, ask, explain


class Probe:
    """The question for the server's models, on a thread of its own: a hanging name look-up cannot be interrupted."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._reply: Reply | None = None
        self._deadline = time.monotonic() + DEADLINE_S
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._thread.start()

    def checks(self, key_source: str) -> list[Check]:
        """Wait for the answer (five seconds from the start at most) and explain it."""
        self._thread.join(max(0.0, self._deadline - time.monotonic()))
        reply = self._reply or Reply(failure=f"no answer within {DEADLINE_S:.0f} s")
        found = explain(self.endpoint, reply, key_source)
        return [Check("server", finding.status, finding.text, finding.hint) for finding in found]

    def _ask(self) -> None:
        self._reply = ask(self.endpoint)
