"""The rules in force: lasting ones in a file of the user's configuration, and what was allowed for this session."""

import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from kimicode import paths
from kimicode.agent.matching import Match
from kimicode.agent.rules import Call, Rule, parse, rule_for
from kimicode.errors import ConfigError, DiskError
from kimicode.workspace import atomic
from kimicode.workspace.commands.anything import may_do_anything
from kimicode.workspace.commands.readonly import only_reads

_HEAD = """\
# What kimicode refuses, asks about and allows without a question: deny, then ask, then allow; the first list in which a
# rule matches counts. `kimicode help modes` explains.
"""
_EXAMPLE_FOLDER = "/folder"
"""In which the paths of examples lie."""

Kind = Literal["deny", "ask", "allow", "none"]


class _Table(BaseModel):
    """A rule with examples, which are tried when the file is read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rule: str
    match: tuple[str, ...] = ()
    not_match: tuple[str, ...] = ()


class _File(BaseModel):
    """rules.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    deny: tuple[_Table | str, ...] = ()
    ask: tuple[_Table | str, ...] = ()
    allow: tuple[_Table | str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules say of a call, and the rule that says it; "none" leaves it to the mode.

    "ask" stands also for a call that a refusing rule may mean, where that cannot be told before it runs.
    """

    kind: Kind
    rule: Rule | None = None


@dataclass(slots=True)
class Rules:
    """What is refused, asked about, and what needs no question; a file of None keeps nothing."""

    file: Path | None = None
    allow: tuple[Rule, ...] = ()
    deny: tuple[Rule, ...] = ()
    ask: tuple[Rule, ...] = ()
    session: tuple[Rule, ...] = ()
    exact: frozenset[tuple[str, ...]] = frozenset()
    """Calls allowed for this session word for word: a command is a pair with the directory it runs in."""

    @classmethod
    def load(cls, file: Path | None = None) -> "Rules":
        """The user's file, none being no rules. Raises ConfigError that names it, for any mistake in it."""
        file = file or paths.config_dir() / "rules.toml"
        try:
            content = _File.model_validate(tomllib.loads(file.read_bytes().decode()))
            return cls(
                file,
                allow=tuple(_allowed_by(entry) for entry in content.allow),
                deny=tuple(_met_by(entry) for entry in content.deny),
                ask=tuple(_met_by(entry) for entry in content.ask),
            )
        except FileNotFoundError:
            return cls(file)
        except OSError as error:
            raise ConfigError(f"cannot read {file}: {error.strerror or error}") from error
        except (ValueError, RecursionError, ConfigError) as error:
            hint = error.hint if isinstance(error, ConfigError) else ""
            raise ConfigError(f"{file}: {_reason(error)}", hint=hint) from None

    def verdict(self, tool: str, subject: str, cwd: str) -> Verdict:
        """Judge a call: for bash its command, for an edit its path (relative ones begin in `cwd`), for fetch the URL.

        A command word for word allowed for this session is not asked about again, whatever else asks.
        """
        call = Call(tool, subject, cwd)
        denied = [(rule.meets(call), rule) for rule in self.deny]
        if refusing := _first(denied, Match.YES):
            return Verdict("deny", refusing)
        if tool == "bash" and (subject, cwd) in self.exact:
            return Verdict("allow")
        asking = [(rule.meets(call), rule) for rule in self.ask]
        if doubted := _first(asking, Match.YES) or _first(denied, Match.MAYBE) or _first(asking, Match.MAYBE):
            return Verdict("ask", doubted)
        allowing = self._allowing(call)
        return Verdict("allow", allowing) if allowing else Verdict("none")

    def refused(self, tool: str, command: str) -> Rule | None:
        """The refusing rule that a call falls under."""
        call = Call(tool, command)
        return _first([(rule.meets(call), rule) for rule in self.deny], Match.YES)

    def allowed(self, tool: str, command: str, cwd: str) -> bool:
        """Whether rules or an earlier answer allow the call."""
        return (tool == "bash" and (command, cwd) in self.exact) or self._allowing(Call(tool, command, cwd)) is not None

    def _allowing(self, call: Call) -> Rule | None:
        """A rule by which a call is allowed; of a command each part needs one, but for those that only read."""
        rules = (*self.session, *self.allow)
        if call.tool != "bash":
            return next((rule for rule in rules if rule.allows(call)), None)
        used = None
        for words in call.commands:
            rule = next((rule for rule in rules if rule.runs(words)), None)
            if rule is None and not only_reads(words):
                return None
            used = used or rule
        return used

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
        if self.file is not None:
            _write(self.file, rule)
        self.allow = (*self.allow, rule)


def _first(judged: Iterable[tuple[Match, Rule]], match: Match) -> Rule | None:
    return next((rule for found, rule in judged if found is match), None)


# --- the file -------------------------------------------------------------------------------------------------


def _allowed_by(entry: _Table | str) -> Rule:
    rule = _tried(entry, lambda rule, call: Match.YES if rule.allows(call) else Match.NO)
    if rule.words and may_do_anything(rule.words):
        raise ConfigError(f"{rule} would allow anything", hint="Take it out; answer when asked.")
    return rule


def _met_by(entry: _Table | str) -> Rule:
    return _tried(entry, lambda rule, call: rule.meets(call))


def _tried(entry: _Table | str, judge: Callable[[Rule, Call], Match]) -> Rule:
    """The rule, if its examples come out as they should. Raises ConfigError."""
    table = entry if isinstance(entry, _Table) else _Table(rule=entry)
    rule = parse(table.rule)
    for name, examples, wanted in (("match", table.match, Match.YES), ("not_match", table.not_match, Match.NO)):
        for example in examples:
            found = judge(rule, Call(rule.tool, example, _EXAMPLE_FOLDER))
            if found is not wanted:
                said = {Match.YES: "is matched", Match.NO: "is not matched", Match.MAYBE: "may be matched"}[found]
                raise ConfigError(f'"{rule}": the example {example!r} of {name} {said}')
    return rule


def _reason(error: ValueError | RecursionError | ConfigError) -> str:
    if isinstance(error, ValidationError):
        mistake: Any = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in mistake["loc"] if part not in ("_Table", "str"))
        return f"{place}: {mistake['msg']}"
    return error.message if isinstance(error, ConfigError) else str(error)


def _write(file: Path, rule: Rule) -> None:
    """Add one allowing rule, and leave everything else in the file as it stands."""
    import tomlkit
    from tomlkit.items import AoT

    try:
        before = file.read_bytes() if file.exists() else None
        document = tomlkit.parse((before or _HEAD.encode()).decode())
        listed = document.setdefault("allow", tomlkit.array().multiline(True))
        listed.append(tomlkit.item({"rule": str(rule)}) if isinstance(listed, AoT) else str(rule))
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        atomic.write(file.resolve(), tomlkit.dumps(document).encode(), before)
    except OSError as error:
        raise DiskError.from_os("write", file, error) from error
