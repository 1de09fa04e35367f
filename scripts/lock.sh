#!/bin/sh
# Remake both lock files: names, versions and hashes only, so that they say nothing about where or
# by whom they were made. The second starts from the first, so both name the same versions.
set -eu
cd "$(dirname "$0")/.."

compile() {
    .venv/bin/pip-compile --quiet --no-header --no-emit-options --no-emit-index-url \
        --no-emit-find-links --no-emit-trusted-host --strip-extras --allow-unsafe \
        --generate-hashes "$@" pyproject.toml
}

echo 'lock: requirements.lock (some minutes: every file of every library is hashed)'
compile --upgrade --extra client --output-file requirements.lock
echo 'lock: requirements-dev.lock'
cp requirements.lock requirements-dev.lock
compile --extra client --extra dev --constraint requirements.lock --output-file requirements-dev.lock
git --no-pager diff --stat -- requirements.lock requirements-dev.lock || true
