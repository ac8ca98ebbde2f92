"""What reviewers can reach: the files of the change's head and nothing else; running, only in the sandbox's copy."""

import json

from kimicode.agent.budget import Limits
from kimicode.config.schema import Settings
from kimicode.llm.scripted import Reply
from kimicode.review.reviewer import Wish, review
from kimicode.review.source import of_range, of_worktree
from tests.fakes.confined import walls
from tests.fakes.panel import Asked, Panel, by_kind, reports, verdict
from tests.fakes.reviewed import PAGES, changed, committed, git, pages, repository

CANARY = "canary-8c1d77e2f05b"
KEY = "sk-proj-4f9A1c7Q2m8X5r3T6v0B9n2L"
FAULT = {"path": "pages.py", "line": 2, "claim": "`page` returns the page after"}
CITED = ("pages.py", 2, "    first = number * size")


async def reviewed(panel, source, **fields):
    own = fields.pop("settings", {})
    async with panel.server() as server:
        settings = Settings(base_url=server.base_url, model="panel", max_retries=0, **own)
        return await review(Wish(settings, **{"limits": Limits(steps=None), **fields}), source)


def looker(*calls):
    """A finder that makes these calls, one after the other."""

    def finds(asked: Asked) -> Reply:
        return Reply(calls=[calls[len(asked.results)]]) if len(asked.results) < len(calls) else Reply("none")

    return finds


async def test_finders_read_no_file_that_is_none_of_the_reviewed_ones(tmp_path):
    root = tmp_path / "project"
    pages(root)
    (tmp_path / "outside.txt").write_text(CANARY)
    (root / "ignored.txt").write_text(CANARY)
    (root / "link.txt").symlink_to(tmp_path / "outside.txt")
    git(root, "config", "http.extraheader", f"AUTHORIZATION: {CANARY}")
    (root / ".env").write_text(f"A={CANARY}")
    committed(root, {".gitignore": "ignored.txt\n"})
    git(root, "add", "--force", ".env", "link.txt")
    committed(root, {"pages.py": PAGES + "\n"})
    tried = (
        "../outside.txt",
        str(tmp_path / "outside.txt"),
        "ignored.txt",
        "link.txt",
        ".git/config",
        ".env",
        "/proc/self/environ",
    )
    calls = [("view", {"path": path}) for path in tried] + [("outline", {"path": ".git/config"})]
    calls += [("search", {"query": CANARY}), ("search", {"query": CANARY, "path": ".."})]
    panel = Panel(looker(*calls))
    await reviewed(panel, of_range(repository(root), "HEAD~1..HEAD"), finders=("correctness",))
    last = panel.asked[-1]
    assert len(last.results) == len(calls)
    assert CANARY not in json.dumps(last.results)
    assert all("denied" in result or "error" in result for result in last.results[: len(tried)])


async def test_the_head_of_another_branch_is_read_from_a_copy_that_has_nothing_else(tmp_path):
    root = tmp_path / "project"
    base = committed(root, {"pages.py": PAGES})
    git(root, "switch", "--quiet", "--create", "topic")
    committed(root, {"pages.py": PAGES + "\nTOPIC = 1\n"})
    git(root, "switch", "--quiet", "main")
    (root / "mine.txt").write_text(CANARY)
    panel = Panel(
        looker(("view", {"path": "pages.py"}), ("view", {"path": "mine.txt"}), ("search", {"query": "TOPIC"}))
    )
    await reviewed(panel, of_range(repository(root), f"{base}..topic"), finders=("correctness",))
    viewed, mine, found = panel.asked[-1].results
    assert "TOPIC = 1" in viewed
    assert "error" in mine
    assert "pages.py" in found


async def test_finders_have_no_tool_that_runs_or_writes(tmp_path):
    calls = [("bash", {"command": "id"}), ("createfile", {"path": "x", "file_text": "y"})]
    panel = Panel(looker(*calls), lambda asked: Reply("none"))
    await reviewed(panel, pages(tmp_path), finders=("correctness",), run=True)
    assert panel.asked[0].tools == ["view", "search", "outline", "report", "submit"]
    assert all("there is no tool" in result for result in panel.asked[-1].results)
    assert not (tmp_path / "x").exists()


async def test_secrets_of_the_reviewed_code_reach_neither_model_nor_trace(tmp_path):
    source = changed(tmp_path / "project", {"a.py": "x = 1\n"}, {"a.py": f'TOKEN = "{KEY}"\n'})
    panel = Panel(looker(("view", {"path": "a.py"})))
    await reviewed(panel, source, finders=("security",), trace=tmp_path / "trace")
    assert KEY not in json.dumps([asked.told + "".join(asked.results) for asked in panel.asked])
    traces = list((tmp_path / "trace").iterdir())
    assert [path.name for path in traces] == ["finder-1-security.jsonl"]
    assert KEY not in traces[0].read_text()
    assert any(json.loads(line)["type"] == "tool.completed" for line in traces[0].read_text().splitlines())


# --- running --------------------------------------------------------------------------------------------------


def running(command, **fields):
    """A verifier that runs a command and then says what it saw."""

    def judges(asked: Asked) -> Reply:
        if not asked.results:
            return Reply(calls=[("bash", {"command": command})])
        return verdict(CITED, verdict="real", why="it was run", confidence=0.95, **fields)

    return judges


SCRIPT = "python3 -c 'import pages; print(pages.page([1, 2, 3, 4], 1, 2))'"


async def test_a_verifier_shows_a_fault_by_running_the_code(tmp_path):
    walls()
    panel = Panel(by_kind(correctness=reports(FAULT)), running(SCRIPT, output="[3, 4]"))
    result = await reviewed(panel, pages(tmp_path), run=True)
    (finding,) = result.findings
    assert finding.proof == "ran"
    assert finding.evidence == f"it was run\n\n$ {SCRIPT}\n[3, 4]"
    assert not (tmp_path / "__pycache__").exists()


async def test_reading_a_file_by_a_command_is_not_running_it(tmp_path):
    walls()
    panel = Panel(by_kind(correctness=reports(FAULT)), running("cat pages.py", output="first = number * size"))
    result = await reviewed(panel, pages(tmp_path), run=True)
    assert result.dropped == {"unverified": 1}


async def test_what_verifiers_run_changes_no_file_of_the_project(tmp_path):
    walls()
    source = pages(tmp_path)
    commands = (
        "echo x > pages.py",
        "echo x > new.py",
        f"echo x > {tmp_path}/pages.py",
        f"git -C {tmp_path} tag x",
        "echo ran",
    )
    hostile = "; ".join(commands)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    panel = Panel(by_kind(correctness=reports(FAULT)), running(hostile, output="ran"))
    await reviewed(panel, source, run=True)
    assert "ran" in panel.of("verifier")[1].results[0]
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


async def test_no_verifier_gets_out_of_the_sandbox(tmp_path):
    walls()

    def judges(asked: Asked) -> Reply:
        if not asked.results:
            return Reply(calls=[("bash", {"command": f"touch {tmp_path}/out", "outside_sandbox": True})])
        return verdict(verdict="not real", why="so")

    panel = Panel(by_kind(correctness=reports(FAULT)), judges)
    result = await reviewed(panel, pages(tmp_path), run=True)
    assert "denied" in panel.of("verifier")[1].results[0]
    assert not (tmp_path / "out").exists()
    assert result.dropped == {"refuted": 1}


async def test_without_a_sandbox_nothing_is_run_and_that_is_said(tmp_path):
    panel = Panel(
        by_kind(correctness=reports(FAULT)), lambda asked: verdict(CITED, verdict="real", why="so", confidence=0.9)
    )
    result = await reviewed(panel, pages(tmp_path), run=True, settings={"sandbox": "off"})
    assert "bash" not in panel.of("verifier")[0].tools
    assert result.findings[0].proof == "read"
    assert any(note.startswith("nothing was run: the sandbox is switched off") for note in result.notes)
    assert result.state == "complete"


async def test_nothing_is_run_unless_it_was_wished(tmp_path):
    panel = Panel(
        by_kind(correctness=reports(FAULT)), lambda asked: verdict(CITED, verdict="real", why="so", confidence=0.9)
    )
    await reviewed(panel, pages(tmp_path))
    assert panel.of("verifier")[0].tools == ["view", "search", "outline", "verdict"]


async def test_work_that_is_not_committed_can_be_reviewed_and_run(tmp_path):
    walls()
    committed(tmp_path, {"pages.py": PAGES})
    (tmp_path / "pages.py").write_text(PAGES.replace("(number - 1)", "number"))
    (tmp_path / "helper.py").write_text("from pages import page\n")
    uncommitted = of_worktree(repository(tmp_path))
    script = "python3 -c 'import helper; print(helper.page([1, 2, 3, 4], 1, 2))'"
    fault = {"path": "pages.py", "line": 4, "claim": "`page` returns the page after"}

    def judges(asked: Asked) -> Reply:
        if not asked.results:
            return Reply(calls=[("bash", {"command": script})])
        return verdict(
            ("pages.py", 4, "first = number * size"), verdict="real", why="so", confidence=1, output="[3, 4]"
        )

    result = await reviewed(Panel(by_kind(correctness=reports(fault)), judges), uncommitted, run=True)
    assert [finding.proof for finding in result.findings] == ["ran"]
