"""Changes that an answer shows in a code block, and when none can be told."""

import json

from hypothesis import given
from hypothesis import strategies as st

from kimicode.agent.proposals import proposal_in

FILE = """import math


def area(radius):
    return math.pi * radius


def around(radius):
    return 2 * math.pi * radius
"""


def propose(tmp_path, text, file=FILE):
    (tmp_path / "circle.py").write_text(file)
    return proposal_in(text, tmp_path, ["circle.py"])


def block(code):
    return f"Here is the fix:\n\n```python\n{code}```\nRun the test again."


def applied(file, proposal):
    assert file.count(proposal.old) == 1
    return file.replace(proposal.old, proposal.new)


def test_a_whole_file_becomes_the_lines_that_differ(tmp_path):
    proposal = propose(tmp_path, block(FILE.replace("pi * radius\n\n", "pi * radius**2\n\n")))
    assert applied(FILE, proposal) == FILE.replace("pi * radius\n\n", "pi * radius**2\n\n")
    assert proposal.old == "    return math.pi * radius\n\n" or proposal.old.count("\n") <= 2


def test_one_function_of_the_file_is_enough(tmp_path):
    proposal = propose(tmp_path, block("def area(radius):\n    return math.pi * radius**2\n"))
    assert "radius**2" in applied(FILE, proposal)
    assert "def around" in applied(FILE, proposal)


def test_a_missing_import_is_an_insertion(tmp_path):
    broken = FILE.replace("import math\n", "import os\n")
    proposal = propose(tmp_path, block(broken.replace("import os\n", "import os\nimport math\n")), broken)
    assert applied(broken, proposal).startswith("import os\nimport math\n")


def test_the_file_as_it_is_proposes_nothing(tmp_path):
    assert propose(tmp_path, block(FILE)) is None


def test_code_that_is_not_of_the_file_proposes_nothing(tmp_path):
    assert propose(tmp_path, block("for i in range(3):\n    print(i)\n")) is None


def test_code_with_parts_left_out_proposes_nothing(tmp_path):
    assert propose(tmp_path, block("import math\n...\ndef area(radius):\n    return math.pi * radius**2\n")) is None


def test_the_arguments_are_those_of_strreplace(tmp_path):
    proposal = propose(tmp_path, block("def area(radius):\n    return math.pi * radius**2\n"))
    assert set(json.loads(proposal.arguments)) == {"path", "old_str", "new_str"}


@given(st.text(alphabet="ab\n `", max_size=200), st.text(alphabet="ab\n ", max_size=100))
def test_whatever_is_proposed_fits_exactly_one_place(tmp_path_factory, answer, file):
    folder = tmp_path_factory.mktemp("p")
    (folder / "f").write_text(file)
    proposal = proposal_in(f"```\n{answer}\n```", folder, ["f", "missing"])
    if proposal is not None:
        lines = "\n".join(line.rstrip() for line in file.rstrip("\n").split("\n"))
        assert proposal.old == "" or proposal.old in lines


TWO_SUMS = """def by_category(rows):
    totals = {}
    for _, category, amount in rows:
        totals[category] = totals.get(category, 0) + amount
    return totals


def total(rows):
    for _, category, amount in rows:
        total = 0
        total += amount
    return total
"""


def test_a_function_is_compared_with_the_one_of_its_name_and_not_with_its_neighbours(tmp_path):
    body = "    total = 0\n    for _, category, amount in rows:\n        total += amount\n    return total\n"
    fixed = f"def total(rows):\n{body}"
    proposal = propose(tmp_path, block(fixed), TWO_SUMS)
    assert applied(TWO_SUMS, proposal) == TWO_SUMS.partition("def total")[0] + fixed


def test_lines_that_make_a_place_unique_are_kept(tmp_path):
    file = "a = 1\nx = 0\nb = 2\nx = 0\n"
    proposal = propose(tmp_path, block("b = 2\nx = 0\ny = 1\n"), file)
    assert applied(file, proposal) == file + "y = 1\n" or applied(file, proposal) == file.rstrip("\n") + "\ny = 1\n"


def test_blank_lines_are_no_change(tmp_path):
    assert propose(tmp_path, block(FILE.replace("\n\n\n", "\n\n"))) is None
