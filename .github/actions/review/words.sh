# What the steps tell the person who looks at a run. All of it is written here: nothing of a pull request is repeated.

tell() { # LEVEL TEXT: at the top of the run, and in its summary, so that silence never looks like "nothing found"
    printf '::%s title=kimicode review::%s\n' "$1" "$2"
    printf '%s\n' "$2" >>"$GITHUB_STEP_SUMMARY"
}

muted() { # COMMAND...: what it prints is shown and not obeyed, since a file name can look like a command for the runner
    local end code=0
    end="$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')"
    printf '::stop-commands::%s\n' "$end"
    "$@" 2>&1 || code=$?
    printf '\n::%s::\n' "$end"
    return "$code"
}
