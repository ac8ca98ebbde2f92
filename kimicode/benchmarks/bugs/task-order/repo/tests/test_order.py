import pytest

from tasks.errors import Cycle, UnknownTask
from tasks.order import depth, order, unused

BUILD = {
    "install": ["package"],
    "package": ["compile", "docs"],
    "compile": [],
    "docs": ["compile"],
    "clean": [],
}


def test_needed_tasks_come_first():
    done = order(BUILD)
    assert all(done.index(needed) < done.index(task) for task in BUILD for needed in BUILD[task])


def test_each_task_comes_once():
    assert sorted(order(BUILD)) == sorted(BUILD)


def test_a_circle_is_named():
    with pytest.raises(Cycle, match="b -> c -> b"):
        order({"a": ["b"], "b": ["c"], "c": ["b"]})


def test_unknown():
    with pytest.raises(UnknownTask):
        order({"a": ["ghost"]})


def test_depth():
    assert depth(BUILD, "compile") == 0
    assert depth(BUILD, "install") == 3


def test_unused():
    assert unused(BUILD) == ["clean", "install"]
