"""`python -m bench.run`: start clouds, measure, print a table, keep the figures.

    --only NAME    one case (see bench/cases/__init__.py); may be given again
    --fake         no real cloud, even as root
    --no-save      print only

A case that fails is named and does not stop the others; the exit code is then 1. A missed aim is no
failure: it is a figure to explain.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from bench.cases import ON_FAKES, ON_QEMU, Case
from bench.figures import Figure, table
from bench.subject import Subject
from tests.clouds import CHECKOUT, running_cloud

FOLDER = CHECKOUT / "bench" / "results"
SETTINGS = """[compute]
fake_hosts = 16
cpu_allocation_ratio = 1000
ram_allocation_ratio = 1000
disk_allocation_ratio = 1000
"""


def main(words: Sequence[str] | None = None) -> int:
    options = _options(words)
    failed: list[str] = []
    figures: dict[str, list[Figure]] = {}
    plans = {"fake": (True, ON_FAKES)}
    if os.geteuid() == 0 and not options.fake:
        plans["real"] = (False, ON_QEMU)
    for kind, (fake, cases) in plans.items():
        chosen = {name: case for name, case in cases.items() if name in (options.only or cases)}
        if chosen:
            figures[kind] = _measure(kind, chosen, fake=fake, failed=failed)
    if not options.no_save:
        print(f"results: {_save(figures).relative_to(CHECKOUT)}")
    for line in failed:
        print(f"FAILED {line}")
    return 1 if failed else 0


def _measure(kind: str, cases: dict[str, Case], *, fake: bool, failed: list[str]) -> list[Figure]:
    figures: list[Figure] = []
    with measured_cloud(fake=fake) as subject:
        for name, case in cases.items():
            try:
                figures += case(subject)
            except Exception as error:  # noqa: BLE001 - one case's failure is not the others'
                traceback.print_exc()
                failed.append(f"{kind} {name}: {error}")
    print(f"\non a {kind} cloud, {os.cpu_count()} cores\n{table(figures)}\n", flush=True)
    return figures


@contextmanager
def measured_cloud(*, fake: bool) -> Iterator[Subject]:
    with tempfile.TemporaryDirectory(prefix="unkai-bench-") as name:
        state_dir = Path(name) / "cloud"
        if fake:
            state_dir.mkdir()
            (state_dir / "unkai.toml").write_text(SETTINGS)
        start = time.perf_counter()
        with running_cloud(state_dir, fake=fake) as cloud:
            yield Subject(cloud, time.perf_counter() - start)


def _save(figures: dict[str, list[Figure]]) -> Path:
    now = datetime.now(UTC)
    words = ["git", "rev-parse", "--short", "HEAD"]
    done = subprocess.run(words, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    document = {
        "date": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "commit": done.stdout.strip() or None,
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "figures": {kind: [asdict(one) for one in found] for kind, found in figures.items()},
    }
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{now:%Y%m%d-%H%M%S}.json"
    path.write_text(json.dumps(document, indent=1) + "\n")
    return path


def _options(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure the cloud.")
    parser.add_argument(
        "--only", action="append", default=[], choices=sorted({*ON_FAKES, *ON_QEMU})
    )
    parser.add_argument("--fake", action="store_true")
    parser.add_argument("--no-save", action="store_true")
    return parser.parse_args(words)


if __name__ == "__main__":
    sys.exit(main())
