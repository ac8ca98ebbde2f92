"""Small real projects in which everyday commands have something to do, each the same wherever it is made."""

import os
import subprocess
from pathlib import Path

_MAKEFILE = "app: main.c\n\tcc -O1 -o app main.c\n\ntest: app\n\t./app\n\nclean:\n\trm -f app\n\n.PHONY: test clean\n"
_PACKAGE = """\
{"name": "greeter", "version": "1.0.0", "private": true, "scripts": {"test": "node --test --test-reporter=tap",
"build": "mkdir -p dist && cp index.js dist && ls dist", "lint": "node --check index.js"}}
"""
_GREETER = """\
exports.greet = (name) => `hello ${name}`
if (require.main === module) console.log(exports.greet(process.argv[2]))
"""
_CART = '''\
"""A cart.

>>> total([("apple", 2)])
2
"""


class Cart:
    def __init__(self):
        self.items = []


def total(items):
    return sum(count for _, count in items)
'''
_CART_TEST = """\
import unittest

from shop.cart import Cart, total


class CartTest(unittest.TestCase):
    def test_empty(self):
        self.assertEqual(Cart().items, [])

    def test_total(self):
        self.assertEqual(total([("pear", 3)]), 3)
"""
_PATCH = "--- a/people.csv\n+++ b/people.csv\n@@ -1,3 +1,3 @@\n name,age\n-bob,40\n+rob,40\n ann,30\n"
FILES = {
    "python": {
        "README.md": "# Shop\n\nA small shop.\n",
        "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\n',
        "requirements.txt": "apple==1\npear==2\n",
        "data.json": '{"b": 1, "a": [1, 2]}',
        "shop/__init__.py": "",
        "shop/__main__.py": "import sys\n\nprint(sys.argv[1] * int(sys.argv[2]))\n",
        "shop/cart.py": _CART,
        "tests/__init__.py": "",
        "tests/test_cart.py": _CART_TEST,
        "tools/report.py": 'print("report")\n',
        "tools/check.sh": "#!/bin/sh\necho checked\n",
    },
    "git": {"README.md": "total\n", "b.txt": "two\n"},
    "node": {
        "package.json": _PACKAGE,
        "index.js": _GREETER,
        "index.test.js": 'require("node:test")("greets", () => require("assert").ok(require("./index").greet("x")))\n',
    },
    "c": {
        "main.c": '#include <stdio.h>\n\nint main(void)\n{\n    puts("hello");\n    return 0;\n}\n',
        "broken.c": "int main(void) { return x; }\n",
        "Makefile": _MAKEFILE,
    },
    "rust": {
        "Cargo.toml": '[package]\nname = "hello"\nversion = "0.1.0"\nedition = "2021"\n',
        "src/main.rs": 'fn main() {\n    println!("hello");\n}\n\n#[test]\nfn adds() {\n    assert_eq!(1 + 1, 2);\n}\n',
    },
    "data": {
        "people.csv": "name,age\nbob,40\nann,30\neve,35\n",
        "data.json": '{"items": [{"n": 1}, {"n": 2}]}',
        "sample.bin": "0123456789" * 500,
        "change.patch": _PATCH,
    },
}
"""By the name of the project: its files."""
DATED = {f"GIT_{who}_DATE": "2026-01-01T00:00:00Z" for who in ("AUTHOR", "COMMITTER")}
"""Variables that make commits come out the same."""


def make(name: str, folder: Path) -> None:
    """Write the project `name` to `folder`, which is made, with two commits of it."""
    for path, text in FILES[name].items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        if file.suffix == ".sh":
            file.chmod(0o755)
    _git(folder, "init", "-q", "-b", "main")
    for setting, value in (("user.name", "Ann"), ("user.email", "ann@example.test"), ("gc.auto", "0")):
        _git(folder, "config", setting, value)
    first, *others = FILES[name]
    _git(folder, "add", first)
    _git(folder, "commit", "-q", "-m", "First")
    _git(folder, "add", *others)
    _git(folder, "commit", "-q", "-m", "All of it")
    _git(folder, "remote", "add", "origin", "https://forge.test/shop.git")
    for branch in ("main", "there"):
        _git(folder, "update-ref", f"refs/remotes/origin/{branch}", "HEAD")


def _git(folder: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=folder, env={**os.environ, **DATED}, check=True, capture_output=True)
