"""The clock's door of the timeline: nothing is kept for ever."""

from __future__ import annotations

from unkai.kit.workbench import Kit
from unkai.timeline.actions.prune import Prune

PRUNE_EVERY_S = 60.0


def add_reconcilers(kit: Kit) -> None:
    kit.reconcilers.add("timelines", Prune(kit.database, kit.clock).run, PRUNE_EVERY_S)
