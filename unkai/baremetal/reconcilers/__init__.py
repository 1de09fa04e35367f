"""The clock's door of the bare-metal service: machines against what the tables say of them."""

from __future__ import annotations

from unkai.baremetal.actions.change_state import NODE_CHANGED
from unkai.baremetal.reconcilers.report_nodes import NodeReporter
from unkai.baremetal.service import Baremetal
from unkai.kit.events import Event

REPORT_EVERY_S = 30.0


def add_reconcilers(baremetal: Baremetal) -> None:
    """Make them known to the kit; `boot` calls it once."""
    kit = baremetal.kit
    reporter = kit.reconcilers.add("nodes", NodeReporter(baremetal).run, REPORT_EVERY_S)

    async def node_changed(event: Event) -> None:
        reporter.wake()

    kit.events.subscribe(NODE_CHANGED, node_changed)
