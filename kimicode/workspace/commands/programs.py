"""Programs that only read, each with the options under which that holds; what is not here is not known to be harmless.

Left out on purpose: what lets the project name a program (cargo and rustc a toolchain file, yarn its own code), what
fetches or logs (go, npm, uv, docker, kubectl, gh), pagers (man, less).
"""

from collections.abc import Mapping

from kimicode.workspace.commands.options import Program, alike, program

_DIGITS = "0123456789"
_GREP_WORDS = (
    "--include --exclude --exclude-dir --color --colour --count --ignore-case --line-number --files-with-matches"
    " --files-without-match --word-regexp --fixed-strings --extended-regexp --invert-match --only-matching --recursive"
    " --max-count --context --after-context --before-context --no-messages --with-filename --no-filename --perl-regexp"
    " --quiet --silent --text --null --line-regexp --regexp --byte-offset --dereference-recursive --binary-files"
)
_RG_WORDS = (
    f"{_GREP_WORDS} --files --glob --iglob --hidden --no-ignore --no-ignore-vcs --type --type-not --sort --sortr"
    " --multiline --smart-case --max-depth --no-heading --heading --type-list --column --max-columns --json --stats"
    " --count-matches --no-line-number --trim --vimgrep --pcre2 --no-config --max-filesize --multiline-dotall"
    " --follow --replace --passthru --case-sensitive --one-file-system --unrestricted --encoding --version"
)
_FIND_WORDS = (
    "-name -iname -path -ipath -wholename -iwholename -regex -iregex -regextype -type -xtype -size -mtime -mmin -atime"
    " -amin -ctime -cmin -newer -newermt -anewer -cnewer -maxdepth -mindepth -print -print0 -printf -prune -o -a -or"
    " -and -not -empty -perm -user -group -nouser -nogroup -uid -gid -links -inum -lname -ilname -follow -xdev -mount"
    " -depth -daystart -readable -writable -executable -ls -quit -samefile -true -false -L -H -P"
)
_GREP = program("abcEFGhHiIlLnoPqrRsTvwxyZz" + _DIGITS, "ABCemf", _GREP_WORDS)
_SUMS = program("bctwz", words="--check --binary --text --quiet --status --tag --zero")

PROGRAMS: Mapping[str, Program] = {
    # files and folders
    "ls": program(
        "aAbBcCdfFgGhHiklLmnNopqQrRsStuUvxXZ1",
        "IwT",
        "--all --almost-all --color --recursive --full-time --sort --time --reverse --human-readable --size --inode"
        " --group-directories-first --time-style --directory --classify --si --block-size --ignore --no-group",
    ),
    "cd": program("LP", operands=1),
    "pwd": program("LP"),
    "stat": program("fLtx", "c", "--format --printf --terse --dereference --file-system"),
    "file": program("bhikLN", words="--brief --mime --mime-type --mime-encoding --dereference"),
    "du": program(
        "abcDhHklLmsSx0",
        "dt",
        "--max-depth --human-readable --summarize --total --apparent-size --all --bytes --exclude",
    ),
    "df": program("ahHiklmPT", "tx", "--human-readable --inodes --total --print-type"),
    # tree reads the letters behind -L as further options, so here a value has to stand alone.
    "tree": program("adfgilpqsuxhDFJCnNtrvUcSLIP", words="--dirsfirst --noreport --gitignore --prune --filelimit --du"),
    "find": Program(letters=_DIGITS, words=frozenset(_FIND_WORDS.split())),
    **alike(
        "fd fdfind",
        program(
            "HIuasigFpL0", "tedE", "--hidden --no-ignore --type --extension --exclude --max-depth --glob --full-path"
        ),
    ),
    "realpath": program("emsqz", words="--relative-to --relative-base --no-symlinks --canonicalize-missing"),
    "readlink": program("femnsvz", words="--canonicalize --canonicalize-existing --no-newline"),
    "basename": program("az", "s", "--suffix --multiple"),
    "dirname": program("z"),
    # text
    "cat": program("AbeEnstTuv", words="--number --show-all --number-nonblank --squeeze-blank"),
    "tac": program("b", "s"),
    "rev": program(),
    "head": program("qvz" + _DIGITS, "nc", "--lines --bytes --quiet --silent --verbose"),
    "tail": program("qvz" + _DIGITS, "nc", "--lines --bytes --quiet --silent --verbose"),
    "wc": program("clLmw", words="--lines --words --bytes --chars --max-line-length"),
    "nl": program("p", "bdfhilnsvw"),
    **alike("grep egrep fgrep", _GREP),
    "rg": program("abcFhHiIlLnNopPqsSuUvwx0" + _DIGITS, "ABCeEgjmMtTrd", _RG_WORDS),
    "sort": program(
        "bdfghiMnrRsuVzcCm", "kt", "--reverse --unique --numeric-sort --key --field-separator --version-sort --check"
    ),
    "uniq": program("cdDiuz", "fsw", "--count --repeated --unique --ignore-case", operands=1),
    "cut": program("snz", "bcdf", "--delimiter --fields --characters --complement --output-delimiter --bytes"),
    "tr": program("cCdst", words="--delete --squeeze-repeats --complement"),
    "paste": program("sz", "d", "--delimiters --serial"),
    "join": program("i" + _DIGITS, "taeojv"),
    "comm": program("123z", words="--check-order --nocheck-order --output-delimiter --total"),
    "column": program("tnx", "sc", "--table --separator"),
    "fold": program("bs", "w", "--width --spaces"),
    **alike("expand unexpand", program("ai", "t", "--tabs --initial")),
    "diff": program(
        "abBcdeEiNpqrstuwyZ" + _DIGITS,
        "CUxIW",
        "--unified --brief --recursive --color --side-by-side --context --exclude --ignore-all-space --ignore-case"
        " --ignore-space-change --ignore-blank-lines --new-file --report-identical-files --strip-trailing-cr --width"
        " --suppress-common-lines --stat",
    ),
    "cmp": program("bls", "in", "--silent --quiet --bytes --print-bytes"),
    "jq": program(
        "rcsnejSMCaR",
        words="--arg --argjson --slurp --raw-output --raw-input --null-input --compact-output --exit-status --sort-keys"
        " --tab --indent --args --jsonargs --join-output --stream --seq --slurpfile --rawfile --monochrome-output",
    ),
    **alike("md5sum sha1sum sha224sum sha256sum sha384sum sha512sum b2sum cksum", _SUMS),
    "base64": program("dDi", "w", "--decode --wrap --ignore-garbage"),
    "od": program("abcdfiloxsv", "AjNtw"),
    "hexdump": program("bcCdovx", "ns"),
    "xxd": program("abeipuE", "cglos", operands=1),
    # a word with @ is a file with further options
    "strings": program("a", "nte", "--all --bytes --radix --encoding", operand=r"[^@].*"),
    "nm": program("aACDgnpruS", words="--demangle --dynamic --defined-only --undefined-only", operand=r"[^@].*"),
    "readelf": program("aehldSsrnVW", words="--headers --symbols --sections --wide --all", operand=r"[^@].*"),
    "zipinfo": program("12smlvht"),
    # values, printed or tested
    "true": program(),
    "false": program(),
    "test": program("abcdefghkLnoOprsSuwxzGN", words="-eq -ne -lt -le -gt -ge -nt -ot -ef"),
    "expr": program(),
    "seq": program("w" + _DIGITS, "fs", "--separator --equal-width --format"),
    "sleep": program(operand=r"\d+(\.\d+)?[smhd]?", operands=1),
    # only digits would set the clock
    "date": program("uRI", "dr", "--utc --iso-8601 --rfc-3339 --date --reference", operand=r"(?!\d+(\.\d+)?\Z).*"),
    # this machine
    "which": program("a"),
    "type": program("atpPf"),
    "command": program("vV"),
    "whereis": program("bms"),
    "whoami": program(),
    "id": program("gGnruz"),
    "groups": program(),
    "uname": program("asnrvmpio", words="--all --kernel-name --machine --kernel-release --operating-system"),
    "hostname": program("sI", operands=0),
    "arch": program(),
    "nproc": program(words="--all"),
    "uptime": program("ps"),
    "free": program("bkmghtw", words="--human --mega --giga"),
    "lscpu": program("ae"),
    "lsblk": program("afpm", "o"),
    # -E and the e of BSD show the environment of processes
    "ps": program("AefFlHwjT", operands=1, operand=r"a?u?x(ww?|f)?|au"),
    "pgrep": program("aflnoxc", "u", "--full --list-name --list-full --count --newest --oldest --exact"),
    "ss": program("tulnpaxHmos46"),
    "dpkg": program("lLsS", words="--list --listfiles --status --search"),
    "nvidia-smi": program("L", words="--query-gpu --format --list-gpus", operands=0),
}

_SAY_VERSION = {
    "--version": (
        "python python3 node deno bun ruby perl php docker java javac git gcc g++ cc c++ clang"
        " clang++ make cmake ninja bash zsh fish rg fd grep sed awk gawk find tar curl wget jq uv ruff ocaml"
        " ghc psql sqlite3 vim nvim gdb valgrind strace protoc"
    ),
    "-V": "python python3 ssh tmux",
    "-v": "node deno bun ruby perl php docker",
    "-version": "java javac",
}
VERSIONS = frozenset((name, flag) for flag, names in _SAY_VERSION.items() for name in names.split())
"""What prints its version, where nothing else is said, without a look at the project. Not so cargo, go, npm, pytest,
dotnet, mvn, gradle, terraform: a file of the project names what is really started, or they write logs or reach out."""

_SIMPLE = (
    "cat head wc ls stat du grep egrep fgrep basename dirname realpath readlink md5sum sha1sum sha256sum sha512sum"
    " cksum"
    " nl echo"
)
FED = frozenset(_SIMPLE.split())
"""Programs that only read whatever words follow, options as well: `xargs` may call them."""

EXECUTED = FED | {"file", "sed", "awk", "test"}
"""Programs that only read whatever files they are given: `find -exec` may call them."""
