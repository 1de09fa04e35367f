"""What a fresh cloud has: flavors, guest image, networks. Run at every start, idempotent."""

from __future__ import annotations

from unkai.compute.actions.seed_flavors import seed_flavors
from unkai.compute.service import Compute
from unkai.identity.model import SeededIdentity
from unkai.image.actions.seed_image import seed_image
from unkai.network.actions.seed_network import seed_network
from unkai.settings import Settings

GUEST_IMAGE = "cirros"


async def seed(settings: Settings, compute: Compute, identity: SeededIdentity) -> None:
    """Make what is missing; an operator's changes stay."""
    await seed_flavors(compute)
    await seed_network(compute.network, identity.admin_project_id, identity.demo_project_id)
    if settings.guest_image.exists():
        await seed_image(
            compute.images,
            GUEST_IMAGE,
            settings.guest_image,
            "qcow2",
            {"os_distro": "cirros", "os_admin_user": "cirros"},
            identity.admin_project_id,
        )
