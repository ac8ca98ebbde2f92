"""Secrets are taken out of text by their shape and by their value; ordinary text stays as it is."""

import random
import string
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.config.load import load
from kimicode.config.secrets import Redactor, Stream, known_secrets, redactor_for


def letters(count, of=string.ascii_letters + string.digits, seed=7):
    return "".join(random.Random(seed).choices(of, k=count))


# Made here, not written down: a scanner that reads this file finds no key.
KEYS = {
    "GitHub token": "ghp_" + letters(36),
    "GitHub fine": "github_pat_" + letters(40),
    "GitLab token": "glpat-" + letters(20),
    "AWS key": "AKIA" + letters(16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
    "OpenAI": "sk-proj-" + letters(48),
    "Moonshot": "sk-" + letters(48),
    "Anthropic": "sk-ant-api03-" + letters(60),
    "OpenRouter": "sk-or-v1-" + letters(64, "0123456789abcdef"),
    "Stripe": "sk_live_" + letters(24),
    "Google key": "AIza" + letters(35),
    "Slack token": "xoxb-" + letters(40),
    "Hugging Face": "hf_" + letters(34),
    "npm": "npm_" + letters(36),
    "PyPI": "pypi-AgE" + letters(60),
    "JWT": f"eyJ{letters(20)}.eyJ{letters(40)}.{letters(43)}",
    "Telegram": f"123456789:AA{letters(33)}",
    "header": "Authorization: Bearer " + letters(30),
    "private key": "-----BEGIN RSA PRIVATE KEY-----\n"
    + letters(64)
    + "\n"
    + letters(30)
    + "\n-----END RSA PRIVATE KEY-----",
}


@pytest.mark.parametrize("kind", KEYS)
def test_a_key_is_taken_out_wherever_it_stands(kind):
    key = KEYS[kind]
    for text in (key, f"KEY={key}\n", f'{{"key": "{key}"}}', f"export K='{key}' # mine", f"(see {key}, please)"):
        redacted = Redactor()(text)
        assert key not in redacted
        assert "[redacted: " in redacted
        assert key[len(key) // 2 :][:12] not in redacted


def test_the_words_around_a_key_stay():
    assert Redactor()(f"token = {KEYS['GitHub token']};") == "token = [redacted: GitHub token];"
    assert (
        Redactor()("url = postgres://me:hunter22@db.local/x") == "url = postgres://me:[redacted: password]@db.local/x"
    )
    line = "Authorization: Bearer abcdef0123456789"
    assert Redactor()(line) == "Authorization: Bearer [redacted: authorization]"


@pytest.mark.parametrize(
    "text",
    [
        "pip install sk-learn-contrib-something-quite-long",
        "commit 3f2a9b8c7d6e5f4a3b2c1d0e9f8a7b6c5d4e3f2a",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "https://example.org/a:b@c and http://host:8080/path",
        "git@github.com:me/it.git https://$USER:$TOKEN@host/",
        "id = 123e4567-e89b-12d3-a456-426614174000",
        "def authorization(token): return token.hf_name",
        "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk",
    ],
)
def test_ordinary_text_stays(text):
    assert Redactor()(text) == text


def test_values_that_are_known_are_taken_out(tmp_path):
    environ = {
        "KIMICODE_API_KEY": "local-key-4711-abc",
        "KIMICODE_BASE_URL": "http://127.0.0.1:1/v1",
        "DEPLOY_TOKEN": "w3ird-deploy-value",
        "PASSWORD": "production",
        "HOMEBREW_GITHUB_API_TOKEN": "/run/secrets/token1",
        "KIMICODE_HOME": str(tmp_path),
    }
    settings = load({}, cwd=tmp_path, environ=environ).settings
    assert sorted(known_secrets(settings, environ)) == [
        "local-key-4711-abc",
        "local-key-4711-abc",
        "w3ird-deploy-value",
    ]
    redact = redactor_for(settings, environ)
    assert redact("is w3ird-deploy-value right in production?") == "is [redacted: secret] right in production?"
    off = settings.model_copy(update={"redact": False})
    assert redactor_for(off, environ)(KEYS["npm"]) == KEYS["npm"]


@given(st.sampled_from(sorted(KEYS)), st.lists(st.integers(1, 40), min_size=1, max_size=60), st.sampled_from("\n \t"))
def test_a_key_that_comes_in_pieces_is_taken_out_too(kind, cuts, blank):
    text = f"first words{blank}{KEYS[kind]}{blank}last words"
    stream, shown, at = Stream(Redactor()), "", 0
    for size in cuts:
        shown += stream.feed(text[at : at + size])
        at += size
    shown += stream.feed(text[at:]) + stream.close()
    assert shown == Redactor()(text)
    assert KEYS[kind] not in shown


@given(st.text(max_size=300), st.integers(1, 20))
def test_pieces_without_a_secret_come_out_whole(text, size):
    stream = Stream(lambda piece: piece)
    pieces = [stream.feed(text[at : at + size]) for at in range(0, len(text), size)]
    assert "".join(pieces) + stream.close() == text


def test_dots_of_progress_are_not_held_back():
    stream = Stream(Redactor())
    assert stream.feed("tests/test_it.py ....") == "tests/test_it.py ...."


def test_a_long_log_costs_little():
    log = "GET /index.html 200 12ms key=value path=/var/lib/thing sha=0123456789abcdef\n" * 20_000
    began = time.process_time()
    assert Redactor(["some-secret-value-1"])(log) == log
    assert time.process_time() - began < 2.0
    hostile = "sk-" + "a-" * 100_000 + "eyJ" * 30_000 + "-----BEGIN PRIVATE KEY-----" * 2_000
    began = time.process_time()
    Redactor()(hostile)
    assert time.process_time() - began < 5.0


@pytest.mark.parametrize(
    "start", ["sk-", "sk-ab-", "a://", "eyJ.eyJ", "ghp_", "-----BEGIN PRIVATE KEY", "authorization: "]
)
def test_what_begins_like_a_key_again_and_again_costs_little(start):
    began = time.process_time()
    Redactor()(start * 20_000)
    assert time.process_time() - began < 5
