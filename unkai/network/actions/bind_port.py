"""Put a port on a host for a device, and take it off again.

For the services above: the port was checked when it was made or named. The wire follows after the
commit; "port.up" tells when packets can move.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from unkai.kit.db import Tx
from unkai.kit.errors import Conflict, NotFound
from unkai.network.drivers.base import Ref
from unkai.network.model import VNIC_MACHINE, Port
from unkai.network.service import NetworkService
from unkai.network.states import DOWN
from unkai.network.store import ports

UNBOUND: tuple[str, Mapping[str, object]] = ("unbound", {})
BOUND: tuple[str, Mapping[str, object]] = (
    "ovs",
    {"port_filter": True, "connectivity": "l2", "bound_drivers": {"0": "ovn"}},
)


BOUND_MACHINE: tuple[str, Mapping[str, object]] = (
    "other",
    {"connectivity": "l2", "bound_drivers": {"0": "baremetal"}},
)


def binding(
    network: NetworkService, host: str, vnic_type: str = "normal"
) -> tuple[str, Mapping[str, object]]:
    """(vif_type, vif_details) of a port on a host, which is a node where the NIC is a machine's."""
    if not host:
        return UNBOUND
    if vnic_type == VNIC_MACHINE:
        return BOUND_MACHINE
    known = network.hosts()
    return BOUND if not known or host in known else ("binding_failed", {})


async def bind_port(  # noqa: PLR0917  # a door: the services above call it so
    network: NetworkService, tx: Tx, port_id: str, device_id: str, device_owner: str, host: str
) -> Port:
    """Idempotent. `host` "": owned by the device, on no host yet.

    Raises NotFound; Conflict (code "port-in-use") where another device has the port.
    """
    before = await _port(tx, port_id)
    if before.device_id not in ("", device_id):
        raise Conflict(
            f"Port {port_id} is in use by device {before.device_id}.", code="port-in-use"
        )
    vif_type, vif_details = binding(network, host, before.binding_vnic_type)
    after = replace(
        before,
        device_id=device_id,
        device_owner=device_owner,
        binding_host_id=host,
        binding_vif_type=vif_type,
        binding_vif_details=vif_details,
        status=before.status if before.binding_host_id == host else DOWN,
    )
    return await _save(network, tx, before, after)


async def unbind_port(network: NetworkService, tx: Tx, port_id: str) -> Port | None:
    """Give a port back that outlives its device. Idempotent; None if the port is gone."""
    before = await ports.get_port(tx, port_id)
    if before is None:
        return None
    after = replace(
        before,
        device_id="",
        device_owner="",
        binding_host_id="",
        binding_vif_type=UNBOUND[0],
        binding_vif_details=UNBOUND[1],
        status=DOWN,
    )
    return await _save(network, tx, before, after)


async def _port(tx: Tx, port_id: str) -> Port:
    port = await ports.get_port(tx, port_id)
    if port is None:
        raise NotFound(f"Port {port_id} could not be found.", code="port-not-found")
    return port


async def _save(network: NetworkService, tx: Tx, before: Port, after: Port) -> Port:
    if after == before:
        return before
    after = replace(
        after,
        updated_at=network.kit.clock.now(),
        revision_number=before.revision_number + 1,
    )
    await ports.save_port(tx, after, before)
    await network.changed(tx, Ref("port", after.id))
    return after
