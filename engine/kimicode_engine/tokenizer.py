"""Kimi's tokenizer: tiktoken ranks, and control tokens that no text can produce.

The split pattern, the names of reserved ids and the way very long texts are cut are facts of the checkpoint's own
tokenizer; token ids agree with it."""

import binascii
import codecs
import json
import re
import sys
import threading
from array import array
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

import tiktoken

from kimicode_engine.config import ModelConfig
from kimicode_engine.errors import CheckpointError

RANKS, CONFIG = "tiktoken.model", "tokenizer_config.json"
RESERVED = 256
"""Ids behind the ranks that are kept for control tokens."""
PATTERN = "|".join(
    (
        r"[\p{Han}]+",
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*"
        r"[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+"
        r"[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"\p{N}{1,3}",
        r" ?[^\s\p{L}\p{N}]+[\r\n]*",
        r"\s*[\r\n]+",
        r"\s+(?!\S)",
        r"\s+",
    )
)
"""How a text is split before byte pairs are merged; fancy-regex's dialect (`&&` is the intersection of classes)."""
TURN_MARKERS = ("<|im_system|>", "<|im_user|>", "<|im_assistant|>", "<|im_middle|>", "<|im_end|>")
END_MARKERS = ("<|im_end|>", "[EOS]", "[EOT]")

_SLICE = 400_000
_RUN = 25_000
_RUNS = re.compile(r"\s+|\S+")
_CACHE_BYTES = 64 << 20
_CACHED_FROM = 128
"""Shorter texts are encoded faster than they are looked after."""


class Tokenizer:
    """Text to token ids and back. Safe to use from many threads."""

    def __init__(self, ranks: Mapping[bytes, int], names: Mapping[int, str], end_ids: Iterable[int] = ()) -> None:
        """`ranks` are complete from 0 on; `names` of control tokens by id, others get the checkpoint's filler name."""
        reserved = range(len(ranks), len(ranks) + RESERVED)
        self._names = {token: names.get(token, f"<|reserved_token_{token}|>") for token in reserved}
        self.control: Mapping[str, int] = MappingProxyType({name: token for token, name in self._names.items()})
        self.vocab_size = reserved.stop
        self.end_ids = frozenset(end_ids) | {self.control[name] for name in END_MARKERS if name in self.control}
        self.encoding = tiktoken.Encoding(
            RANKS, pat_str=PATTERN, mergeable_ranks=dict(ranks), special_tokens=dict(self.control)
        )
        self._bytes = [*sorted(ranks, key=ranks.__getitem__), *(name.encode() for name in self._names.values())]
        self._cache = _Encoded(_CACHE_BYTES)

    @classmethod
    def load(cls, folder: Path, config: ModelConfig) -> Self:
        """Read `tiktoken.model` and `tokenizer_config.json` of a checkpoint's folder. Raises CheckpointError."""
        ranks = _read_ranks(folder / RANKS)
        size = len(ranks) + RESERVED
        if size > config.vocab_size:
            raise CheckpointError(
                f"{folder / RANKS} has {len(ranks)} ranks, with {RESERVED} reserved ids {size} tokens; "
                f"the model's vocabulary has {config.vocab_size}"
            )
        return cls(ranks, _read_names(folder / CONFIG, range(len(ranks), size)), config.eos_ids)

    def encode(self, text: str) -> list[int]:
        """Token ids of a text. A control token's name in it is text like any other; half a surrogate pair: U+FFFD."""
        if len(text) < _CACHED_FROM:
            return self.encoding.encode_ordinary(text)
        known = self._cache.get(text)
        if known is None:
            known = array("i")
            for piece in _pieces(text):
                known.extend(self.encoding.encode_ordinary(piece))
            self._cache.put(text, known)
        return known.tolist()

    def decode(self, ids: Iterable[int]) -> str:
        """Text of token ids, control tokens as their names; bytes that are no UTF-8 become U+FFFD."""
        return b"".join(map(self.bytes_of, ids)).decode("utf-8", "replace")

    def bytes_of(self, token: int) -> bytes:
        """The bytes of a token; a control token's name; nothing for an id that the vocabulary does not have."""
        return self._bytes[token] if 0 <= token < self.vocab_size else b""

    def name_of(self, token: int) -> str | None:
        """The name of a control token, None for any other."""
        return self._names.get(token)


class StreamDecoder:
    """Decodes token by token. What it returns, joined, is what decoding all bytes at once with "replace" gives.

    A control token yields nothing of its own, but ends a character that was only begun."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def feed(self, token: int) -> str:
        """The text that is certain after one more token; a character comes with its last byte."""
        if self._tokenizer.name_of(token) is not None:
            return self.finish()
        return self._decoder.decode(self._tokenizer.bytes_of(token))

    def finish(self) -> str:
        """What is left: U+FFFD for a character that was begun, else nothing."""
        return self._decoder.decode(b"", final=True)


class _Encoded:
    """The encodings of texts seen last, at most `limit` bytes of them: an agent sends its whole history each turn."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._tokens: OrderedDict[str, array[int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, text: str) -> "array[int] | None":
        with self._lock:
            tokens = self._tokens.get(text)
            if tokens is not None:
                self._tokens.move_to_end(text)
            return tokens

    def put(self, text: str, tokens: "array[int]") -> None:
        with self._lock:
            if text in self._tokens:
                return
            self._tokens[text] = tokens
            self._size += _weight(text, tokens)
            while self._size > self._limit:
                self._size -= _weight(*self._tokens.popitem(last=False))


def _weight(text: str, tokens: "array[int]") -> int:
    return sys.getsizeof(text) + sys.getsizeof(tokens)


def _pieces(text: str) -> Iterator[str]:
    """Cut a text where the checkpoint's tokenizer cuts it: tiktoken's regex engine fails on longer ones."""
    for start in range(0, len(text), _SLICE):
        part = text[start : start + _SLICE]
        begin = 0
        for cut in _long_runs(part):
            yield part[begin:cut]
            begin = cut
        yield part[begin:]


def _long_runs(text: str) -> Iterator[int]:
    """Offsets after each full 25,000 characters of a run of spaces, or of other characters, that goes on."""
    if len(text) > _RUN:
        for run in _RUNS.finditer(text):
            yield from range(run.start() + _RUN, run.end(), _RUN)


def _read_ranks(path: Path) -> dict[bytes, int]:
    """Lines of "base64 rank". Every rank from 0 on must be there once, and a rank for each single byte."""
    ranks: dict[bytes, int] = {}
    lines = _read(path).split(b"\n")
    seen: set[int] = set()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        token, rank = _rank(path, number, line)
        if token in ranks or rank in seen:
            raise CheckpointError(f"{path}, line {number}: the token or its rank {rank} stands there twice")
        ranks[token] = rank
        seen.add(rank)
    if ranks and max(seen) != len(ranks) - 1:
        missing = next(rank for rank in range(len(ranks)) if rank not in seen)
        raise CheckpointError(f"{path}: rank {missing} is missing; the file has {len(ranks)} ranks up to {max(seen)}")
    lost = next((byte for byte in range(256) if bytes((byte,)) not in ranks), None)
    if lost is not None:
        raise CheckpointError(f"{path}: no rank for the byte 0x{lost:02x}; the file is cut short or of another kind")
    return ranks


def _rank(path: Path, number: int, line: bytes) -> tuple[bytes, int]:
    match line.split():
        case [token, rank] if rank.isdigit() and len(rank) < 10:
            try:
                return binascii.a2b_base64(token, strict_mode=True), int(rank)
            except binascii.Error as error:
                raise CheckpointError(f"{path}, line {number}: no base64 ({error})") from None
    raise CheckpointError(f"{path}, line {number}: a token in base64 and its rank are expected, not {line[:60]!r}")


def _read_names(path: Path, reserved: range) -> dict[int, str]:
    """Names of control tokens by id, from `added_tokens_decoder`."""
    try:
        raw = json.loads(_read(path))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise CheckpointError(f"{path} cannot be read: {error}") from None
    added = raw.get("added_tokens_decoder") if isinstance(raw, dict) else None
    if not isinstance(added, dict):
        raise CheckpointError(f"{path} has no added_tokens_decoder, which names the control tokens")
    names: dict[int, str] = {}
    for key, entry in added.items():
        token, name = _control(path, key, entry)
        if token not in reserved or token in names or name in names.values():
            raise CheckpointError(
                f"{path}: control token {name!r} with id {token} stands there twice, "
                f"or its id is not from {reserved.start} to {reserved.stop - 1}"
            )
        names[token] = name
    missing = [name for name in TURN_MARKERS if name not in names.values()]
    if missing:
        raise CheckpointError(f"{path} names no {' and no '.join(missing)}; without it no conversation can be written")
    return names


def _control(path: Path, key: str, entry: Any) -> tuple[int, str]:
    name = entry.get("content") if isinstance(entry, dict) else None
    if not isinstance(name, str) or not name or not (key.isascii() and key.isdigit() and len(key) < 10):
        raise CheckpointError(f"{path}: added_tokens_decoder's entry {key[:60]!r} is no id with a content")
    return int(key), name


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        other = path.with_name("tokenizer.json")
        found = f"; {other.name} is there, but is another format" if other.exists() else ""
        raise CheckpointError(f"{path} is missing{found}: {RANKS} and {CONFIG} are needed") from None
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error}") from None
