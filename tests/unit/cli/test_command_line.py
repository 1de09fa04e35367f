"""The command as people type it: exit codes, sentences, and what it does not import."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.thorough

CHECKOUT = Path(__file__).parents[3]
HEAVY = ("sqlalchemy", "alembic", "starlette", "uvicorn", "cryptography", "unkai.boot")


def unkai(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "unkai", *words]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, cwd=CHECKOUT, check=False
    )


def imported_by(*words: str) -> set[str]:
    command = [sys.executable, "-X", "importtime", "-m", "unkai", *words]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, cwd=CHECKOUT, check=False
    )
    return {line.rsplit("|", 1)[1].strip() for line in done.stderr.splitlines() if "|" in line}


@pytest.mark.parametrize("words", [("--help",), ("status",), ("up", "--help"), ("--version",)])
def test_looking_at_it_loads_nothing_heavy(words: tuple[str, ...], tmp_path: Path) -> None:
    more = () if words[-1].startswith("--") else ("--state-dir", str(tmp_path / "none"))

    loaded = imported_by(*words, *more)

    assert "unkai.cli.app" in loaded
    assert not {name for name in loaded if name.startswith(HEAVY)}


def test_every_verb_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    from unkai.cli.app import VERBS, make_app

    text = unkai("--help").stdout

    for verb in VERBS:
        assert f" {verb} " in text
        make_app()([verb, "--help"])
        shown = capsys.readouterr().out
        assert "--state-dir" in shown
        assert "--json" in shown


def test_no_cloud_is_exit_code_3(tmp_path: Path) -> None:
    folder = tmp_path / "none"

    status = unkai("status", "--json", "--state-dir", str(folder))
    audit = unkai("audit", "--state-dir", str(folder))

    assert (status.returncode, json.loads(status.stdout)["running"]) == (3, False)
    assert audit.returncode == 3
    assert f"No cloud runs from {folder}." in audit.stderr
    assert f"unkai up --state-dir {folder}" in audit.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("nope",), 'Unknown command "nope"'),
        (("up", "--port", "many"), "--port"),
        (("ssh",), "requires an argument"),
    ],
)
def test_a_wrong_question_is_exit_code_2(words: tuple[str, ...], says: str) -> None:
    done = unkai(*words)

    assert done.returncode == 2
    assert says in done.stderr
    assert "what to do: " in done.stderr


def test_up_does_not_move_into_a_folder_of_somebody_else(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()

    done = unkai("up", "--fake", "--state-dir", str(tmp_path))

    assert done.returncode == 2
    assert "it holds thesis.tex" in done.stderr


def test_up_says_who_holds_the_port(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        done = unkai("up", "--fake", "--state-dir", str(tmp_path / "new"), "--port", str(port))

    assert done.returncode == 1
    assert f"127.0.0.1:{port} is in use by pid " in done.stderr


def test_down_without_a_cloud_is_fine_twice(tmp_path: Path) -> None:
    for _ in range(2):
        done = unkai("down", "--state-dir", str(tmp_path / "none"))
        assert done.returncode == 0
        assert "Nothing of a cloud" in done.stdout
