import json
import os
import re
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode_engine.checkpoint.tiny import write_tiny
from kimicode_engine.config import read_config
from kimicode_engine.errors import CheckpointError
from kimicode_engine.tokenizer import StreamDecoder, Tokenizer

RANKS = Path(os.environ.get("KIMICODE_K2_RANKS", ""))
NAMED = {
    0: "[BOS]",
    1: "[EOS]",
    2: "<|im_end|>",
    3: "<|im_user|>",
    4: "<|im_assistant|>",
    9: "[EOT]",
    10: "<|im_system|>",
    11: "<|tool_calls_section_begin|>",
    15: "<|tool_call_end|>",
    17: "<|im_middle|>",
    21: "<|media_pad|>",
    22: "<think>",
    23: "</think>",
    255: "[PAD]",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiny")
    write_tiny(folder)
    return folder


@pytest.fixture(scope="module")
def config(folder):
    return read_config(folder)


@pytest.fixture(scope="module")
def tokenizer(folder, config):
    return Tokenizer.load(folder, config)


@pytest.fixture
def spoilt(folder, tmp_path):
    for name in ("tiktoken.model", "tokenizer_config.json"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    return tmp_path


def change(path, edit):
    raw = json.loads(path.read_text())
    edit(raw)
    path.write_text(json.dumps(raw))


# -- text and ids


@given(st.text(max_size=200))
def test_any_text_survives_the_way_there_and_back(tokenizer, text):
    assert tokenizer.decode(tokenizer.encode(text)) == text


def test_names_of_control_tokens_in_a_text_stay_text(tokenizer):
    for name in tokenizer.control:
        ids = tokenizer.encode(f"a{name}b")
        assert not set(ids) & set(tokenizer.control.values())
        assert tokenizer.decode(ids) == f"a{name}b"


def test_half_a_surrogate_pair_becomes_the_replacement_character(tokenizer):
    assert tokenizer.decode(tokenizer.encode("a\ud83db")) == "a\ufffdb"
    assert tokenizer.decode(tokenizer.encode("a\ud83db" * 100)) == "a\ufffdb" * 100


def test_control_tokens_have_their_names_and_unnamed_ids_get_the_filler(tokenizer):
    first = tokenizer.vocab_size - 256
    for offset, name in NAMED.items():
        assert tokenizer.control[name] == first + offset
        assert tokenizer.name_of(first + offset) == name
    assert tokenizer.name_of(first + 5) == f"<|reserved_token_{first + 5}|>"
    assert len(tokenizer.control) == 256
    assert tokenizer.name_of(first - 1) is None


def test_bytes_of_a_token_are_its_share_of_the_text(tokenizer):
    ids = tokenizer.encode("the answer, 漢字")
    assert b"".join(map(tokenizer.bytes_of, ids)) == "the answer, 漢字".encode()
    assert tokenizer.bytes_of(tokenizer.control["<think>"]) == b"<think>"


def test_an_id_that_the_vocabulary_does_not_have_is_no_text(tokenizer):
    assert tokenizer.bytes_of(tokenizer.vocab_size) == b""
    assert tokenizer.bytes_of(-1) == b""
    assert tokenizer.decode([tokenizer.vocab_size + 7]) == ""


def test_an_answer_may_end_with_any_of_the_three_end_tokens(tokenizer, config):
    ends = {tokenizer.control[name] for name in ("<|im_end|>", "[EOS]", "[EOT]")}
    assert tokenizer.end_ids == ends | set(config.eos_ids)


def test_many_threads_may_encode_at_once(tokenizer):
    texts = [f"the {number} answers " * 30 for number in range(40)] * 5
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(tokenizer.encode, texts)) == [tokenizer.encode(text) for text in texts]


def test_what_was_encoded_before_is_looked_up(tokenizer):
    text = "in the end it is the reader who decides. " * 20_000
    first = tokenizer.encode(text)
    first_copy = list(first)
    first.append(0)
    start = time.process_time()
    assert tokenizer.encode(text) == first_copy
    assert time.process_time() - start < 0.2


# -- texts of great length


def test_runs_are_cut_where_the_checkpoint_tokenizer_cuts_them(tokenizer):
    plain = tokenizer.encoding.encode_ordinary
    run = "the" * 20_000
    cut = [plain(run[at : at + 25_000]) for at in range(0, 60_000, 25_000)]
    assert tokenizer.encode(run) == [*cut[0], *cut[1], *cut[2]]
    behind = plain("a " + run[:25_000]) + plain(run[25_000:50_000]) + plain(run[50_000:] + " b")
    assert tokenizer.encode(f"a {run} b") == behind


def test_a_text_is_cut_after_each_400_000_characters(tokenizer):
    plain = tokenizer.encoding.encode_ordinary
    text = "answer " * 60_000
    assert tokenizer.encode(text) == plain(text[:400_000]) + plain(text[400_000:])


@pytest.mark.parametrize("character", [" ", "a", "\n", "漢", "1", "=", "\x1c"])
def test_a_million_equal_characters_take_no_more_than_seconds(tokenizer, character):
    text = character * 1_000_000
    start = time.process_time()
    ids = tokenizer.encode(text)
    assert time.process_time() - start < 5
    assert tokenizer.decode(ids) == text


def test_the_runs_use_the_same_notion_of_space_as_the_checkpoint_tokenizer():
    everything = "".join(map(chr, range(sys.maxunicode + 1)))
    assert set(re.findall(r"\s", everything)) == {one for one in everything if one.isspace()}


# -- decoding as tokens come


@given(st.lists(st.integers(0, 255), max_size=40))
def test_a_stream_joined_is_what_all_bytes_at_once_give(tokenizer, values):
    byte_ids = {tokenizer.bytes_of(token): token for token in range(256)}
    decoder = StreamDecoder(tokenizer)
    streamed = "".join(decoder.feed(byte_ids[bytes([value])]) for value in values) + decoder.finish()
    assert streamed == bytes(values).decode("utf-8", "replace")


def test_a_character_comes_with_its_last_byte(tokenizer):
    byte_ids = {tokenizer.bytes_of(token): token for token in range(256)}
    decoder = StreamDecoder(tokenizer)
    pieces = [decoder.feed(byte_ids[bytes([value])]) for value in "a😀é".encode()]
    assert pieces == ["a", "", "", "", "😀", "", "é"]
    assert decoder.finish() == ""


def test_a_control_token_is_silent_but_ends_a_character_that_was_begun(tokenizer):
    byte_ids = {tokenizer.bytes_of(token): token for token in range(256)}
    decoder = StreamDecoder(tokenizer)
    assert decoder.feed(tokenizer.control["<think>"]) == ""
    assert decoder.feed(byte_ids[b"\xe6"]) == ""
    assert decoder.feed(tokenizer.control["</think>"]) == "\ufffd"
    assert decoder.feed(byte_ids[b"a"]) == "a"


# -- files that cannot be served


def test_a_folder_with_only_another_format_is_told_what_is_needed(tmp_path, config):
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(CheckpointError, match=r"tiktoken\.model is missing; tokenizer\.json is there.*are needed"):
        Tokenizer.load(tmp_path, config)


def test_a_missing_description_of_control_tokens_is_an_error(spoilt, config):
    (spoilt / "tokenizer_config.json").unlink()
    with pytest.raises(CheckpointError, match=r"tokenizer_config\.json is missing"):
        Tokenizer.load(spoilt, config)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("!!!! 3", "line 4: no base64"),
        ("QQ==", "line 4: a token in base64 and its rank"),
        ("QQ== three", "line 4: a token in base64 and its rank"),
        ("QQ== -3", "line 4: a token in base64 and its rank"),
        ("AA== 3", "line 4: the token or its rank 3 stands there twice"),
        ("AAAAAA== 2", "line 4: the token or its rank 2 stands there twice"),
        ("AAAAAA== 999999", "rank 3 is missing"),
        ("AAAAAA== 3", "no rank for the byte 0x03"),
    ],
)
def test_a_corrupt_line_of_the_ranks_is_named(spoilt, config, line, complaint):
    path = spoilt / "tiktoken.model"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:3], line, *lines[4:]]))
    with pytest.raises(CheckpointError, match=complaint) as caught:
        Tokenizer.load(spoilt, config)
    assert "tiktoken.model" in str(caught.value)


def test_ranks_that_are_cut_short_are_an_error(spoilt, config):
    path = spoilt / "tiktoken.model"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(CheckpointError, match=r"tiktoken\.model"):
        Tokenizer.load(spoilt, config)
    path.write_bytes(b"")
    with pytest.raises(CheckpointError, match="no rank for the byte 0x00"):
        Tokenizer.load(spoilt, config)


def test_more_tokens_than_the_model_has_rows_are_an_error(spoilt, config):
    path = spoilt / "tiktoken.model"
    path.write_text(path.read_text() + f"enp6enp6eno= {len(path.read_text().splitlines())}\n")
    with pytest.raises(CheckpointError, match=f"the model's vocabulary has {config.vocab_size}"):
        Tokenizer.load(spoilt, config)


@pytest.mark.parametrize(
    ("edit", "complaint"),
    [
        (lambda raw: raw.pop("added_tokens_decoder"), "has no added_tokens_decoder"),
        (lambda raw: raw.update(added_tokens_decoder=[]), "has no added_tokens_decoder"),
        (lambda raw: raw["added_tokens_decoder"].update({"x": {"content": "y"}}), "'x' is no id with a content"),
        (lambda raw: raw["added_tokens_decoder"].update({"²": {"content": "y"}}), "'²' is no id with a content"),
        (lambda raw: raw["added_tokens_decoder"].update({"7": "y"}), "'7' is no id with a content"),
        (lambda raw: raw["added_tokens_decoder"].update({"7": {"content": "y"}}), "its id is not from"),
        (lambda raw: raw["added_tokens_decoder"].clear(), r"names no <\|im_system\|> and no"),
    ],
)
def test_wrong_control_tokens_are_an_error(spoilt, config, edit, complaint):
    change(spoilt / "tokenizer_config.json", edit)
    with pytest.raises(CheckpointError, match=complaint):
        Tokenizer.load(spoilt, config)


@given(content=st.one_of(st.binary(max_size=60), st.sampled_from([b"[]", b"\xff", b"[" * 100_000, b"1", b"null"])))
def test_no_content_of_the_two_files_raises_anything_else(folder, config, tmp_path_factory, content):
    spoilt = tmp_path_factory.mktemp("spoilt")
    ranks = (folder / "tiktoken.model").read_bytes()
    for name, written in (("tiktoken.model", ranks), ("tokenizer_config.json", content)):
        (spoilt / name).write_bytes(written)
    with pytest.raises(CheckpointError):
        Tokenizer.load(spoilt, config)
    (spoilt / "tiktoken.model").write_bytes(ranks[:40] + content + ranks[40:])
    with pytest.raises(CheckpointError):
        Tokenizer.load(spoilt, config)


# -- the real vocabulary


@pytest.fixture(scope="module")
def real(folder, tmp_path_factory):
    if not RANKS.is_file():
        pytest.skip("KIMICODE_K2_RANKS names no file with Kimi K2's ranks")
    served = tmp_path_factory.mktemp("real")
    (served / "tiktoken.model").symlink_to(RANKS)
    added = {str(163584 + offset): {"content": name} for offset, name in NAMED.items()}
    (served / "tokenizer_config.json").write_text(json.dumps({"added_tokens_decoder": added}))
    raw = json.loads((folder / "config.json").read_text())
    for part in (raw, raw["text_config"]):
        part.update(vocab_size=163840, bos_token_id=163584, eos_token_id=163586)
    (served / "config.json").write_text(json.dumps(raw))
    return Tokenizer.load(served, read_config(served))


def test_kimi_k2_ids_of_control_tokens(real):
    assert real.vocab_size == 163840
    expected = {"[EOS]": 163585, "<|im_end|>": 163586, "<|im_middle|>": 163601, "<think>": 163606, "[PAD]": 163839}
    assert {name: real.control[name] for name in expected} == expected
    assert real.end_ids == {163585, 163586, 163593}


def test_kimi_k2_ids_of_known_texts(real):
    assert real.encode("Hello, world!") == [19180, 11, 2695, 0]
    assert real.encode("1234567890") == [6694, 12972, 16242, 15]
    assert real.encode("中文English混合") == [16717, 44372, 13935]


@pytest.mark.parametrize(
    "text",
    [
        "naïve café",
        "汉字と仮名",
        "한국어",
        "עברית العربية",
        "👩‍👩‍👧‍👦🏳️‍🌈",
        "e\u0301\u0327",
        "\r\n\t \u3000",
        "ﬁ Ǆ ß İ",
        "I'LL we're",
    ],
)
def test_kimi_k2_round_trip_in_many_scripts(real, text):
    assert real.decode(real.encode(text)) == text


def test_kimi_k2_round_trip_of_code_at_a_megabyte_a_second(real):
    sources = Path(json.__file__).parent.parent.glob("*.py")
    code = "".join(path.read_text("utf-8", "replace") for path in sources)[:1_000_000]
    start = time.process_time()
    ids = real.encode(code)
    assert len(code.encode()) / (time.process_time() - start) > 1_000_000
    assert real.decode(ids) == code
