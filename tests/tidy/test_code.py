"""Sizes and names: what STYLE.md says and no linter checks."""

import ast
import re
import tomllib

import pytest

import unkai
from tests.tidy.checkout import ROOT, files, named

FUNCTION_LINES = 70
FILE_LINES = 500
EMPTY_NAMES = {"utils", "util", "helper", "helpers", "manager", "common", "misc", "base2"}
CODE = files("*.py")


def test_files_are_short() -> None:
    sizes = {named(path): len(path.read_text().splitlines()) for path in CODE}

    assert {name: size for name, size in sizes.items() if size > FILE_LINES} == {}


@pytest.mark.thorough
def test_functions_are_short() -> None:
    sizes = {
        f"{named(path)}:{node.lineno} {node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path in CODE
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    }

    assert {name: size for name, size in sizes.items() if size > FUNCTION_LINES} == {}


def test_every_file_has_a_telling_name() -> None:
    said = {named(path): set(path.stem.split("_")) | set(path.parent.parts) for path in CODE}

    assert [path for path, words in said.items() if words & EMPTY_NAMES] == []


def test_nothing_is_put_off_in_a_comment() -> None:
    marks = re.compile(
        r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK")) + r")\b"
    )
    found = [
        f"{named(path)}:{number}"
        for path in files("*.py", "*.sh", "*.md", "Makefile", "*.toml")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if marks.search(line)
    ]

    assert found == []


def test_tests_wait_for_states_and_do_not_sleep() -> None:
    """A pause of fixed length is a flake; polls with a deadline are short and bounded."""
    pauses = re.compile(r"(?:time|asyncio|anyio)\.sleep\(([0-9.]+)")
    found = [
        f"{named(path)}: {match.group()}"
        for path in files("tests/*.py")
        for match in pauses.finditer(path.read_text())
        if float(match.group(1)) > 1
    ]

    assert found == []


def test_one_version_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert project["version"] == unkai.__version__
    assert f"## {unkai.__version__}" in (ROOT / "CHANGELOG.md").read_text()


def test_every_service_is_in_the_import_contracts() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    floors = next(one for one in contracts["contracts"] if one["name"].startswith("The floors"))
    services = {f"unkai.{path.parent.name}" for path in (ROOT / "unkai").glob("*/actions")}

    assert services <= set(floors["containers"])
