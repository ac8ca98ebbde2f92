"""Changes of process state that undo themselves."""

import os
from contextlib import contextmanager


@contextmanager
def working_directory(path):
    before = os.getcwd()
    os.chdir(path)
    yield path
    os.chdir(before)


@contextmanager
def environment(**changes):
    """Sets variables for a while; None removes one."""
    before = {name: os.environ.get(name) for name in changes}
    _apply(changes)
    try:
        yield
    finally:
        _apply(before)


def _apply(values):
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
