"""The mounts that a policy comes to: for every path the deepest name that the policy has for it decides."""

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.workspace.sandbox import bubblewrap
from kimicode.workspace.sandbox.bubblewrap import arguments, kernel_settings, plan
from kimicode.workspace.sandbox.policy import Policy

PARTS = ("a", "b", "c")
HIDDEN, SHOWN, WRITABLE, PROTECTED = range(4)


@pytest.fixture(scope="module")
def tree():
    """A folder with all paths of three parts below it, outside of where scratch folders stand."""
    with tempfile.TemporaryDirectory(dir=Path.home()) as name:
        top = Path(name).resolve()
        for path in every_path(top):
            path.mkdir(exist_ok=True)
        yield top


def every_path(top):
    one = [top / a for a in PARTS]
    two = [path / a for path in one for a in PARTS]
    return [*one, *two, *(path / a for path in two for a in PARTS)]


def wanted(path, named):
    """What the policy says of a path: (can be seen, can be changed)."""
    seen, changed = True, False
    for each in (*reversed(path.parents), path):
        match named.get(each):
            case 0:
                seen, changed = False, False
            case 1:
                seen, changed = True, changed and seen
            case 2:
                seen, changed = True, True
            case 3:
                changed = False
    return seen, changed


def mounted(path, mounts):
    """The same, as the mounts have it: each covers all below it that came before."""
    seen, changed = True, False
    for mount in mounts:
        if mount.path == path or mount.path in path.parents:
            seen = mount.kind.name != "BLANK"
            changed = mount.kind.name == "WRITABLE"
    return seen, changed


@given(st.data())
def test_the_mounts_come_to_what_the_policy_says(tree, data):
    paths = every_path(tree)
    named = data.draw(st.dictionaries(st.sampled_from(paths), st.sampled_from([HIDDEN, SHOWN, WRITABLE]), max_size=8))
    kinds = {kind: tuple(path for path in named if named[path] == kind) for kind in range(4)}
    policy = Policy(writable=kinds[WRITABLE], hidden=kinds[HIDDEN], shown=kinds[SHOWN])
    mounts = plan(policy)
    assert {path: mounted(path, mounts) for path in paths} == {path: wanted(path, named) for path in paths}
    assert len(mounts) <= len(named)


@given(st.data())
def test_nothing_protected_can_be_changed_but_what_is_writable_in_it_by_name(tree, data):
    paths = every_path(tree)
    protected = data.draw(st.sets(st.sampled_from(paths), max_size=5))
    hidden = data.draw(st.sets(st.sampled_from(paths), max_size=3))
    mounts = plan(Policy(writable=(tree,), protected=tuple(protected), hidden=tuple(hidden)))
    for path in paths:
        if any(each == path or each in path.parents for each in protected):
            assert not mounted(path, mounts)[1]


def test_what_does_not_exist_needs_no_mount(tree):
    policy = Policy((tree,), protected=(tree / "none",), hidden=(tree / "nothing",), shown=(tree / "x",))
    assert [mount.path for mount in plan(policy)] == [tree]


def test_the_scratch_folder_stands_at_the_places_for_temporary_files(tree):
    options = arguments(Policy((tree,), scratch=tree / "a"), ())
    at = [place for flag, source, place in zip(options, options[1:], options[2:], strict=False) if flag == "--bind"]
    assert {"/tmp", str(tree / "a")} <= set(at)


def test_more_mounts_than_bubblewrap_can_make_in_time_are_refused(tree):
    places = [tree / str(number) for number in range(bubblewrap.MOST_MOUNTS)]
    for place in places:
        place.mkdir()
    with pytest.raises(OSError, match="1001 places"):
        arguments(Policy((tree,), hidden=tuple(places)), ())


def test_devices_that_are_shown_are_bound_as_devices(tree):
    options = arguments(Policy((tree,), shown=(Path("/dev/null"), Path("/dev/fuse-that-is-not-there"))), ())
    assert options[options.index("/dev/null") - 1] == "--dev-bind"
    assert "/dev/fuse-that-is-not-there" not in options


def test_capabilities_go_and_all_namespaces_come_in_every_variant(tree):
    for variant in (*bubblewrap.VARIANTS_OF_ROOT, *bubblewrap.VARIANTS_OF_USERS):
        options = arguments(Policy((tree,)), variant)
        assert {"--unshare-net", "--unshare-pid", "--unshare-ipc", "--die-with-parent", "--new-session"} <= set(options)
        assert options[options.index("--cap-drop") + 1] == "ALL"


@pytest.mark.skipif(not os.path.isdir("/proc/sys"), reason="no /proc here")
def test_settings_of_the_kernel_are_covered():
    assert "/proc/sys" in kernel_settings()
    assert all(not name.split("/")[2].isdigit() for name in kernel_settings())
