"""Layers, their order, and what each may not do; every mistake is explained, and no key is ever shown."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kimicode.config.endpoint import at_engine
from kimicode.config.schema import ModelSettings, Settings, require_endpoint
from kimicode.errors import ConfigError

KEY = "sk-very-secret-0123456789"


# --- the layers -----------------------------------------------------------------------------------------------


def test_without_any_configuration_the_defaults_hold(person):
    loaded = person.loads()
    assert loaded.settings == Settings()
    assert set(loaded.sources.values()) == {"default"}
    assert loaded.files == loaded.warnings == ()


def test_each_layer_overrides_the_one_before(person):
    person.writes(f'model = "file"\nwindow = 1000\nmax_retries = 1\nthinking = false\ntrusted = ["{person.project}"]')
    project_file = person.finds('model = "project"\nwindow = 2000\nmax_retries = 2')
    loaded = person.loads(flags={"model": "flag", "window": None}, KIMICODE_MODEL="env", KIMICODE_WINDOW="3000")
    assert loaded.settings.thinking is False
    assert loaded.settings.max_retries == 2
    assert loaded.settings.window == 3000
    assert loaded.settings.model == "flag"
    assert loaded.files == (person.file, project_file)
    assert {name: loaded.sources[name] for name in ("thinking", "max_retries", "window", "model")} == {
        "thinking": str(person.file),
        "max_retries": str(project_file),
        "window": "KIMICODE_WINDOW",
        "model": "--model",
    }


def test_every_setting_but_lists_of_trust_and_prices_has_a_variable(person):
    loaded = person.loads(
        KIMICODE_THINKING="false",
        KIMICODE_MODE="ask",
        KIMICODE_MAX_OUTPUT_TOKENS="5",
        KIMICODE_TOOLSET="swe",
        KIMICODE_IDLE_TIMEOUT="2.5",
        KIMICODE_EXTRA_DIRS="/one:two",
        KIMICODE_TRUSTED="/",
    )
    assert loaded.settings == Settings(
        thinking=False,
        mode="ask",
        max_output_tokens=5,
        toolset="swe",
        idle_timeout=2.5,
        extra_dirs=(Path("/one"), person.project / "two"),
    )


def test_an_empty_variable_is_not_set(person):
    person.writes('model = "file"')
    assert person.loads(KIMICODE_MODEL="", KIMICODE_WINDOW=" ").settings.model == "file"


def test_a_misspelt_variable_is_a_warning(person):
    assert person.loads(KIMICODE_BASEURL="http://x").warnings == (
        "the variable KIMICODE_BASEURL is not known; did you mean KIMICODE_BASE_URL?",
    )


def test_models_can_be_described(person):
    person.writes('[models."my/model"]\nwindow = 65536\ninput_price = 0.5\noutput_price = 2')
    assert person.loads().settings.models["my/model"].window == 65536


# --- the engine of this machine -------------------------------------------------------------------------------

ELSEWHERE = 'base_url = "https://llm.example.com/v1"\napi_key = "from-the-file"\n'


@pytest.mark.parametrize(
    ("file", "environ", "flags", "engine"),
    [
        ("", {}, {"model": "local"}, True),
        ("", {"KIMICODE_MODEL": "local"}, {}, True),
        ('model = "local"', {}, {}, True),
        (ELSEWHERE, {}, {"model": "local"}, True),
        ("", {"KIMICODE_BASE_URL": "https://llm.example.com/v1", "KIMICODE_API_KEY": "x"}, {"model": "local"}, True),
        ("", {"MOONSHOT_API_KEY": "x"}, {"model": "local"}, True),
        ("", {}, {"model": "local", "base_url": "http://127.0.0.1:8000/v1"}, False),
        (ELSEWHERE + 'model = "local"', {}, {}, False),
        ('model = "local"', {"KIMICODE_BASE_URL": "http://127.0.0.1:8000/v1"}, {}, False),
        ('model = "local"', {}, {"model": "kimi-k2.6"}, False),
        ("", {}, {"model": "local-llama"}, False),
        ("", {}, {}, False),
    ],
)
def test_local_means_the_engine_unless_an_address_is_as_near(person, file, environ, flags, engine):
    person.writes(file)
    loaded = person.loads(flags=flags, **environ)
    assert loaded.engine is engine
    if engine:
        settings = loaded.settings
        assert (settings.model, settings.base_url, settings.api_key) == ("local", None, None)
        assert loaded.sources["base_url"] == loaded.sources["api_key"] == "default"


def test_a_project_cannot_choose_the_engine_nor_take_the_choice_away(person):
    person.finds('model = "local"\ncheckpoint = "/evil"')
    person.writes(f'trusted = ["{person.project}"]')
    loaded = person.loads(MOONSHOT_API_KEY="x")
    assert not loaded.engine
    assert loaded.settings.checkpoint is None
    assert "checkpoint is ignored" in loaded.warnings[0]
    person.finds('model = "kimi-k2.6"')
    person.writes(f'trusted = ["{person.project}"]\nmodel = "local"')
    loaded = person.loads()
    assert loaded.engine
    assert (loaded.settings.model, loaded.sources["model"]) == ("local", str(person.file))


def test_the_checkpoint_is_a_whole_path(person):
    assert person.loads(KIMICODE_CHECKPOINT="~/k").settings.checkpoint == Path("~/k").expanduser()
    assert "KIMICODE_CHECKPOINT must be an absolute path" in person.fails(KIMICODE_CHECKPOINT="weights")


def test_a_model_can_be_like_another_one_of_the_catalogue(person):
    person.writes('[models.mine]\nlike = "kimi-k2.6"\nimages = false')
    assert person.loads().settings.models["mine"].like == "kimi-k2.6"
    person.writes('[models.mine]\nlike = "gpt-2"')
    assert "models.mine.like must be a model of the catalogue" in person.fails()


def test_what_the_engine_serves_is_of_the_kimi_family_and_its_window_is_the_upper_bound():
    settings = Settings(window=9000, models={"k": ModelSettings(window=8000, images=True)})
    given = at_engine(settings, base_url="http://127.0.0.1:1/v1", api_key=KEY, model="k", window=4096)
    assert (given.base_url, given.model, given.window) == ("http://127.0.0.1:1/v1", "k", 4096)
    assert given.models["k"] == ModelSettings(like="kimi-k2.6", window=8000, images=True)
    assert given.api_key is not None
    assert given.api_key.get_secret_value() == KEY
    assert KEY not in repr(given)


# --- mistakes -------------------------------------------------------------------------------------------------


def test_a_syntax_error_is_told_with_file_and_line(person):
    person.writes('model = "x"\nwindow == 5\n')
    assert f"{person.file}:2:" in person.fails()


def test_an_unknown_setting_is_told_with_the_nearest_name(person):
    person.writes("max_retry = 3\n[models.x]\nwindows = 1")
    message = person.fails()
    assert f"{person.file}: max_retry is not a known setting; did you mean max_retries?" in message
    assert "models.x.windows is not a known setting; did you mean window?" in message


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"KIMICODE_MODE": "wild"}, "KIMICODE_MODE must be 'plan', 'ask', 'auto-edit', 'auto' or 'yolo', not 'wild'"),
        ({"KIMICODE_WINDOW": "many"}, "KIMICODE_WINDOW must be a valid integer, not 'many'"),
        ({"KIMICODE_WINDOW": "-1"}, "KIMICODE_WINDOW must be greater than 0, not '-1'"),
        ({"KIMICODE_BASE_URL": "localhost:8000"}, "KIMICODE_BASE_URL must begin with http:// or https://"),
        ({"KIMICODE_BASE_URL": "ftp://host"}, "KIMICODE_BASE_URL must be an http:// or https:// address"),
        ({"KIMICODE_BASE_URL": f"https://me:{KEY}@host"}, "must not hold a user name or password"),
        ({"KIMICODE_BASE_URL": "http://[::1"}, "KIMICODE_BASE_URL Invalid IPv6 URL"),
        ({"KIMICODE_BASE_URL": "http://host:99999"}, "KIMICODE_BASE_URL Port out of range"),
        ({"KIMICODE_BASE_URL": "http://host/v1?key=1"}, 'must not hold a "?"'),
        ({"KIMICODE_API_KEY": f"{KEY}\n{KEY}"}, "KIMICODE_API_KEY must be printable ASCII"),
        ({"MOONSHOT_API_KEY": f"{KEY} {KEY}"}, "MOONSHOT_API_KEY must be printable ASCII"),
        ({"MOONSHOT_BASE_URL": "moonshot"}, "MOONSHOT_BASE_URL must begin with http://"),
    ],
)
def test_a_wrong_value_is_told_with_its_variable(person, environ, expected):
    assert expected in person.fails(**environ)


def test_a_wrong_value_in_a_file_is_told_with_file_and_key(person):
    person.writes('thinking = "perhaps"\n[models.x]\nwindow = "big"')
    message = person.fails()
    assert f"{person.file}: thinking must be a valid boolean" in message
    assert f"{person.file}: models.x.window must be a valid integer" in message


def test_a_wrong_flag_is_told_as_a_flag(person):
    with pytest.raises(ConfigError, match="--base-url must begin"):
        person.loads(flags={"base_url": "x"})


def test_a_file_that_cannot_be_read_is_an_error_and_not_ignored(person):
    person.file.mkdir()
    assert "cannot read" in person.fails()
    person.file.rmdir()
    person.file.write_bytes(b"\xff\xfe")
    assert "not UTF-8" in person.fails()


def test_a_byte_order_mark_is_no_mistake(person):
    person.file.write_bytes(b'\xef\xbb\xbfmodel = "x"')
    assert person.loads().settings.model == "x"


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60) | st.text(alphabet='abw=[]"\n#.1{}\\u', max_size=40).map(str.encode))
def test_any_bytes_are_settings_or_a_config_error(person, content):
    person.file.write_bytes(content)
    try:
        person.loads()
    except ConfigError as error:
        told = error.message
    else:
        told = str(person.file)
    assert str(person.file) in told


# --- endpoint and key -----------------------------------------------------------------------------------------


def test_a_moonshot_key_alone_is_enough(person):
    loaded = person.loads(MOONSHOT_API_KEY=KEY)
    endpoint = require_endpoint(loaded.settings)
    assert (endpoint.base_url, endpoint.model) == ("https://api.moonshot.ai/v1", "kimi-k2.6")
    assert endpoint.api_key == KEY
    assert loaded.sources["base_url"] == loaded.sources["api_key"] == "MOONSHOT_API_KEY"


def test_moonshots_address_can_be_its_other_one_and_the_model_another(person):
    china = "https://api.moonshot.cn/v1/"
    endpoint = require_endpoint(
        person.loads(MOONSHOT_API_KEY=KEY, MOONSHOT_BASE_URL=china, KIMICODE_MODEL="kimi-k2.5").settings
    )
    assert (endpoint.base_url, endpoint.model) == ("https://api.moonshot.cn/v1", "kimi-k2.5")


def test_an_openrouter_key_alone_is_enough(person):
    endpoint = require_endpoint(person.loads(OPENROUTER_API_KEY=KEY).settings)
    assert (endpoint.base_url, endpoint.model) == ("https://openrouter.ai/api/v1", "moonshotai/kimi-k2.6")


def test_the_key_of_the_addresss_provider_is_used(person):
    loaded = person.loads(
        MOONSHOT_API_KEY="no", OPENROUTER_API_KEY=KEY, KIMICODE_BASE_URL="https://openrouter.ai/api/v1"
    )
    assert require_endpoint(loaded.settings).api_key == KEY
    assert loaded.settings.model is None


def test_a_providers_key_never_goes_to_another_server(person):
    loaded = person.loads(MOONSHOT_API_KEY=KEY, OPENROUTER_API_KEY=KEY, KIMICODE_BASE_URL="http://127.0.0.1:8000/v1")
    assert require_endpoint(loaded.settings).api_key == ""


def test_a_key_from_the_file_does_not_follow_another_address(person):
    person.writes(f'base_url = "https://mine.example/v1"\napi_key = "{KEY}"')
    assert require_endpoint(person.loads().settings).api_key == KEY
    loaded = person.loads(flags={"base_url": "https://other.example/v1"})
    assert loaded.settings.api_key is None
    assert "is not sent to https://other.example/v1" in loaded.warnings[0]


def test_an_implied_endpoint_gets_its_own_key(person):
    loaded = person.loads(MOONSHOT_API_KEY=KEY, KIMICODE_API_KEY="of-another-service")
    assert require_endpoint(loaded.settings).api_key == KEY
    assert "KIMICODE_API_KEY is not used" in loaded.warnings[0]


@pytest.mark.parametrize("url", ["http://localhost:8000/v1", "http://[::1]:8000/v1", "http://192.168.1.5:8000/v1"])
def test_a_server_of_ones_own_needs_no_key_and_no_model(person, url):
    endpoint = require_endpoint(person.loads(KIMICODE_BASE_URL=url).settings)
    assert (endpoint.base_url, endpoint.api_key, endpoint.model) == (url, "", None)


def test_a_pasted_request_address_is_shortened_to_its_base(person):
    url = "https://host.example/v1/chat/completions/"
    assert person.loads(KIMICODE_BASE_URL=url).settings.base_url == "https://host.example/v1"


def test_without_an_endpoint_one_error_says_all_ways_to_get_one(person):
    with pytest.raises(ConfigError) as caught:
        require_endpoint(person.loads().settings)
    for word in ("MOONSHOT_API_KEY", "KIMICODE_BASE_URL", "KIMICODE_API_KEY", "--base-url", "--model", "127.0.0.1"):
        assert word in str(caught.value)


def test_without_a_key_the_error_names_the_providers_variable(person):
    with pytest.raises(ConfigError, match="set OPENROUTER_API_KEY or KIMICODE_API_KEY"):
        require_endpoint(person.loads(KIMICODE_BASE_URL="https://openrouter.ai/api/v1").settings)


def test_the_key_shows_nowhere(person):
    person.writes(f'base_url = "http://plain.example/v1"\napi_key = "{KEY}"')
    person.file.chmod(0o644)
    loaded = person.loads()
    assert any("chmod 600" in warning for warning in loaded.warnings)
    assert any("unencrypted" in warning for warning in loaded.warnings)
    assert KEY not in repr(loaded)
    assert KEY not in str(loaded.settings.model_dump())
    assert KEY not in repr(require_endpoint(loaded.settings))


def test_settings_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        Settings().model = "x"


def test_reviews_have_settings_of_their_own_and_mistakes_in_them_are_explained(person):
    person.writes('[review]\nmax_comments = 3\nmin_severity = "high"')
    assert person.loads().settings.review.max_comments == 3
    person.writes("[review]\nmax_coments = 3")
    assert "review.max_coments is not a known setting; did you mean max_comments?" in person.fails()
    person.writes('[review]\nmin_severity = "blocker"')
    assert "review.min_severity must be" in person.fails()
