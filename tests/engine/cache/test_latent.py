"""The cache keeps each layer's latents apart, page by page."""

import torch

from kimicode_engine.cache.latent import LatentCache
from kimicode_engine.limits import PAGE
from kimicode_kernels.reference.cache_write import cache_write


def test_a_write_reaches_its_layer_its_page_and_its_place_alone():
    cache = LatentCache(3, 4, 5, torch.float32, torch.device("cpu"))
    cache.latents.zero_()
    latents = torch.arange(1.0, 11.0).view(2, 5)
    cache_write(latents, cache.layer(1), torch.tensor([2 * PAGE + 7, PAGE - 1]))
    assert cache.layer(1)[2, 7].tolist() == latents[0].tolist()
    assert cache.layer(1)[0, PAGE - 1].tolist() == latents[1].tolist()
    assert int(cache.latents.count_nonzero()) == 10


def test_it_has_the_size_that_the_memory_table_counts():
    cache = LatentCache(61, 16, 576, torch.bfloat16, torch.device("meta"))
    assert cache.pages == 16
    assert cache.latents.nbytes == 70_272 * 16 * PAGE
