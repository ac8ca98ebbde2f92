"""What mined code may do: compute, and nothing else. It runs in the process that mines, and in those that train."""

import ast
import re


def words(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


ALLOWED = words(
    "__future__ abc array base64 binascii bisect calendar cmath collections collections.abc colorsys copy dataclasses "
    "datetime decimal difflib enum fnmatch fractions functools graphlib hashlib heapq html html.entities ipaddress "
    "itertools json keyword math numbers operator re shlex statistics string struct textwrap types typing unicodedata "
    "urllib.parse zlib"
)
"""Modules that touch nothing outside the program. (`typing_extensions` and the like are not there on every machine.)"""
FORBIDDEN = words(
    "NotImplemented BaseException __file__ __import__ __name__ breakpoint compile delattr eval exec exit globals hash "
    "help id input locals memoryview open print quit setattr vars __builtins__ __loader__ __spec__"
)
"""Built-in names that nothing may use, unless it binds them itself."""
CLOCKS = words(
    "now today utcnow fromtimestamp random shuffle system environ write read open unlink exec_module load_module "
    "fromstring system_alias"
)
PLAIN = words(
    "__name__ __class__ __init__ __len__ __iter__ __next__ __getitem__ __setitem__ __contains__ __eq__ __lt__ __le__ "
    "__gt__ __ge__ __repr__ __str__ __add__ __sub__ __mul__ __doc__ __call__ __missing__ __post_init__ __bool__"
)
"""Special names that may be used as attributes."""
UNENDING = re.compile(r"(?<![.\w])(?:itertools\.)?(?:count|cycle|repeat)\(")
"""Iterators without an end: C code that reads them is ended by no signal."""


def harmless(node: ast.AST) -> bool:
    """Whether a statement neither reaches outside nor gives another result on another day."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return imported(node)
    own = {each.id for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}
    own |= {each.arg for each in ast.walk(node) if isinstance(each, ast.arg)}
    return all(is_harmless(each, own) for each in ast.walk(node))


def is_harmless(node: ast.AST, own: set[str]) -> bool:
    """The same for one node alone."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return imported(node)
    if isinstance(node, ast.Global | ast.Await | ast.AsyncFunctionDef | ast.AsyncFor | ast.AsyncWith):
        return False
    if isinstance(node, ast.Name):
        return node.id not in FORBIDDEN or node.id in own
    if isinstance(node, ast.Attribute):
        special = node.attr.startswith("__") and node.attr.endswith("__")
        return node.attr not in CLOCKS and (not special or node.attr in PLAIN)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "getattr":
        return fixed(node)
    return True


def fixed(node: ast.Call) -> bool:
    """Whether getattr is asked for one plain name that is written down."""
    name = node.args[1] if len(node.args) > 1 else None
    said = isinstance(name, ast.Constant) and isinstance(name.value, str)
    return said and not str(name.value).startswith("__") and name.value not in CLOCKS  # type: ignore[union-attr]


def imported(node: ast.Import | ast.ImportFrom) -> bool:
    """Whether an import leads to allowed modules alone."""
    if isinstance(node, ast.Import):
        return all(each.name in ALLOWED for each in node.names)
    return node.level == 0 and node.module in ALLOWED and all(each.name not in CLOCKS for each in node.names)
