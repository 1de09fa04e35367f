"""What a killed test run left of PostgreSQL is gone with the next."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests import postgres
from tests.e2e.visitor import runs, until

HOLD = """
import signal
from tests import postgres
with postgres.cluster() as folder:
    print(folder, flush=True)
    signal.pause()
"""
CHECKOUT = Path(__file__).parents[3]


@pytest.mark.skipif(postgres.programs() is None, reason="PostgreSQL is not installed")
def test_the_cluster_of_a_killed_run_is_swept() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True
    ) as killed:
        assert killed.stdout is not None
        folder = Path(killed.stdout.readline().strip())
        server = int((folder / "data" / "postmaster.pid").read_text().split()[0])
        postgres.sweep()
        assert folder.exists()
        os.kill(killed.pid, signal.SIGKILL)

    assert runs(server)
    postgres.sweep()

    assert not folder.exists()
    until(lambda: not runs(server), seconds=10, what="the end of PostgreSQL")
