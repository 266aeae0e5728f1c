# What this machine has and what is installed on it: for deploy/up and tests/run, which source it.
# Nothing is installed before it was said, and what cannot be installed is named in one line.
# shellcheck shell=bash

# A line for whoever watches.
tell() { printf '%s\n' "$*" >&2; }

# One line that says what is wrong and what to do, and the end. $self is the script that runs.
fail() {
    # shellcheck disable=SC2154 # set by whoever sources this
    printf '%s: %s\n' "$self" "$*" >&2
    exit 1
}

# Answers with `sudo` or nothing where packages can be installed without a question, else fails.
become_root() {
    if [ "$(id -u)" = 0 ]; then
        return 0
    fi
    command -v sudo >/dev/null && sudo -n true 2>/dev/null && echo sudo
}

can_install() { command -v apt-get >/dev/null && become_root >/dev/null; }

# installs LOG PACKAGE…: with apt, its own words in LOG. Fails where apt does.
apt_install() {
    local log=$1 sudo dropin=/etc/postgresql-common/createcluster.d/tandem.conf made=
    shift
    sudo=$(become_root) || return 1
    # Debian starts a cluster of its own with the package; Tandem runs a private one, so that it is not asked for.
    # A machine that has PostgreSQL's tools already keeps its ways.
    if [[ " $* " == *" postgresql "* ]] && ! command -v pg_createcluster >/dev/null; then
        made=yes
        $sudo mkdir -p "${dropin%/*}"
        echo 'create_main_cluster = false' | $sudo tee "$dropin" >/dev/null
    fi
    local installed=0
    {
        $sudo env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 update &&
            $sudo env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 \
                install -y --no-install-recommends "$@"
    } >"$log" 2>&1 </dev/null || installed=1
    if [ -n "$made" ]; then
        $sudo rm -f "$dropin"
        $sudo rmdir --ignore-fail-on-non-empty "${dropin%/*}" 2>/dev/null || true
    fi
    return $installed
}

# require_packages LOG PACKAGE…: says what it installs and installs it, or names the command and ends.
require_packages() {
    local log=$1
    shift
    [ $# = 0 ] && return 0
    local command="apt-get install -y $*"
    if ! command -v apt-get >/dev/null; then
        fail "needs $*, and this machine has no apt-get; install what corresponds to it and run this again"
    fi
    can_install || fail "needs $*; run \`sudo $command\` and then this again"
    tell "installing with apt: $* (a minute or two) …"
    apt_install "$log" "$@" || fail "\`$command\` failed: $(tail -n 1 "$log") (everything it said: $log)"
}

# The server's programs, as `tandem` itself looks for them: 15 or newer, off PATH on Debian.
have_postgres() {
    local bin
    for bin in /usr/lib/postgresql/*/bin; do
        if [ -x "$bin/postgres" ] && [ -x "$bin/initdb" ]; then
            local major=${bin#/usr/lib/postgresql/}
            [ "${major%%/*}" -ge 15 ] 2>/dev/null && return 0
        fi
    done
    command -v initdb >/dev/null || return 1
    local version
    version=$(postgres --version 2>/dev/null) || return 1
    version=${version#postgres (PostgreSQL) }
    [ "${version%%[!0-9]*}" -ge 15 ] 2>/dev/null
}

# Prints the packages that building lacks.
missing_to_build() {
    local missing=()
    command -v cc >/dev/null || missing+=(gcc libc6-dev)
    # Kafka's client is built from its sources
    command -v c++ >/dev/null || missing+=(g++)
    command -v make >/dev/null || missing+=(make)
    echo "${missing[@]}"
}

# Ends where Rust is missing or too old for $1/Cargo.toml.
require_rust() {
    local wanted found
    wanted=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' "$1/Cargo.toml")
    command -v cargo >/dev/null ||
        fail "needs Rust $wanted or newer, and cargo is not on PATH; install it with rustup (https://rustup.rs)"
    found=$(cargo --version 2>/dev/null) || fail "cargo does not run: $(cargo --version 2>&1 | tail -n 1)"
    found=${found#cargo }
    found=${found%% *}
    if [ "$(printf '%s\n%s\n' "$wanted" "$found" | sort -V | head -n 1)" != "$wanted" ]; then
        fail "needs Rust $wanted or newer, and this is $found; run \`rustup update\`"
    fi
}
