"""`python -m tests.conformance.run`: tempest against a cloud of its own, and what became of it.

    --list NAME      lists/NAME.txt, or a file of ids; may be given again (default: first)
    --only TEXT      of those, the tests whose name contains it
    --fake           on played hosts; what needs guests is skipped
    --fast           only what is known to pass
    --update         add what passes now to passing.txt (it only grows)
    --state-dir DIR  use the cloud that runs from there instead of starting one

Exit code 1 when a test of passing.txt (passing-fake.txt) fails or is skipped, or when a test of the
first list does.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.clouds import CHECKOUT, RunningCloud, running_cloud, unkai
from tests.conformance.configure import write_configuration
from tests.conformance.tempest_run import FAILED, PASSED, SKIPPED, Outcome, run_tests

HERE = CHECKOUT / "tests" / "conformance"
TIMEOUT_S = 4 * 3600
SETTINGS = """\
[block_storage]
backends = ["spare=file:spare-volumes"]
"""
"""Volumes have two places to lie in."""


def main(words: Sequence[str] | None = None) -> int:
    options = _options(words)
    passing = HERE / ("passing-fake.txt" if options.fake else "passing.txt")
    known = set(read_list(passing))
    tests = list(dict.fromkeys(test for name in options.list for test in read_list(_file(name))))
    tests = [test for test in tests if options.only in test]
    if options.fast:
        tests = [test for test in tests if test in known]
    print(f"conformance: {len(tests)} tests, {len(known)} of all are known to pass", flush=True)
    outcomes = run_on_a_cloud(tests, fake=options.fake, state_dir=options.state_dir)
    report(outcomes)
    write_results(outcomes, fake=options.fake)
    lost = [outcome for outcome in outcomes if outcome.test in known and outcome.state != PASSED]
    for outcome in lost:
        print(f"LOST: {outcome.test} passed before and is {outcome.state} now")
    if options.update:
        passed = {outcome.test for outcome in outcomes if outcome.state == PASSED}
        passing.write_text("".join(f"{test}\n" for test in sorted(known | passed)))
    return 1 if lost or any(outcome.state == FAILED for outcome in outcomes) else 0


def run_on_a_cloud(tests: Sequence[str], *, fake: bool, state_dir: Path | None) -> list[Outcome]:
    """Start a cloud (or take the one given), tell tempest about it, run."""
    with tempfile.TemporaryDirectory(prefix="unkai-conformance-") as name:
        folder = Path(name)
        if state_dir is not None:
            return run_there(attach(state_dir), folder, tests)
        (folder / "cloud").mkdir()
        (folder / "cloud" / "unkai.toml").write_text(SETTINGS)
        with running_cloud(folder / "cloud", fake=fake) as cloud:
            return run_there(cloud, folder, tests)


def run_there(cloud: RunningCloud, folder: Path, tests: Sequence[str]) -> list[Outcome]:
    """Two rounds: the readers of the bare-metal plugin are to be readers and nothing more."""
    bare = [test for test in tests if test.startswith("ironic_tempest_plugin.")]
    rest = [test for test in tests if test not in set(bare)]
    outcomes: list[Outcome] = []
    for name, roles, chosen in (("rest", "member", rest), ("bare", "", bare)):
        if chosen:
            (folder / name).mkdir()
            write_configuration(cloud, folder / name, roles)
            outcomes += run_tests(cloud, folder / name, chosen, timeout_s=TIMEOUT_S)
    return outcomes


def attach(state_dir: Path) -> RunningCloud:
    found = json.loads(unkai("status", "--json", "--state-dir", str(state_dir)).stdout)
    return RunningCloud(
        state_dir=state_dir,
        url=found["url"],
        namespace=found["namespace"],
        fake=found["kind"] == "fake",
        pid=found["pid"],
    )


def read_list(path: Path) -> list[str]:
    """Ids of a list, without comments."""
    if not path.exists():
        return []
    lines = (line.strip() for line in path.read_text().splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def report(outcomes: Sequence[Outcome]) -> None:
    """What failed and why; skips summed by their reason; the count."""
    for outcome in outcomes:
        if outcome.state == FAILED:
            print(f"FAILED  {outcome.test}\n        {outcome.reason}")
    reasons = Counter(outcome.reason for outcome in outcomes if outcome.state == SKIPPED)
    for reason, count in reasons.most_common():
        print(f"skipped {count:4}  {reason}")
    counts = Counter(outcome.state for outcome in outcomes)
    print(
        f"{counts[PASSED]} passed, {counts[FAILED]} failed, {counts[SKIPPED]} skipped", flush=True
    )


def write_results(outcomes: Sequence[Outcome], *, fake: bool) -> Path:
    """A dated file that says what was run, on which commit, with what outcome."""
    now = datetime.now(UTC)
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    document = {
        "date": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "commit": done.stdout.strip() or None,
        "cloud": "fake" if fake else "real",
        "counts": Counter(outcome.state for outcome in outcomes),
        "tests": {
            outcome.test: {
                "state": outcome.state,
                "seconds": round(outcome.seconds, 2),
                **({"reason": outcome.reason} if outcome.reason else {}),
            }
            for outcome in outcomes
        },
    }
    folder = HERE / "results"
    folder.mkdir(exist_ok=True)
    path = folder / f"{now:%Y%m%d-%H%M%S}-{document['cloud']}.json"
    path.write_text(json.dumps(document, indent=1) + "\n")
    print(f"results: {path.relative_to(CHECKOUT)}")
    return path


def _options(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--list", action="append", default=[])
    parser.add_argument("--only", default="")
    parser.add_argument("--fake", action="store_true")
    parser.add_argument("--fast", action="store_true")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--state-dir", type=Path)
    options = parser.parse_args(words)
    options.list = options.list or ["first"]
    return options


def _file(name: str) -> Path:
    listed = HERE / "lists" / f"{name}.txt"
    return listed if listed.exists() else Path(name)


if __name__ == "__main__":
    sys.exit(main())
