"""The clock's door of the bare-metal service: machines against what the tables say of them.

`add_reconcilers` makes them known to the kit; boot calls it once.
"""

from __future__ import annotations

from unkai.baremetal.actions.record_bmc_calls import BmcCalls
from unkai.baremetal.drivers.guard import Guard
from unkai.baremetal.reconcilers.sync_power import SyncPower
from unkai.baremetal.service import Baremetal

CALLS_EVERY_S = 1.0


def add_reconcilers(baremetal: Baremetal, guard: Guard, calls: BmcCalls) -> None:
    """Power of every node, and the calls of their BMCs onto the timelines."""
    reconcilers, settings = baremetal.kit.reconcilers, baremetal.settings
    reconcilers.add("bmc-calls", calls.write, CALLS_EVERY_S)
    reconcilers.add("power-sync", SyncPower(baremetal, guard).run, float(settings.power_sync_s))
