"""A plan in TOML says what is read; what it says wrongly is told, not guessed."""

from pathlib import Path

import pytest

from nano_training.data.batch import Shape
from nano_training.data.sources import Look, Recorded, Twin
from nano_training.learning import plan as plan_module
from nano_training.learning.feed import open_feed
from nano_training.learning.plan import read_plan
from nano_training.learning.schedule import Phase

PLAN = """
tokenizer = "words"
prefixes = "prefixes.json"
held_out = "held_out.npz"
[sources.twin]
kind = "twin"
families = "../families"
mined_share = 0.2
[sources.look]
kind = "look"
functions = "functions"
[sources.real]
kind = "recorded"
path = "real.npz"
[[phases]]
until = 0.25
mixture = { look = 0.6, twin = 0.4 }
[[phases]]
until = 1.0
mixture = { twin = 0.7, real = 0.3 }
"""


def test_paths_are_relative_to_the_plan(tmp_path):
    path = tmp_path / "plan.toml"
    path.write_text(PLAN)
    plan = read_plan(path)
    assert plan.tokenizer == tmp_path / "words"
    assert plan.held_out == tmp_path / "held_out.npz"
    assert plan.sources == {
        "twin": Twin(tmp_path / "../families", mined_share=0.2),
        "look": Look(tmp_path / "functions"),
        "real": Recorded(tmp_path / "real.npz"),
    }
    assert plan.phases == (Phase(0.25, {"look": 0.6, "twin": 0.4}), Phase(1.0, {"twin": 0.7, "real": 0.3}))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('kind = "look"', 'kind = "loook"', "loook"),
        ("functions =", "function =", "function"),
        ("look = 0.6", "lok = 0.6", "no source is called lok"),
        ("until = 0.25", "", "until"),
        ('tokenizer = "words"', "", "tokenizer"),
        ("[[phases]]", "[[phase]]", "phases"),
    ],
)
def test_what_a_plan_says_wrongly_is_told(tmp_path, old, new, said):
    path = tmp_path / "plan.toml"
    path.write_text(PLAN.replace(old, new))
    with pytest.raises(ValueError, match=said):
        read_plan(path)


def test_synthetic_batches_need_no_files():
    shape = Shape(64, (16,))
    with open_feed("synthetic", shape, vocab=99, seed=1, workers=0, measured=4) as feed:
        first, second = (batch for _, batch in zip(range(2), feed.batches, strict=False))
        feed.batches.mix({})
    assert first.tokens.shape == (4, 16)
    assert first.tokens[0, :8].equal(first.tokens[0, 8:])
    assert not first.tokens.equal(second.tokens)
    assert first.prefix.equal(second.prefix)
    assert not feed.held_out[0].tokens.equal(first.tokens)


def test_the_shipped_plan_can_be_read():
    plan = read_plan(Path(plan_module.__file__).with_name("plan.toml"))
    assert plan.sources.keys() == {"twin", "short", "look", "real"}
    assert all(path.exists() for path in (plan.tokenizer.parent, plan.prefixes.parent, plan.sources["twin"].families))
    assert plan.phases[-1].until == 1.0
