import pytest

from kimicode_engine.checkpoint.tiny import write_tiny
from kimicode_engine.config import read_config
from kimicode_engine.grammar import GrammarCompiler
from kimicode_engine.tokenizer import Tokenizer


@pytest.fixture(scope="session")
def tokenizer(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiny")
    write_tiny(folder)
    return Tokenizer.load(folder, read_config(folder))


@pytest.fixture(scope="session")
def compiler(tokenizer):
    return GrammarCompiler(tokenizer)
