"""The clock's door of the bare-metal service: machines against what the tables say of them.

`add_reconcilers` makes them known to the kit; boot calls it once.
"""

from __future__ import annotations

from unkai.baremetal.actions.change_state import LOGIN_CHANGED, NODE_CHANGED
from unkai.baremetal.actions.record_bmc_calls import BmcCalls
from unkai.baremetal.drivers.guard import Guard
from unkai.baremetal.reconcilers.end_sessions import EndSessions
from unkai.baremetal.reconcilers.keep_consoles import KeepConsoles
from unkai.baremetal.reconcilers.report_nodes import NodeReporter
from unkai.baremetal.reconcilers.sync_power import SyncPower
from unkai.baremetal.reconcilers.take_back_volumes import TakeBackVolumes
from unkai.baremetal.service import Baremetal
from unkai.kit.clock import Clock
from unkai.kit.events import Event

CALLS_EVERY_S = 1.0
REPORT_EVERY_S = 30.0
CONSOLES_EVERY_S = 2.0
SESSIONS_EVERY_S = 60.0
VOLUMES_EVERY_S = 60.0


def add_reconcilers(baremetal: Baremetal, guard: Guard, calls: BmcCalls) -> None:
    """Power of every node, the calls of their BMCs, and what placement may give of them."""
    kit, half_s = baremetal.kit, baremetal.settings.power_sync_s / 2
    kit.reconcilers.add("bmc-calls", calls.write, CALLS_EVERY_S)
    if half_s > 0:
        sync = SyncPower(baremetal, guard)
        kit.reconcilers.add("power-sync", lambda: _half(kit.clock, sync, half_s), half_s)
    nodes = NodeReporter(baremetal, REPORT_EVERY_S)
    reporter = kit.reconcilers.add("nodes", nodes.run, REPORT_EVERY_S)
    consoles = kit.reconcilers.add("consoles", KeepConsoles(baremetal).run, CONSOLES_EVERY_S)

    volumes = TakeBackVolumes(baremetal)
    kit.reconcilers.add("machine-volumes", volumes.run, VOLUMES_EVERY_S)

    sessions = EndSessions(baremetal, guard)
    ending = kit.reconcilers.add("bmc-sessions", sessions.run, SESSIONS_EVERY_S)

    async def login_changed(event: Event) -> None:
        sessions.changed(event.key)
        ending.wake()

    async def node_changed(event: Event) -> None:
        nodes.changed(event.key)
        reporter.wake()
        consoles.wake()

    kit.events.subscribe(NODE_CHANGED, node_changed)
    kit.events.subscribe(LOGIN_CHANGED, login_changed)


async def _half(clock: Clock, sync: SyncPower, half_s: float) -> None:
    """A round spreads its polls over at most half of the time; the other half is a pause."""
    began = clock.monotonic()
    await sync.run()
    await clock.sleep(max(0.0, half_s - (clock.monotonic() - began)))
