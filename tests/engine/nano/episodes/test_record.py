"""Many real episodes in a file: begun again, it goes on; what an interrupt tore off is made anew."""

import gzip
import json

import pytest

from nano_training.episodes import record
from nano_training.episodes.episode import read
from nano_training.episodes.prefixes import TOOLSETS, declared
from nano_training.programs import families

FAMILY = """## {name}
def {name}(values, start=0):
    \"\"\"Return the running sums of values, beginning with start.\"\"\"
    totals = []
    total = start
    for value in values:
        total += value
        totals.append(total)
    return totals
-- several: {name}(ints_(3, 6, -9, 20))
-- with_start: {name}([1, 2, 3], num_(5, 9))
-- one: {name}([num_(1, 9)])
-- empty: {name}([], 4)
"""


@pytest.fixture
def folder(tmp_path):
    """Families that are trained on, one file of them."""
    names = [name for name in (f"running_total_{letter}" for letter in "abcdefgh") if not families.is_held_out(name)]
    made = tmp_path / "families"
    made.mkdir()
    (made / "sums.txt").write_text(FAMILY.format(name=names[0]))
    return made


def numbers_in(out):
    return [json.loads(line)["number"] for line in record.recorded(out)]


def test_a_recording_goes_on_where_an_interrupt_tore_it(tmp_path, folder, capsys):
    out = tmp_path / "real.jsonl.gz"
    with gzip.open(out, "wt") as file:
        file.write('{"number": 0}\n{"number": 1, "messages": [')
    out.write_bytes(out.read_bytes()[:-8])
    assert numbers_in(out) == [0]
    record.record(out, range(2), folder, workers=1)
    assert "2 of 2 episodes" in capsys.readouterr().err
    first, second = record.recorded(out)
    assert (json.loads(first)["number"], json.loads(second)["number"]) == (0, 1)
    episode = read(second, {name: declared(name) for name in TOOLSETS})
    assert episode.messages[0]["role"] == "system"
    assert "submit" in str(episode.messages[-1])


def test_a_file_that_is_not_there_holds_nothing(tmp_path):
    assert list(record.recorded(tmp_path / "none.gz")) == []
    with gzip.open(tmp_path / "one.gz", "wt") as file:
        file.write('{"number": 7}\n{"number": 8')
    assert numbers_in(tmp_path / "one.gz") == [7]
