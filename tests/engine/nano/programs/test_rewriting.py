"""The same said otherwise: each rule on the place that it is for, and all of them on our families."""

import ast
import random

import pytest

from nano_training.programs import check, families, rewrite
from nano_training.programs.rewriting import branches, loops, phrases
from nano_training.programs.splice import read

CASES = [
    (phrases.augmented, "x = x + f(1)", "x += f(1)"),
    (phrases.spelled_out, "a[0] -= b - c", "a[0] = a[0] - (b - c)"),
    (phrases.flipped, "x = a.b <= c(1)", "x = c(1) >= a.b"),
    (phrases.swapped_factors, "x = 2 * n", "x = n * 2"),
    (phrases.unchained, "if 0 <= x < n:\n    f()", "if 0 <= x and x < n:\n    f()"),
    (phrases.counted, "d[k] = d.get(k, 0) + 1", "if k not in d:\n    d[k] = 0\nd[k] += 1"),
    (phrases.measured, "if not v:\n    n = len(v)", "if len(v) == 0:\n    n = len(v)"),
    (
        branches.early,
        "def f(x):\n    if x:\n        return 1\n    elif y:\n        return 2\n    else:\n        g()",
        "def f(x):\n    if x:\n        return 1\n    if y:\n        return 2\n    else:\n        g()",
    ),
    (
        branches.otherwise,
        "def f(x):\n    if x:\n        return 1\n    return 2",
        "def f(x):\n    if x:\n        return 1\n    else:\n        return 2",
    ),
    (branches.negated, "if a < b:\n    f()\nelse:\n    g()\n    h()", "if a >= b:\n    g()\n    h()\nelse:\n    f()"),
    (branches.negated, "if a and b:\n    f()\nelse:\n    g()", "if not (a and b):\n    g()\nelse:\n    f()"),
    (branches.negated, "if a in b:\n    f()\nelse:\n    g()", "if a not in b:\n    g()\nelse:\n    f()"),
    (branches.conditional, "x = a if c else b", "if c:\n    x = a\nelse:\n    x = b"),
    (branches.unconditional, "if c:\n    x = a\nelse:\n    x = b", "x = a if c else b"),
    (branches.truth, "def f():\n    return a < b", "def f():\n    if a < b:\n        return True\n    return False"),
    (branches.named, "def f():\n    return g(1)", "def f():\n    result = g(1)\n    return result"),
    (branches.returned, "def f():\n    y = g(1)\n    return y", "def f():\n    return g(1)"),
    (
        loops.appended,
        "def f():\n    return [g(a) for a, b in c if b]",
        "def f():\n    result = []\n    for a, b in c:\n        if b:\n"
        "            result.append(g(a))\n    return result",
    ),
    (
        loops.comprehended,
        "def f():\n    r = []\n    for a in c:\n        r.append(a)",
        "def f():\n    r = [a for a in c]",
    ),
    (loops.summed, "n = sum(a * a for a in c)", "n = 0\nfor a in c:\n    n += a * a"),
    (
        loops.searched,
        "def f():\n    return all(a for a in c)",
        "def f():\n    for a in c:\n        if not (a):\n            return False\n    return True",
    ),
    (loops.numbered, "for i, x in enumerate(c):\n    f(i)", "for i in range(len(c)):\n    x = c[i]\n    f(i)"),
    (loops.stepped, "for i in range(2, n):\n    f(i)", "i = 2\nwhile i < n:\n    f(i)\n    i += 1"),
]
KEPT = [
    (phrases.flipped, "x = a < 3"),
    (phrases.augmented, "x = y + x"),
    (branches.negated, "if a:\n    f()\nelif b:\n    g()"),
    (loops.stepped, "for i in range(n):\n    if i:\n        continue\n    f(i)"),
    (loops.appended, "x = [a for a in x]"),
    (loops.comprehended, "def f():\n    r = []\n    for a in c:\n        r.append(len(r))"),
]


def applied(rule, source):
    parsed = read(source + "\n")
    splices = [splice for node in ast.walk(parsed.tree) if (splice := rule(parsed, node)) is not None]
    return parsed.spliced(splices).rstrip("\n")


@pytest.mark.parametrize(("rule", "source", "expected"), CASES)
def test_a_rule_says_its_place_otherwise(rule, source, expected):
    assert applied(rule, source) == expected


@pytest.mark.parametrize(("rule", "source"), KEPT)
def test_a_rule_leaves_what_it_could_break(rule, source):
    assert applied(rule, source) == source


def test_our_families_give_the_same_after_rewriting():
    """But where a name is read and bound in one statement, as in `n = sum(f(n) ...)`: hardly anywhere."""
    differing, rewritten = [], 0
    for family in random.Random(1).sample(families.load(families.FOLDER), 60):
        code = rewrite.varied(family.code, random.Random(family.name))
        rewritten += code != family.code
        if check.outcomes(code, family, 0) != check.outcomes(family.code, family, 0):
            differing.append(family.name)
    assert rewritten > 10
    assert len(differing) <= 1, differing
