"""What bends the flow of a turn: exceptions that say how it goes on, so the loop's body stays one `try`."""

from kimicode.errors import ExitCode
from kimicode.events import Status


class Bend(Exception):
    """Leaves a step early."""


class TryAgain(Bend):
    """The answer does not end the turn: the model is told why (`text`) and asked again.

    Neither that answer nor what it was told enters the history: small models imitate their own failures.
    """

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class Stop(Bend):
    """The turn ends."""

    def __init__(self, status: Status, *, answer: str = "", reason: str = "", exit_code: ExitCode) -> None:
        super().__init__(reason or status)
        self.status: Status = status
        self.answer = answer
        self.reason = reason
        self.exit_code = exit_code


class Finished(Stop):
    def __init__(self, answer: str) -> None:
        super().__init__("finished", answer=answer, exit_code=ExitCode.FINISHED)


class LimitReached(Stop):
    def __init__(self, reason: str) -> None:
        super().__init__("limit", reason=reason, exit_code=ExitCode.LIMIT)


class Stuck(Stop):
    """The loop guard or too many useless answers in a row."""

    def __init__(self, reason: str) -> None:
        super().__init__("stuck", reason=reason, exit_code=ExitCode.LIMIT)
