"""What of a home folder is shown: tools and settings, and nothing that opens a door."""

import os
import socket

import pytest

from kimicode.workspace.sandbox.home import git_settings_without_secrets, shown_of, sockets, system_secrets

SECRETS = [
    *(".ssh/id_ed25519", ".aws/credentials", ".gnupg/private", ".netrc", ".git-credentials", ".docker/config.json"),
    *(".kube/config", ".npmrc", ".pypirc", ".cargo/credentials.toml", ".cargo/config.toml", ".m2/settings.xml"),
    *(".gradle/gradle.properties", ".config/gh/hosts.yml", ".config/git/credentials", ".config/gcloud/x.db"),
    *(".mozilla/firefox/p/logins.json", ".config/google-chrome/Default/Cookies", ".local/share/keyrings/login.keyring"),
    *(".bash_history", ".cache/huggingface/token", ".gem/credentials", ".pub-cache/credentials.json", "snap/x/key"),
    *("id_rsa", "server.pem", "vault.kdbx", ".password-store/x.gpg", ".vault-token", ".dotnet/corefx/x509/key"),
    *(".terraform.d/credentials.tfrc.json", ".config/kimicode/config.toml", ".composer/auth.json", ".bundle/config"),
]
TOOLS = [
    *(".cargo/bin/cargo", ".cargo/registry/index", ".rustup/toolchains/x", ".nvm/versions/node", ".pyenv/shims/python"),
    *(".local/bin/tool", ".local/share/uv/python/x", ".m2/repository/x.jar", ".gradle/caches/x", "go/pkg/mod/x"),
    *("projects/other/README", ".config/git/ignore", ".cache/huggingface/hub/x", ".sdkman/candidates/java"),
]


@pytest.fixture
def home(tmp_path):
    folder = (tmp_path / "home").resolve()
    folder.mkdir()
    return folder


def put(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")


def seen(home, name):
    shown = set(shown_of(home))
    return any(path in shown for path in (home / name, *(home / name).parents))


@pytest.mark.parametrize("name", SECRETS)
def test_secrets_are_not_shown(home, name):
    put(home, *SECRETS, *TOOLS)
    assert not seen(home, name)


@pytest.mark.parametrize("name", TOOLS)
def test_tools_are_shown(home, name):
    put(home, *SECRETS, *TOOLS)
    assert seen(home, name)


def test_a_link_shows_no_secret_by_another_name(home):
    put(home, ".ssh/id_rsa", "real/file", ".cargo/bin/cargo")
    for name, target in (("keys", ".ssh"), ("work", "real"), ("loop", "loop"), ("bin", ".cargo/bin")):
        (home / name).symlink_to(target)
    shown = {path.name for path in shown_of(home)}
    assert "keys" not in shown
    assert {"work", "real", "bin"} <= shown


def test_settings_of_git_are_shown_where_no_password_is_in_them(home):
    (home / ".gitconfig").write_text("[user]\n\tname = A\n\temail = a@b.c\n[credential]\n\thelper = store\n")
    assert home / ".gitconfig" in set(shown_of(home))
    assert git_settings_without_secrets(home) is None


@pytest.mark.parametrize(
    "secret",
    [
        '[url "https://me:hunter22@example.org/"]\n\tinsteadOf = https://example.org/\n',
        "[http]\n\textraHeader = AUTHORIZATION: basic hunter22\n",
        "[sendemail]\n\tsmtpPass = hunter22\n",
        "[github]\n\ttoken = hunter22\n",
        '[credential]\n\thelper = "!f() { echo password=hunter22; }; f"\n',
        "[github]\n\ttoken = \\\nhunter22\n",
    ],
)
def test_a_copy_of_them_goes_without_the_password(home, secret):
    (home / ".gitconfig").write_text(f"[user]\n\tname = A\n{secret}[core]\n\tautocrlf = input\n")
    assert home / ".gitconfig" not in set(shown_of(home))
    copy = git_settings_without_secrets(home)
    assert "hunter22" not in copy
    assert "name = A" in copy
    assert "autocrlf = input" in copy


def test_an_unreadable_or_missing_home_shows_nothing(tmp_path):
    assert list(shown_of(tmp_path / "missing")) == []


def test_sockets_of_services_are_found_by_their_paths(tmp_path):
    with socket.socket(socket.AF_UNIX) as service:
        path = f"/tmp/kimicode-test-{os.getpid()}.socket"
        service.bind(path)
        service.listen()
        try:
            listing = [str(found) for found in sockets()]
        finally:
            os.unlink(path)
    assert path in listing
    assert sockets(tmp_path / "missing") == []


def test_folders_of_the_machine_are_real_paths_without_patterns():
    found = list(system_secrets())
    assert all(path.is_absolute() and "*" not in path.name for path in found)
    assert [path for path in found if path.resolve() != path] == []
