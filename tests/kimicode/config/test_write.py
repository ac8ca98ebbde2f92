"""config.toml is changed without losing a comment, and is readable by its owner alone."""

import os
import stat
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.config.load import load
from kimicode.config.write import change_settings
from kimicode.errors import ConfigError, DiskError


def test_the_first_setting_makes_the_file_for_its_owner_alone(tmp_path):
    file = tmp_path / "deep" / "config.toml"
    assert change_settings({"theme": "light"}, file=file) == file
    assert tomllib.loads(file.read_text()) == {"theme": "light"}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_comments_order_and_other_settings_stay(tmp_path):
    file = tmp_path / "config.toml"
    file.write_text('# mine\nmodel = "a"  # for now\n\n[models."b"]  # the other\nwindow = 1000\n')
    change_settings({"theme": "dark", "model": "b"}, file=file)
    text = file.read_text()
    assert text.startswith('# mine\nmodel = "b"  # for now\n')
    assert "# the other" in text
    assert tomllib.loads(text) == {"model": "b", "theme": "dark", "models": {"b": {"window": 1000}}}


def test_none_removes_a_setting_and_may_be_said_of_one_that_is_not_there(tmp_path):
    file = tmp_path / "config.toml"
    file.write_text('model = "a"\ntheme = "dark"\n')
    change_settings({"model": None, "checkpoint": None}, file=file)
    assert tomllib.loads(file.read_text()) == {"theme": "dark"}


def test_what_is_written_is_what_load_reads(tmp_path):
    values = {"base_url": "http://127.0.0.1:8000/v1", "api_key": "sk-1", "model": "m"}
    change_settings(values, file=tmp_path / "config.toml")
    loaded = load({}, cwd=tmp_path, environ={"KIMICODE_HOME": str(tmp_path)})
    assert loaded.settings.base_url == values["base_url"]
    assert loaded.settings.api_key.get_secret_value() == "sk-1"
    assert not loaded.warnings


@pytest.mark.parametrize(("name", "value"), [("theme", "pink"), ("base_url", "nowhere"), ("nonsense", 1)])
def test_an_invalid_value_leaves_the_file_as_it_was(tmp_path, name, value):
    file = tmp_path / "config.toml"
    file.write_text('model = "a"\n')
    with pytest.raises(ConfigError, match=name):
        change_settings({name: value}, file=file)
    assert file.read_text() == 'model = "a"\n'


def test_a_secret_never_stands_in_the_error(tmp_path):
    with pytest.raises(ConfigError) as caught:
        change_settings({"api_key": "sk with blanks"}, file=tmp_path / "config.toml")
    assert "sk with" not in str(caught.value)


def test_a_file_that_is_not_toml_is_not_touched(tmp_path):
    file = tmp_path / "config.toml"
    file.write_text("model = \n")
    with pytest.raises(ConfigError, match="not valid TOML"):
        change_settings({"theme": "dark"}, file=file)
    assert file.read_text() == "model = \n"


def test_a_link_stays_a_link(tmp_path):
    real = tmp_path / "dotfiles.toml"
    real.write_text('model = "a"\n')
    file = tmp_path / "config.toml"
    file.symlink_to(real)
    change_settings({"theme": "dark"}, file=file)
    assert file.is_symlink()
    assert tomllib.loads(real.read_text()) == {"model": "a", "theme": "dark"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_a_disk_error(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(DiskError):
        change_settings({"theme": "dark"}, file=tmp_path / "config.toml")


def test_a_path_below_a_file_is_a_disk_error(tmp_path):
    (tmp_path / "x").write_text("")
    with pytest.raises(DiskError):
        change_settings({"theme": "dark"}, file=tmp_path / "x" / "config.toml")


@given(
    comment=st.text(st.characters(blacklist_categories=["Cc", "Cs"]), max_size=30),
    model=st.text(min_size=1, max_size=20),
)
def test_any_comment_and_any_name_survive(tmp_path_factory, comment, model):
    file = tmp_path_factory.mktemp("write") / "config.toml"
    file.write_text(f"# {comment}\n[models.x]\nwindow = 5\n", "utf-8")
    change_settings({"model": model}, file=file)
    text = file.read_bytes().decode("utf-8")
    assert text.startswith(f"# {comment}\n")
    assert tomllib.loads(text) == {"model": model, "models": {"x": {"window": 5}}}
