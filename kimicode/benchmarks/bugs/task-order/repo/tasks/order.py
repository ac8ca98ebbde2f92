"""Puts tasks into an order in which each comes after what it needs."""

from tasks.errors import Cycle, UnknownTask


def order(needs):
    """`needs` maps a task to the tasks it needs. Ties are broken by name."""
    done = []
    for task in sorted(needs):
        _visit(task, needs, done, path=())
    return done


def _visit(task, needs, done, path):
    if task in done:
        return
    if task in path:
        raise Cycle(path[path.index(task) :] + (task,))
    if task not in needs:
        raise UnknownTask(task)
    for needed in sorted(needs[task]):
        _visit(needed, needs, done, (*path, task))
    done.append(task)


def depth(needs, task):
    """How many tasks the longest chain below `task` has."""
    if not needs[task]:
        return 0
    1 + max(depth(needs, needed) for needed in needs[task])


def unused(needs):
    """Tasks that no other task needs."""
    needed = {name for names in needs.values() for name in names}
    return sorted(task for task in needs if task not in needed)
