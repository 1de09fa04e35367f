# What a person does here. `make` alone says so.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
PYTHON := .venv/bin/python
export PATH := $(CURDIR)/.venv/bin:$(PATH)
# Every worker of the tests would compile every test anew.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help up down status setup setup-dev setup-soak dashboard pages check test lint types unit bench conformance soak screenshots \
	lock fmt clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup:
	@scripts/setup.sh run

setup-dev:
	@scripts/setup.sh dev

dashboard: ## build the dashboard, if its sources changed
	@scripts/dashboard.sh

up: setup ## a cloud with a first server and a first physical machine (as root)
	@scripts/dashboard.sh --if-possible
	@$(PYTHON) -m unkai up
	@$(PYTHON) -m unkai first-server
	@$(PYTHON) -m unkai first-machine

down: setup ## stop it and remove everything it made
	@$(PYTHON) -m unkai down

status: setup ## what runs
	@$(PYTHON) -m unkai status

test: setup-dev dashboard ## every test, some on real guests and networks (as root)
	@$(MAKE) --no-print-directory -j 3 lint types pages
	@pytest -n 3 --dist loadgroup --durations 15 --durations-min 10 tests

check: setup-dev ## the gate before a commit, under 2 minutes
	@$(MAKE) --no-print-directory -j 3 lint types unit

lint:
	@scripts/errors.py --check
	@scripts/openapi.py --check
	@scripts/states.py --check
	@ruff check --quiet .
	@ruff format --quiet --check .
	@lint-imports --no-logo

types:
	@NODE_OPTIONS=--max-semi-space-size=256 pyright --pythonpath $(PYTHON)

pages: dashboard ## the dashboard's own linters, types and tests
	@cd dashboard && PATH="$$PATH:$(CURDIR)/.cache/node/bin" npm run --silent check

unit:
	@if [ -w /dev/shm ]; then export TMPDIR=/dev/shm; fi; pytest -n 2 --dist loadgroup -m 'not thorough' tests/unit tests/api tests/tidy

bench: setup-dev dashboard ## medians and CPU per operation, as a table and bench/results/
	@$(PYTHON) -m bench.run

screenshots: setup-dev dashboard ## pictures of every page of the dashboard, in docs/screenshots/
	@scripts/screenshots.py

conformance: setup-dev ## tempest against a cloud of its own
	@scripts/dashboard.sh --if-possible
	@$(PYTHON) -m tests.conformance.run --list first --list cinder

setup-soak:
	@scripts/setup.sh soak

soak: setup-soak ## machines of every kind, their longest bad days, then tempest's whole lists, for hours
	@scripts/dashboard.sh --if-possible
	@$(PYTHON) -m tests.conformance.metal
	@pytest -m soak tests
	@$(PYTHON) -m tests.conformance.run --list keystone --list glance --list neutron --list cinder --list nova --list ironic

fmt: setup-dev ## format the code, fix what can be fixed by itself, remake what is made from the code
	@scripts/errors.py
	@scripts/openapi.py
	@scripts/states.py
	@ruff format .
	@ruff check --fix .

lock: setup-dev ## choose newer libraries: remakes both lock files
	@scripts/lock.sh

clean: ## forget .venv and caches; the next run makes them again
	@rm -rf .venv .cache dashboard/node_modules unkai/dashboard/static .pytest_cache .ruff_cache .import_linter_cache
