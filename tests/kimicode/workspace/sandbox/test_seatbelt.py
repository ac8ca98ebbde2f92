"""The text of a profile; no Mac has ever read it."""

from pathlib import Path

from kimicode.workspace.sandbox.policy import Policy
from kimicode.workspace.sandbox.seatbelt import profile


def test_later_rules_win_so_protection_comes_last():
    text = profile(
        Policy(
            (Path("/w"),),
            protected=(Path("/w/.git/config"),),
            hidden=(Path("/home/u"), Path("/w/.env")),
            shown=(Path("/home/u/.cargo/bin"),),
            scratch=Path("/tmp/s"),
        )
    )
    places = [
        text.index(rule)
        for rule in (
            '(deny file-read* (subpath "/home/u"))',
            '(allow file-read* (subpath "/home/u/.cargo/bin"))',
            '(allow file-read* file-write* (subpath "/w"))',
            '(deny file-read* file-write* (subpath "/w/.env"))',
            '(deny file-write* (subpath "/w/.git/config"))',
        )
    ]
    assert places == sorted(places)
    assert '(subpath "/tmp/s")' in text
    assert "(deny network*)" in text


def test_a_name_cannot_end_its_rule():
    text = profile(Policy((Path('/w/a"b\\c) (allow default'),)))
    assert '(subpath "/w/a\\"b\\\\c) (allow default")' in text
