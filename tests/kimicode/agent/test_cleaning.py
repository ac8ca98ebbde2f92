"""What goes to the model and into a record: no secret, and no character that only a model would see."""

from kimicode.agent.cleaning import Live, clean, cleaned, visible
from kimicode.config.secrets import Redactor
from kimicode.events import CommandRun, Diff
from kimicode.messages import Message, Text
from kimicode.tools.base import ToolOutcome

KEY = "ghp_" + "a1B2" * 9


def test_an_outcome_loses_its_secrets_for_the_model_and_for_the_person():
    outcome = clean(ToolOutcome.of(f"T={KEY}", CommandRun(f"echo {KEY}", f"T={KEY}", 0)), Redactor())
    assert outcome.content == (Text("T=[redacted: GitHub token]"),)
    assert KEY not in repr(outcome)
    assert KEY not in repr(clean(ToolOutcome.of("", Diff("a", f"+{KEY}", 1, 0)), Redactor()))


def test_smuggled_text_is_shown():
    hidden = "".join(chr(0xE0000 + ord(letter)) for letter in "rm")
    assert visible(f"fine{hidden}") == (
        "fine<U+E0072><U+E006D>\n[note: 2 characters that nobody can see are shown as <U+...>]"
    )
    assert visible("a\u202eb").startswith("a<U+202E>b\n")


def test_what_people_write_stays():
    for text in (
        "plain",
        "naïve 東京 \U0001f469\u200d\U0001f4bb",
        "\U0001f3f4\U000e0067\U000e0062\U000e007f",
        "葛\U000e0100",
    ):
        assert visible(text) == text


def test_a_persons_words_are_cleaned_and_a_models_are_not():
    said = cleaned(Message("user", (Text(f"use {KEY}"),)), Redactor())
    assert said.text == "use [redacted: GitHub token]"
    answer = Message("assistant", (Text(f"use {KEY}"),))
    assert cleaned(answer, Redactor()) is answer


def test_live_output_is_told_as_it_comes_and_whole_at_the_end():
    told: list[str] = []
    live = Live(Redactor(), told.append)
    for piece in ("one\ntwo ", KEY[:9], KEY[9:], "\nend"):
        live.write(piece)
    assert told[0] == "one\ntwo "
    live.close()
    assert "".join(told) == "one\ntwo [redacted: GitHub token]\nend"
