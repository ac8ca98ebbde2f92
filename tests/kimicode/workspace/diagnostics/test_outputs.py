"""What checkers print is read for findings, and nothing that they print can break the reading."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.workspace.diagnostics.checkers import CHECKERS
from kimicode.workspace.diagnostics.problems import Problem

READINGS = {checker.name: checker.reading for checker in CHECKERS}

RUFF = [{"filename": "/p/m.py", "code": "F401", "message": "`os` imported", "location": {"row": 2, "column": 8}}]
ESLINT = [
    {
        "filePath": "/p/x.js",
        "messages": [
            {"ruleId": "semi", "severity": 1, "message": "Missing semicolon.", "line": 1, "column": 12},
            {"ruleId": None, "fatal": True, "severity": 2, "message": "Unexpected token", "line": 2},
            {"ruleId": None, "fatal": False, "severity": 1, "message": "File ignored because no configuration fits"},
        ],
    }
]
PYRIGHT = {
    "generalDiagnostics": [
        {
            "file": "/p/m.py",
            "severity": "error",
            "message": '"x" is not defined',
            "range": {"start": {"line": 4, "character": 0}, "end": {"line": 4, "character": 1}},
            "rule": "reportUndefinedVariable",
        },
        {"file": "/p/m.py", "severity": "information", "message": "by the way"},
    ]
}
MYPY = """\
m.py:3: error: Incompatible return value type (got "int", expected "str")  [return-value]
m.py:3: note: See the documentation
m.py: error: Source file found twice
"""
TSC = """\
src/b.ts(1,26): error TS2345: Argument of type 'string' is not assignable.
error TS5023: Unknown compiler option 'x'.
"""
CARGO = """\
    Checking x v0.1.0 (/p)
src/main.rs:1:26: error[E0308]: mismatched types: expected `u32`, found `&str`
src/main.rs:2:6: warning: unused variable: `y`
error: could not compile `x` (bin "x") due to 1 previous error
"""
GO = """\
# example.org/x/pkg
# [example.org/x/pkg]
vet: pkg/a.go:5:2: undefined: y
pkg/b.go:7:14: fmt.Printf format %d has arg "x" of wrong type string
"""
SHELLCHECK = "-:3:6: warning: x appears unused. Verify use (or export if used externally). [SC2034]\n"
PHP = """\
PHP Parse error:  syntax error, unexpected token "}" in Standard input code on line 3

Parse error: syntax error, unexpected token "}" in Standard input code on line 3

Errors parsing Standard input code
"""
RUBY = """\
-: -:2: syntax errors found (SyntaxError)
  1 | def f
> 2 |   1 +
"""


@pytest.mark.parametrize(
    ("name", "output", "found"),
    [
        ("ruff", json.dumps(RUFF), [Problem("/p/m.py", 2, "F401", "`os` imported")]),
        (
            "eslint",
            json.dumps(ESLINT),
            [Problem("/p/x.js", 1, "semi", "Missing semicolon."), Problem("/p/x.js", 2, "", "Unexpected token")],
        ),
        ("pyright", json.dumps(PYRIGHT), [Problem("/p/m.py", 5, "reportUndefinedVariable", '"x" is not defined')]),
        (
            "mypy",
            MYPY,
            [Problem("m.py", 3, "return-value", 'Incompatible return value type (got "int", expected "str")')],
        ),
        ("tsc", TSC, [Problem("src/b.ts", 1, "TS2345", "Argument of type 'string' is not assignable.")]),
        (
            "cargo",
            CARGO,
            [
                Problem("src/main.rs", 1, "E0308", "mismatched types: expected `u32`, found `&str`"),
                Problem("src/main.rs", 2, "", "unused variable: `y`"),
            ],
        ),
        (
            "go",
            GO,
            [
                Problem("pkg/a.go", 5, "", "undefined: y"),
                Problem("pkg/b.go", 7, "", 'fmt.Printf format %d has arg "x" of wrong type string'),
            ],
        ),
        (
            "shellcheck",
            SHELLCHECK,
            [Problem("", 3, "SC2034", "x appears unused. Verify use (or export if used externally).")],
        ),
        ("php", PHP, [Problem("", 3, "", 'syntax error, unexpected token "}"')]),
        ("ruby", RUBY, [Problem("", 2, "", "syntax errors found (SyntaxError)")]),
    ],
)
def test_findings_are_read(name, output, found):
    assert READINGS[name](output) == found
    assert READINGS[name](output.replace("\n", "\r\n")) == found


@pytest.mark.parametrize("name", READINGS)
@given(output=st.one_of(st.text(), st.text(alphabet=":()[] \n-019aé٣.error")))
def test_anything_may_be_printed(name, output):
    for problem in READINGS[name](output):
        assert problem.line >= 0


@pytest.mark.parametrize("name", ["ruff", "eslint", "pyright"])
@given(
    value=st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.text()),
        lambda inner: st.one_of(
            st.lists(inner),
            st.dictionaries(
                st.sampled_from(["filename", "message", "location", "row", "messages", "line", "generalDiagnostics"]),
                inner,
            ),
        ),
    )
)
def test_any_json_may_be_printed(name, value):
    READINGS[name](json.dumps(value))


def test_a_line_number_that_no_file_has_is_no_finding():
    assert READINGS["mypy"](f"m.py:{'9' * 5000}: error: x") == []
