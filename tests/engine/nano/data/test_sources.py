"""Episodes for training come of families and packages that are trained on, and of no others."""

import gzip
import random
from itertools import islice

import pytest

from kimicode_engine.checkpoint.tiny_tokenizer import write_tokenizer
from nano_training.data import pack, packed, vocabulary
from nano_training.data.bpe import count, learn, read_tokenizer
from nano_training.data.encode import open_encoder
from nano_training.data.sources import IN_A_ROW, Look, Luck, Recorded, Twin, unending
from nano_training.data.targets import DECISION, LEARNT
from nano_training.episodes.prefixes import FILE
from nano_training.project import Project
from tests.fakes.nano_families import FUNCTION, name_on, write_families, write_mined


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """`families`, `mined.jsonl.gz`, and a vocabulary."""
    folder = tmp_path_factory.mktemp("data")
    write_families(folder / "families")
    write_mined(folder / "mined.jsonl.gz")
    write_tokenizer(folder, learn(count([FUNCTION]), 50))
    return folder


@pytest.fixture(scope="module")
def encoder(folder):
    return open_encoder(folder, FILE)


@pytest.mark.parametrize("held_out", [False, True])
def test_each_side_of_the_split_has_its_own_families(folder, held_out):
    bugs = list(islice(Twin(folder / "families", held_out=held_out).bugs(random.Random(1)), 6))
    assert {bug.project.families for bug in bugs} == {(name_on(held_out=held_out),)}


def test_episodes_follow_from_the_seed_and_teach_something(folder, encoder):
    twin = Twin(folder / "families")
    first, again = (list(islice(twin.episodes(encoder, random.Random(7)), 3)) for _ in range(2))
    assert first == again
    assert all(LEARNT in one.weights and DECISION in one.weights for one in first)


def test_functions_without_tests_are_looked_at(folder, encoder):
    tokenizer = read_tokenizer(folder)
    for one in islice(Look(folder / "mined.jsonl.gz").episodes(encoder, random.Random(1)), 3):
        text = tokenizer.decode(one.tokens)
        assert "best_false" in text or "bestFalse" in text
        assert "functions.view:" in text
        assert "functions.submit:" in text


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("deque(zip(values, count()), maxlen=0)", True),
        ("x = itertools.cycle(values)", True),
        ("repeat(1)", True),
        ("text.count('a') + discount(3) + my_repeat(2)", False),
    ],
)
def test_what_no_signal_could_end_is_not_played(source, wanted):
    assert unending(Project(("a",), "a", source, "")) is wanted


def test_only_short_functions_are_looked_at(folder, encoder):
    look = Look(folder / "mined.jsonl.gz", longest=5)
    with pytest.raises(ValueError, match="no function of at most 5 characters"):
        next(look.episodes(encoder, random.Random(1)))


def test_only_short_projects_are_broken_where_that_is_wanted(folder):
    short = Twin(folder / "families", mined=folder / "mined.jsonl.gz", mined_share=0.5, lines=24)
    for project in islice(short.projects(random.Random(1)), 12):
        assert max(project.source.count("\n"), project.tests.count("\n")) <= 24
    assert short.fits(Project(("f",), "m", "a\n" * 24, ""))
    assert not short.fits(Project(("f",), "m", "", "a\n" * 25))


def test_recorded_episodes_are_packed_and_each_comes_before_one_comes_again(folder, encoder, tmp_path, capsys):
    episodes = list(islice(Twin(folder / "families").played(random.Random(3)), 4))
    lines = tmp_path / "real.jsonl.gz"
    with gzip.open(lines, "wt", encoding="utf-8") as file:
        file.writelines(f"{one.as_json()}\n" for one in episodes)
    out = tmp_path / "real.npz"
    arguments = ["--tokenizer", str(folder), "--prefixes", str(FILE), "--out", str(out)]
    assert pack.main(["--recorded", str(lines), *arguments]) == 0
    assert capsys.readouterr().out.startswith(f"4 episodes in {out}")
    assert packed.read(out) == [encoder.encode(one) for one in episodes]
    round_one = list(islice(Recorded(out).episodes(encoder, random.Random(1)), 4))
    assert {bytes(one.tokens) for one in round_one} == {bytes(one.tokens) for one in packed.read(out)}


def test_what_is_measured_by_comes_of_held_out_families(folder, tmp_path):
    out = tmp_path / "held_out.npz"
    places = ["--families", str(folder / "families"), "--tokenizer", str(folder), "--prefixes", str(FILE)]
    assert pack.main(["--held-out", "3", *places, "--out", str(out)]) == 0
    first = packed.read(out)
    assert pack.main(["--held-out", "3", *places, "--out", str(out)]) == 0
    assert packed.read(out) == first
    assert len(first) == 3


def test_a_vocabulary_is_learnt_of_all_of_it(folder, tmp_path, capsys):
    arguments = ["--families", str(folder / "families"), "--mined", str(folder / "mined.jsonl.gz")]
    arguments += ["--prefixes", str(FILE), "--out", str(tmp_path), "--episodes", "5", "--merges", "300"]
    assert vocabulary.main(arguments) == 0
    said = capsys.readouterr().out
    assert "812 ids, 556 of them ranks" in said
    assert "the beginning 'default':" in said
    assert read_tokenizer(tmp_path).vocab_size == 812


def test_one_odd_program_is_passed_over_and_many_in_a_row_are_a_fault(capsys):
    luck = Luck()
    texts = iter([*["x"] * (IN_A_ROW - 1), "7", *["x"] * IN_A_ROW])
    made = [luck.of(lambda: int(next(texts))) for _ in range(2 * IN_A_ROW - 1)]
    assert [number for number in made if number is not None] == [7]
    assert capsys.readouterr().err.startswith("passed over: ValueError: invalid literal")
    with pytest.raises(ValueError, match="invalid literal"):
        luck.of(lambda: int(next(texts)))
