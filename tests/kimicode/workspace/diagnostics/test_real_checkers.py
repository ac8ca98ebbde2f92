"""The real checkers of other languages in small projects: what an edit brings in is told, and nothing is left."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kimicode.workspace.diagnostics.checks import Checks

pytestmark = pytest.mark.slow
PATIENCE_S = 120.0


@pytest.fixture(scope="session")
def node(tmp_path_factory):
    """A folder into which npm brought tsc and eslint."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    folder = tmp_path_factory.mktemp("node")
    command = ["npm", "install", "--no-audit", "--no-fund", "--prefix", str(folder), "typescript@5", "eslint@9"]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=180)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"npm brought nothing: {error}")
    return folder / "node_modules"


@pytest.fixture
async def edit(tmp_path):
    """Makes edits in a project and returns what is told of each."""
    project = tmp_path / "project"
    project.mkdir()
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    permits, whole = (lambda command, code_of: True), (lambda path, text: 0)
    checks = Checks((project,), tmp_path / "kept", environment, permits, whole, patience=PATIENCE_S)

    async def told(name, after):
        path = project / name
        before = path.read_text() if path.exists() else None
        path.write_text(after)
        checks.edited(path, before, after)
        return await checks.news()

    told.project = project
    yield told
    await checks.close()


def files_in(project):
    return sorted(path.name for path in project.iterdir() if path.name != "node_modules")


@pytest.mark.timeout(300)
async def test_mypy_tells_what_an_edit_breaks_elsewhere_once_it_knows_the_project(edit):
    pytest.importorskip("mypy")
    (edit.project / "mypy.ini").write_text("[mypy]\n")
    (edit.project / "lib.py").write_text("def double(x: int) -> int:\n    return 2 * x\n")
    assert await edit("use.py", "from lib import double\n\nprint(double(2))\n") == ""
    told = await edit("use.py", "from lib import double\n\nprint(double('2'))\n")
    assert 'use.py:3: arg-type Argument 1 to "double"' in told
    assert files_in(edit.project) == ["lib.py", "mypy.ini", "use.py"]


@pytest.mark.timeout(300)
async def test_tsc_tells_of_types_and_writes_nothing(edit, node):
    (edit.project / "node_modules").symlink_to(node)
    (edit.project / "tsconfig.json").write_text('{"compilerOptions": {"strict": true}, "include": ["*.ts"]}')
    assert await edit("a.ts", "export const twice = (x: number): number => 2 * x;\n") == ""
    told = await edit("a.ts", "export const twice = (x: number): string => 2 * x;\n")
    assert "a.ts:1: TS2322 Type 'number' is not assignable to type 'string'." in told
    assert files_in(edit.project) == ["a.ts", "tsconfig.json"]


@pytest.mark.timeout(300)
async def test_eslint_tells_what_its_rules_find_in_the_new_text(edit, node):
    (edit.project / "node_modules").symlink_to(node)
    rules = 'export default [{ rules: { "no-unused-vars": "error", "no-debugger": "error" } }];\n'
    (edit.project / "eslint.config.mjs").write_text(rules)
    assert "a.mjs:1: no-unused-vars" in await edit("a.mjs", "const old = 1;\n\n\n\n\n")
    told = await edit("a.mjs", "const old = 1;\n\n\n\n\ndebugger;\n")
    assert "a.mjs:6: no-debugger" in told
    assert "no-unused-vars" not in told
    assert files_in(edit.project) == ["a.mjs", "eslint.config.mjs"]
