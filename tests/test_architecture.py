"""The walls: who may import whom, what lies where, what happens at import, and what a quick command must not load."""

import ast
import functools
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TOP_LEVEL = {"README.md", "LICENSE", "pyproject.toml", "kimicode", "engine", "kernels", "tests"}
FORBIDDEN_FOLDERS = {"utils", "util", "common", "helpers", "misc"}
OTHER_PACKAGES = {"kimicode_engine", "kimicode_kernels", "engine", "kernels", "torch", "triton"}
HEAVY = {
    *("acp", "git", "httpx2", "mcp", "numpy", "openai", "pydantic", "pygments"),
    *(
        "llguidance",
        "safetensors",
        "starlette",
        "textual",
        "tiktoken",
        "torch",
        "transformers",
        "tree_sitter",
        "triton",
    ),
    *("uvicorn",),
}
EFFECTS = {
    *("open", "print", "mkdir", "read_text", "read_bytes", "write_text", "write_bytes", "cwd", "getcwd"),
    *("getenv", "run", "Popen", "check_output", "system", "connect", "basicConfig", "device_count", "is_available"),
}
HELP_CPU_RATIO = 7.0
QUICK = "import sys; from kimicode.cli.main import main; sys.exit(main())"


def modules(folder: str) -> Iterator[Path]:
    """Python files of our own; the bug set is data."""
    bugs = ROOT / "kimicode" / "benchmarks" / "bugs"
    return (path for path in sorted((ROOT / folder).rglob("*.py")) if bugs not in path.parents)


def dotted(path: Path) -> tuple[str, ...]:
    """A module's name as a tuple; a package ends in `__init__`, so that its folder is its parent."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return parts[1:] if parts[0] in ("engine", "kernels") else parts


def is_folder(name: tuple[str, ...]) -> bool:
    """Whether a dotted name is a package of ours."""
    return any((ROOT / top / Path(*name)).is_dir() for top in ("", "engine", "kernels"))


@functools.cache
def imports(path: Path) -> tuple[tuple[str, ...], ...]:
    """Names that a module imports anywhere, inside functions too, each with the names taken from it."""
    names: list[tuple[str, ...]] = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names.extend(tuple(alias.name.split(".")) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.extend((*node.module.split("."), alias.name) for alias in node.names)
    return tuple(names)


def tracked() -> list[str]:
    """Tracked files, and new ones that are not ignored. Skips outside a checkout, where there is nothing to ask."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")[:-1]


# --- folders and imports ------------------------------------------------------------------------------------


def test_import_linter_keeps_every_contract():
    check = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    done = subprocess.run([sys.executable, "-c", check], cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_top_level_holds_what_the_design_names():
    names = {path.split("/", 1)[0] for path in tracked()}
    strangers = {name for name in names if not name.startswith(".")} - TOP_LEVEL
    assert not strangers, f"not allowed at the top level: {sorted(strangers)}"


def test_no_folder_is_a_drawer_for_everything():
    found = [path for path in tracked() if FORBIDDEN_FOLDERS.intersection(path.split("/")[:-1])]
    assert not found, f"name the folder after what is in it: {found}"


def test_the_agent_imports_neither_engine_nor_kernels():
    found = [
        f"{path.relative_to(ROOT)} imports {'.'.join(name)}"
        for path in modules("kimicode")
        for name in imports(path)
        if name[0] in OTHER_PACKAGES
    ]
    assert not found, "\n".join(found)


def sibling_edge(module: tuple[str, ...], target: tuple[str, ...]) -> tuple[str, str] | None:
    """The two folders below a common parent between which an import leads; None inside one folder."""
    depth = 0
    while depth < min(len(module), len(target)) and module[depth] == target[depth]:
        depth += 1
    both_in_folders = len(module) > depth + 1 and len(target) > depth and is_folder(target[: depth + 1])
    if depth == 0 or not both_in_folders:
        return None
    return ".".join(module[: depth + 1]), ".".join(target[: depth + 1])


def test_no_two_sibling_folders_import_each_other():
    edges: dict[tuple[str, str], str] = {}
    for path in (*modules("kimicode"), *modules("engine"), *modules("kernels")):
        for target in imports(path):
            edge = sibling_edge(dotted(path), target)
            if edge:
                edges.setdefault(edge, str(path.relative_to(ROOT)))
    pairs = [f"{a} and {b}: {where}, {edges[b, a]}" for (a, b), where in edges.items() if a < b and (b, a) in edges]
    assert not pairs, "two-way imports:\n" + "\n".join(pairs)


def test_every_tool_has_its_description_beside_it():
    missing = [
        f"{path.relative_to(ROOT)}: {path.with_suffix('.md').name} is missing or empty"
        for path in modules("kimicode/tools")
        if defines_tool(path)
        and not (path.with_suffix(".md").is_file() and path.with_suffix(".md").read_text().strip())
    ]
    assert not missing, "\n".join(missing)


def defines_tool(path: Path) -> bool:
    classes = (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.ClassDef))
    bases = (base.value if isinstance(base, ast.Subscript) else base for one in classes for base in one.bases)
    return any(isinstance(base, ast.Name) and base.id == "Tool" for base in bases)


# --- what happens at import ---------------------------------------------------------------------------------


def import_effects(path: Path) -> Iterator[str]:
    """Statements and calls that do something while the module is imported."""
    todo: list[ast.stmt] = list(ast.parse(path.read_text("utf-8")).body)
    for statement in todo:
        where = f"{path.relative_to(ROOT)}:{statement.lineno}"
        if isinstance(statement, ast.If):
            todo.extend([] if "__name__" in ast.unparse(statement.test) else statement.body + statement.orelse)
        elif isinstance(statement, ast.Try):
            todo.extend(statement.body + statement.orelse + statement.finalbody)
        elif isinstance(statement, ast.ClassDef):
            todo.extend(statement.body)
        elif isinstance(statement, ast.Expr) and not isinstance(statement.value, ast.Constant):
            yield f"{where}: {ast.unparse(statement)[:60]}"
        elif isinstance(statement, ast.For | ast.While | ast.With | ast.Assert | ast.Delete):
            yield f"{where}: a {type(statement).__name__.lower()} statement"
        elif isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
            yield from (f"{where}: calls {name}()" for name in called(statement.value) if name in EFFECTS)


def called(node: ast.AST) -> Iterator[str]:
    """Names of functions called when an expression is evaluated; the body of a lambda is not."""
    if isinstance(node, ast.Lambda):
        return
    if isinstance(node, ast.Call):
        yield node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    for child in ast.iter_child_nodes(node):
        yield from called(child)


@pytest.mark.parametrize("folder", ["kimicode", "engine/kimicode_engine", "kernels/kimicode_kernels"])
def test_nothing_happens_at_import(folder):
    found = [effect for path in modules(folder) if path.name != "__main__.py" for effect in import_effects(path)]
    assert not found, "at import:\n" + "\n".join(found)


# --- the fast path of the command line ----------------------------------------------------------------------


@pytest.mark.parametrize("flag", ["--help", "--version"])
def test_a_quick_command_loads_nothing_heavy(flag):
    command = [sys.executable, "-X", "importtime", "-c", QUICK, flag]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "kimicode" in done.stdout
    reported = (line for line in done.stderr.splitlines() if line.startswith("import time:"))
    loaded = {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in reported}
    assert "kimicode" in loaded
    assert not loaded & HEAVY, f"kimicode {flag} loads {sorted(loaded & HEAVY)}: import them where they are used"


def cpu_seconds(*arguments: str) -> float:
    """User and system time of one run of this interpreter."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], cwd=ROOT, stdout=subprocess.DEVNULL, check=True, timeout=30)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_help_costs_little_more_than_python_itself():
    runs = [(cpu_seconds("-c", "pass"), cpu_seconds("-c", QUICK, "--help")) for _ in range(7)]
    bare, quick = (min(column) for column in zip(*runs, strict=True))
    message = f"kimicode --help takes {quick:.3f} s of CPU, bare Python {bare:.3f} s; the limit is {HELP_CPU_RATIO:g}x"
    assert quick <= HELP_CPU_RATIO * bare, message
