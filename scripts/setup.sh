#!/bin/sh
# Install what is missing, and nothing else: Debian packages by apt-get, and locked, hashed Python
# libraries into .venv. Run again it looks and leaves (about 0.2 s).
#
#   scripts/setup.sh [run|dev|soak]
#
# run: what a cloud needs (packages.txt, requirements.lock)
# dev: what tests need besides (packages-dev.txt, requirements-dev.lock)
# soak: what the longest tests need besides (packages-soak.txt)
#
# No service of an installed package is started: while apt-get runs, policy-rc.d says no, and
# afterwards it is as it was; nor with the next start of the machine.
set -eu

what=${1:-run}
cd "$(dirname "$0")/.."
start=$(date +%s)
log=.cache/setup.log
policy=/usr/sbin/policy-rc.d
policy_mark='# unkai setup: installed packages start no services'

say() { printf 'setup %3ss  %s\n' "$(($(date +%s) - start))" "$*"; }

fail() { # fail CAUSE REMEDY
    if [ -s "$log" ]; then
        printf -- '--- the last lines of %s\n' "$log" >&2
        tail -n 15 "$log" >&2
        printf -- '---\n' >&2
    fi
    printf 'setup failed: %s\n  what to do: %s\n' "$1" "$2" >&2
    exit 1
}

case $what in
run) package_lists=packages.txt lock=requirements.lock ;;
dev) package_lists='packages.txt packages-dev.txt' lock=requirements-dev.lock ;;
soak) package_lists='packages.txt packages-dev.txt packages-soak.txt' lock=requirements-dev.lock ;;
*) fail "setup.sh takes 'run', 'dev' or 'soak', not '$what'" 'scripts/setup.sh run' ;;
esac

# --- Debian packages -----------------------------------------------------------------------------

missing_packages() {
    # shellcheck disable=SC2086
    wanted=$(sed 's/#.*//' $package_lists | tr -s ' \n' ' ')
    # shellcheck disable=SC2086
    dpkg-query -W -f '${db:Status-Status} ${Package}\n' $wanted 2>/dev/null |
        sed -n 's/^installed //p' >.cache/installed || true
    for name in $wanted; do
        grep -qx "$name" .cache/installed || printf '%s ' "$name"
    done
}

forbid_services() {
    if [ -e $policy ] && ! grep -q "$policy_mark" $policy; then
        mv $policy $policy.before-unkai
    fi
    printf '#!/bin/sh\n%s\nexit 101\n' "$policy_mark" >$policy
    chmod 755 $policy
}

restore_services() {
    if [ -e $policy ] && grep -q "$policy_mark" $policy; then
        rm -f $policy
    fi
    if [ -e $policy.before-unkai ]; then
        mv $policy.before-unkai $policy
    fi
}

links_of_boot() { # what systemd starts with the machine
    find /etc/systemd/system -type l -path '*.wants/*' 2>/dev/null | sort
}

# A cloud starts its own daemons, in its own namespace: the packages' would open their ports on the
# machine itself, from its next start on. Those that were there before stay as they are.
disable_services() { # disable_services LINKS-BEFORE
    [ -d /run/systemd/system ] || return 0
    links_of_boot | comm -13 "$1" - | grep -E '\.(service|socket)$' | while read -r link; do
        say "systemd: $(basename "$link") is not started with this machine"
        rm -f "$link"
    done
}

apt() {
    DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 \
        -o Dpkg::Use-Pty=0 -o APT::Update::Error-Mode=any "$@" >>$log 2>&1
}

install_packages() {
    [ "$(id -u)" = 0 ] || fail "Debian packages are missing: $1" \
        "as root: apt-get install --no-install-recommends $1"
    trap restore_services EXIT
    trap 'exit 130' INT TERM HUP
    forbid_services
    say 'apt-get: reading the package lists'
    apt update || fail 'apt-get update failed' \
        'check the network and the sources in /etc/apt, then run it again'
    links_of_boot >.cache/boot-links
    say "apt-get: installing $(echo "$1" | wc -w) packages: $1"
    # shellcheck disable=SC2086
    apt install -y --no-install-recommends $1 ||
        fail 'apt-get install failed' 'the log above names the package; then run it again'
    restore_services
    disable_services .cache/boot-links
    trap - EXIT
    left=$(missing_packages)
    [ -z "$left" ] || fail "apt-get says it is done, but these are missing: $left" \
        "as root: apt-get install --no-install-recommends $left"
}

# --- Python --------------------------------------------------------------------------------------

good_python() { # 3.11 or newer, with what a virtual environment needs
    "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_python() {
    for name in python3 /usr/bin/python3 python3.13 python3.12 python3.11; do
        if command -v "$name" >/dev/null && good_python "$name"; then
            command -v "$name"
            return
        fi
    done
    return 1
}

make_venv() {
    python=$(find_python) || fail 'there is no Python 3.11 or newer with its venv module' \
        'on Debian 12 or newer: apt-get install python3 python3-venv'
    if ! .venv/bin/python -c 'import pip' 2>/dev/null; then
        say "venv: making .venv from $("$python" -c 'import sys; print(sys.executable, sys.version.split()[0])')"
        rm -rf .venv
        "$python" -m venv .venv >>$log 2>&1 || fail 'the virtual environment could not be made' \
            'check the space on this disk; then run it again'
    fi
}

install_libraries() {
    say "pip: installing $(grep -c '==' $lock) locked libraries ($lock)"
    .venv/bin/python -m pip install --disable-pip-version-check --no-input --progress-bar off \
        --require-hashes -r $lock >>$log 2>&1 ||
        fail 'pip install failed' 'check the network and the space on this disk; then run it again'
}

# The program runs from this folder: a path file and a start script do what an editable install
# does, without a build.
link_program() {
    site=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    pwd >"$site/unkai.pth"
    printf '#!/bin/sh\nexec "%s/.venv/bin/python" -m unkai "$@"\n' "$(pwd)" >.venv/bin/unkai
    chmod 755 .venv/bin/unkai
}

stamp_of() { # what .venv must hold: the lock, where it stands
    { cat "$1" && pwd; } | sha256sum | cut -c1-64
}

venv_is_ready() { # the larger set holds the smaller one
    [ -x .venv/bin/python ] || return 1
    held=$(cat .venv/.unkai-stamp 2>/dev/null) || return 1
    [ "$held" = "$(stamp_of $lock)" ] || [ "$held" = "$(stamp_of requirements-dev.lock)" ]
}

mkdir -p .cache
: >$log
[ "$(id -u)" != 0 ] || restore_services # what a killed run left
missing=$(missing_packages)
changed=
if [ -n "$missing" ]; then
    install_packages "$missing"
    changed=yes
fi
if ! venv_is_ready; then
    make_venv
    install_libraries
    link_program
    stamp_of $lock >.venv/.unkai-stamp
    changed=yes
fi
# Where PYTHONDONTWRITEBYTECODE is set, or nobody but root may write here, every start would compile
# the program anew, which doubles it.
.venv/bin/python -m compileall -q unkai >>$log 2>&1 || :
[ -z "$changed" ] || say 'ready'
