# How scripts reach the database: for deploy/backup, deploy/restore and deploy/two-machines/rehearse, which source it.
# shellcheck shell=bash

# One line that says what is wrong and what to do, and the end. $self is the script that runs.
fail() {
    # shellcheck disable=SC2154 # set by whoever sources this
    printf '%s: %s\n' "$self" "$*" >&2
    exit 1
}

# Percent-encoding undone; a backslash stays one.
decoded() {
    local text=${1//\\/\\\\}
    printf '%b' "${text//%/\\x}"
}

# reach URL: the environment of PostgreSQL's programs for it, so that no password stands on a command line, where all users of
# the machine see it.
reach() {
    local url=$1 rest login='' host query=''
    [[ $url == postgres://* || $url == postgresql://* ]] || fail "DATABASE_URL is no postgres:// address"
    rest=${url#*://}
    if [[ $rest == *\?* ]]; then query=${rest#*\?} rest=${rest%%\?*}; fi
    PGDATABASE=$(decoded "${rest#*/}")
    [[ $rest == */?* ]] || fail "DATABASE_URL names no database after the host"
    rest=${rest%%/*}
    if [[ $rest == *@* ]]; then login=${rest%@*} rest=${rest##*@}; fi
    host=$rest
    if [[ $host =~ ^(.*):([0-9]+)$ ]]; then
        PGHOST=${BASH_REMATCH[1]} PGPORT=${BASH_REMATCH[2]}
    else
        PGHOST=$host PGPORT=5432
    fi
    PGHOST=${PGHOST#[} PGHOST=${PGHOST%]}
    PGUSER=$(decoded "${login%%:*}")
    export PGDATABASE PGHOST PGPORT
    [ -z "$PGUSER" ] || export PGUSER
    if [[ $login == *:* ]]; then
        PGPASSWORD=$(decoded "${login#*:}")
        export PGPASSWORD
    fi
    local part
    for part in ${query//&/ }; do
        case $part in
        sslmode=*) export PGSSLMODE=${part#*=} ;;
        sslrootcert=*) PGSSLROOTCERT=$(decoded "${part#*=}") && export PGSSLROOTCERT ;;
        host=*) PGHOST=$(decoded "${part#*=}") ;;
        esac
    done
    export PGCONNECT_TIMEOUT=10 PGAPPNAME=tandem-operation
}

# The newest of PostgreSQL's programs go first on PATH: Debian keeps them off it.
find_postgres() {
    local bin newest=
    for bin in /usr/lib/postgresql/*/bin; do
        if [ -x "$bin/pg_dump" ]; then
            [ -n "$newest" ] && [ "$(printf '%s\n%s\n' "$newest" "$bin" | sort -V | tail -n 1)" = "$newest" ] || newest=$bin
        fi
    done
    [ -z "$newest" ] || PATH=$newest:$PATH
    command -v pg_dump >/dev/null || fail "needs PostgreSQL's programs: \`apt-get install postgresql-client\`"
}

# ask STATEMENT [DATABASE]: the rows, without decoration.
ask() { psql -XAtq -v ON_ERROR_STOP=1 ${2:+-d "$2"} -c "$1"; }

# The folder of files in the settings; empty where they are on S3 or nowhere.
files_folder() {
    local shown
    # shellcheck disable=SC2154 # set by whoever sources this
    shown=$("$tandem" config show ${config:+--config "$config"}) || fail "the settings cannot be read${config:+ from $config}"
    sed -n 's|^store = "file://\(.*\)"$|\1|p' <<<"$shown"
}

# One value of JSON as text: no quote, backslash or control character goes through as it is.
quoted() {
    local text=${1//\\/\\\\}
    text=${text//\"/\\\"}
    printf '"%s"' "${text//[$'\n\r\t']/ }"
}

# The version of the programs' major number.
major() { "$1" --version | sed 's/.* \([0-9][0-9]*\)[.a-z].*/\1/'; }
