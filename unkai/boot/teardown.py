"""Remove what a cloud left on the machine outside its state folder."""

from __future__ import annotations

import asyncio
import shutil

from unkai.settings import Settings


def teardown(settings: Settings) -> None:
    """End guests and daemons, remove namespace and run folder. The cloud must be stopped."""
    if not settings.fake:
        asyncio.run(_remove(settings))
    shutil.rmtree(settings.run_dir, ignore_errors=True)


async def _remove(settings: Settings) -> None:
    from unkai.boot.site import local_hypervisor, network_driver
    from unkai.kit.clock import Clock

    clock = Clock()
    if (settings.state_dir / "guests").exists():
        hypervisor = local_hypervisor(settings, clock)
        await hypervisor.remove_all()
    await network_driver(settings).stop()
