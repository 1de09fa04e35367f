"""Change a network."""

from __future__ import annotations

from dataclasses import replace

from msgspec import UNSET, Struct, UnsetType, field

from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest, Conflict
from unkai.kit.policy import Caller
from unkai.network.actions.create_network import check_mtu
from unkai.network.actions.find import must_own, network_of
from unkai.network.actions.rbac_policies import sync_wildcards
from unkai.network.drivers.base import Ref
from unkai.network.fields import DnsName, Int32, Text, given
from unkai.network.model import Network
from unkai.network.service import NetworkService
from unkai.network.store import floating_ips, networks, ports, routers

WIRE_FIELDS = {"admin_state_up", "mtu", "port_security_enabled", "router_external"}
"""Changes that the network's subnets and ports show on the wire, too."""


class NetworkChange(Struct, kw_only=True, frozen=True):
    name: Text | UnsetType = UNSET
    description: Text | UnsetType = UNSET
    admin_state_up: bool | UnsetType = UNSET
    shared: bool | UnsetType = UNSET
    mtu: Int32 | UnsetType | None = UNSET
    port_security_enabled: bool | UnsetType = UNSET
    router_external: bool | UnsetType = field(default=UNSET, name="router:external")
    is_default: bool | UnsetType = UNSET
    dns_domain: DnsName | UnsetType = UNSET


async def update_network(
    network: NetworkService, tx: Tx, caller: Caller, network_id: str, change: NetworkChange
) -> Network:
    before = await network_of(tx, caller, network_id)
    must_own(caller, before.project_id, f"Network {network_id}")
    changes = given(change)
    if "mtu" in changes:
        changes["mtu"] = check_mtu(network, change.mtu)
    now = network.kit.clock.now()
    after = replace(before, **changes, updated_at=now, revision_number=before.revision_number + 1)
    if before.shared and not after.shared:
        await _check_unshare(tx, before)
    if before.router_external and not after.router_external:
        await _check_internal(tx, before)
    await networks.save_network(tx, after)
    if after.is_default:
        if not after.router_external:
            raise BadRequest("Only an external network can be a default.", code="invalid-input")
        await networks.unset_default_networks(tx, but=after.id)
    if (before.shared, before.router_external) != (after.shared, after.router_external):
        await sync_wildcards(network, tx, after)
    await network.changed(tx, Ref("network", after.id))
    if any(getattr(before, name) != getattr(after, name) for name in WIRE_FIELDS):
        members = await ports.network_ids_in_use(tx, after.id)
        await network.changed(
            tx,
            ("subnet", after.subnet_ids),
            ("port", [row.id for row in members]),
            ("router", await routers.routers_on(tx, after.id)),
        )
    return after


async def _check_unshare(tx: Tx, network: Network) -> None:
    """Conflict while other projects have ports on it."""
    members = await ports.ports_of_network(tx, network.id)
    foreign = {
        port.project_id
        for port in members
        if port.project_id and not port.device_owner.startswith("network:")
    } - {network.project_id}
    if foreign:
        raise Conflict(
            f"Unable to reconfigure sharing settings for network {network.id}. "
            "Multiple tenants are using it.",
            code="invalid-shared-setting",
        )


async def _check_internal(tx: Tx, network: Network) -> None:
    gateways = await routers.gateways_on(tx, network.id)
    if gateways or await floating_ips.floating_ips_on(tx, network.id):
        raise Conflict(
            f"External network {network.id} cannot be updated to be made non-external, since it "
            "has existing gateway ports.",
            code="external-network-in-use",
        )
