"""What `kimicode serve` hands to the engine, and what it refuses itself; the rest is in tests/e2e/test_local.py."""

import pytest

from kimicode.cli.serve import CachePrecision, Precision, arguments


def test_what_was_given_is_passed_on_and_nothing_else():
    options = {"checkpoint": "/w e/k", "port": 0, "dtype": Precision.BFLOAT16, "cache-memory": 1.5, "name": None}
    options["cache-dtype"] = CachePrecision.FP8
    assert arguments(options, {"plan": True, "quiet": False}, ["a", "b"]) == [
        "--checkpoint=/w e/k",
        "--port=0",
        "--dtype=bfloat16",
        "--cache-memory=1.5",
        "--cache-dtype=fp8",
        "--allowed-host=a",
        "--allowed-host=b",
        "--plan",
    ]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ([], "no checkpoint is configured"),
        (["--checkpoint", "missing"], "there is no folder"),
        (["--checkpoint", "."], "no config.json"),
        (["--dtype", "int8"], "--dtype"),
        (["--cache-dtype", "int8"], "--cache-dtype"),
        (["--port", "70000"], "--port"),
    ],
)
def test_what_cannot_be_served_is_refused_with_a_way_on(called, tmp_path, given, told):
    done = called("serve", *given)
    assert done.returncode == 1
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "home" / "engines").exists()


def test_a_shell_completes_it(called):
    def offered(*words):
        line = {"COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1)}
        return called(_KIMICODE_COMPLETE="complete_bash", **line).stdout.split()

    assert offered("kimicode", "ser") == ["serve"]
    assert "--checkpoint" in offered("kimicode", "serve", "--ch")
    assert offered("kimicode", "serve", "--device", "cu") == ["cuda", "cuda:1"]


def test_help_names_it_and_teaches(called):
    assert "kimicode serve --checkpoint DIR" in called("--help").stdout
    assert "--plan" in called("serve", "--help").stdout
    assert "hf download moonshotai/Kimi-K2.6" in called("help", "local").stdout
