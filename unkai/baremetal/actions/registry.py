"""Every kind of operation of the bare-metal service, made known to the runner at start."""

from __future__ import annotations

from unkai.baremetal.actions.manage_node import MANAGE_NODE
from unkai.baremetal.actions.restore_power import RESTORE_POWER
from unkai.baremetal.service import Baremetal

OPERATIONS = (MANAGE_NODE, RESTORE_POWER)


def register_operations(baremetal: Baremetal) -> None:
    for operation in OPERATIONS:
        baremetal.kit.operations.register(operation, baremetal)
