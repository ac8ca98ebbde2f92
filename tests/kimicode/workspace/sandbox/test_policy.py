"""A policy on its way to the program inside."""

import json
import os
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from kimicode.workspace.sandbox.policy import Limits, Policy, from_record, to_record

PATHS = st.lists(st.binary(max_size=20).map(lambda name: Path("/", os.fsdecode(name.replace(b"\0", b"")))), max_size=4)


@given(PATHS, PATHS, PATHS, PATHS, st.none() | st.integers(0, 2**40))
def test_it_comes_back_as_it_was_with_any_names(writable, protected, hidden, shown, memory):
    policy = Policy(
        tuple(writable),
        tuple(protected),
        tuple(hidden),
        tuple(shown),
        Path("/scratch \udcff"),
        {"TMPDIR": "/x"},
        ("pypi.org",),
        Limits(memory_bytes=memory),
        ("a gap",),
    )
    assert from_record(json.loads(json.dumps(to_record(policy)))) == policy


def test_the_least_policy_comes_back_too():
    assert from_record(to_record(Policy((Path("/a"),)))) == Policy((Path("/a"),))
