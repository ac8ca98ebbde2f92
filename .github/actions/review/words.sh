# What the steps share: which variables a program gets, and what is told to the person who looks at a run. All of that
# is written here: nothing of a pull request is repeated.

only() { # NAME...: whatever is called from here on gets these variables, those of the network, and no others
    local name given=" PATH HOME LANG SSL_CERT_FILE SSL_CERT_DIR HTTPS_PROXY https_proxy NO_PROXY no_proxy $* "
    while read -r name; do
        [[ "$given" == *" $name "* ]] || export -n "${name?}"
    done < <(compgen -e)
}

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
