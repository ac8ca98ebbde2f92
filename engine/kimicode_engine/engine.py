"""The engine's step: schedule → run → sample → emit. It owns every request from `add` to the delta that ends it.

Everything here is called from one thread. One request's fault ends that request; its neighbours go on."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch

from kimicode_engine.errors import ModelFault, RequestError
from kimicode_engine.grammar import Matcher
from kimicode_engine.limits import PAGE, Limits
from kimicode_engine.output import Delta, FinishReason, Piece, TokenLogprob, Usage
from kimicode_engine.parsers.stream import AnswerParser
from kimicode_engine.request import Request
from kimicode_engine.runner import Runner
from kimicode_engine.sampling import Sampled, SamplingState, sample
from kimicode_engine.scheduler import Scheduler, Stats
from kimicode_engine.sequence import Sequence

__all__ = ["Engine", "Job", "Stats"]

_OVERFLOW = "context_length_exceeded"


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """One answer to generate, and where its deltas go."""

    request: Request
    parser: AnswerParser
    state: SamplingState
    matcher: Matcher | None
    emit: Callable[[Delta], None]
    """Called within `step` and `cancel`, at most once per token; must not call the engine."""


@dataclass(frozen=True, slots=True, eq=False)
class _Answer:
    """A job and its tokens."""

    job: Job
    sequence: Sequence

    @property
    def usage(self) -> Usage:
        """Each generated token counts, the one that ended the answer too (as vLLM counts)."""
        return Usage(
            prompt_tokens=len(self.job.request.prompt),
            completion_tokens=self.sequence.generated,
            cached_tokens=self.sequence.cached or 0,
            reasoning_tokens=self.job.parser.reasoning_tokens,
        )


class Engine:
    """Generates the answers of many requests at once."""

    def __init__(self, runner: Runner, end_ids: frozenset[int], limits: Limits) -> None:
        self._runner = runner
        self._end_ids = end_ids
        self._limits = limits
        self._scheduler = Scheduler(limits)
        self._answers: dict[str, _Answer] = {}

    def add(self, job: Job) -> None:
        """Queue a job. Raises RequestError if it could not even be computed alone."""
        request = job.request
        assert request.id not in self._answers, f"request {request.id} was added twice"
        self._check(request)
        answer = _Answer(job, Sequence(request, list(request.prompt)))
        self._answers[request.id] = answer
        self._scheduler.add(answer.sequence)

    def cancel(self, request_id: str) -> None:
        """End a request, wherever it is; its pages are given back at once. One that is unknown has just ended."""
        answer = self._answers.get(request_id)
        if answer is not None:
            self._end(answer, FinishReason.CANCELLED)

    def step(self) -> bool:
        """Compute the next tokens and emit them. False: there is nothing to do."""
        parts = self._scheduler.schedule()
        if not parts:
            return False
        with torch.inference_mode():
            try:
                logits = self._runner.run(parts)  # [n, vocab] fp32
            except torch.AcceleratorError:
                raise  # the device is lost to this process: nothing will work again
            except RuntimeError as error:
                for part in parts:
                    self._fail(self._answers[part.sequence.request.id], _sentence(error))
                return True
            self._scheduler.advance(parts)
            self._draw([self._answers[part.sequence.request.id] for part in parts if part.samples], logits)
        return True

    def stats(self) -> Stats:
        """Counts of this moment, and totals since the start."""
        return self._scheduler.stats()

    def _check(self, request: Request) -> None:
        prompt, wanted = len(request.prompt), request.sampling.max_tokens
        capacity = min(self._limits.window, self._limits.pages * PAGE)
        if not prompt:
            raise RequestError("the prompt is empty", param="prompt")
        if prompt + wanted > capacity:
            raise RequestError(
                f"this model's context is {capacity} tokens; the prompt has {prompt}, and {wanted} were asked for "
                f"in the answer: {prompt + wanted - capacity} too many",
                param="max_tokens" if prompt < capacity else "messages",
                code=_OVERFLOW,
            )
        if not 0 <= min(request.prompt) <= max(request.prompt) < self._runner.vocab_size:
            raise RequestError(f"the prompt has ids outside of 0 to {self._runner.vocab_size - 1}", param="prompt")

    def _draw(self, answers: list[_Answer], logits: torch.Tensor) -> None:
        """Sample a token of each answer from its row of logits [n, vocab] and emit it."""
        masks = [self._mask(answer) for answer in answers]
        drawn = sample(logits, [answer.job.state for answer in answers], masks, self._runner.draw)
        for row, (answer, sampled) in enumerate(zip(answers, drawn, strict=True)):
            if answer.job.request.id not in self._answers:
                continue  # its grammar failed
            if sampled is None:
                self._fail_row(answer, logits[row])
            else:
                self._take(answer, sampled)

    def _mask(self, answer: _Answer) -> torch.Tensor | None:
        """The tokens [ceil(vocab / 32)] that the answer's grammar allows. If the grammar fails, the answer ends."""
        if answer.job.matcher is None:
            return None
        try:
            return answer.job.matcher.mask()
        except RequestError as error:
            self._fail(answer, error.message)
            return None

    def _take(self, answer: _Answer, sampled: Sampled) -> None:
        job, token = answer.job, sampled.token
        answer.sequence.tokens.append(token)
        job.state.accept(token)
        if job.matcher is not None:
            try:
                job.matcher.accept(token)
            except RequestError as error:
                self._fail(answer, error.message)
                return
        pieces = job.parser.feed(token)
        logprobs = (sampled.logprob,) if sampled.logprob else ()
        finish = self._finish_reason(answer, token)
        if finish is None:
            job.emit(Delta(tuple(pieces), (token,), logprobs))
        else:
            self._end(answer, finish, [*pieces, *job.parser.finish()], (token,), logprobs)

    def _finish_reason(self, answer: _Answer, token: int) -> FinishReason | None:
        params, parser, sequence = answer.job.request.sampling, answer.job.parser, answer.sequence
        if parser.stopped is not None:
            return FinishReason.STOP
        if token in self._end_ids and not params.ignore_eos:
            return FinishReason.TOOL_CALLS if parser.calls else FinishReason.STOP
        if sequence.generated >= params.max_tokens or len(sequence.tokens) >= self._limits.window:
            return FinishReason.LENGTH
        return None

    def _fail_row(self, answer: _Answer, row: torch.Tensor) -> None:
        """No token could be drawn from the logits [vocab]: either they are no numbers, or the grammar forbids all."""
        if bool((row < torch.inf).all()):
            self._fail(answer, "no token is allowed by the request's grammar and logit_bias")
        else:
            fault = ModelFault("the model's logits are no numbers (NaN or Inf), so the answer cannot be continued")
            self._fail(answer, str(fault), faulty=True)

    def _fail(self, answer: _Answer, error: str, *, faulty: bool = False) -> None:
        self._end(answer, FinishReason.ERROR, error=error, faulty=faulty)

    def _end(
        self,
        answer: _Answer,
        finish: FinishReason,
        pieces: Iterable[Piece] = (),
        tokens: tuple[int, ...] = (),
        logprobs: tuple[TokenLogprob, ...] = (),
        *,
        error: str | None = None,
        faulty: bool = False,
    ) -> None:
        """Give the pages back, then emit the last delta."""
        job = answer.job
        del self._answers[job.request.id]
        self._scheduler.finish(answer.sequence, faulty=faulty)
        stop = job.parser.stopped
        job.emit(Delta(tuple(pieces), tokens, logprobs, answer.usage, finish, stop, error))


def _sentence(error: RuntimeError) -> str:
    """What to tell the person who asked: torch adds traces and advice in further lines."""
    kind = "had not enough memory for this step" if isinstance(error, torch.OutOfMemoryError) else "failed"
    first, _, _ = str(error).partition("\n")
    return f"the model {kind}: {first}"
