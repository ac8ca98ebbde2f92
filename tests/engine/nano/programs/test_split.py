"""The split by families: near-duplicates stand on one side, and what is settled never moves."""

import pytest

from nano_training.programs import families, split
from nano_training.programs.clusters import are_similar, clusters, neighbours
from nano_training.programs.families import Family

COUNT = """
def count_vowels(text):
    \"\"\"Count the vowels.\"\"\"
    count = 0
    for letter in text.lower():
        if letter in "aeiou":
            count += 1
    return count
"""
SAME = COUNT.replace("count_vowels", "vowels_in").replace("text", "word").replace("letter", "char")
OTHER = """
def digits_of(number, base=10):
    found = []
    while number:
        number, digit = divmod(number, base)
        found.append(digit)
    return found[::-1]
"""
THIRD = "def clamp(value, low, high):\n    return max(low, min(value, high))\n"


def family(name, code):
    return Family(name, "texts", code, ())


def test_names_and_docstrings_make_no_difference():
    assert are_similar(COUNT, SAME)
    assert not are_similar(COUNT, OTHER)
    assert not are_similar(COUNT, THIRD)


def test_one_function_in_common_is_enough():
    assert are_similar(COUNT + OTHER, SAME + THIRD)


def test_what_hangs_together_is_one_cluster_in_any_order():
    found = [
        family("vowels_in", SAME),
        family("clamp", THIRD),
        family("count_vowels", COUNT),
        family("both", COUNT + OTHER),
    ]
    expected = [["both", "count_vowels", "vowels_in"], ["clamp"]]
    assert clusters(neighbours(found)) == clusters(neighbours(found[::-1])) == expected


def test_a_near_duplicate_goes_where_the_other_is():
    found = [family("count_vowels", COUNT), family("clamp", THIRD)]
    for side in (True, False):
        known = {"count_vowels": side, "clamp": not side}
        settled = split.extended([*found, family("vowels_in", SAME)], known)
        assert settled == {**known, "vowels_in": side}


def test_where_no_more_is_held_out_near_duplicates_of_what_is_still_are():
    found = [family("count_vowels", COUNT), family("clamp", THIRD), family("vowels_in", SAME)]
    settled = split.extended(found, {"count_vowels": True}, lambda _: False)
    assert settled == {"count_vowels": True, "vowels_in": True, "clamp": False}


def test_what_is_settled_stays_even_when_it_is_gone():
    settled = split.extended([family("clamp", THIRD)], {"clamp": True, "removed": False})
    assert settled == {"clamp": True, "removed": False}


def test_a_bridge_between_the_sides_is_refused():
    found = [family("count_vowels", COUNT), family("digits_of", OTHER), family("bridge", COUNT + OTHER)]
    with pytest.raises(split.SplitError, match="bridge: as good as count_vowels, digits_of"):
        split.extended(found, {"count_vowels": True, "digits_of": False})


def test_a_written_split_is_read_again(tmp_path):
    path = tmp_path / "split.tsv"
    split.write({"b": True, "a": False}, path)
    assert path.read_text() == "a\ttraining\nb\theld out\n"


def test_every_family_of_ours_is_settled():
    missing = set(families.named(families.FOLDER)) - set(families.sides())
    assert not missing, f"python -m nano_training.programs.split settles {sorted(missing)}"


def test_no_family_of_ours_has_a_twin_on_the_other_side():
    found = [one for one in families.load(families.FOLDER) if one.name in families.sides()]
    by_name = {one.name: one for one in found}
    crossing = [
        (name, other)
        for name, others in neighbours(found).items()
        for other in others
        if families.is_held_out(by_name[name].name) != families.is_held_out(by_name[other].name)
    ]
    assert not crossing
