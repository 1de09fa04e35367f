"""The clock's door of compute: what hosts and guests are, against what the tables say.

`add_reconcilers` makes them known to the kit; `boot.py` calls it once.
"""

from __future__ import annotations

from unkai.compute.actions.boot_times import prune_boot_times
from unkai.compute.reconcilers.evict_images import evict_images
from unkai.compute.reconcilers.forget_the_gone import forget_the_gone
from unkai.compute.reconcilers.note_extended_volumes import note_extended_volumes
from unkai.compute.reconcilers.reconcile_guests import GuestReconciler
from unkai.compute.reconcilers.reconcile_hosts import reconcile_hosts
from unkai.compute.reconcilers.reconcile_nodes import NodeReconciler
from unkai.compute.reconcilers.take_back import TakeBack
from unkai.compute.reconcilers.watch_power import watch_power
from unkai.compute.service import Compute
from unkai.kit.events import Event

HOSTS_EVERY_S = 10.0
GUESTS_EVERY_S = 15.0
TAKE_BACK_EVERY_S = 30.0
IMAGES_EVERY_S = 600.0
BOOT_TIMES_EVERY_S = 600.0
WATCH_AGAIN_S = 1.0


def add_reconcilers(compute: Compute) -> None:
    """Hosts, guests, what gone servers held, power, image caches; and the events that wake them."""
    kit = compute.kit
    guests = GuestReconciler(compute)
    kit.reconcilers.add("compute-hosts", lambda: reconcile_hosts(compute), HOSTS_EVERY_S)
    kit.reconcilers.add("guests", guests.run, GUESTS_EVERY_S)
    kit.reconcilers.add("servers-on-nodes", NodeReconciler(compute).run, GUESTS_EVERY_S)
    kit.reconcilers.add("claims-and-ports", TakeBack(compute).run, TAKE_BACK_EVERY_S)
    kit.reconcilers.add("power", lambda: watch_power(compute), WATCH_AGAIN_S)
    kit.reconcilers.add("boot-times", lambda: prune_boot_times(compute), BOOT_TIMES_EVERY_S)
    images = kit.reconcilers.add("image-caches", lambda: evict_images(compute), IMAGES_EVERY_S)

    async def image_deleted(event: Event) -> None:
        images.wake()

    kit.events.subscribe("image.deleted", image_deleted)
    forget_the_gone(compute)
    note_extended_volumes(compute)
