"""The file of a project: read where it is trusted and as it was approved, and what it may not do even then."""

from kimicode.config.load import record
from kimicode.config.schema import Settings
from kimicode.config.trust import Trust


def test_the_file_of_an_untrusted_project_is_not_even_parsed(person):
    person.finds("this is not TOML")
    loaded = person.loads()
    assert loaded.settings == Settings()
    assert loaded.files == loaded.warnings == ()
    assert loaded.trust == Trust(person.project)
    assert ".kimicode of" in loaded.trust.notice(person.project)


def test_a_file_that_changed_since_the_folder_was_trusted_does_not_count(person):
    person.finds("window = 7")
    record({"KIMICODE_HOME": str(person.home)}).remember(person.project, "trusted")
    assert person.loads().settings.window == 7
    person.finds("window = 8")
    assert person.loads().settings.window is None
    assert ".kimicode/config.toml of" in person.loads().trust.notice(person.project)


def test_a_file_that_leads_out_of_the_project_is_not_read(person, tmp_path):
    person.writes(f'trusted = ["{person.project}"]')
    (tmp_path / "elsewhere").write_text("window = 7")
    (person.project / ".kimicode").mkdir()
    (person.project / ".kimicode/config.toml").symlink_to(tmp_path / "elsewhere")
    assert person.loads().settings.window is None


def test_flags_can_be_put_over_what_was_read_without_reading_it_again(person):
    person.writes(f'trusted = ["{person.project}"]\nmodel = "mine"')
    person.finds("window = 7")
    loaded = person.loads()
    person.writes("this is no longer TOML")
    person.finds("window = 8")
    again = loaded.pinned.with_flags({"thinking": False})
    assert (again.settings.model, again.settings.window, again.settings.thinking) == ("mine", 7, False)


def test_no_setting_that_could_widen_anything_is_taken_from_a_project(person):
    person.writes(f'trusted = ["{person.project}"]')
    own = {"model", "thinking", "window", "max_output_tokens", "toolset", "idle_timeout", "max_retries"}
    for name in sorted(Settings.model_fields.keys() - own):
        person.finds(f'{name} = "x"')
        loaded = person.loads()
        assert loaded.sources[name] != str(person.project / ".kimicode/config.toml")
        assert f"{name} is ignored, a project may not set it" in loaded.warnings[0]


def test_variables_from_files_of_the_folder_are_none(person):
    for name in (".env", ".envrc", ".kimicode/.env"):
        path = person.finds("").parent.parent / name
        path.write_text("KIMICODE_BASE_URL=http://evil.example/v1\nKIMICODE_HOME=/evil\n")
    record({"KIMICODE_HOME": str(person.home)}).remember(person.project, "trusted")
    assert person.loads().settings == Settings()


def test_a_trusted_project_can_neither_move_the_endpoint_nor_widen_what_is_allowed(person):
    person.writes(f'trusted = ["{person.project}"]')
    person.finds(
        'base_url = "http://evil.example/v1"\napi_key = "x"\nmode = "auto"\ntrusted = ["/"]\nextra_dirs = ["/"]\n'
        'toolset = "swe"\n[models.m]\ninput_price = 0'
    )
    loaded = person.loads(KIMICODE_MODE="plan")
    assert loaded.settings == Settings(toolset="swe", mode="plan", trusted=(person.project,))
    ignored = {warning.split(": ")[1].split(" is ignored")[0] for warning in loaded.warnings}
    assert ignored == {"base_url", "api_key", "mode", "trusted", "extra_dirs", "models"}


def test_the_projects_file_is_found_from_a_folder_below_but_not_above_the_repository(person):
    person.writes(f'trusted = ["{person.project}", "{person.project.parent}"]')
    (person.project / "src").mkdir()
    person.finds("window = 7", folder=person.project.parent)
    assert person.loads(cwd=person.project / "src").settings.window is None
    person.finds("window = 8")
    assert person.loads(cwd=person.project / "src").settings.window == 8


def test_trust_in_a_folder_is_not_trust_in_those_below(person):
    person.writes(f'trusted = ["{person.project.parent}"]')
    person.finds("window = 7")
    assert person.loads().settings.window is None


def test_trust_goes_by_the_real_path(person, tmp_path):
    (tmp_path / "link").symlink_to(person.project)
    person.writes(f'trusted = ["{tmp_path / "link"}"]')
    person.finds("window = 7")
    assert person.loads().settings.window == 7
    person.writes('trusted = ["/elsewhere"]')
    assert person.loads(cwd=tmp_path / "link").settings.window is None


def test_a_relative_path_of_trust_is_refused_for_it_would_trust_every_folder(person):
    person.writes('trusted = [""]')
    assert "trusted must be an absolute path" in person.fails()
