"""Delete a port. Those of routers and of the cloud itself go with what they belong to."""

from __future__ import annotations

from collections.abc import Sequence

from unkai.kit.db import Tx
from unkai.kit.errors import Conflict
from unkai.kit.policy import Caller
from unkai.network.actions.disassociate import disassociate_ports
from unkai.network.actions.find import must_own, port_of
from unkai.network.service import NetworkService
from unkai.network.states import OWNERS_OF_THE_CLOUD
from unkai.network.store import ports


async def delete_port(network: NetworkService, tx: Tx, caller: Caller, port_id: str) -> None:
    """Raises NotFound, Forbidden, Conflict (code "service-port-in-use")."""
    port = await port_of(tx, caller, port_id)
    must_own(caller, port.project_id, f"Port {port_id}")
    if port.device_owner in OWNERS_OF_THE_CLOUD:
        raise Conflict(
            f"Port {port_id} cannot be deleted directly via the port API: has device owner "
            f"{port.device_owner}.",
            code="service-port-in-use",
        )
    await remove_ports(network, tx, [port_id])


async def remove_ports(network: NetworkService, tx: Tx, port_ids: Sequence[str]) -> None:
    """Without asking: for the actions that own these ports."""
    await disassociate_ports(network, tx, port_ids)
    await ports.delete_ports(tx, port_ids)
    await network.changed(tx, ("port", port_ids))
