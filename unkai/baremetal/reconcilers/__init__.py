"""The clock's door of the bare-metal service: machines against what the tables say of them.

`add_reconcilers` makes them known to the kit; boot calls it once.
"""

from __future__ import annotations

from unkai.baremetal.actions.change_state import NODE_CHANGED
from unkai.baremetal.actions.record_bmc_calls import BmcCalls
from unkai.baremetal.drivers.guard import Guard
from unkai.baremetal.reconcilers.report_nodes import NodeReporter
from unkai.baremetal.reconcilers.sync_power import SyncPower
from unkai.baremetal.service import Baremetal
from unkai.kit.events import Event

CALLS_EVERY_S = 1.0
REPORT_EVERY_S = 30.0


def add_reconcilers(baremetal: Baremetal, guard: Guard, calls: BmcCalls) -> None:
    """Power of every node, the calls of their BMCs, and what placement may give of them."""
    reconcilers, settings = baremetal.kit.reconcilers, baremetal.settings
    reconcilers.add("bmc-calls", calls.write, CALLS_EVERY_S)
    reconcilers.add("power-sync", SyncPower(baremetal, guard).run, float(settings.power_sync_s))
    reporter = reconcilers.add("nodes", NodeReporter(baremetal).run, REPORT_EVERY_S)

    async def node_changed(event: Event) -> None:
        reporter.wake()

    baremetal.kit.events.subscribe(NODE_CHANGED, node_changed)
