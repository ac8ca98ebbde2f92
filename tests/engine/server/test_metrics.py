"""The metrics: parsed by Prometheus' own parser, and without anything that somebody wrote."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from kimicode_engine.output import Delta, FinishReason, Usage
from kimicode_engine.server.metrics import Metrics
from tests.fakes.engine_server import chat, saying, serving, spoken, tiny_tokenizer


def values(text):
    """(name, labels) → value, without bucket counts and creation times."""
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {(sample.name, *sorted(sample.labels.values())): sample.value for sample in samples}


def test_an_answer_counts_its_tokens_and_its_end():
    metrics = Metrics()
    metrics.count(7)
    metrics.finish(Delta((), usage=Usage(100, 7, cached_tokens=64), finish=FinishReason.LENGTH))
    metrics.gauge("running", "answers that run", lambda: 3)
    text, kind = metrics.render()
    found = values(text.decode())
    assert kind.startswith("text/plain")
    assert found["kimicode_generated_tokens_total",] == metrics.generated_total == 7
    assert found["kimicode_prompt_tokens_total",] == 100
    assert found["kimicode_cached_prompt_tokens_total",] == 64
    assert found["kimicode_answers_total", "length"] == 1
    assert found["kimicode_running",] == 3


def test_two_servers_in_one_process_count_apart():
    first, second = Metrics(), Metrics()
    first.count(1)
    assert values(second.render()[0].decode())["kimicode_generated_tokens_total",] == 0


@pytest.mark.parametrize("stream", [True, False])
async def test_a_served_answer_shows_in_every_number_but_not_in_words(tmp_path, stream):
    tokenizer = tiny_tokenizer(tmp_path)
    async with serving(tokenizer, saying(tokenizer, "an answer")) as server, server.client() as client:
        await client.post("/v1/chat/completions", json=chat("a question", stream=stream))
        await client.get("/no/such/route")
        await server.until_free()
        text = (await client.get("/metrics")).text
    found = values(text)
    tokens = found["kimicode_generated_tokens_total",]
    assert found["kimicode_requests_total", "/v1/chat/completions", "200"] == 1
    assert found["kimicode_requests_total", "404", "other"] == 1
    assert found["kimicode_first_token_seconds_count",] == 1
    assert found["kimicode_step_seconds_count",] >= tokens - 1
    assert found["kimicode_pages_used",] == 0
    assert tokens == len(spoken(tokenizer, "an answer"))
    assert "question" not in text
    assert 'answer"' not in text
