"""The memory table: every byte counted once, the cache cut to what is left, and a plain word where it does not fit."""

import pytest
import torch

from kimicode_engine.checkpoint.slots import weight_bytes
from kimicode_engine.checkpoint.tiny_config import Tiny, config_json
from kimicode_engine.checkpoint.tiny_tokenizer import control_ids
from kimicode_engine.config import parse_config
from kimicode_engine.errors import CheckpointError
from kimicode_engine.limits import PAGE
from kimicode_engine.memory import free_device_bytes, free_host_bytes, measure_bandwidth, plan
from tests.fakes.engine_k26 import k26

GB = 10**9
K26 = parse_config(k26())
TINY = parse_config(config_json(Tiny(), control_ids(128)))


def planned(config, *, host=64 * GB, device=None, dtype=torch.bfloat16, **options):
    sizes = weight_bytes(config, dtype)
    return plan(config, weight_bytes=sizes, host_bytes=host, device_bytes=device, dtype=dtype, **options)


def rows(plan):
    return {row.owner: row for row in plan.rows}


def test_k26_is_594_gigabytes_in_its_owners_hands():
    sizes = weight_bytes(K26, torch.bfloat16)
    assert sum(sizes.values()) / GB == pytest.approx(594.2, abs=0.05)
    assert sizes["routed experts, int4"] + sizes["routed experts, int4 scales"] == 384 * 60 * 24_772_608
    assert sizes["attention, bfloat16"] / GB == pytest.approx(12.34, abs=0.01)


def test_k26_reads_33_gigabytes_for_a_token_and_its_cache_takes_70272_bytes():
    plan = planned(K26, bandwidth=1000 * GB)
    assert sum(row.per_token for row in plan.rows) / GB == pytest.approx(32.98, abs=0.01)
    assert plan.token_bytes == 70_272
    assert plan.decode_rate() == pytest.approx(1000 / 32.98, rel=1e-3)
    assert plan.decode_rate(262_144) == pytest.approx(1000 / (32.98 + 18.42), rel=1e-3)


def test_an_fp8_cache_holds_more_tokens_in_the_same_memory():
    plans = [planned(K26, device=640 * GB, latent_bytes=each) for each in (None, 656)]
    assert [plan.token_bytes for plan in plans] == [70_272, 40_016]
    assert plans[1].limits.pages == pytest.approx(plans[0].limits.pages * 1152 / 656, abs=2)
    assert "tokens of 40,016 bytes" in plans[1].table()


def test_k26_does_not_fit_23_gigabytes_and_the_table_says_by_how_much():
    plan = planned(K26, host=23 * GB, bandwidth=20 * GB)
    assert plan.missing == plan.total - 23 * GB
    text = plan.table()
    assert f"It does not fit: {plan.missing / GB:.1f} GB are missing." in text
    assert "routed experts, int4                    507.3 GB          10.6 GB" in text
    assert "free on the host                         23.0 GB" in text
    assert "it takes a larger machine" in text
    assert "With enough of this memory, at most 0.606 tokens/s" in text
    with pytest.raises(CheckpointError, match="GB of memory are missing on the host: weights and workspace alone"):
        plan.check()


def test_k26_fits_eight_large_accelerators():
    plan = planned(K26, device=1128 * GB)
    plan.check()
    assert plan.place == "device"
    assert plan.limits.pages >= 262_144 // PAGE
    assert plan.total <= 1128 * GB


def test_a_tiny_one_gets_a_full_window_for_each_running_request():
    plan = planned(TINY, running=8)
    assert plan.limits.pages == 8 * 4096 // PAGE
    assert (plan.limits.window, plan.limits.running) == (4096, 8)
    assert "It fits. The cache holds 32,768 tokens" in plan.table()


def test_a_small_model_does_not_fill_a_hosts_memory_with_its_cache_and_may_fill_an_accelerators():
    host, device = (planned(TINY, running=1000, device=device).limits.pages for device in (None, 64 * GB))
    assert host == 512_000_000 // (480 * PAGE)
    assert device == 1000 * 4096 // PAGE


def test_a_host_unpacks_int4_experts_where_it_has_the_memory_and_the_table_says_so():
    dtype = torch.float32
    packed, unpacked = (weight_bytes(TINY, dtype, unpacked=each) for each in (False, True))
    both = sum(packed.values()) + sum(unpacked.values())
    experts = 2 * 8 * 3 * 64 * 128  # layers · experts · projections · sizes
    assert unpacked["routed experts, int4 as float32"] == 4 * experts
    assert {"routed experts, int4", "routed experts, int4 scales"} <= packed.keys()
    roomy = planned(TINY, dtype=dtype, unpacked_bytes=unpacked, host=2 * both)
    tight = planned(TINY, dtype=dtype, unpacked_bytes=unpacked, host=2 * both - 2)
    assert (roomy.unpacked, tight.unpacked) == (True, False)
    assert rows(roomy)["routed experts, int4 as float32"].per_token == 4 * experts * 2 // 8
    assert "routed experts, int4 as float32" in roomy.table()
    assert not planned(TINY, dtype=dtype, unpacked_bytes=unpacked, device=64 * GB).unpacked


def test_a_model_that_reads_little_for_a_token_is_computed_by_one_thread():
    assert planned(TINY).threads(16) == 1
    assert planned(K26, host=1000 * GB).threads(16) == 16


def test_the_cache_takes_a_share_of_what_is_left_and_no_more():
    plan = planned(K26, host=700 * GB)
    cache = plan.limits.pages * PAGE * plan.token_bytes
    left = 700 * GB - (plan.total - cache)
    assert 0.49 * left < cache <= 0.5 * left


def test_one_full_window_may_take_more_than_the_share():
    lean = planned(K26, host=1000 * GB)
    rest = sum(row.bytes for row in lean.rows if not row.owner.startswith("cache"))
    plan = planned(K26, host=rest + 20 * GB)
    plan.check()
    assert plan.limits.pages == 262_144 // PAGE


def test_a_window_that_does_not_fit_may_be_lowered_to_one_that_does():
    lean = planned(K26, host=1000 * GB)
    rest = sum(row.bytes for row in lean.rows if not row.owner.startswith("cache"))
    tight = planned(K26, host=rest + 10 * GB)
    with pytest.raises(CheckpointError, match="lower --window to 142,272 at most"):
        tight.check()
    planned(K26, host=rest + 10 * GB, window=142_272).check()


def test_a_cache_of_asked_size_is_taken_as_asked():
    page = PAGE * 480
    plan = planned(TINY, cache_bytes=100 * page + 5)
    plan.check()
    assert plan.limits.pages == 100


def test_a_cache_too_small_for_one_request_says_what_to_change():
    plan = planned(TINY, cache_bytes=10 * PAGE * 480)
    assert plan.missing == 54 * PAGE * 480
    with pytest.raises(CheckpointError, match="raise --cache-memory to that or lower --window to 640"):
        plan.check()


def test_a_cache_larger_than_the_memory_says_what_to_change():
    with pytest.raises(CheckpointError, match=r"lower --cache-memory to 6\d\.\d GB at most"):
        planned(TINY, cache_bytes=100 * GB).check()


def test_a_window_beyond_the_models_own_is_cut():
    assert planned(TINY, window=10**6).limits.window == 4096


def test_an_accelerator_still_needs_a_little_host_memory():
    with pytest.raises(CheckpointError, match="the host needs that to load"):
        planned(TINY, device=80 * GB, host=10**6).check()


def test_a_device_needs_the_room_of_one_layers_experts_while_they_are_rearranged():
    weights = sum(weight_bytes(K26, torch.bfloat16).values())
    layer = 384 * 24_772_608
    planned(K26, device=weights + layer, window=1024, running=1, step_tokens=64).check()
    tight = planned(K26, device=weights + layer - 5 * 10**6, window=1024, running=1, step_tokens=64)
    assert tight.missing == 5 * 10**6
    with pytest.raises(CheckpointError, match=r"5\.0 MB of memory .* rearranging a layer's experts"):
        tight.check()
    assert not planned(K26, host=weights + layer // 2, window=1024, running=1, step_tokens=64).missing


def test_tied_embeddings_are_read_as_the_head():
    config = parse_config(config_json(Tiny(tied=True), control_ids(128)))
    row = rows(planned(config))["embedding, bfloat16"]
    assert row.per_token == row.bytes


def test_without_a_bandwidth_nothing_is_predicted():
    plan = planned(TINY)
    assert plan.decode_rate() is None
    assert "tokens/s" not in plan.table()


def test_the_machine_tells_its_memory_and_speed():
    assert 10**8 < free_host_bytes() < 10**14
    assert free_device_bytes(torch.device("cpu")) is None
    assert 10**8 < measure_bandwidth(torch.device("cpu"), size=8 << 20) < 10**13


def machine(folder, *, available, limit=None, used=0, inactive=0):
    (folder / "meminfo").write_text(f"MemTotal: 99 kB\nMemAvailable: {available // 1024} kB\n")
    if limit is not None:
        (folder / "memory.max").write_text(f"{limit}\n")
        (folder / "memory.current").write_text(f"{used}\n")
        (folder / "memory.stat").write_text(f"anon 1\ninactive_file {inactive}\n")
    return free_host_bytes(proc=folder, cgroup=folder)


def test_free_memory_is_what_the_kernel_calls_available(tmp_path):
    assert machine(tmp_path, available=1 << 30) == 1 << 30


def test_a_containers_limit_counts_and_its_page_cache_does_not(tmp_path):
    assert machine(tmp_path, available=1 << 30, limit=1 << 29, used=1 << 28, inactive=1 << 20) == (1 << 28) + (1 << 20)


def test_a_container_without_a_limit_has_the_hosts_memory(tmp_path):
    assert machine(tmp_path, available=1 << 30, limit="max") == 1 << 30


def test_where_there_is_no_proc_half_of_the_memory_is_taken_as_free(tmp_path):
    assert free_host_bytes(proc=tmp_path, cgroup=tmp_path) > 10**8
