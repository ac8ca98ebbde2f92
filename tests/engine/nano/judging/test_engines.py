"""Engines start, are asked under kimi-nano's name, and are gone afterwards."""

import json
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from kimicode_engine.checkpoint.tiny import write_tiny
from nano_training.judging.engines import EngineError, Fleet, serving


def test_an_engine_serves_until_the_context_ends(tmp_path):
    write_tiny(tmp_path)
    with serving(Fleet(tmp_path, device="cpu", threads=1)) as (url,):
        served = json.load(urlopen(f"{url}/models"))["data"]
        assert [model["id"] for model in served] == ["kimi-nano"]
    with pytest.raises(URLError):
        urlopen(f"{url}/models")


def test_an_engine_that_does_not_start_says_why(tmp_path):
    with pytest.raises(EngineError, match=r"config\.json"), serving(Fleet(tmp_path / "nothing")):
        pass
