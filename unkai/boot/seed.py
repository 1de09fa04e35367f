"""What a fresh cloud has: flavors, guest image, networks. Run at every start, idempotent."""

from __future__ import annotations

from pathlib import Path

from unkai.block_storage.actions.volume_types import seed_types
from unkai.compute.actions.seed_flavors import seed_flavors
from unkai.compute.service import Compute
from unkai.identity.model import SeededIdentity
from unkai.image.actions.seed_image import seed_image
from unkai.network.actions.seed_network import seed_network
from unkai.settings import Settings

GUEST_IMAGE = "cirros"
BLANK_BYTES = 1 << 20


async def seed(settings: Settings, compute: Compute, identity: SeededIdentity) -> None:
    """Make what is missing; an operator's changes stay."""
    await seed_flavors(compute)
    await seed_types(compute.block_storage)
    await seed_network(compute.network, identity.admin_project_id, identity.demo_project_id)
    path, disk_format = _guest_image(settings)
    if path is not None:
        await seed_image(
            compute.images,
            GUEST_IMAGE,
            path,
            disk_format,
            {"os_distro": "cirros", "os_admin_user": "cirros"},
            identity.admin_project_id,
        )


def _guest_image(settings: Settings) -> tuple[Path | None, str]:
    """The image and its format. Played hosts boot nothing, so a blank one does for a fake cloud."""
    if settings.guest_image.exists():
        return settings.guest_image, "qcow2"
    if not settings.fake or settings.image.guest_file:
        return None, "raw"
    blank = settings.state_dir / "blank.raw"
    blank.write_bytes(bytes(BLANK_BYTES))
    return blank, "raw"
