import pytest

from durations import DurationError, parse


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("45s", 45), ("250ms", 0.25), ("1h30m", 5400), ("1.5m", 90), ("2D 4h", 187_200)],
)
def test_parse(text, seconds):
    assert parse(text) == pytest.approx(seconds)


def test_a_week_has_seven_days():
    assert parse("1w") == 7 * parse("1d")


@pytest.mark.parametrize("text", ["", "  ", "soon", "5 parsecs", "3h and 2m"])
def test_nonsense_is_refused(text):
    with pytest.raises(DurationError):
        parse(text)
