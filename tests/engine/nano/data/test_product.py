"""What the product sends, and the engine makes of it, is token by token what kimi-nano is trained on."""

import asyncio

from kimicode.llm.scripted import ScriptedServer
from kimicode_engine.checkpoint.tiny_tokenizer import write_tokenizer
from kimicode_engine.server.openai import chat
from kimicode_engine.server.schema import ChatRequest
from kimicode_engine.template.render import render
from nano_training.data.bpe import count, learn, read_tokenizer
from nano_training.data.encode import open_encoder
from nano_training.episodes.episode import Learn, with_learnt
from nano_training.episodes.prefixes import FILE
from nano_training.judging.attempt import Plan, attempt
from tests.fakes.nano_bugs import BUG, FIX, RIGHT, RUN, SUBMIT, TESTS
from tests.fakes.nano_talk import answer


async def test_every_request_of_a_run_is_a_beginning_of_its_episode(tmp_path):
    write_tokenizer(tmp_path, learn(count([RIGHT, TESTS]), 100))
    encoder, tokenizer = open_encoder(tmp_path, FILE), read_tokenizer(tmp_path)
    async with ScriptedServer([RUN, FIX, RUN, SUBMIT]) as server:
        plan = Plan("kimi-nano", 20.0)
        assert (await asyncio.to_thread(attempt, BUG, server.base_url, plan)).solved
    last = server.requests[-1]
    messages = [*last["messages"], answer("", "submit", 3, summary="Done.")]
    encoded = encoder.encode(with_learnt(messages, last["tools"], [Learn.ALL] * 4, "default"))
    whole = [*encoder.prefix_ids["default"], *encoded.tokens]
    for request in server.requests:
        asked = chat(ChatRequest.model_validate(request), tokenizer.vocab_size)
        assert not asked.conversation.thinking
        prompt = render(asked.conversation, tokenizer)
        assert whole[: len(prompt)] == prompt
