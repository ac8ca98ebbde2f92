"""The same tests everywhere: no provider, key or home of the person who runs them reaches a test.

Tests marked `gpu`, `slow` or `real` run when `-m` asks for them. Property tests try few examples by default.
"""

import compileall
import gc
import os
import re
import sys
from pathlib import Path

# Kernels are interpreted in tests. Triton looks at this when it is imported, which transformers (the oracle) does.
os.environ.setdefault("TRITON_INTERPRET", "1")
# Torch's threads wait for each other by spinning: where the cores are busy, small matrices cost many times their work.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest

try:
    from hypothesis import settings
except ModuleNotFoundError:  # on a machine with a GPU, where kernels alone are tested
    pass
else:
    # No deadline: a busy machine is no fault. `--hypothesis-profile thorough` looks longer.
    settings.register_profile("quick", max_examples=40, deadline=None)
    settings.register_profile("thorough", max_examples=1_000, deadline=None)
    settings.load_profile("quick")

_ROOT = Path(__file__).parents[1]
_EXERCISES = re.compile("/benchmarks/bugs/")
_ON_REQUEST = ("gpu", "slow", "real")
_PROVIDER_VARIABLES = ("KIMICODE_", "MOONSHOT_", "OPENAI_", "OPENROUTER_")


def pytest_configure(config):
    """Compile once what hundreds of child processes import, even where Python may not write bytecode by itself.

    What one worker or run has compiled of the tests the next one reads: their assertions take half of collecting.
    """
    sys.dont_write_bytecode = False
    if not hasattr(config, "workerinput"):
        for name in ("kimicode", "engine", "kernels"):
            compileall.compile_dir(_ROOT / name, rx=_EXERCISES, quiet=2)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config):
    """`-n auto`: one more than there are cores, for a third of the time is spent waiting for processes and sockets."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """What is imported and collected stays to the end: looking through it for garbage costs a third of the time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(config, items):
    if config.option.markexpr:
        return
    waiting = [item for item in items if any(item.get_closest_marker(name) for name in _ON_REQUEST)]
    if waiting:
        config.hook.pytest_deselected(items=waiting)
        items[:] = [item for item in items if item not in waiting]


@pytest.fixture(scope="session", autouse=True)
def _clean_environment(request, tmp_path_factory):
    """Child processes inherit it; tests with the marker `real` keep the provider that they need.

    Where no certificate counts, no server elsewhere can be asked, and none has to be loaded for each client (20 ms).
    """
    before = dict(os.environ)
    if "real" not in request.config.option.markexpr:
        for name in before:
            if name.startswith(_PROVIDER_VARIABLES) or name == "SSL_CERT_FILE":
                del os.environ[name]
        os.environ["SSL_CERT_DIR"] = str(tmp_path_factory.mktemp("certificates"))
    os.environ["KIMICODE_HOME"] = str(tmp_path_factory.mktemp("home"))
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="session")
def warm_python(_clean_environment):
    """What forks programs from a Python that has loaded them, once for all tests of a run or worker."""
    from tests.fakes.warm import shared

    return shared()
