#!/bin/bash
# Proof from nothing: a minimal Debian 12 made by mmdebstrap, this commit in it, and the README's
# commands run there. Needs root and mmdebstrap; takes the machine's own package-registry settings
# along at run time (they are written nowhere else).
#
#   scripts/bare-root.sh FOLDER [COMMAND...]      (default: make up, make up, make test, make down)
#
# The root has its own mount, process and IPC namespaces, /dev/net/tun and a writable cgroup view;
# when the last command ends, its processes end with it. FOLDER stays for a look; rm -rf removes it.
set -euo pipefail

folder=${1:?"usage: scripts/bare-root.sh FOLDER [COMMAND...]"}
shift
[ $# -gt 0 ] || set -- 'make up' 'make up' 'make test' 'make test' 'make down'
cd "$(dirname "$0")/.."
[ "$(id -u)" = 0 ] || { echo 'bare-root: needs root' >&2; exit 1; }
command -v mmdebstrap >/dev/null || { echo 'bare-root: apt-get install mmdebstrap' >&2; exit 1; }
mkdir -p "$folder"
folder=$(realpath "$folder")
root=$folder/root

say() { printf 'bare-root %4ss  %s\n' "$SECONDS" "$*"; }

make_base() {
    [ ! -e "$folder/base.tar" ] || return 0
    say 'mmdebstrap: Debian 12, minbase'
    sources=()
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
        [ ! -s "$file" ] || sources+=("$file")
    done
    mmdebstrap --quiet --format=tar --variant=minbase bookworm "$folder/base.tar.new" "${sources[@]}"
    mv "$folder/base.tar.new" "$folder/base.tar"
}

take_along() { # settings of the machine's registries: sources, proxies, roots, files of pip and npm
    local file
    for file in /etc/apt/sources.list /etc/apt/sources.list.d /etc/apt/apt.conf.d /etc/apt/auth.conf.d \
        /etc/pip.conf /root/.config/pip /root/.pip /etc/resolv.conf /etc/hosts \
        /usr/local/share/ca-certificates /etc/ssl/certs/ca-certificates.crt; do
        [ -e "$file" ] || continue
        mkdir -p "$root$(dirname "$file")"
        cp -a --no-target-directory "$(realpath "$file")" "$root$file"
    done
    cat /etc/npmrc /usr/etc/npmrc /root/.npmrc >"$root/root/.npmrc" 2>/dev/null || true
    env | grep -iE '^(PIP_|NPM_|NODE_EXTRA|[a-z]*_proxy=|SSL_CERT_FILE=|REQUESTS_CA_BUNDLE=)' \
        >"$folder/environment" || true
}

unpack() {
    say 'unpacking the base and this commit'
    rm -rf "$root"
    mkdir -p "$root"
    tar -C "$root" -xf "$folder/base.tar"
    rm -f "$root"/etc/apt/sources.list.d/*
    take_along
    git clone --quiet --depth 1 "file://$PWD" "$root/root/unkai"
}

enter() { # a shell command in the root
    # shellcheck disable=SC2016
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 TERM=dumb \
        $(cat "$folder/environment") ROOT="$root" \
        unshare --mount --pid --ipc --uts --fork --kill-child bash -euc '
            mount --make-rprivate /
            mount --bind "$ROOT" "$ROOT"
            mount -t proc proc "$ROOT/proc"
            mount -t sysfs sysfs "$ROOT/sys"
            mount -t cgroup2 cgroup2 "$ROOT/sys/fs/cgroup" 2>/dev/null || true
            mount -t tmpfs tmpfs "$ROOT/run"
            mount -t tmpfs tmpfs "$ROOT/dev"
            mkdir -p "$ROOT/dev/net" "$ROOT/dev/shm" "$ROOT/dev/pts"
            mount -t devpts -o newinstance,ptmxmode=0666 devpts "$ROOT/dev/pts"
            ln -s pts/ptmx "$ROOT/dev/ptmx"
            ln -s /proc/self/fd "$ROOT/dev/fd"
            mount -t tmpfs tmpfs "$ROOT/dev/shm"
            for node in null zero full random urandom tty net/tun kvm fuse; do
                [ -e "/dev/$node" ] || continue
                : >"$ROOT/dev/$node"
                mount --bind "/dev/$node" "$ROOT/dev/$node"
            done
            hostname bare
            exec chroot "$ROOT" /bin/bash -c "cd /root/unkai && exec \"\$@\"" bash "$@"
        ' bash "$@"
}

make_base
unpack
say 'what a person types first: apt-get install make git'
enter bash -ec 'apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y \
    --no-install-recommends make git >/var/log/first.log 2>&1'
script='set -o pipefail'
for command in "$@"; do
    script+=$'\n'"printf -- '--- %s\n' '$command'; start=\$SECONDS; $command; printf -- '--- %s: %s s\n' '$command' \$((SECONDS - start))"
done
say "running: $*"
enter bash -ec "$script"
say 'done'
