"""A tiny checkpoint that knows three texts by heart says them back, token for token: in fp32 and bf16 on the CPU, and
by the Triton kernels and CUDA graphs on a GPU."""

import pytest
import torch

from kimicode_engine.cache.latent import LatentCache, held_as
from kimicode_engine.checkpoint.load import load_weights
from kimicode_engine.config import read_config
from kimicode_engine.output import FinishReason
from kimicode_engine.runner import ModelRunner
from kimicode_engine.tokenizer import Tokenizer
from tests.fakes.engine_drive import Drive
from tests.fakes.engine_jobs import Desk
from tests.fakes.engine_learnt import ANSWER, TEXTS, known, load, write_learnt

CPU = torch.device("cpu")
MARGIN = 5.0
"""Logits by which each known token is ahead of all others. bf16 was seen to move that by 1."""


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    """These products are so small that two threads mostly wait for one another."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def learnt(_one_thread, tmp_path_factory):
    folder = tmp_path_factory.mktemp("learnt")
    write_learnt(folder)
    return folder


class Stage:
    """A real engine over the checkpoint, with real text on both sides."""

    def __init__(self, folder, device=CPU, dtype=torch.float32, *, fp8=False, **limits):
        self.model, self.tokenizer = load(folder, device, dtype)
        self.texts = known(self.tokenizer)
        config = self.model.config
        cache = LatentCache(config.layers, 32, *held_as(config, dtype, fp8=fp8), device)
        cache.latents.fill_(255 if fp8 else float("nan"))
        runner = ModelRunner(self.model, cache, device)
        self.desk = Desk(runner=runner, end_ids=frozenset(config.eos_ids), tokenizer=self.tokenizer, **limits)

    def ask(self, number):
        return self.desk.ask(self.texts[number].prompt, ANSWER)

    def check(self, number, heard):
        """The answer, as text and as tokens."""
        text = self.texts[number]
        assert heard.last.finish is FinishReason.LENGTH
        assert heard.tokens == text.answer
        assert heard.content == self.tokenizer.decode(text.answer)
        assert TEXTS[number][1].startswith(self.tokenizer.decode(text.prompt) + heard.content)


def one_by_one(stage):
    for number in range(len(TEXTS)):
        heard = stage.ask(number)
        stage.desk.run()
        stage.check(number, heard)


def all_together(stage):
    """The second and third come while the first is being answered: their prompts' chunks share steps with it."""
    answers = [stage.ask(0)]
    for number in (1, 2):
        for _ in range(9):
            stage.desk.engine.step()
        answers.append(stage.ask(number))
    stage.desk.run()
    for number, heard in enumerate(answers):
        stage.check(number, heard)


def test_every_known_token_is_far_ahead_of_all_others(learnt):
    config = read_config(learnt)
    drive = Drive(config, load_weights(learnt, config, device=CPU, dtype=torch.float32))
    for text in known(Tokenizer.load(learnt, config)):
        sequence = drive.sequence(text.prompt)
        for token in text.answer:
            first, second = drive.prefill(sequence).topk(2).values.tolist()
            assert first - second >= MARGIN
            sequence.tokens.append(token)


@pytest.mark.parametrize("fp8", [False, True], ids=["", "fp8 cache"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_the_cpu_says_what_it_knows(learnt, dtype, fp8):
    all_together(Stage(learnt, dtype=dtype, fp8=fp8, step_tokens=64))


def test_the_cpu_says_the_same_one_by_one(learnt):
    one_by_one(Stage(learnt))


@pytest.mark.gpu
@pytest.mark.parametrize("conversation", [one_by_one, all_together])
@pytest.mark.parametrize("step_tokens", [64, 256])
@pytest.mark.parametrize("fp8", [False, True], ids=["", "fp8 cache"])
def test_triton_s_kernels_say_the_same_in_cuda_graphs(learnt, conversation, step_tokens, fp8):
    stage = Stage(learnt, torch.device("cuda"), torch.bfloat16, fp8=fp8, step_tokens=step_tokens)
    assert stage.model.kernels.name == "Triton for Hopper"
    assert stage.model.capturable
    conversation(stage)
