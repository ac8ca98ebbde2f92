"""What is said, and what is asked about, where the sandbox cannot be had as it was wanted."""

from dataclasses import replace

import pytest

from kimicode.agent.confinement import UNCONFINED, Confined, confine
from kimicode.agent.options import SessionOptions
from kimicode.config.schema import Settings
from kimicode.errors import ConfigError
from kimicode.workspace.network.proxy import Contact
from kimicode.workspace.sandbox.workspace import Place, bounds_for
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
    assert replace(confined(options, sandbox="off"), bounds=UNCONFINED.bounds) == UNCONFINED
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


def test_nor_are_keys_in_the_home_folder_read_unasked(options, tmp_path):
    home = tmp_path / "person"
    (home / ".aws").mkdir(parents=True)
    (home / ".aws/credentials").write_text("x")
    (home / "notes.txt").write_text("x")
    made = Confined(bounds=bounds_for(Place([options.cwd], tmp_path / "outputs", home=home)))
    assert made.hides(home / ".aws/credentials")
    assert not made.hides(home / "notes.txt")
    assert not made.hides(options.cwd / "code.py")


def test_another_policy_has_another_digest(options):
    walls()
    one, other = confined(options), confined(options, network=("pypi.org",))
    one.close()
    other.close()
    assert one.digest != other.digest


def test_hosts_are_reached_through_a_proxy_that_tells_of_them(options):
    walls("bubblewrap")
    made = confined(options, network=("pypi.org", "*.npmjs.org"))
    assert made.sandbox is not None
    assert made.sandbox.proxy is not None
    assert made.sandbox.policy.variables["HTTPS_PROXY"].startswith("http://127.0.0.1:")
    told = []
    made.tell(told.append)
    made.sandbox.proxy.tell(Contact("pypi.org:443"))
    made.sandbox.proxy.tell(Contact("evil.example:443", "it is not among the hosts"))
    made.close()
    assert [(notice.level, notice.code) for notice in told] == [("info", "network"), ("warning", "network")]
    assert "kept from evil.example:443: it is not" in told[1].text


def test_pages_of_those_hosts_need_no_question(options):
    walls()
    made = confined(options, network=("pypi.org", "*.npmjs.org"))
    made.close()
    reached = ("https://pypi.org/a", "http://x.npmjs.org/")
    assert [made.reaches(url) for url in reached] == [True, True]
    others = ("https://npmjs.org/", "https://pypi.org:8443/", "https://pypi.org@evil.example/", "ftp://pypi.org/", "")
    assert not any(made.reaches(url) for url in others)


def test_without_hosts_there_is_no_proxy_and_no_variable_of_it(options):
    walls()
    made = confined(options)
    made.close()
    assert made.sandbox is not None
    assert made.sandbox.proxy is None
    assert "HTTPS_PROXY" not in made.sandbox.policy.variables


@pytest.mark.parametrize("sandbox", ["auto", "off"])
def test_what_is_not_a_host_is_a_mistake_of_the_configuration(options, sandbox):
    for entry in ("*", "https://pypi.org", "0x7f.1", "pypi.org\0"):
        with pytest.raises(ConfigError, match="network"):
            confined(options, sandbox=sandbox, network=(entry,))
