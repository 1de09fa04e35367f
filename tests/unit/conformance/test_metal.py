"""The bare-metal guide, told to other machines."""

import subprocess
from pathlib import Path

import pytest

from tests.conformance.metal import KINDS, Kind, phases_of, script_for
from tests.e2e.test_guides import GUIDES
from unkai.guests.ramdisk import Ramdisk

GUIDE = (GUIDES / "first-bare-metal.md").read_text()
STOCK = Ramdisk(kernel=Path("/somewhere/kernel"), initramfs=Path("/somewhere/initramfs"))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_each_kinds_script_is_one_that_bash_reads(kind: Kind) -> None:
    script = script_for(kind, GUIDE, STOCK if kind.stock_agent else None)

    done = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"--machine {kind.machine}\n" in script
    assert f"--driver {kind.driver} " in script
    assert ("/somewhere/kernel" in script) == kind.stock_agent


def test_a_phase_lasts_until_the_next_command() -> None:
    traced = """\
+ 100 openstack baremetal node inspect --wait 300 metal
+ 130 openstack baremetal node show metal --fields properties
++ 131 openstack baremetal node show metal
+ 132 openstack baremetal node provide --wait 300 metal
+ 190 export OS_CLOUD=unkai-demo
+ 192 openstack flavor create metal
"""

    assert phases_of(traced) == {"inspect": 30, "clean": 60}
