"""Programs and options behind which any other command can hide: no rule may allow them."""

from collections.abc import Sequence

_KINDS = {
    "shells": "ash bash busybox cmd csh dash elvish fish ksh mksh nu pwsh rbash sh tcsh toybox xonsh yash zsh",
    "words of the shell": (
        ". [ alias bind builtin case command complete coproc declare do enable eval exec export fc for function "
        "hash if local mapfile read readonly select set shopt source test then time times trap typeset unalias "
        "unset until while"
    ),
    "interpreters": (
        "awk bc bun clojure cscript dc deno elixir erl expect gawk gdb ghci groovy guile irb java jdb jshell julia "
        "jython kotlin lldb lua luajit m4 mawk mysql nawk node nodejs ocaml octave osascript perl php psql r "
        "racket rscript ruby sbcl scala sed sqlite swift tclsh ts-node tsx"
    ),
    "wrappers of other commands": (
        "at batch cgexec chpst chroot chrt crontab daemonize dbus-run-session doas entr env fakeroot faketime fd "
        "find firejail flock gosu ionice launchctl ltrace nice nohup nsenter numactl parallel perf pkexec "
        "proxychains rlwrap rr runuser script service setarch setpriv setsid stdbuf strace su sudo systemctl "
        "systemd-run taskset timeout torsocks unbuffer unshare valgrind watch watchexec xargs xvfb-run"
    ),
    "editors and pagers": (
        "code ed edit emacs emacsclient ex gvim helix hx info joe kak less lynx man mc micro more most nano nvim "
        "pico rvim screen tmux vi view vim vimdiff visudo vscode w3m zellij"
    ),
    "other machines and containers": (
        "ansible aws az curl docker docker-compose ftp gcloud gh glab helm kubectl lxc nc ncat nerdctl netcat "
        "podman rsh rsync scp sftp socat ssh sshpass telnet terraform tofu vagrant virsh wget wsl"
    ),
    "installers and builders of whatever a file says": (
        "apt apt-get aptitude bazel brew bundle bunx cmake conda dnf dpkg flatpak gem gradle gradlew just mamba "
        "meson mvn nix nix-shell npx pacman pip pipx pkg poetry port rake rpm snap task uvx yum zypper"
    ),
    "others that start programs, or whose purpose is to change a machine": (
        "aa-exec agetty ansible-playbook ansible-test aoss aria2c byebug cabal capsh cdist choom cobc composer cpan "
        "cpulimit crash csvtool debugfs dialog distcc dmsetup dotnet easy_install facter fzf gcore genie ginsh "
        "gnuplot grc gtester jjs jrunscript jtag knife ksshell latex latexmk ld.so logsave lualatex luatex lwp- "
        "download lwp-request minicom mosh msfconsole msgfilter multitime mutt ncftp openvt opkg pdb pdflatex pdftex "
        "perlbug pexec posh prlimit printenv printf pry psftp puppet qemu-x86_64 rc redis-cli rlogin run-mailcap run- "
        "parts runscript rustc sash scanmem setcap setfacl setlock sg slsh smbclient softlimit split sqlmap ssh-agent "
        "ssh-keygen sshfs start-stop-daemon sysctl tasksh tcpdump tex tftp tmate torify tsh update-alternatives "
        "varnishncsa vigr vipw volatility whiptail wish xdg-user-dir xdotool xelatex xetex yelp zathura"
    ),
    "what destroys or replaces files": (
        "chmod chown cp cpio dd install ln mkfs mount mv rename rm rmdir shred tar tee truncate umount unzip zip"
    ),
}
_PROGRAMS = frozenset(" ".join(_KINDS.values()).split())
_HIDING = _PROGRAMS | {"python", "pypy"}
SHELLS = frozenset(_KINDS["shells"].split())
WRAPPERS = frozenset(
    (*_KINDS["wrappers of other commands"].split(), "builtin", "command", "coproc", "exec", "time", "fdfind")
)

_ONLY_WITH = {
    "git": "add blame branch commit diff log ls-files mv restore show stash status switch tag",
    "cargo": "bench build check clippy doc fmt metadata test tree",
    "go": "build doc list test version vet",
    "npm": "ls outdated run test view",
    "pnpm": "ls outdated run test",
    "yarn": "list outdated run test",
    "uv": "lock tree",
}
"""Programs whose other sub-commands run what they are given, or change what later runs do (`git config`)."""

_TARGETS = ("gmake", "make", "ninja")
"""A rule for one of these names a target."""

_MODULES = (
    "black",
    "coverage",
    "flake8",
    "isort",
    "mypy",
    "pyflakes",
    "pylint",
    "pyright",
    "pytest",
    "ruff",
    "unittest",
)
"""Python modules that are tools by themselves: `python -m NAME`."""

_LONG_OPTIONS = (
    "--checkpoint-action --command --compress-program --config --config-file --cwd --diff-program --directory --editor"
    " --eval --exec --exec-path --execute --ext-diff --file --gpg-sign --hostname-bin --init-file --makefile --modfile"
    " --open-files-in-pager --output --overlay --override-ini --pager --plugin --pre --prefix --rcfile --receive-pack"
    " --require --rootdir --rsh-command --script-shell --shell --textconv --to-command --tool --toolexec --upload-pack"
    " --use-compress-program --vettool --with"
)
_LONG = _LONG_OPTIONS.split()
_LETTERS = {"git": "OS", "cargo": "CZ", "go": "", "npm": "C", "pytest": "cop", "make": "CEIf", "mypy": "", "ruff": ""}
_OTHER_LETTERS = "CEIOZcefopx"
"""Letters of options that name a program, a configuration, a place or a file to write, where more is not known."""


def hides_others(program: str) -> bool:
    """Whether other commands may stand in the arguments or the input of a program, in whatever language."""
    return program in _PROGRAMS or program.rstrip("0123456789.-") in _HIDING


def may_do_anything(words: Sequence[str]) -> bool:
    """Whether a rule for this program (with this sub-command) would allow any command at all."""
    program, rest = words[0].lower(), words[1:]
    if not program[:1].isalpha() or not program.isascii() or "=" in program or "/" in program:
        return True
    bare = program.rstrip("0123456789.-")
    if bare in ("python", "pypy"):
        return len(rest) < 2 or rest[0] != "-m" or rest[1] not in _MODULES
    if program in _TARGETS:
        return not rest or rest[0].startswith("-")
    if program in _ONLY_WITH:
        return not rest or rest[0] not in _ONLY_WITH[program].split()
    return program in _PROGRAMS or bare in _PROGRAMS


def escapes(words: Sequence[str]) -> bool:
    """Whether an argument makes a harmless program start another one, read another configuration or write a file.

    A long option counts when it could be short for such a one, letters count wherever they stand in a cluster.
    """
    module = len(words) > 2 and words[1] == "-m"
    program, arguments = (words[2], words[3:]) if module else (words[0], words[1:])
    letters = _LETTERS.get(program, _OTHER_LETTERS)
    if program in _TARGETS and any("=" in word for word in arguments):
        return True
    return any(_escapes(word, letters, dashes="-" if program == "go" else "") for word in arguments)


def _escapes(word: str, letters: str, dashes: str) -> bool:
    """`dashes` is put before options of programs that spell long ones with a single dash."""
    name = word.partition("=")[0]
    if not name.startswith("-") or name in ("-", "--"):
        return False
    if dashes and not name.startswith("--"):
        name = dashes + name
    if name.startswith("--"):
        return any(option.startswith(name) for option in _LONG)
    return any(letter in letters for letter in name[1:])
