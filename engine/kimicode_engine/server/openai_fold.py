"""From deltas to OpenAI's answers: chunks of a stream, or one response. Constant parts of a chunk are built once.

All JSON is plain ASCII: no line separator that some client's reader splits at, and no character cut by the network."""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

from kimicode_engine.errors import RequestError
from kimicode_engine.output import (
    Content,
    Delta,
    FinishReason,
    Piece,
    Reasoning,
    TokenLogprob,
    ToolCallArguments,
    ToolCallStart,
    Usage,
)
from kimicode_engine.server.asked import Asked
from kimicode_engine.server.refusals import error_body
from kimicode_engine.tokenizer import Tokenizer

DONE = b"data: [DONE]\n\n"
LEAST_LOGPROB = -9999.0
"""OpenAI's number for minus infinity, which JSON does not have."""
_FINISH = {
    FinishReason.STOP: "stop",
    FinishReason.LENGTH: "length",
    FinishReason.TOOL_CALLS: "tool_calls",
    FinishReason.CANCELLED: "stop",
}


class ChatFold:
    """One request to /v1/chat/completions: all its choices. Not streaming, it collects; streaming, it keeps nothing."""

    object = "chat.completion"

    def __init__(self, asked: Asked, tokenizer: Tokenizer, *, id: str, model: str, created: int) -> None:  # noqa: A002
        self._asked = asked
        self._tokenizer = tokenizer
        self._whole: list[list[Delta]] = [[] for _ in range(asked.choices)]
        self._usages: dict[int, Usage] = {}
        self._failed = False
        kind = f"{self.object}.chunk" if asked.conversation else self.object
        self._envelope = {"id": id, "object": kind if asked.stream else self.object, "created": created, "model": model}
        opening = f"data: {json.dumps(self._envelope, separators=(',', ':'))[:-1]}"
        self._heads = [f'{opening},"choices":[{{"index":{choice},' for choice in range(asked.choices)]
        self._usage_head = f'{opening},"choices":[],"usage":'
        self._close = ',"usage":null}\n\n' if asked.include_usage else "}\n\n"
        self._tail = f',"logprobs":null,"finish_reason":null}}]{self._close}'

    def start(self) -> bytes:
        """The chunks that say who speaks."""
        delta = '"delta":{"role":"assistant","content":""}'
        return "".join(f"{head}{delta}{self._tail}" for head in self._heads).encode()

    def feed(self, choice: int, delta: Delta) -> bytes:
        """The chunks of one delta; nothing unless streaming, and nothing after an error."""
        if self._failed:
            return b""
        if delta.usage:
            self._usages[choice] = delta.usage
        if not self._asked.stream:
            self._whole[choice].append(delta)
            return b""
        if delta.finish is None and len(delta.pieces) == 1 and not delta.logprobs:
            return f"{self._heads[choice]}{self._piece(delta.pieces[0])}{self._tail}".encode()
        return "".join(self._chunks(choice, delta)).encode() + self._failure(delta)

    def finish(self) -> bytes:
        """The chunk of usage if it was asked for, and the end; after an error nothing more."""
        if self._failed:
            return b""
        if not self._asked.include_usage:
            return DONE
        return f"{self._usage_head}{json.dumps(self._usage())}}}\n\n".encode() + DONE

    def error(self, error: RequestError) -> bytes:
        """An error in the middle of a stream; the stream ends with it."""
        self._failed = True
        return f"data: {json.dumps(error_body('', error))}\n\n".encode()

    def response(self) -> bytes:
        """All that was fed, as one response."""
        choices = [self._choice(index, deltas) for index, deltas in enumerate(self._whole)]
        return json.dumps({**self._envelope, "choices": choices, "usage": self._usage()}).encode()

    def _usage(self) -> dict[str, Any]:
        return usage_body([self._usages[choice] for choice in sorted(self._usages)])

    def _chunks(self, choice: int, delta: Delta) -> Iterator[str]:
        head, tail = self._heads[choice], self._tail
        pieces = [self._piece(piece) for piece in delta.pieces]
        if delta.logprobs:
            logprobs = json.dumps(self._logprobs(delta.logprobs))
            first = pieces.pop(0) if pieces else self._nothing()
            yield f'{head}{first},"logprobs":{logprobs},"finish_reason":null}}]{self._close}'
        for piece in pieces:
            yield f"{head}{piece}{tail}"
        if delta.finish in _FINISH:
            finish = _FINISH[delta.finish]
            yield f'{head}{self._nothing()},"logprobs":null,"finish_reason":"{finish}"}}]{self._close}'

    def _failure(self, delta: Delta) -> bytes:
        if delta.finish is not FinishReason.ERROR:
            return b""
        return self.error(RequestError(delta.error or "the answer failed", code="model_error", status=500))

    def _piece(self, piece: Piece) -> str:
        """The one varying member of a chunk's choice."""
        match piece:
            case Content(text):
                return f'"delta":{{"content":{json.dumps(text)}}}'
            case Reasoning(text):
                return f'"delta":{{"reasoning_content":{json.dumps(text)}}}'
            case ToolCallArguments(index, text):
                call = f'{{"index":{index},"function":{{"arguments":{json.dumps(text)}}}}}'
            case ToolCallStart(index, id, name):
                function = f'{{"name":{json.dumps(name)},"arguments":""}}'
                call = f'{{"index":{index},"id":{json.dumps(id)},"type":"function","function":{function}}}'
        return f'"delta":{{"tool_calls":[{call}]}}'

    def _nothing(self) -> str:
        return '"delta":{}'

    def _logprobs(self, logprobs: Iterable[TokenLogprob]) -> dict[str, Any]:
        content = []
        for one in logprobs:
            top = [self._token(token, logprob) for token, logprob in one.top]
            content.append({**self._token(one.token, one.logprob), "top_logprobs": top})
        return {"content": content, "refusal": None}

    def _token(self, token: int, logprob: float) -> dict[str, Any]:
        raw = self._tokenizer.bytes_of(token)
        text = raw.decode("utf-8", "replace")
        return {"token": text, "logprob": max(logprob, LEAST_LOGPROB), "bytes": list(raw)}

    def _choice(self, index: int, deltas: list[Delta]) -> dict[str, Any]:
        logprobs = [one for delta in deltas for one in delta.logprobs]
        return {
            "index": index,
            "message": _message(chain.from_iterable(delta.pieces for delta in deltas)),
            "logprobs": self._logprobs(logprobs) if self._asked.params.logprobs is not None else None,
            "finish_reason": _finish_of(deltas),
        }


class CompletionFold(ChatFold):
    """One request to /v1/completions."""

    object = "text_completion"

    def start(self) -> bytes:
        """Nothing: the first chunk is the first text."""
        return b""

    def _piece(self, piece: Piece) -> str:
        return f'"text":{json.dumps(piece.text)}' if isinstance(piece, Content) else self._nothing()

    def _nothing(self) -> str:
        return '"text":""'

    def _logprobs(self, logprobs: Iterable[TokenLogprob]) -> dict[str, Any]:
        rows = list(logprobs)
        texts = [self._token(row.token, 0.0)["token"] for row in rows]
        offsets = [0]
        for text in texts[:-1]:
            offsets.append(offsets[-1] + len(text))
        tops = [
            {self._token(token, 0.0)["token"]: max(value, LEAST_LOGPROB) for token, value in row.top} for row in rows
        ]
        return {
            "tokens": texts,
            "token_logprobs": [max(row.logprob, LEAST_LOGPROB) for row in rows],
            "top_logprobs": tops,
            "text_offset": offsets[: len(texts)],
        }

    def _choice(self, index: int, deltas: list[Delta]) -> dict[str, Any]:
        logprobs = [one for delta in deltas for one in delta.logprobs]
        pieces = (piece for delta in deltas for piece in delta.pieces)
        return {
            "index": index,
            "text": "".join(piece.text for piece in pieces if isinstance(piece, Content)),
            "logprobs": self._logprobs(logprobs) if self._asked.params.logprobs is not None else None,
            "finish_reason": _finish_of(deltas),
        }


def usage_body(usages: Sequence[Usage]) -> dict[str, Any]:
    """Usage of all choices together, in tokens. They share one prompt, which counts once, as the first one found it."""
    rows = usages or [Usage(0, 0)]
    prompt, completion = rows[0].prompt_tokens, sum(row.completion_tokens for row in rows)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "cached_tokens": rows[0].cached_tokens,
        "prompt_tokens_details": {"cached_tokens": rows[0].cached_tokens},
        "completion_tokens_details": {"reasoning_tokens": sum(row.reasoning_tokens for row in rows)},
    }


def _finish_of(deltas: list[Delta]) -> str | None:
    reason = deltas[-1].finish if deltas else None
    return _FINISH.get(reason) if reason else None


def _message(pieces: Iterable[Piece]) -> dict[str, Any]:
    """The assistant's message; content is null where there are only calls."""
    content: list[str] = []
    reasoning: list[str] = []
    calls: dict[int, dict[str, Any]] = {}
    arguments: dict[int, list[str]] = {}
    for piece in pieces:
        match piece:
            case Content(text):
                content.append(text)
            case Reasoning(text):
                reasoning.append(text)
            case ToolCallStart(index, id, name):
                calls[index] = {"id": id, "type": "function", "function": {"name": name}}
                arguments[index] = []
            case ToolCallArguments(index, text):
                arguments[index].append(text)
    message: dict[str, Any] = {"role": "assistant", "content": "".join(content), "refusal": None}
    if reasoning:
        message["reasoning_content"] = "".join(reasoning)
    if calls:
        for index, call in calls.items():
            call["function"]["arguments"] = "".join(arguments[index])
        message["tool_calls"] = list(calls.values())
        message["content"] = message["content"] or None
    return message
