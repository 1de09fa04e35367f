"""What is committed: no machine's paths, no registry's address, lists in order."""

import os
import re
import tomllib
from pathlib import Path

import pytest

from tests.tidy.checkout import ROOT, files, named

TEXT = files("*.py", "*.sh", "*.md", "*.toml", "*.txt", "*.lock", "Makefile", ".ci/*", "*.yaml")
MACHINE_PATHS = re.compile(r"(?<![\w.])/(?:work|home/[a-z]+|Users/[A-Z]\w+)/")
REGISTRIES = re.compile(r"(?:pypi|pythonhosted|npmjs|deb\.debian)\.\w+")


def test_no_file_knows_the_machine_it_was_written_on() -> None:
    assert lines_with(MACHINE_PATHS) == []


def test_no_file_names_a_registrys_host() -> None:
    assert lines_with(REGISTRIES) == []


def test_the_dashboards_lock_names_no_registry() -> None:
    lock = (ROOT / "dashboard" / "package-lock.json").read_text()

    assert '"resolved"' not in lock
    assert '"integrity"' in lock


def lines_with(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{named(path)}:{number}: {line.strip()}"
        for path in TEXT
        if path != Path(__file__)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if pattern.search(line)
    ]


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_locks_hold_names_versions_and_hashes_only(name: str) -> None:
    allowed = re.compile(
        r"[A-Za-z0-9._-]+==[^ ]+(?: ; .*)? \\$"
        r"|    --hash=sha256:[0-9a-f]{64}(?: \\)?$"
        r"|    # (?:via|  [^/:@]+|via [^/:@]+)$"
        r"|# The following packages .*"
    )
    lines = (ROOT / name).read_text().splitlines()

    assert [line for line in lines if line and not allowed.match(line)] == []


def test_both_locks_name_the_same_versions() -> None:
    def versions(name: str) -> set[str]:
        return set(re.findall(r"^\S+==\S+", (ROOT / name).read_text(), re.MULTILINE))

    assert versions("requirements.lock") <= versions("requirements-dev.lock")


def test_the_lock_holds_every_library_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    locked = (ROOT / "requirements-dev.lock").read_text().lower()
    extras = project["optional-dependencies"]
    asked = [*project["dependencies"], *extras["client"], *extras["dev"]]
    names = [re.split(r"[\[<>=~ ]", one)[0].lower().replace("_", "-") for one in asked]

    assert [name for name in names if f"\n{name.replace('.', '-')}==" not in "\n" + locked] == []


@pytest.mark.parametrize("name", ["packages.txt", "packages-dev.txt", "packages-soak.txt"])
def test_package_lists_are_sorted_and_say_why(name: str) -> None:
    lines = [line for line in (ROOT / name).read_text().splitlines() if not line.startswith("#")]
    packages = [line.split("#")[0].strip() for line in lines]

    assert packages == sorted(set(packages))
    assert [line for line in lines if "# " not in line] == []


def test_scripts_can_be_run() -> None:
    assert [
        named(p) for p in files("scripts/*.sh", ".ci/run") if not p.stat().st_mode & 0o111
    ] == []


@pytest.mark.xdist_group("tidy")
def test_a_group_of_tests_stays_together(request: pytest.FixtureRequest) -> None:
    """pytest-xdist knows a group by the end of a test's id; without it each worker makes all."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        pytest.skip("there is one worker")
    assert request.node.nodeid.endswith("@tidy")
