import pytest

from ini import IniError, get_bool, loads


def test_sections():
    assert loads("a = 1\n[server]\nhost = example.org\n") == {"": {"a": "1"}, "server": {"host": "example.org"}}


def test_a_section_may_come_twice():
    assert loads("[s]\na = 1\n[t]\n[s]\nb = 2")["s"] == {"a": "1", "b": "2"}


def test_comments():
    assert loads("a = 1 ; one\n# whole line\n")[""] == {"a": "1"}


def test_quotes_protect():
    assert loads('colour = "#ff8800"')[""] == {"colour": "#ff8800"}


def test_equals_signs_in_values():
    assert loads("query = a=b")[""] == {"query": "a=b"}


@pytest.mark.parametrize(("text", "line"), [("[open", 1), ("a = 1\nlonely", 2)])
def test_faults_name_their_line(text, line):
    with pytest.raises(IniError) as fault:
        loads(text)
    assert fault.value.line_number == line


def test_booleans():
    section = {"a": "Yes", "b": "off"}
    assert get_bool(section, "a") is True
    assert get_bool(section, "b", default=True) is False
    assert get_bool(section, "c", default=True) is True
