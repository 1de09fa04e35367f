"""Every API of a cloud, in one place: what is served, described and tested is the same."""

from __future__ import annotations

from typing import Any

from unkai.baremetal.api import baremetal_apis
from unkai.block_storage.api import block_storage_apis
from unkai.compute.api import compute_apis
from unkai.compute.service import Compute
from unkai.identity.api import identity_api
from unkai.identity.service import Identity
from unkai.image.api import image_api
from unkai.kit.http import Api
from unkai.network.api import network_api
from unkai.operator.api import operator_api
from unkai.operator.service import Operator
from unkai.placement.api import placement_apis


def every_api(identity: Identity, compute: Compute, operator: Operator) -> tuple[Api, ...]:
    """The doors of a cloud that works."""
    return _apis(
        identity=identity,
        placement=compute.placement,
        images=compute.images,
        network=compute.network,
        block_storage=compute.block_storage,
        baremetal=compute.baremetal,
        compute=compute,
        operator=operator,
    )


def described_apis() -> tuple[Api, ...]:
    """The same doors with nothing behind them: to be read, not asked."""
    services = ("identity", "placement", "images", "network", "block_storage")
    machines = ("baremetal", "compute", "operator")
    return _apis(**dict.fromkeys((*services, *machines)))


def _apis(**services: Any) -> tuple[Api, ...]:
    return (
        identity_api(services["identity"]),
        *placement_apis(services["placement"]),
        image_api(services["images"]),
        network_api(services["network"]),
        *block_storage_apis(services["block_storage"]),
        *baremetal_apis(services["baremetal"]),
        *compute_apis(services["compute"]),
        operator_api(services["operator"]),
    )
