"""Secrets stay out of the sandbox whatever they are called; what a build needs stays in."""

import pytest

from kimicode.workspace.sandbox.variables import withheld, without_secrets

BUILD = {
    "PATH": "/usr/bin",
    "HOME": "/home/me",
    "LANG": "C.UTF-8",
    "USER": "me",
    "SHELL": "/bin/bash",
    "EDITOR": "vi",
    "VIRTUAL_ENV": "/venv",
    "PYTHONPATH": "src",
    "NODE_ENV": "test",
    "GOPATH": "/go",
    "JAVA_HOME": "/jdk",
    "CI": "1",
    "CC": "clang",
    "CFLAGS": "-O2",
    "RUSTFLAGS": "-D warnings",
    "MAKEFLAGS": "-j4",
    "LD_LIBRARY_PATH": "/opt/lib",
    "TOKENIZERS_PARALLELISM": "false",
    "KEYBOARD_LAYOUT": "de",
    "AUTHOR": "Me",
    "GIT_AUTHOR_NAME": "Me",
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "user.name",
    "GIT_CONFIG_VALUE_0": "me",
    "COMPASS": "north",
    "AWS_REGION": "eu-central-1",
    "AWS_PROFILE": "dev",
    "PROXY": "http://proxy.local:3128",
    "XDG_DATA_HOME": "/d",
    "DATABASE_URL": "postgres://localhost/test",
    "MAX_MONKEYS": "3",
    "SSH_TTY": "/dev/pts/1",
    "TERM": "xterm",
}


def test_what_a_build_may_need_is_passed_on_unchanged():
    assert withheld(BUILD) == ()
    assert without_secrets(BUILD) == BUILD


@pytest.mark.parametrize(
    "name",
    [
        *("OPENAI_API_KEY", "STRIPE_KEY", "GITHUB_TOKEN", "GH_PAT", "CI_JOB_TOKEN", "NPM_TOKEN", "githubtoken"),
        *("DB_PASSWORD", "PGPASSWORD", "MYSQL_PWD_SECRET", "DJANGO_SECRET_KEY", "SENTRY_DSN", "CI_JOB_JWT"),
        *("AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_WEB_IDENTITY_ROLE"),
        *("GOOGLE_APPLICATION_CREDENTIALS", "AZURE_CLIENT_ID", "VAULT_ADDR", "OP_SESSION_my", "BW_SESSION"),
        *("SSH_AUTH_SOCK", "SSH_ASKPASS", "GIT_ASKPASS", "DBUS_SESSION_BUS_ADDRESS", "XAUTHORITY", "DISPLAY"),
        *("KUBECONFIG", "KUBERNETES_PORT", "DOCKER_HOST", "DOCKER_CONFIG", "XDG_RUNTIME_DIR", "TMUX"),
        *("ACTIONS_RUNTIME_URL", "ACTIONS_ID_TOKEN_REQUEST_URL", "GITHUB_ENV", "GITHUB_OUTPUT", "VSCODE_IPC_HOOK_CLI"),
        *("npm_config_//registry.npmjs.org/:_authToken", "npm_config__auth", "SESSION_COOKIE", "ApiKey"),
    ],
)
def test_a_name_that_speaks_of_a_secret_or_of_the_persons_session_is_withheld(name):
    assert withheld({name: "x", "PATH": "/usr/bin"}) == (name,)


@pytest.mark.parametrize(
    "value",
    [
        "postgres://app:hunter2@db.local/app",
        "redis://:hunter2@cache:6379",
        "https://oauth2:abc@git.example/x.git",
        "https://0123456789abcdef0123@git.example/x.git",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nabc",
        "token ghp_0123456789abcdefghijKLMN",
        "sk-proj-0123456789abcdefghij",
        "eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0",
    ],
)
def test_a_value_that_is_a_secret_is_withheld_whatever_its_name(value):
    assert withheld({"SETTING": value}) == ("SETTING",)


def test_settings_for_git_that_hold_a_secret_are_withheld_together():
    settings = {
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": "user.name",
        "GIT_CONFIG_VALUE_0": "me",
        "GIT_CONFIG_KEY_1": "http.https://github.com/.extraheader",
        "GIT_CONFIG_VALUE_1": "AUTHORIZATION: basic abc",
    }
    assert without_secrets({**settings, "HOME": "/home/me"}) == {"HOME": "/home/me"}
