"""Remove what a cloud left on the machine outside its state folder."""

from __future__ import annotations

import asyncio
import shutil

from unkai.boot.exports import stop_exports
from unkai.boot.provisioning import stop_provisioning
from unkai.boot.rack import rack_settings
from unkai.boot.site import guest_folder, network_driver
from unkai.hypervisor.local import end_all
from unkai.kit.clock import Clock
from unkai.rack import remove
from unkai.settings import Settings


def teardown(settings: Settings) -> None:
    """End machines, guests and daemons, remove namespace and run folder; the cloud is stopped."""
    if not settings.fake:
        asyncio.run(_remove(settings))
    shutil.rmtree(settings.run_dir, ignore_errors=True)


async def _remove(settings: Settings) -> None:
    await remove(rack_settings(settings))
    await end_all(guest_folder(settings))
    await stop_exports(settings)
    await stop_provisioning(settings)
    await network_driver(settings, Clock()).stop()
