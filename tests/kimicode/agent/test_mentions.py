"""Which files a failing command's output brings along."""

import os

from hypothesis import given
from hypothesis import strategies as st

from kimicode.agent.mentions import MOST_BYTES, attachable, named_files


def project(tmp_path):
    for name, text in {
        "shop/__init__.py": "",
        "shop/cart.py": "from shop import money\n",
        "shop/money.py": "import decimal\n",
        "tests/test_cart.py": "from shop.cart import Cart\nimport pytest\n",
        "notes with space.txt": "x",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return tmp_path.resolve()


def test_a_python_test_brings_what_it_imports(tmp_path):
    root = project(tmp_path)
    assert attachable("FAILED tests/test_cart.py::test_total - assert 7 == 12", root, set()) == [
        "tests/test_cart.py",
        "shop/cart.py",
    ]


def test_what_was_seen_is_not_shown_again(tmp_path):
    root = project(tmp_path)
    assert attachable("tests/test_cart.py:3: Error", root, {"tests/test_cart.py"}) == ["shop/cart.py"]


def test_absolute_paths_count_and_paths_outside_do_not(tmp_path):
    root = project(tmp_path)
    text = f'File "{root}/shop/money.py", line 1\nFile "{os.__file__}", line 2\n../../etc/passwd.txt'
    assert [path.name for path in named_files(text, root)] == ["money.py"]


def test_large_binary_and_empty_files_are_left_to_view(tmp_path):
    root = project(tmp_path)
    (root / "big.py").write_text("x = 1\n" * MOST_BYTES)
    (root / "data.bin").write_bytes(b"a\0b")
    assert attachable("big.py data.bin shop/__init__.py", root, set()) == []


def test_a_file_with_a_syntax_error_is_shown_alone(tmp_path):
    root = project(tmp_path)
    (root / "broken.py").write_text("def f(:\n")
    assert attachable("broken.py:1: SyntaxError", root, set()) == ["broken.py"]


@given(st.text(max_size=300))
def test_no_text_can_break_it(text):
    from pathlib import Path

    attachable(text, Path("/nonexistent-folder"), set())
