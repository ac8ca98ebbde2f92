"""What is said, and what is asked about, where the sandbox cannot be had as it was wanted."""

from dataclasses import replace

import pytest

from kimicode.agent.confinement import UNCONFINED, confine
from kimicode.agent.options import SessionOptions
from kimicode.config.schema import Settings
from kimicode.errors import ConfigError
from tests.fakes.confined import walls


@pytest.fixture
def options(tmp_path):
    project = tmp_path / "project"
    project.mkdir()
    return SessionOptions(settings=Settings(), cwd=project)


def confined(options, **settings):
    chosen = replace(options, settings=options.settings.model_copy(update=settings))
    return confine(chosen, [chosen.cwd], chosen.cwd.parent / "outputs")


def test_commands_are_confined_by_default(options):
    walls()
    made = confined(options)
    assert made.sandbox is not None
    assert made.contained
    assert made.name == made.sandbox.layer.name
    assert made.digest.startswith(made.name)
    made.close()
    assert made.scratch is not None
    assert not made.scratch.exists()


def test_who_switches_it_off_gets_what_they_want_and_no_complaint(options):
    assert confined(options, sandbox="off") == UNCONFINED
    assert UNCONFINED.contained
    assert UNCONFINED.digest == ""


def test_a_folder_that_is_too_wide_is_not_given_to_commands_and_that_is_said(options):
    root = replace(options, cwd=options.cwd.home())
    made = confine(root, [root.cwd], root.cwd / "outputs")
    assert not made.contained
    (notice,) = made.notices
    assert "home folder" in notice.text
    assert "are denied" in notice.text
    with pytest.raises(ConfigError, match="required"):
        confine(replace(root, settings=Settings(sandbox="required")), [root.cwd], root.cwd / "outputs")


def test_secrets_are_hidden_by_their_names_and_shown_where_the_settings_say_so(options):
    walls()
    for name in (".env", ".env.test", "id_rsa", "code.py", ".env.example"):
        (options.cwd / name).write_text("x")
    made = confined(options, readable=(options.cwd / ".env.test",))
    hidden = {path.name for path in options.cwd.iterdir() if made.hides(path.resolve())}
    made.close()
    assert hidden == {".env", "id_rsa"}


def test_without_a_sandbox_names_alone_tell_a_secret(options):
    assert UNCONFINED.hides(options.cwd / ".env")
    assert not UNCONFINED.hides(options.cwd / "code.py")


def test_another_policy_has_another_digest(options):
    walls()
    one, other = confined(options), confined(options, network=("pypi.org",))
    one.close()
    other.close()
    assert one.digest != other.digest
