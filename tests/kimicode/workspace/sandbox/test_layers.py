"""Each layer around real commands, as root and as an ordinary user: what they did is looked up from outside.

Every attempt is also made without a layer, where it has to succeed: otherwise it would prove nothing.
"""

import os
import socket
import subprocess
import time

import pytest

from kimicode.workspace.sandbox.layers import prepare
from tests.fakes.ground import ground, people

LAYERS = ["bubblewrap", "landlock"]


@pytest.fixture(params=people())
def who(request):
    return request.param


@pytest.fixture(params=LAYERS)
def field(request, who):
    with ground(request.param, who) as made:
        yield made


@pytest.fixture
def wrapped(who):
    with ground("bubblewrap", who) as made:
        yield made


# --- what works -----------------------------------------------------------------------------------------------


def test_a_command_reads_the_system_and_changes_the_workspace(field):
    done = field.sh("ls /usr/bin | wc -l; mkdir -p a/b && echo text > a/b/file && mv a/b/file moved && rmdir a/b")
    assert done.returncode == 0, done.stdout
    assert int(done.stdout) > 10
    assert (field.workspace / "moved").read_text() == "text\n"


def test_usual_devices_and_temporary_files_work(field):
    script = 'echo x > /dev/null && head -c 4 /dev/urandom | wc -c && t=$(mktemp) && echo y > "$t" && cat "$t"'
    done = field.sh(script)
    assert done.stdout == "4\ny\n"
    assert list(field.scratch.iterdir()) != []


def test_git_commits_in_it(field):
    setup = "git init -q . && git config user.email a@b.c && git config user.name A"
    assert field.sh(setup).returncode == 0
    git = field.workspace / ".git"
    field.give(writable=(field.workspace, git), protected=(git / "config", git / "hooks", git / "commondir"))
    done = field.sh("echo a > a && git add a && git commit -qm one && echo b > a && git stash -q && cat a")
    assert done.stdout == "a\n"
    assert done.returncode == 0


# --- files ----------------------------------------------------------------------------------------------------


CHANGES = (
    'echo changed > "$1/file"',
    'echo more >> "$1/file"',
    'truncate -s 0 "$1/file"',
    'rm -f "$1/file"',
    'mv "$1/file" "$1/other"',
    'ln -s "$1/file" link && echo changed > link',
    'ln "$1/file" hard && echo changed > hard',
    'echo changed > new && mv -f new "$1/file"',
    'cd "$1" && echo changed > ../*/file',
    "perl -e 'truncate($ARGV[0], 0)' \"$1/file\"",
    'mv "$1" here && echo changed > here/file',
    'dd if=/dev/zero of="$1/file" bs=1 count=1 conv=notrunc',
)


def test_nothing_outside_is_changed(field):
    places = [field.outside / str(number) / "folder" for number in range(len(CHANGES))]
    for place in places:
        place.mkdir(parents=True)
        (place / "file").write_text("as it was\n")
        for path in (place.parent, place, place / "file"):
            path.chmod(0o777)
    script = "".join(f"mkdir {n} && (cd {n} && {{ {each}; }})\n" for n, each in enumerate(CHANGES))
    for number, place in enumerate(places):
        script = script.replace(f"(cd {number} &&", f"(cd {number} && set -- '{place}' &&")
    field.sh(script)
    assert [list(place.iterdir()) for place in places] == [[place / "file"] for place in places]
    assert {(place / "file").read_text() for place in places} == {"as it was\n"}
    field.bare(f"rm -rf -- *; {script}")
    assert [
        place for place in places if (place / "file").exists() and (place / "file").read_text() == "as it was\n"
    ] == []


def test_nothing_new_is_made_outside(field):
    script = 'touch "$1/a"; mkdir "$1/b"; ln -s x "$1/c"; mkfifo "$1/d"; touch e; mv e "$1/e"; true'
    field.sh(script, str(field.outside))
    assert list(field.outside.iterdir()) == []
    field.bare(script, str(field.outside))
    assert len(list(field.outside.iterdir())) == 5


READINGS = (
    'cat "$1"',
    'cp "$1" copy && cat copy',
    'ln -s "$1" link && cat link',
    'tr a a < "$1"',
    'grep -r . "${1%/*}"',
)


def test_what_is_hidden_cannot_be_read(field):
    folder = field.outside / "secrets"
    folder.mkdir()
    (folder / "key").write_text("SECRET\n")
    field.give(hidden=(folder,))
    assert "SECRET" not in field.sh("; ".join(READINGS), str(folder / "key")).stdout
    field.bare("rm -f link copy")
    for script in READINGS:
        assert "SECRET" in field.bare(script, str(folder / "key")).stdout


def test_what_is_shown_in_a_hidden_folder_can_be_read(field):
    home = field.outside / "home"
    (home / "tools").mkdir(parents=True)
    (home / "tools" / "program").write_text("tool\n")
    (home / "key").write_text("SECRET\n")
    field.give(hidden=(home,), shown=(*field.policy.shown, home / "tools"))
    done = field.sh('cat "$1/tools/program" "$1/key"', str(home))
    assert "tool\n" in done.stdout
    assert "SECRET" not in done.stdout


def test_a_hidden_file_in_the_workspace_can_neither_be_read_nor_replaced(wrapped):
    secret = wrapped.workspace / ".env"
    secret.write_text("SECRET\n")
    wrapped.give(hidden=(secret,))
    done = wrapped.sh("cat .env; cp .env a; ln .env b; mv .env c; echo x > .env; rm -f .env; cat a b c; ls")
    assert "SECRET" not in done.stdout
    assert secret.read_text() == "SECRET\n"
    assert {path.name for path in wrapped.workspace.iterdir()} <= {".env", "a", "c"}
    assert all(path == secret or path.read_bytes() == b"" for path in wrapped.workspace.iterdir())


PLANTS = (
    "echo evil >> .git/config",
    "mv .git/config x; cp x .git/config; echo evil >> .git/config",
    "rm -rf .git/hooks; mkdir .git/hooks; touch .git/hooks/pre-commit",
    "touch .git/hooks/pre-commit",
    "mv .git/hooks .git/old; mkdir -p .git/hooks; touch .git/hooks/pre-commit",
    "mv .git .old; mkdir -p .git/hooks; touch .git/hooks/pre-commit",
    "echo ../evil > .git/commondir",
    "mkdir .kimicode; touch .kimicode/config.toml",
    "git config -f .git/config core.fsmonitor evil",
    "rmdir .kimicode; ln -s /tmp .kimicode",
)


def repository(folder):
    git = folder / ".git"
    (git / "hooks").mkdir(parents=True)
    (git / "config").write_text("[core]\n")
    return git


def test_what_is_protected_stays_as_it_is_even_where_it_is_not_there_yet(wrapped):
    git = repository(wrapped.workspace)
    names = (git / "config", git / "hooks", git / "commondir", wrapped.workspace / ".kimicode")
    wrapped.give(writable=(wrapped.workspace, git), protected=names)
    wrapped.belongs_to_them(git)
    before = state(wrapped.workspace)
    done = wrapped.sh("; ".join(PLANTS) + "; touch done")
    assert (wrapped.workspace / "done").exists(), done.stdout
    (wrapped.workspace / "done").unlink()
    assert state(wrapped.workspace) == before


@pytest.mark.parametrize("script", PLANTS)
def test_each_of_these_attempts_succeeds_without_a_layer(tmp_path, script):
    repository(tmp_path)
    before = state(tmp_path)
    subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, timeout=30)
    assert state(tmp_path) != before


def state(folder):
    """Paths and contents below a folder, but for what commands may leave there."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b""
        for path in folder.rglob("*")
        if path.name not in ("x", ".old", "old")
    }


def test_the_workspace_may_have_any_name_and_lie_anywhere(who):
    for name in ("with space", "new\nline", "émoji 🐛", "-dash", "quote'\"$(touch x)", "\udcff"):
        with ground("bubblewrap", who) as made:
            folder = made.outside / name
            folder.mkdir()
            os.chmod(folder, 0o777)
            made.give(writable=(folder,), hidden=(made.outside,), shown=made.policy.shown[1:])
            done = made.sh("echo here > file; ls -A ..")
            assert (folder / "file").read_text() == "here\n", done.stdout
            assert "outside" not in done.stdout


def test_a_writable_folder_in_a_hidden_one_in_a_writable_one_is_writable(wrapped):
    inner = wrapped.workspace / "hidden" / "inner"
    inner.mkdir(parents=True)
    (inner.parent / "secret").write_text("SECRET")
    for folder in (inner, inner.parent):
        os.chmod(folder, 0o777)
    wrapped.give(writable=(wrapped.workspace, inner), hidden=(inner.parent,))
    done = wrapped.sh("cat hidden/secret; touch hidden/inner/made hidden/made")
    assert "SECRET" not in done.stdout
    assert sorted(path.name for path in inner.parent.rglob("*")) == ["inner", "made", "secret"]


# --- everything else ------------------------------------------------------------------------------------------


def test_the_network_of_the_machine_is_out_of_reach(field):
    with socket.create_server(("127.0.0.1", 0)) as host, socket.socket(socket.AF_UNIX) as local:
        host.settimeout(5)
        path = field.outside / "socket"
        local.bind(str(path))
        local.listen()
        os.chmod(path, 0o777)
        field.give(hidden=(path,))
        connect = "import socket,sys; s=socket.socket({}); s.connect({}); s.close()"
        programs = [
            connect.format("", f"('127.0.0.1', {host.getsockname()[1]})"),
            connect.format("socket.AF_UNIX", repr(str(path))),
        ]
        for program in programs:
            assert field.run("python3", "-c", program).returncode != 0
        for server in (host, local):
            server.setblocking(False)
            with pytest.raises(BlockingIOError):
                server.accept()
        for program in programs:
            assert field.bare('python3 -c "$1"', program).returncode == 0


def test_an_abstract_socket_of_the_machine_is_out_of_reach(field):
    with socket.socket(socket.AF_UNIX) as host:
        name = f"\0ground-{os.getpid()}-{field.who}"
        host.bind(name)
        host.listen()
        program = f"import socket; s=socket.socket(socket.AF_UNIX); s.connect({name!r})"
        assert field.run("python3", "-c", program).returncode != 0
        assert subprocess.run(["python3", "-c", program], timeout=30).returncode == 0


def test_no_process_of_the_machine_can_be_signalled_or_looked_into(field):
    with subprocess.Popen(["sleep", "60"], env={"SECRET_OF_IT": "SECRET"}) as other:
        script = 'kill -9 "$1"; cat "/proc/$1/environ"; ls -l "/proc/$1/cwd/"'
        done = field.sh(script, str(other.pid))
        assert other.poll() is None
        assert "SECRET" not in done.stdout
        other.kill()


def test_commands_have_no_capabilities_and_cannot_get_any(field):
    done = field.sh("grep -E 'Cap(Prm|Eff|Amb)|NoNewPrivs|Seccomp:' /proc/self/status")
    values = dict(line.split(":\t") for line in done.stdout.splitlines())
    assert {values[name] for name in ("CapPrm", "CapEff", "CapAmb")} == {"0" * 16}
    assert values["NoNewPrivs"] == "1"
    assert values["Seccomp"] == "2"


def test_mounts_can_neither_be_made_nor_taken_away(wrapped):
    git = wrapped.workspace / ".git"
    git.mkdir()
    wrapped.give(protected=(git,))
    done = wrapped.sh("umount .git; mount -t tmpfs none .; unshare -r true; unshare -m true; touch .git/x; ls -A .git")
    assert list(git.iterdir()) == []
    assert "x" not in done.stdout.splitlines()


def test_settings_of_the_kernel_cannot_even_be_opened_for_writing(field):
    script = """
    for f in $(find /proc/[a-z]* -maxdepth 3 -type f -not -path "/proc/*self/*" 2>/dev/null); do
        { exec 3>>"$f"; } 2>/dev/null && echo "$f"
    done; true"""
    assert field.sh(script).stdout == ""
    if os.geteuid() == 0:
        assert "/proc/sys/kernel/core_pattern\n" in field.bare(script).stdout


def test_output_can_be_opened_by_its_name(field):
    script = "{ echo one > /dev/stdout; echo two > /dev/stderr; echo three | cat /dev/stdin; } 2>&1 | cat"
    assert field.sh(script).stdout.split() == ["one", "two", "three"]


def test_no_descriptor_is_passed_on(field):
    with open(__file__, "rb") as file:
        os.set_inheritable(file.fileno(), True)
        done = field.sh("ls -l /proc/self/fd | grep -c test_layers; ls /proc/self/fd | wc -l")
    assert done.stdout.split() == ["0", "4"]


def test_all_ends_with_the_program_that_was_started(wrapped):
    heart = wrapped.workspace / "beats"
    script = "(setsid bash -c 'trap \"\" TERM HUP; while :; do echo b >> beats; sleep 0.05; done' &) ; sleep 60"
    with wrapped.prepared("bash", "-c", script) as (argv, descriptors):
        process = subprocess.Popen(argv, pass_fds=descriptors, env={"PATH": os.environ["PATH"]})
        deadline = time.monotonic() + 30
        while not heart.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert heart.exists()
        process.kill()
        process.wait()
        time.sleep(0.3)
        size = heart.stat().st_size
        time.sleep(0.3)
        assert heart.stat().st_size == size


def test_a_mask_that_falls_because_its_file_is_replaced_is_reported(wrapped):
    secret = wrapped.workspace / ".env"
    secret.write_text("old")
    wrapped.give(hidden=(secret,))
    prepared = prepare(wrapped.layer, wrapped.policy, ("true",), {}, records=wrapped.records)
    assert prepared.fallen() == ()
    new = wrapped.outside / "new"
    new.write_text("new")
    new.rename(secret)
    assert prepared.fallen() == (secret,)
    prepared.cleanup()
