"""Every error the agent raises on purpose, with its exit code and what to do next.

KimicodeError                2
├── UsageError               1    wrong flag, missing prompt
│   └── ConfigError          1    endpoint, key, model or configuration file
├── DiskError                2    a file or folder could not be read or written
├── ModelError               2    the model's server said no, and trying again will not help
│   ├── Unauthorized         1    401/403: the key is missing or wrong
│   ├── ModelNotFound        1    404: no such model or path
│   ├── QuotaExhausted       2    429 that waiting does not cure
│   ├── ContextOverflow      2    the prompt is longer than the window (the agent compacts and goes on)
│   ├── ModelUnreachable     2    refused, reset, no answer after all retries
│   └── ModelOverloaded     75    429 or 5xx after all retries
├── ToolError                     a tool's refusal; its text is written for the model
└── LockedSession            1    another process is writing this session
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """What `kimicode` returns to the shell. Never 0 on failure."""

    FINISHED = 0
    USAGE = 1
    INFRASTRUCTURE = 2
    LIMIT = 3
    DENIED = 4
    FINDINGS = 5
    RETRY_LATER = 75
    INTERRUPTED = 130
    TERMINATED = 143


class KimicodeError(Exception):
    """An error with an explanation for the person: `message` says what is wrong, `hint` what to do next."""

    exit_code: ExitCode = ExitCode.INFRASTRUCTURE

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class UsageError(KimicodeError):
    exit_code = ExitCode.USAGE


class ConfigError(UsageError):
    pass


class DiskError(KimicodeError):
    """A path could not be read or written."""

    @classmethod
    def from_os(cls, doing: str, path: object, error: OSError) -> "DiskError":
        return cls(f"cannot {doing} {path}: {error.strerror or error}")


class ModelError(KimicodeError):
    pass


class Unauthorized(ModelError):
    exit_code = ExitCode.USAGE


class ModelNotFound(ModelError):
    exit_code = ExitCode.USAGE


class QuotaExhausted(ModelError):
    pass


class ContextOverflow(ModelError):
    pass


class ModelUnreachable(ModelError):
    pass


class ModelOverloaded(ModelError):
    exit_code = ExitCode.RETRY_LATER


class ToolError(KimicodeError):
    """A tool refuses. The text goes to the model, so it says what to do instead."""


class LockedSession(KimicodeError):
    exit_code = ExitCode.USAGE
