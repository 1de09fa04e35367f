"""Change a port."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from msgspec import UNSET, Struct, UnsetType, field

from unkai.kit.db import Tx
from unkai.kit.errors import Conflict, Forbidden
from unkai.kit.policy import Caller
from unkai.network.actions import port_fields
from unkai.network.actions.allocate_addresses import FixedIPRequest, Wish, allocate
from unkai.network.actions.bind_port import binding
from unkai.network.actions.disassociate import disassociate_lost
from unkai.network.actions.find import must_own, port_of
from unkai.network.drivers.base import Ref
from unkai.network.fields import DnsName, Text, given
from unkai.network.model import Network, Port
from unkai.network.service import NetworkService
from unkai.network.states import DOWN, OWNERS_OF_THE_CLOUD, ROUTER_OWNERS
from unkai.network.store import networks, ports

PLAIN = ("name", "description", "admin_state_up", "propagate_uplink_status")


class PortChange(Struct, kw_only=True, frozen=True):
    name: Text | UnsetType = UNSET
    description: Text | UnsetType = UNSET
    admin_state_up: bool | UnsetType = UNSET
    mac_address: Text | UnsetType = UNSET
    fixed_ips: tuple[FixedIPRequest, ...] | UnsetType = UNSET
    security_groups: port_fields.Groups | UnsetType | None = UNSET
    port_security_enabled: bool | UnsetType = UNSET
    allowed_address_pairs: port_fields.Pairs | UnsetType | None = UNSET
    extra_dhcp_opts: port_fields.Options | UnsetType | None = UNSET
    device_id: Text | UnsetType = UNSET
    device_owner: Text | UnsetType = UNSET
    binding_host_id: Text | UnsetType | None = field(default=UNSET, name="binding:host_id")
    binding_vnic_type: Text | UnsetType = field(default=UNSET, name="binding:vnic_type")
    binding_profile: dict[str, Any] | UnsetType | None = field(
        default=UNSET, name="binding:profile"
    )
    dns_name: DnsName | UnsetType = UNSET
    dns_domain: DnsName | UnsetType = UNSET
    propagate_uplink_status: bool | UnsetType = UNSET
    qos_policy_id: UnsetType | None = UNSET


async def update_port(
    network: NetworkService, tx: Tx, caller: Caller, port_id: str, change: PortChange
) -> Port:
    """Raises NotFound, Forbidden, Conflict (address or MAC in use), BadRequest."""
    before = await port_of(tx, caller, port_id)
    must_own(caller, before.project_id, f"Port {port_id}")
    found = await networks.get_network(tx, before.network_id)
    assert found is not None
    asked = given(change)
    _check_who(caller, found, before, change)
    changes = {name: asked[name] for name in PLAIN if name in asked}
    changes |= _device(asked, before)
    changes |= _lists(asked, before)
    changes |= _binding(network, asked, before)
    if "mac_address" in asked:
        changes["mac_address"] = await _mac(network, tx, before, asked["mac_address"])
    changes |= await _security(tx, caller, found, before, asked)
    after = replace(
        before,
        **changes,
        updated_at=network.kit.clock.now(),
        revision_number=before.revision_number + 1,
    )
    if "fixed_ips" in asked:
        owned = frozenset(fixed.ip_address for fixed in before.fixed_ips)
        wish = Wish(found, after.mac_address, after.device_owner, asked["fixed_ips"], owned)
        after = replace(after, fixed_ips=await allocate(network, tx, wish))
    if after.binding_host_id != before.binding_host_id:
        after = replace(after, status=DOWN)
    await ports.save_port(tx, after, before)
    await disassociate_lost(network, tx, after)
    await network.changed(tx, Ref("port", after.id))
    if after.device_owner in ROUTER_OWNERS:
        await network.changed(tx, Ref("router", after.device_id))
    return after


def _check_who(caller: Caller, on: Network, before: Port, change: PortChange) -> None:
    port_fields.check_fence(
        caller,
        on,
        frozenset(
            name
            for name in ("mac_address", "port_security_enabled", "allowed_address_pairs")
            if getattr(change, name) is not UNSET and getattr(change, name) != getattr(before, name)
        ),
    )
    if change.device_owner is not UNSET and change.device_owner != before.device_owner:
        port_fields.check_owner(caller, change.device_owner)
    moved = any(
        getattr(change, name) not in (UNSET, getattr(before, name))
        for name in ("device_id", "device_owner")
    )
    if moved and before.device_owner in OWNERS_OF_THE_CLOUD and not caller.is_admin:
        raise Forbidden(
            f"Port {before.id} belongs to the cloud's own {before.device_owner}.",
            code="policy",
        )


def _device(asked: dict[str, Any], before: Port) -> dict[str, Any]:
    """Router interfaces are known by their device: it never changes under them."""
    changes = {name: asked[name] for name in ("device_id", "device_owner") if name in asked}
    if before.device_owner in ROUTER_OWNERS and any(
        getattr(before, name) != value for name, value in changes.items()
    ):
        raise Conflict(
            f"Port {before.id} is a router's; its device cannot be changed.",
            code="port-in-use",
            remedy="Remove the interface from the router instead.",
        )
    return changes


def _lists(asked: dict[str, Any], before: Port) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    mac = asked.get("mac_address", before.mac_address)
    if "allowed_address_pairs" in asked:
        pairs = asked["allowed_address_pairs"] or ()
        changes["allowed_address_pairs"] = port_fields.read_pairs(pairs, mac)
    if "extra_dhcp_opts" in asked:
        options = asked["extra_dhcp_opts"] or ()
        changes["extra_dhcp_opts"] = port_fields.change_options(before.extra_dhcp_opts, options)
    for name in ("dns_name", "dns_domain"):
        if name in asked:
            changes[name] = port_fields.check_dns_name(asked[name], name)
    return changes


def _binding(network: NetworkService, asked: dict[str, Any], before: Port) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if "binding_vnic_type" in asked:
        changes["binding_vnic_type"] = port_fields.check_vnic_type(asked["binding_vnic_type"])
    if "binding_profile" in asked:
        changes["binding_profile"] = port_fields.check_profile(asked["binding_profile"])
    host = asked.get("binding_host_id", before.binding_host_id) or ""
    vnic_type = changes.get("binding_vnic_type", before.binding_vnic_type)
    if (host, vnic_type) != (before.binding_host_id, before.binding_vnic_type):
        vif_type, vif_details = binding(network, host, vnic_type)
        changes |= {
            "binding_host_id": host,
            "binding_vif_type": vif_type,
            "binding_vif_details": vif_details,
        }
    return changes


async def _mac(network: NetworkService, tx: Tx, before: Port, mac_address: str) -> str:
    if mac_address.lower() == before.mac_address:
        return before.mac_address
    if before.binding_host_id:
        raise Conflict(
            f"Unable to complete operation on port {before.id}, port is already bound, port "
            f"type: {before.binding_vif_type}, old_mac {before.mac_address}, new_mac "
            f"{mac_address}.",
            code="port-bound",
        )
    return await port_fields.pick_mac(network, tx, before.network_id, mac_address)


async def _security(
    tx: Tx, caller: Caller, on: Network, before: Port, asked: dict[str, Any]
) -> dict[str, Any]:
    """Port security, groups and address pairs, which must make sense together."""
    secured: bool = asked.get("port_security_enabled", before.port_security_enabled)
    group_ids = before.security_group_ids
    if "security_groups" in asked:
        named = asked["security_groups"] or ()
        group_ids = tuple(dict.fromkeys(group_id.lower() for group_id in named))
        fresh = [group_id for group_id in group_ids if group_id not in before.security_group_ids]
        if fresh:
            await port_fields.check_groups(tx, caller, fresh)
    if not secured and group_ids:
        raise Conflict(
            "Port has security group associated. Cannot disable port security or IP address "
            "until security group is removed.",
            code="port-security-port-has-security-group",
        )
    pairs = before.allowed_address_pairs
    if "allowed_address_pairs" in asked:
        pairs = asked["allowed_address_pairs"] or ()
    if not secured and pairs:
        if "port_security_enabled" not in asked and "allowed_address_pairs" not in asked:
            return {"security_group_ids": group_ids}
        raise Conflict(
            "Port Security must be enabled in order to have allowed address pairs on a port.",
            code="address-pair-and-port-security-required",
        )
    return {"port_security_enabled": secured, "security_group_ids": group_ids}
