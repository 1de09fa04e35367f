"""Every kind of operation of the bare-metal service, made known to the runner at start."""

from __future__ import annotations

from unkai.baremetal.actions.choose_operation import ALL
from unkai.baremetal.actions.create_allocation import ALLOCATE
from unkai.baremetal.actions.restore_power import RESTORE_POWER
from unkai.baremetal.actions.set_boot_mode import SET_BOOT_MODE, SET_SECURE_BOOT
from unkai.baremetal.actions.set_power_state import SET_POWER
from unkai.baremetal.service import Baremetal

SWITCHES = (SET_POWER, RESTORE_POWER, SET_BOOT_MODE, SET_SECURE_BOOT)


def register_operations(baremetal: Baremetal) -> None:
    for operation in (*ALL, *SWITCHES, ALLOCATE):
        baremetal.kit.operations.register(operation, baremetal)
