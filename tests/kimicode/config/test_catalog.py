"""The model catalogue: who stands behind an address, what a model can do there, and what it costs."""

import pytest

from kimicode.config.catalog import ThinkingSwitch, is_loopback, model_info, price_of, provider_of
from kimicode.messages import Usage

MOONSHOT = "https://api.moonshot.ai/v1"
OPENROUTER = "https://openrouter.ai/api/v1"
CLOUDFLARE = "https://api.cloudflare.com/client/v4/accounts/abc/ai/v1"
LOCAL = "http://127.0.0.1:9321/v1"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        (MOONSHOT, "moonshot"),
        ("https://api.moonshot.cn/v1", "moonshot-cn"),
        (OPENROUTER, "openrouter"),
        (CLOUDFLARE, "cloudflare"),
        ("https://integrate.api.nvidia.com/v1", "nvidia"),
        ("https://api.deepinfra.com/v1/openai", "deepinfra"),
        ("http://localhost:11434/v1", "ollama"),
        ("http://gpu-box:8000/v1", "vllm"),
        ("http://192.168.1.7:30000/v1", "sglang"),
        ("http://[::1]:9000/v1", "local"),
        (LOCAL, "local"),
        ("https://llm.example.com/v1", "custom"),
        ("http://127.0.0.1:notaport/v1", "local"),
        ("", "local"),
    ],
)
def test_an_address_tells_its_provider(url, name):
    assert provider_of(url).name == name


def test_a_hosted_provider_says_where_its_key_may_stand():
    assert provider_of(MOONSHOT).key_variables == ("MOONSHOT_API_KEY",)
    assert provider_of(LOCAL).key_variables == ()


def test_a_lookalike_host_is_not_the_provider():
    assert provider_of("https://api.moonshot.ai.evil.example/v1").name == "custom"


@pytest.mark.parametrize(("url", "here"), [(LOCAL, True), ("http://localhost/v1", True), ("http://10.0.0.1/v1", False)])
def test_loopback_means_this_machine(url, here):
    assert is_loopback(url) is here


@pytest.mark.parametrize(
    ("model", "url", "expected"),
    [
        ("kimi-k2.6", MOONSHOT, (0.95, 0.16, 4.00)),
        ("moonshotai/kimi-k2.6", OPENROUTER, (0.95, 0.16, 4.00)),
        ("@cf/moonshotai/kimi-k2.6", CLOUDFLARE, (0.95, 0.16, 4.00)),
        ("kimi-k2.5", "https://api.moonshot.cn/v1", (0.60, 0.10, 3.00)),
        ("moonshotai/kimi-k2.5", OPENROUTER, (0.532, 0.209, 3.325)),
        ("kimi-k2.7-code", MOONSHOT, (0.95, 0.19, 4.00)),
        ("kimi-k2-thinking", MOONSHOT, (0.60, 0.15, 2.50)),
        ("kimi-k2-0905-preview", MOONSHOT, (0.60, 0.15, 2.50)),
        ("kimi-k3", MOONSHOT, (3.00, 0.30, 15.00)),
        ("kimi-k3.1-pro", MOONSHOT, (2.00, 0.20, 10.00)),
        ("moonshotai/Kimi-K2.6", LOCAL, (0.0, 0.0, 0.0)),
        ("some-model", LOCAL, (0.0, 0.0, 0.0)),
    ],
)
def test_list_prices_are_known_where_they_are_listed(model, url, expected):
    prices = model_info(model, url).prices
    assert prices is not None
    assert (prices.input, prices.cached, prices.output) == expected


@pytest.mark.parametrize(
    ("model", "url"),
    [
        ("moonshotai/kimi-k2.6", "https://integrate.api.nvidia.com/v1"),
        ("moonshotai/Kimi-K2.6", "https://api.deepinfra.com/v1/openai"),
        ("moonshotai/kimi-k2.6:free", OPENROUTER),
        ("kimi-k2-thinking-turbo", MOONSHOT),
    ],
)
def test_a_known_model_may_have_an_unknown_price(model, url):
    info = model_info(model, url)
    assert info.known
    assert info.prices is None
    assert price_of(Usage(1000, 0, 1000), info) is None


def test_windows_differ_by_family():
    assert model_info("kimi-k2.6", MOONSHOT).window == 262_144
    assert model_info("moonshotai/Kimi-K2-Instruct-0905", OPENROUTER).window == 262_144
    assert model_info("kimi-k3", MOONSHOT).window == model_info("kimi-k3.1-pro", MOONSHOT).window == 1_048_576


def test_an_unknown_model_gets_a_small_window_and_no_switches():
    info = model_info("some-model", "https://llm.example.com/v1")
    assert (info.window, info.known, info.prices, info.thinking) == (32_768, False, None, ThinkingSwitch.NONE)
    assert not model_info("kimi-k2.65", MOONSHOT).known


def test_the_thinking_switch_depends_on_the_server():
    assert model_info("kimi-k2.6", MOONSHOT).thinking is ThinkingSwitch.MOONSHOT
    assert model_info("moonshotai/Kimi-K2.6", "http://10.0.0.5:8000/v1").thinking is ThinkingSwitch.TEMPLATE
    assert model_info("local", LOCAL).thinking is ThinkingSwitch.TEMPLATE
    assert model_info("moonshotai/kimi-k2.6", OPENROUTER).thinking is ThinkingSwitch.NONE
    assert model_info("kimi-k2-thinking", MOONSHOT).thinking is ThinkingSwitch.NONE


def test_sampling_is_left_to_moonshot_and_set_elsewhere():
    assert model_info("kimi-k2.6", MOONSHOT).sampling is None
    modes = model_info("moonshotai/Kimi-K2.6", LOCAL).sampling
    assert modes is not None
    assert (modes.thinking.temperature, modes.thinking.top_p) == (1.0, 0.95)
    assert (modes.instant.temperature, modes.instant.top_p) == (0.6, 0.95)


def test_cached_input_is_priced_as_such():
    info = model_info("kimi-k2.6", MOONSHOT)
    usage = Usage(input_tokens=1_000_000, cached_tokens=400_000, output_tokens=100_000)
    assert price_of(usage, info) == pytest.approx(0.6 * 0.95 + 0.4 * 0.16 + 0.1 * 4.00)
    assert price_of(Usage(1000, 5000, 0), info) == pytest.approx(1000 * 0.16 / 1e6)


def test_a_model_under_another_name_is_what_it_is_like():
    info = model_info("my-kimi", LOCAL, like="kimi-k2.6")
    assert info == model_info("kimi-k2.6", LOCAL)
    assert model_info("my-kimi", OPENROUTER, like="kimi-k2.6").prices is None, (
        "the price is that of the listed one alone"
    )
