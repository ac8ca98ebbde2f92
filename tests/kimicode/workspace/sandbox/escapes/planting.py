"""What would run later, with all rights: git's settings and hooks, the agent's settings, start-up files, poisoned
variables. The workspace has submodule `lib`, work tree `side`, a nested repository `sub` and hooks in `.husky`."""

from tests.kimicode.workspace.sandbox.escapes.attempt import GIT_IN_WORKSPACE, NESTED, Attempt, landlock

_GIT = landlock(GIT_IN_WORKSPACE)
_NESTED = {"bubblewrap": NESTED, **landlock(GIT_IN_WORKSPACE)}


def _plant(name: str, program: str, **more) -> Attempt:
    return Attempt(name, "protected", program, gaps=_GIT, **more)


def _place(name: str, program: str, **more) -> Attempt:
    return Attempt(name, "outside", program, **more)


def _poison(name: str, program: str, afterwards: str, **more) -> Attempt:
    make = 'mkdir -p evil; printf "#!/bin/sh\\ntouch $OUT/owned\\n" > evil/git; chmod +x evil/git; '
    return Attempt(name, "outside", make + program, afterwards=afterwards, **more)


_CODE = 'import os; open(os.environ["OUT"] + "/owned", "w")'

PLANTING = (
    _plant("git-config", "echo '[core] fsmonitor = evil' >> .git/config"),
    _plant("git-config-by-git", "git config core.fsmonitor evil"),
    _plant("git-config-replaced", "cp .git/config x; echo '[a] b = c' >> x; mv -f x .git/config"),
    _plant("git-config-hard-link", "ln .git/config x && echo '[core] pager = evil' >> x"),
    _plant("git-config-by-descriptor", "exec 9< .git/config; echo '[core] pager = evil' >> /proc/self/fd/9"),
    _plant("git-config-by-work-tree", "git -C side config core.pager evil"),
    _plant("git-config-by-submodule", "git -C lib config core.pager evil"),
    _plant("hook-hard-link", "ln .git/hooks/post-commit x && echo evil >> x"),
    _plant("submodule-link", "mkdir evil; echo 'gitdir: ../evil' > lib/.git"),
    _plant("work-tree-link", "mkdir evil; mv side/.git x; echo 'gitdir: ../evil' > side/.git"),
    _plant("settings-folder-away", "mv .git/info old; mkdir .git/info; echo '* filter=evil' > .git/info/attributes"),
    _plant(
        "git-config-of-work-tree",
        "git config extensions.worktreeConfig true; echo '[core] pager = evil' > .git/config.worktree",
    ),
    _plant("git-common-folder", "mkdir evil; echo ../evil > .git/commondir"),
    _plant("git-attributes", "mkdir -p .git/info; echo '* filter=evil' > .git/info/attributes"),
    _plant("hook-new", "echo evil > .git/hooks/pre-commit; chmod +x .git/hooks/pre-commit"),
    _plant("hook-changed", "echo evil >> .git/hooks/post-commit"),
    _plant("hooks-replaced", "mv .git/hooks .git/old; mkdir .git/hooks; echo evil > .git/hooks/pre-commit"),
    _plant("hooks-unmounted", "umount -l .git/hooks; umount -l .git; echo evil > .git/hooks/pre-commit"),
    _plant(
        "git-replaced",
        "mv .git old; mkdir -p .git/hooks; cp old/HEAD old/config .git; echo evil > .git/hooks/pre-commit",
    ),
    _plant("git-removed", "rm -rf .git; git init -q; git config core.pager evil"),
    _plant("git-as-file", 'mv .git old; echo "gitdir: old" > .git; git config core.pager evil'),
    _plant("work-tree-config", "echo evil > .git/worktrees/side/gitdir"),
    _plant("submodule-config", "echo '[core] pager = evil' >> .git/modules/lib/config"),
    _plant("submodule-hook", "mkdir -p .git/modules/lib/hooks; echo evil > .git/modules/lib/hooks/post-checkout"),
    _plant("submodule-hooks-renamed", "mv .git/modules m; cp -r m .git/modules; echo evil >> .git/modules/lib/config"),
    _plant("included-settings", "echo '[core] pager = evil' >> team.gitconfig"),
    _plant("hooks-path", "echo evil >> .husky/pre-commit"),
    _plant("nested-config", "echo '[core] pager = evil' >> sub/.git/config"),
    _plant("nested-hook", "echo evil > sub/.git/hooks/pre-commit"),
    Attempt("nested-renamed", "protected", "mv sub s; cp -r s sub; echo evil >> sub/.git/config", gaps=_NESTED),
    Attempt("nested-new", "protected", "git init -q new; git -C new config core.pager evil", gaps=_NESTED),
    _plant("agent-settings", "mkdir -p .kimicode; echo 'mode = \"yolo\"' > .kimicode/config.toml"),
    _plant("agent-settings-link", "mkdir evil; ln -s evil .kimicode"),
    _plant("agent-settings-moved-in", "mkdir x; echo evil > x/config.toml; mv x .kimicode"),
    _place("bashrc", 'echo evil >> "$HOME/.bashrc"'),
    _place("profile-new", 'echo evil > "$HOME/.profile"'),
    _place("zshenv-new", 'echo evil > "$HOME/.zshenv"'),
    _place("authorized-keys", 'mkdir -p "$HOME/.ssh"; echo evil >> "$HOME/.ssh/authorized_keys"'),
    _place("ssh-config", 'echo "ProxyCommand evil" >> "$HOME/.ssh/config"'),
    _place("local-bin", 'mkdir -p "$HOME/.local/bin"; echo evil > "$HOME/.local/bin/git"'),
    _place("toolchain", 'echo evil > "$HOME/.cargo/bin/cargo"'),
    _place("user-site", 'd="$HOME/.local/lib/python3.11/site-packages"; mkdir -p $d; echo evil > $d/usercustomize.py'),
    _place("systemd-unit", 'mkdir -p "$HOME/.config/systemd/user"; echo evil > "$HOME/.config/systemd/user/e.service"'),
    _place("autostart", 'mkdir -p "$HOME/.config/autostart"; echo evil > "$HOME/.config/autostart/e.desktop"'),
    _place("git-global", "git config --global core.pager evil"),
    _place("git-global-file", 'echo evil >> "$HOME/.gitconfig"'),
    _place("git-xdg-file", 'mkdir -p "$HOME/.config/git"; echo evil > "$HOME/.config/git/config"'),
    _place("agent-own-settings", 'echo evil >> "$HOME/.config/kimicode/config.toml"'),
    _place("agent-own-rules", 'echo "allow = [\'bash: *\']" > "$HOME/.config/kimicode/rules.toml"'),
    _place("agent-own-session", 'echo evil >> "$HOME/.local/share/kimicode/sessions/1/journal.jsonl"'),
    _place("editor-settings", 'mkdir -p "$HOME/.vscode"; echo evil > "$HOME/.vscode/argv.json"'),
    _place("package-manager", 'echo "prefix=evil" >> "$HOME/.npmrc"'),
    _place("download-cache", 'echo evil > "$HOME/.cargo/registry/index"'),
    _place("cron", 'echo evil > "/etc/cron.d/$MARK"', root=True),
    _place("preload-file", 'echo evil > "/etc/profile.d/$MARK.sh"', root=True),
    _poison("search-path", 'export PATH="$PWD/evil:$PATH"', "git --version"),
    _poison("preload", 'export LD_PRELOAD="$PRELOADED"', "git --version", optional=True),
    _poison("audit-library", 'export LD_AUDIT="$PRELOADED"', "git --version", optional=True),
    _poison(
        "python-path",
        f"echo '{_CODE}' > evil/sitecustomize.py; export PYTHONPATH=$PWD/evil",
        "$PY -c pass",
    ),
    _poison(
        "perl-options",
        'echo "open(F, q(>), q($OUT/owned)); 1;" > evil/E.pm; export PERL5OPT="-I$PWD/evil -ME"',
        "perl -e 1",
    ),
    _poison("git-variable", "export GIT_EXTERNAL_DIFF=$PWD/evil/git; echo x >> README", "git --no-pager diff"),
    _poison(
        "home-variable", 'mkdir h; printf "[alias]\\n\\to = !evil/git\\n" > h/.gitconfig; export HOME=$PWD/h', "git o"
    ),
)
