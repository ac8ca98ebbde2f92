"""Episodes without processes: the oracle mends what is broken, by right steps, and only those are learnt whole."""

import json
import random
import re
from collections import Counter

import pytest

from kimicode.agent.surroundings import test_command as command_of
from nano_training.bugs import choose, mutate
from nano_training.episodes import plan, twin
from nano_training.episodes.episode import Learn, read
from nano_training.episodes.prefixes import declared, system
from nano_training.episodes.script import MOST_TRIES, Rates
from nano_training.programs import trial
from nano_training.project import Bug, Edit, Project
from tests.fakes.nano import SHOP

ALWAYS = {"slip": 0.0, "look": 0.0, "odd": 0.0, "give_up": 0.0, "endless": 0.0, "stuck": 0.0}
LOOP = """def halves(number):
    count = 0
    while number > 1:
        number //= 2
        count += 1
    return count


"""
LOOP_TEST = """class TestHalves(unittest.TestCase):
    def test_it(self):
        self.assertEqual(shop.halves(9), 3)
"""
AT_ONCE = Rates(tries=(1,), **ALWAYS)


def bugs(count):
    found = (choose.bug(SHOP, random.Random(seed)) for seed in range(count))
    return [bug for bug in found if bug is not None]


def answers(episode):
    """What the model says: text, calls, and how much of it is learnt."""
    for message, learnt in zip(episode.messages, episode.learn, strict=True):
        if message["role"] == "assistant":
            named = [call["function"] for call in message["tool_calls"]]
            yield message["content"], [(call["name"], json.loads(call["arguments"])) for call in named], learnt


def tools_of(episode):
    return [name for _, calls, _ in answers(episode) for name, _ in calls]


def told(episode):
    return [message["content"] for message in episode.messages if message["role"] == "tool"]


def end_of(episode, source):
    """The module's text after all edits that fitted."""
    results = iter(told(episode))
    for _, calls, _ in answers(episode):
        for (name, arguments), result in zip(calls, results, strict=False):
            if name == "strreplace" and result.startswith("Edited"):
                assert source.count(arguments["old_str"]) == 1
                source = source.replace(arguments["old_str"], arguments["new_str"])
    return source


def test_the_plain_way_is_test_mend_test_submit():
    for bug in bugs(10):
        episode = twin.play(bug, random.Random(1), AT_ONCE)
        assert tools_of(episode) == ["bash", "strreplace", "bash", "submit"]
        assert [learnt for *_, learnt in answers(episode)] == [Learn.ALL] * 4
        assert "FAILED" in told(episode)[0]
        assert told(episode)[2].endswith("\n\nOK")
        (_, edit, _, (_, ((_, submitted),), _)) = answers(episode)
        failing, _, suspicion = edit[0].partition(" See `")
        assert failing.endswith("."), "what fails is said first"
        line, _, said = suspicion.partition("`. ")
        assert line in bug.broken, "then the line is chosen"
        assert edit[1][0][1]["old_str"].strip().startswith(line)
        assert said.endswith(".")
        assert submitted["summary"].startswith(bug.why)
        assert end_of(episode, bug.broken) == SHOP.source


def test_it_begins_as_every_request_of_the_product():
    episode = twin.play(bugs(1)[0], random.Random(3))
    assert episode.messages[0]["content"].startswith(f"{system()}Working directory: /")
    assert episode.tools == declared(episode.prefix)
    assert [message["role"] for message in episode.messages[:3]] == ["system", "user", "assistant"]
    assert len(episode.learn) == len(episode.messages)


def test_of_wrong_tries_the_form_is_learnt_and_what_follows_them_whole():
    rates = Rates(tries=(0, 0, 0, 1), **ALWAYS)
    for seed, bug in enumerate(bugs(12)):
        episode = twin.play(bug, random.Random(seed), rates)
        edits = [learnt for _, calls, learnt in answers(episode) if calls[0][0] == "strreplace"]
        others = [learnt for _, calls, learnt in answers(episode) if calls[0][0] != "strreplace"]
        assert edits == [Learn.FORM] * (len(edits) - 1) + [Learn.ALL]
        assert {*others} == {Learn.ALL}
        assert end_of(episode, bug.broken) == SHOP.source


def test_a_slip_is_not_learnt_and_its_repair_is():
    signs = Counter()
    for seed, bug in enumerate(bugs(24)):
        episode = twin.play(bug, random.Random(seed), Rates(tries=(1,), **ALWAYS | {"slip": 1.0}))
        edits = [learnt for _, calls, learnt in answers(episode) if calls[0][0] == "strreplace"]
        assert edits in ([Learn.NOTHING, Learn.ALL], [Learn.ALL]), "not every edit can be miswritten"
        signs.update(sign for sign in ("old_str is not in", "syntax error") if sign in told(episode)[1])
        assert told(episode)[-1].endswith("OK")
    assert len(signs) == 2
    assert signs.total() > 12


def test_it_gives_up_honestly_and_leaves_the_file_as_it_was():
    given_up = 0
    for seed, bug in enumerate(bugs(12)):
        episode = twin.play(bug, random.Random(seed), Rates(**ALWAYS | {"give_up": 1.0}))
        *_, (_, ((name, arguments),), learnt) = answers(episode)
        assert (name, learnt) == ("submit", Learn.ALL)
        if end_of(episode, bug.broken) != SHOP.source:
            assert end_of(episode, bug.broken) == bug.broken
            assert str(MOST_TRIES) in arguments["summary"]
            assert "still fails" in arguments["summary"]
            assert "not submitted yet" in told(episode)[-1]
            given_up += 1
    assert given_up > 6


def test_without_pytest_it_turns_to_unittest():
    episode = twin.play(bugs(1)[0], random.Random(2), Rates(tries=(1,), **ALWAYS | {"odd": 1.0}))
    (_, first, _), (_, second, _), *_ = answers(episode)
    assert first[0][1]["command"].endswith("-m pytest -q")
    assert "No module named pytest" in told(episode)[0]
    assert second[0][1]["command"] == first[0][1]["command"].replace("pytest -q", "unittest")


def test_a_file_without_tests_is_read_and_mended():
    rng = random.Random(5)
    for edit, _ in zip(mutate.edits(SHOP.source, rng), range(8), strict=False):
        episode = twin.look(SHOP.source, edit, rng)
        assert tools_of(episode)[0] == "view"
        assert tools_of(episode)[-2:] == ["bash", "submit"]
        assert "Test command" not in episode.messages[0]["content"]
        assert end_of(episode, edit.apply(SHOP.source)) == SHOP.source


def test_an_episode_survives_being_written_down():
    episode = twin.play(bugs(1)[0], random.Random(9))
    assert read(episode.as_json(), {episode.prefix: episode.tools}) == episode
    with pytest.raises(ValueError, match="no episode"):
        read("{}", {})


def test_the_same_seed_gives_the_same_episode():
    first, second = (twin.play(bugs(1)[0], random.Random(11)) for _ in range(2))
    assert first == second


def test_the_folder_it_was_played_in_is_nowhere_told(tmp_path):
    for seed, bug in enumerate(bugs(12)):
        episode = twin.play(bug, random.Random(seed))
        text = episode.as_json()
        assert "twin-" not in text
        root = re.search(r"Working directory: (\S+)", episode.messages[0]["content"])
        assert root is not None
        assert f"{root[1]}/test_shop.py" in text


def test_a_bug_that_never_ends_is_stopped_and_mended():
    endless = "        while True:\n            pass\n        result += price"
    bug = Bug(SHOP, Edit("loop", 8, "        result += price", endless), "It never ends.")
    episode = twin.play(bug, random.Random(1), AT_ONCE)
    assert tools_of(episode) == ["bash", "bash", "view", "strreplace", "bash", "submit"]
    assert "still running after 20 s, in the background as job 1" in told(episode)[0]
    assert list(answers(episode))[1][1][0] == ("bash", {"command": "job stop 1"})
    assert end_of(episode, bug.broken) == SHOP.source


def test_a_try_after_which_nothing_ends_is_stopped_and_taken_back():
    looped = Project(SHOP.families, SHOP.module, LOOP + SHOP.source, SHOP.tests)
    stopped = 0
    for seed in range(10):
        bug = choose.bug(looped, random.Random(seed))
        episode = twin.play(bug, random.Random(seed), Rates(tries=(0, 1), **ALWAYS | {"endless": 1.0}))
        named = [[name for name, _ in calls] for _, calls, _ in answers(episode)]
        stopped += sum(calls[0] == "bash" and "strreplace" in calls for calls in named)
        assert end_of(episode, bug.broken) == looped.source
    assert stopped > 5


def test_a_bug_that_never_ends_is_found_where_a_loop_can_have_one():
    looped = Project(SHOP.families, SHOP.module, LOOP + SHOP.source, f"import unittest\n\nimport shop\n\n{LOOP_TEST}")
    stuck = plan.endless(looped, random.Random(1))
    assert stuck is not None
    assert trial.run("/x", {"shop.py": stuck.broken, "test_shop.py": looped.tests}).output == trial.TIMED_OUT
    assert plan.endless(SHOP, random.Random(1)) is None


def test_plans_follow_the_rates():
    drawn = [plan.of_bug(bug, random.Random(seed)) for seed, bug in enumerate(bugs(60))]
    at_once = sum(len(one.script.tries) == 1 for one in drawn)
    assert 0.25 < at_once / len(drawn) < 0.65
    assert {one.scene.prefix for one in drawn} == {"default", "swe"}
    assert len({one.scene.prompt for one in drawn}) > 15
    assert all(trial.run("/x", {**one.files}, seconds=5.0).failed for one in drawn[:5])


def test_the_test_command_is_the_products_own(tmp_path):
    drawn = plan.of_bug(bugs(1)[0], random.Random(1), AT_ONCE)
    drawn.scene.lay_out(tmp_path / "shop", drawn.files)
    assert command_of(tmp_path / "shop").endswith(" -m unittest")
