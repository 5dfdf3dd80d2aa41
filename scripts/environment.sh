# Sourced by scripts/run and scripts/test: the virtual environment, installed from a lock file.
# Expects $checkout. Sets $python (the environment's interpreter). TICKETING_VENV puts it elsewhere.

venv=$(realpath -m "${TICKETING_VENV:-$checkout/.venv}")
python=$venv/bin/python

say() { printf '%s\n' "$@" >&2; }
fail() { say "$@"; exit 1; }

# prepare_environment LOCK…: every package of the lock files is in the environment; quick when it already is.
prepare_environment() {
    local wanted; wanted=$(cd "$checkout" && sha256sum "$@" | sha256sum | cut -d' ' -f1)
    if runs_here && grep -qxF "$wanted" "$venv/installed-locks" 2>/dev/null; then
        return
    fi
    [ -w "$(nearest_folder "$venv")" ] || fail \
        "Can't write in $(nearest_folder "$venv"), where this user's packages would go." \
        "Give yourself write access to it, or set TICKETING_VENV (and TICKETING_DATA) to folders of your own."
    runs_here || make_environment
    install_locks "$@"
    make_command
    # A second name for the same packages: after the development lock the ordinary one is satisfied too.
    { printf '%s\n' "$wanted"; (cd "$checkout" && sha256sum requirements.lock | sha256sum | cut -d' ' -f1); } \
        > "$venv/installed-locks"
}

# An environment that was copied or whose interpreter has been removed does not count.
runs_here() {
    [ -x "$python" ] && [ "$("$python" -c 'import sys; print(sys.prefix)' 2>/dev/null)" = "$venv" ]
}

nearest_folder() {
    local folder=$1
    while [ ! -e "$folder" ]; do folder=$(dirname "$folder"); done
    printf '%s' "$folder"
}

make_environment() {
    local base; base=$(find_python) || fail "Python 3.11 or newer is needed, and none was found (looked for python3)."
    say "→ making $venv with $("$base" --version)"
    rm -rf "$venv"
    if "$base" -m venv "$venv" >/dev/null 2>&1; then
        return
    fi
    # Debian and Ubuntu keep ensurepip in a package of its own.
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || fail \
        "Python can't make a virtual environment here. On Debian or Ubuntu: sudo apt-get install python3-venv" \
        "and start this again."
    say "→ installing python3-venv with apt-get"
    apt_install python3-venv
    rm -rf "$venv"
    "$base" -m venv "$venv" || fail "Python still can't make a virtual environment in $venv."
}

find_python() {
    local name
    for name in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            printf '%s' "$name"
            return
        fi
    done
    return 1
}

install_locks() {
    local lock arguments=()
    for lock in "$@"; do arguments+=(-r "$checkout/$lock"); done
    say "→ installing packages from $*"
    "$python" -m pip install -qq --disable-pip-version-check --no-input --require-hashes "${arguments[@]}" ||
        fail "The packages could not be installed; the lines above say why (no network?). Nothing else was changed."
}

# The checkout itself is on the environment's path, and `ticketing` is a command in it.
make_command() {
    printf '%s\n' "$checkout" > "$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/ticketing-checkout.pth"
    printf '#!%s\nfrom ticketing.cli import main\n\nmain()\n' "$python" > "$venv/bin/ticketing"
    chmod +x "$venv/bin/ticketing"
}

apt_install() {
    local log; log=$(mktemp)
    if ! { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"; } >"$log" 2>&1; then
        tail -n 5 "$log" >&2
        fail "apt-get could not install $*."
    fi
    rm -f "$log"
}
