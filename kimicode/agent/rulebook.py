"""The rules in force: lasting ones in a file of the user's configuration, and what was allowed for this session."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from kimicode import paths
from kimicode.agent.anything import may_do_anything
from kimicode.agent.rules import Rule, parse, rule_for
from kimicode.errors import ConfigError, DiskError
from kimicode.workspace import atomic

_HEAD = """\
# Commands and edits that kimicode allows or refuses without a question. Refusals win. `kimicode help modes` explains.
"""


class _File(BaseModel):
    """rules.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()


@dataclass(slots=True)
class Rules:
    """What needs no question, and what is refused; a file of None keeps nothing."""

    file: Path | None = None
    allow: tuple[Rule, ...] = ()
    deny: tuple[Rule, ...] = ()
    session: tuple[Rule, ...] = ()
    exact: frozenset[tuple[str, str]] = frozenset()
    """Commands allowed for this session word for word, each with the directory it runs in."""

    @classmethod
    def load(cls, file: Path | None = None) -> "Rules":
        """The user's file, none being no rules. Raises ConfigError that names it, for any mistake in it."""
        file = file or paths.config_dir() / "rules.toml"
        try:
            content = _File.model_validate(tomllib.loads(file.read_bytes().decode()))
            allow, deny = (tuple(map(parse, texts)) for texts in (content.allow, content.deny))
        except FileNotFoundError:
            return cls(file)
        except OSError as error:
            raise ConfigError(f"cannot read {file}: {error.strerror or error}") from error
        except (ValueError, ConfigError) as error:
            raise ConfigError(f"{file}: {_reason(error)}") from None
        if anything := [rule for rule in allow if rule.words and may_do_anything(rule.words)]:
            raise ConfigError(f"{file}: {anything[0]} would allow anything", hint="Take it out; answer when asked.")
        return cls(file, allow, deny)

    def refused(self, tool: str, command: str) -> Rule | None:
        """The refusing rule that a call falls under."""
        return next((rule for rule in self.deny if rule.forbids(tool, command)), None)

    def allowed(self, tool: str, command: str, cwd: str) -> bool:
        """Whether a rule or an earlier answer allows the call."""
        rules = (*self.session, *self.allow)
        return (command, cwd) in self.exact or any(rule.allows(tool, command) for rule in rules)

    def for_session(self, tool: str, command: str, cwd: str) -> None:
        """From now on the call needs no question: by its rule where there is one, else word for word."""
        rule = rule_for(tool, command)
        if rule is not None:
            self.session = (*self.session, rule)
        elif command:
            self.exact |= {(command, cwd)}

    def for_good(self, rule: Rule) -> None:
        """Add a lasting rule and write the file. Raises DiskError."""
        if rule in self.allow:
            return
        allow = (*self.allow, rule)
        if self.file is not None:
            _write(self.file, allow, self.deny)
        self.allow = allow


def _reason(error: ValueError | ConfigError) -> str:
    if isinstance(error, ValidationError):
        mistake: Any = error.errors(include_url=False)[0]
        return f"{'.'.join(map(str, mistake['loc']))}: {mistake['msg']}"
    return str(error)


def _write(file: Path, allow: Sequence[Rule], deny: Sequence[Rule]) -> None:
    import tomlkit

    try:
        before = file.read_bytes() if file.exists() else None
        document = tomlkit.parse((before or _HEAD.encode()).decode())
        for name, rules in (("allow", allow), ("deny", deny)):
            if rules:
                document[name] = tomlkit.array().multiline(True)
                document[name].extend(map(str, rules))
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        atomic.write(file, tomlkit.dumps(document).encode(), before)
    except OSError as error:
        raise DiskError.from_os("write", file, error) from error
