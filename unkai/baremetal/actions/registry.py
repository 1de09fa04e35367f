"""Every kind of operation of the bare-metal service, made known to the runner at start."""

from __future__ import annotations

from unkai.baremetal.actions.provision import OPERATIONS
from unkai.baremetal.actions.restore_power import RESTORE_POWER
from unkai.baremetal.service import Baremetal


def register_operations(baremetal: Baremetal) -> None:
    for operation in dict.fromkeys((*OPERATIONS.values(), RESTORE_POWER)):
        baremetal.kit.operations.register(operation, baremetal)
