"""What people type to have machines in a rack."""

import pytest

from unkai.cli.rack import USUAL_MACHINES, parse_machine
from unkai.kit.errors import BadRequest
from unkai.rack import MachineSpec


def test_a_machine_is_a_name_and_what_differs_from_the_usual() -> None:
    assert parse_machine("node1") == MachineSpec(name="node1")
    assert parse_machine("node1:3072:uefi:redfish") == MachineSpec(
        name="node1", bmc="redfish", firmware="uefi", memory_mib=3072
    )
    assert parse_machine("node1:2disks") == MachineSpec(name="node1", disks=2)
    assert {parse_machine(text).firmware for text in USUAL_MACHINES} == {"bios", "uefi"}


def test_a_word_that_says_nothing_is_refused() -> None:
    with pytest.raises(BadRequest, match="'floppy' in 'node1:floppy'"):
        parse_machine("node1:floppy")
