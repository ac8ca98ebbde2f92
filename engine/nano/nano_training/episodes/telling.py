"""What a failing test run says, in a few words: which call gave what instead of what. From the output alone."""

import ast
import re
from dataclasses import dataclass
from functools import lru_cache

LONGEST = 60
"""Characters of a call or a value that are worth repeating."""

_BLOCK = re.compile(r"^(?:FAIL|ERROR): (\w+) .*\n-{20,}\n([\s\S]*?)(?=\n={20,}\n|\n-{20,}\nRan |\Z)", re.MULTILINE)
_LINE = re.compile(r'^  File "[^"]*test_\w+\.py", line \d+, in \w+\n    (.+)', re.MULTILINE)
_ERROR = re.compile(r"^(\w[\w.]*(?:Error|Exception|Iteration|Interrupt|Exit))(?:: (.*))?$", re.MULTILINE)
_UNEQUAL = re.compile(r"(?:\w+ differ: )?(.+?) != (.+)")
_IS_NOT = re.compile(r"(.+) is not (None|true|false)")


@dataclass(frozen=True, slots=True)
class Failure:
    """One failing test. `call` is what was tried, "" where it cannot be told shortly; `said` is what came of it."""

    test: str
    call: str
    said: str

    def sentence(self, now: bool = False) -> str:
        """Such as "`total([10, 20])` gives -30 instead of 30." """
        again = " now" if now else ""
        subject = f"`{self.call}`" if self.call else self.test
        return f"{subject}{again} {self.said}."


@lru_cache(16)
def failure(output: str) -> Failure | None:
    """The first failing test of unittest's output; None where it names none."""
    block = _BLOCK.search(output)
    if block is None:
        return None
    test, text = block[1], block[2]
    lines = _LINE.findall(text)
    errors = _ERROR.findall(text)
    if not errors:
        return Failure(test, "", "fails")
    kind, message = errors[-1]
    if kind == "AssertionError":
        return _assertion(test, lines[0] if lines else "", message)
    call = _first_call(lines[0]) if lines else ""
    return Failure(test, call, f"raises {kind}" + (f": {message}" if message and len(message) <= LONGEST else ""))


def _assertion(test: str, line: str, message: str) -> Failure:
    call = _first_call(line)
    if raised := re.fullmatch(r"(\w+) not raised.*", message):
        return Failure(test, call, f"does not raise {raised[1]}")
    if message == "unexpectedly None":
        return Failure(test, call, "gives None")
    unequal = _UNEQUAL.fullmatch(message) or _IS_NOT.fullmatch(message)
    if unequal is None:
        return Failure(test, call, "fails")
    got, wanted = unequal[1], {"true": "True", "false": "False"}.get(unequal[2], unequal[2])
    if _expects_first(line):
        got, wanted = wanted, got
    if max(len(got), len(wanted)) > LONGEST:
        return Failure(test, call, "gives something else")
    return Failure(test, call, f"gives {got} instead of {wanted}")


def _arguments(line: str) -> list[ast.expr]:
    """Of the assertion in a line of a test; none where it is not whole."""
    try:
        found = next((node for node in ast.walk(ast.parse(line.strip())) if isinstance(node, ast.Call)), None)
    except SyntaxError:
        return []
    if found is None or not isinstance(found.func, ast.Attribute) or not found.func.attr.startswith("assert"):
        return [found] if found is not None else []
    return found.args


def _first_call(line: str) -> str:
    """The first argument that calls something, as it stands there."""
    for argument in _arguments(line):
        if any(isinstance(node, ast.Call) for node in ast.walk(argument)):
            text = ast.get_source_segment(line.strip(), argument) or ""
            return text if len(text) <= LONGEST else ""
    return ""


def _expects_first(line: str) -> bool:
    calls = [any(isinstance(node, ast.Call) for node in ast.walk(argument)) for argument in _arguments(line)[:2]]
    return calls == [False, True]
