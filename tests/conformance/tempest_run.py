"""Run tempest's tests in a process of their own and read what became of each.

Only the modules that hold the wanted tests are loaded (discovering all of tempest takes half a
minute). A class that cannot be set up, or skips as a whole, reports one line for all its tests: we
hand that outcome to each of them, so no wanted test is ever lost.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import subunit  # pyright: ignore[reportMissingTypeStubs]
import testtools

from tests.clouds import RunningCloud

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"
_STATUS = {"success": PASSED, "fail": FAILED, "skip": SKIPPED, "xfail": PASSED}


@dataclass(frozen=True)
class Outcome:
    test: str
    state: str
    seconds: float = 0.0
    reason: str = ""


def run_tests(
    cloud: RunningCloud, folder: Path, tests: Sequence[str], *, timeout_s: float
) -> list[Outcome]:
    """Run them inside the cloud's network; one outcome for every wanted test, in their order."""
    chosen = folder / "chosen.txt"
    chosen.write_text("".join(f"{name}\n" for test in tests for name in names_of(test)))
    modules = sorted({class_of(test).rpartition(".")[0] for test in tests})
    words = [sys.executable, "-m", "unkai", "exec", "--state-dir", str(cloud.state_dir), "--"]
    words += [sys.executable, "-m", "stestr.subunit_runner.run", "--load-list", str(chosen)]
    environment = os.environ | {
        "TEMPEST_CONFIG_DIR": str(folder),
        "TEMPEST_CONFIG": "tempest.conf",
        "PYTHONWARNINGS": "ignore",
    }
    with (folder / "subunit").open("wb") as stream, (folder / "stderr").open("wb") as errors:
        done = subprocess.run(
            [*words, *modules],
            env=environment,
            stdout=stream,
            stderr=errors,
            stdin=subprocess.DEVNULL,
            timeout=timeout_s,
            check=False,
        )
    found = read_stream((folder / "subunit").read_bytes())
    said = (folder / "stderr").read_text(errors="replace").strip()
    if not found:
        raise AssertionError(f"tempest said nothing (exit code {done.returncode}): {said[-2000:]}")
    return sort_out(tests, found)


def read_stream(stream: bytes) -> list[Outcome]:
    """Outcomes of a subunit v2 stream, those of whole classes among them."""
    found: list[Outcome] = []

    def keep(test: dict[str, Any]) -> None:
        if test["status"] == "exists":  # announced; what became of it comes later, or never
            return
        start, end = test["timestamps"]
        seconds = (end - start).total_seconds() if start and end else 0.0
        details = {name: content.as_text() for name, content in test["details"].items()}
        state = _STATUS.get(test["status"], FAILED)
        reason = details.get("reason", "") if state == SKIPPED else _last_line(details)
        found.append(Outcome(test["id"], state, seconds, "" if state == PASSED else reason))

    result: Any = testtools.StreamToDict(cast("Any", keep))
    result.startTestRun()
    source: Any = subunit.ByteStreamToStreamResult(io.BytesIO(stream), non_subunit_name="stdout")
    source.run(result)
    result.stopTestRun()
    return [outcome for outcome in found if outcome.test != "stdout"]


def sort_out(tests: Iterable[str], found: Iterable[Outcome]) -> list[Outcome]:
    """One outcome for each wanted test: its own, its class's, or "it did not run"."""
    by_name = {plain(outcome.test): outcome for outcome in found}
    sorted_out: list[Outcome] = []
    for test in tests:
        of_class = by_name.get(f"setUpClass ({class_of(test)})")
        own = by_name.get(plain(test)) or of_class
        missing = Outcome(test, FAILED, 0.0, "it did not run: tempest has no such test")
        outcome = own or missing
        sorted_out.append(Outcome(test, outcome.state, outcome.seconds, outcome.reason))
    broken_ends = [
        outcome
        for name, outcome in by_name.items()
        if name.startswith("tearDownClass") and outcome.state == FAILED
    ]
    return sorted_out + broken_ends


def plain(test: str) -> str:
    """A test's name without its tags."""
    return test.partition("[")[0].strip()


def names_of(test: str) -> set[str]:
    """The tag "slow" is there only where tempest logs in to guests."""
    return {test, test.replace(",slow]", "]")}


def class_of(test: str) -> str:
    return plain(test).rpartition(".")[0]


def _last_line(details: dict[str, str]) -> str:
    text = next((text for name, text in details.items() if name.startswith("traceback")), "")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith(("tempest.", "Details:", "testtools."))]
    return " ".join(telling[-2:] or lines[-1:])[:500]
