"""The policy of real places, and what it comes to when a real layer enforces it."""

import os
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest

from kimicode.errors import ConfigError
from kimicode.workspace.sandbox import bubblewrap, secretfiles
from kimicode.workspace.sandbox.layers import PACKAGE_ROOT, program_places
from kimicode.workspace.sandbox.workspace import Place, policy_for
from tests.fakes.ground import ground, layer, people


def git(folder, *words):
    command = ["git", "-c", "user.name=A", "-c", "user.email=a@b.c", "-c", "protocol.file.allow=always", *words]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=30)


@pytest.fixture
def home(tmp_path):
    folder = tmp_path.resolve() / "home" / "person"
    for name in (".ssh", ".cargo/bin", "projects", ".config/git"):
        (folder / name).mkdir(parents=True)
    (folder / ".ssh" / "id_rsa").write_text("SECRET")
    return folder


def place_of(home, *roots, **changes):
    own = tuple(home / ".agent" / name for name in ("config", "data"))
    made = Place(roots, home.parent / "scratch", home=home, own=own, cache=home / ".agent" / "cache")
    made.scratch.mkdir(exist_ok=True)
    return replace(made, **changes)


def project_in(folder, name="project"):
    project = folder / name
    project.mkdir(parents=True)
    git(project, "init", "-q")
    (project / "file").write_text("text\n")
    git(project, "add", "file")
    git(project, "commit", "-qm", "one")
    return project


# --- what it says ---------------------------------------------------------------------------------------------


def test_a_project_is_writable_and_the_home_is_hidden(home):
    project = project_in(home / "projects")
    policy = policy_for(place_of(home, project))
    assert policy.writable[:2] == (project, project / ".git")
    assert {project / ".git" / "config", project / ".git" / "hooks", project / ".kimicode"} <= set(policy.protected)
    assert home in policy.hidden
    assert {home / ".cargo" / "bin", home / "projects"} <= set(policy.shown)
    assert policy.gaps == ()


def test_what_is_on_the_way_to_something_protected_keeps_its_place(home):
    project = project_in(home / "projects")
    (project / "tools").mkdir()
    (project / "tools" / "gitconfig").touch()
    with open(project / ".git" / "config", "a") as config:
        config.write("[include]\npath = ../tools/gitconfig\n")
    policy = policy_for(place_of(home, project))
    assert project / "tools" / "gitconfig" in policy.protected
    assert {project / "tools", project / ".git" / "info"} <= set(policy.writable)


def test_a_repository_in_the_project_is_protected_and_can_be_moved_with_its_folder(home):
    project = project_in(home / "projects")
    inner = project_in(project / "vendor", "lib")
    policy = policy_for(place_of(home, project))
    assert {inner / ".git" / "config", inner / ".git" / "hooks"} <= set(policy.protected)
    assert inner / ".git" in policy.writable
    assert project / "vendor" not in policy.writable


@pytest.mark.parametrize("folder", ["", "..", "../..", "/"])
def test_a_home_folder_or_more_is_refused(home, folder):
    with pytest.raises(ConfigError, match="cannot be confined") as caught:
        policy_for(place_of(home, home / folder))
    assert "project" in caught.value.hint


def test_a_home_that_is_the_root_of_all_does_not_hide_all(home):
    policy = policy_for(replace(place_of(home, project_in(home / "projects")), home=Path("/")))
    assert Path("/") not in policy.hidden


@pytest.mark.parametrize("name", [".git", ".kimicode"])
def test_a_link_in_the_place_of_something_protected_is_refused(home, name):
    project = home / "projects" / "linked"
    project.mkdir()
    (project / name).symlink_to(home / ".ssh")
    with pytest.raises(ConfigError, match="is a link"):
        policy_for(place_of(home, project))


def test_folders_in_each_other_and_behind_links_count_once(home):
    project = project_in(home / "projects")
    (project / "sub").mkdir()
    (home / "link").symlink_to(project)
    policy = policy_for(place_of(home, project / "sub", project, home / "link", home / "link" / "sub"))
    tops = [path for path in policy.writable if path == project or project in path.parents]
    assert tops.count(project) == 1
    assert home / "link" not in policy.writable
    assert project / "sub" / ".kimicode" in policy.protected


def test_the_folder_in_which_the_agent_was_started_gets_no_repository_of_its_own(home):
    project = project_in(home / "projects")
    (project / "sub").mkdir()
    assert project / "sub" / ".git" in policy_for(place_of(home, project / "sub", project)).protected


def test_secrets_of_the_project_are_hidden_but_those_that_the_person_shows(home):
    project = project_in(home / "projects")
    for name in (".env", ".env.test", "deploy/.env"):
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).write_text("KEY=SECRET")
    (project / "deploy" / ".env.local").symlink_to(home / ".ssh" / "id_rsa")
    policy = policy_for(place_of(home, project, readable=(project / ".env.test", home / ".aws")))
    assert {project / ".env", project / "deploy" / ".env"} <= set(policy.hidden)
    assert project / ".env.test" not in policy.hidden
    assert home / ".aws" in policy.shown


def test_hostile_links_do_not_disturb_it(home):
    project = project_in(home / "projects")
    (project / ".env").symlink_to(".env")
    (project / ".env.a").symlink_to("/")
    (project / ".env.b").symlink_to("x/" * 2000)
    (project / "nested").mkdir()
    (project / "nested" / ".git").symlink_to("nested")
    policy = policy_for(place_of(home, project))
    assert policy.writable[0] == project
    assert "/" not in map(str, policy.hidden)


def test_caches_lead_into_a_folder_of_the_project_alone(home):
    first, second = project_in(home / "projects"), project_in(home / "projects", "other")
    one, two = (policy_for(place_of(home, project)) for project in (first, second))
    assert one.variables["GOCACHE"] != two.variables["GOCACHE"]
    assert os.path.isdir(one.variables["XDG_CACHE_HOME"])
    assert one.variables["TMPDIR"] == str(one.scratch)
    assert any(str(folder) in one.variables["XDG_CACHE_HOME"] for folder in one.writable)


def test_where_the_agent_can_keep_nothing_caches_go_with_the_session(home):
    (home / "file").touch()
    nowhere = home / "file" / "cache"
    policy = policy_for(place_of(home, project_in(home / "projects"), own=(nowhere,), cache=nowhere))
    assert policy.variables["GOCACHE"].startswith(f"{policy.scratch}/")
    assert os.path.isdir(policy.variables["GOCACHE"])


def test_settings_of_git_with_a_password_are_replaced_by_a_copy(home):
    (home / ".gitconfig").write_text("[user]\nname = A\n[http]\nextraHeader = hunter22\n")
    policy = policy_for(place_of(home, project_in(home / "projects")))
    copy = Path(policy.variables["GIT_CONFIG_GLOBAL"])
    assert "hunter22" not in copy.read_text()
    assert home / ".gitconfig" not in policy.shown


def test_a_folder_that_is_too_large_to_be_searched_is_said_to_be(home):
    project = home / "projects" / "large"
    project.mkdir()
    for number in range(31):
        folder = project / f"folder-{number:02}"
        (folder / "sub").mkdir(parents=True)
        for name in range(1000):
            os.link(home / ".ssh" / "id_rsa", folder / f"file-{name}")
    assert "too large" in policy_for(place_of(home, project)).gaps[0]


def test_whoever_works_on_kimicode_itself_is_told_what_that_means(home):
    assert any("kimicode itself" in gap for gap in policy_for(place_of(home, PACKAGE_ROOT)).gaps)


def test_it_is_made_quickly(home):
    project = project_in(home / "projects")
    for number in range(30):
        folder = project / f"folder-{number}"
        folder.mkdir()
        for name in range(30):
            (folder / f"file-{name}").touch()
    place = place_of(home, project)
    policy_for(place)
    began = time.process_time()
    policy_for(place)
    assert time.process_time() - began < 0.3, "some 10 ms are usual"


# --- what comes of it -----------------------------------------------------------------------------------------


@pytest.fixture(params=people())
def ready(request, home):
    """Ground whose policy is that of a project: `prepare(*roots)` makes it."""
    with ground("bubblewrap", request.param) as made:

        def prepare(home, *roots, **changes):
            policy = policy_for(place_of(home, *roots, **changes))
            # The Python that runs this may lie in a folder of root's alone; that of the ground does not.
            own = program_places() if made.who == "nobody" else ()
            shown = (*(path for path in policy.shown if path not in own), *made.policy.shown)
            made.policy = replace(policy, shown=shown, scratch=made.scratch)
            made.belongs_to_them(home)
            return made

        made.home = made.outside / "home" / "person"
        (made.home / ".ssh").mkdir(parents=True)
        (made.home / ".ssh" / "id_rsa").write_text("SECRET")
        made.prepare = prepare
        yield made


COMMIT = "echo b > file; git -c user.name=A -c user.email=a@b.c commit -qam two; git log --oneline | wc -l"


def test_commits_are_made_and_settings_and_hooks_are_not(ready):
    project = project_in(ready.home / "projects")
    ready.prepare(ready.home, project)
    done = ready.sh(COMMIT)
    assert done.stdout.splitlines()[-1] == "2", done.stdout
    before = sorted(os.listdir(project / ".git" / "hooks")), (project / ".git" / "config").read_text()
    ready.sh("git config core.fsmonitor evil; touch .git/hooks/pre-commit; git init; echo x > .git/commondir")
    assert before == (sorted(os.listdir(project / ".git" / "hooks")), (project / ".git" / "config").read_text())
    assert not {"commondir", "config.worktree"} & set(os.listdir(project / ".git"))
    assert not (project / ".kimicode").exists()


def test_a_linked_work_tree_commits_too(ready):
    project = project_in(ready.home / "projects")
    tree = ready.home / "trees" / "one"
    git(project, "worktree", "add", "-q", str(tree))
    ready.prepare(ready.home, tree)
    done = ready.sh(COMMIT)
    assert done.stdout.splitlines()[-1] == "2", done.stdout
    ready.sh("echo evil > .git; echo /evil > $(git rev-parse --git-dir)/commondir; touch $1/evil", str(project))
    assert (project / ".git" / "worktrees" / "one" / "commondir").read_text() == "../..\n"
    assert (tree / ".git").read_text().startswith("gitdir: ")
    assert not (project / "evil").exists()


def test_keys_in_the_home_are_not_there_but_the_project_in_it_is(ready):
    project = project_in(ready.home / ".hidden" / "deep")
    ready.prepare(ready.home, project)
    done = ready.sh('cat "$1"/.ssh/id_rsa; ls -A "$1" "$1"/.hidden; cat file', str(ready.home))
    assert "SECRET" not in done.stdout
    assert ".ssh" not in done.stdout.splitlines()
    assert "text" in done.stdout.splitlines()


def test_the_agents_own_folders_are_out_of_reach_even_in_the_workspace(ready):
    project = project_in(ready.home / "projects")
    own = project / "agent"
    ready.prepare(ready.home, project, own=(own,), cache=own / "cache")
    (own / "config.toml").write_text("api_key = SECRET")
    done = ready.sh("cat agent/config.toml; echo x > agent/new; mv agent other; echo x > $GOCACHE/object; ls agent")
    assert "SECRET" not in done.stdout
    assert sorted(os.listdir(own)) == ["cache", "config.toml"]


def test_many_hidden_files_are_within_what_bubblewrap_can_do(ready):
    project = ready.home / "projects" / "many"
    for number in range(secretfiles.MOST + 20):  # a search ends after a while, and a busy machine needs it
        (project / str(number)).mkdir(parents=True)
        (project / str(number) / ".env").write_text("SECRET")
    ready.prepare(ready.home, project)
    assert "too large" in ready.policy.gaps[0]
    assert len(bubblewrap.plan(ready.policy)) < bubblewrap.MOST_MOUNTS
    hidden = [path for path in ready.policy.hidden if path.name == ".env"]
    assert len(hidden) == secretfiles.MOST
    assert "SECRET" not in ready.sh('cat "$@"', *map(str, hidden)).stdout


def test_landlock_alone_hides_the_home_too(home):
    layer("landlock")
    with ground("landlock", "self") as made:
        project = project_in(home / "projects")
        policy = policy_for(place_of(home, project))
        made.policy = replace(policy, shown=(*policy.shown, *made.policy.shown), scratch=made.scratch)
        done = made.sh('cat "$1"/.ssh/id_rsa; echo more >> file; git status --short', str(home))
        assert "SECRET" not in done.stdout
        assert " M file" in done.stdout
        assert (project / "file").read_text() == "text\nmore\n"
