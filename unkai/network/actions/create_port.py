"""Make a port: addresses, MAC, security groups, all in the caller's transaction."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, Struct, UnsetType, field

from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest, Conflict
from unkai.kit.policy import Caller
from unkai.network.actions import port_fields
from unkai.network.actions.allocate_addresses import FixedIPRequest, Wish, allocate
from unkai.network.actions.bind_port import binding
from unkai.network.actions.default_group import default_group_id
from unkai.network.actions.find import may_create_for, network_of
from unkai.network.actions.quotas import check_quota
from unkai.network.drivers.base import Ref
from unkai.network.fields import DnsName, Id, ProjectId, Text, project_of
from unkai.network.model import Network, Port
from unkai.network.service import NetworkService
from unkai.network.states import first_status, is_trusted
from unkai.network.store import ports


class PortRequest(Struct, kw_only=True, frozen=True):
    network_id: Id
    name: Text = ""
    description: Text = ""
    admin_state_up: bool = True
    mac_address: Text | UnsetType | None = UNSET
    fixed_ips: tuple[FixedIPRequest, ...] | UnsetType | None = UNSET
    security_groups: port_fields.Groups | UnsetType | None = UNSET
    port_security_enabled: bool | UnsetType | None = UNSET
    allowed_address_pairs: port_fields.Pairs | None = None
    extra_dhcp_opts: port_fields.Options | None = None
    device_id: Text = ""
    device_owner: Text = ""
    binding_host_id: Text | None = field(default=None, name="binding:host_id")
    binding_vnic_type: Text = field(default="normal", name="binding:vnic_type")
    binding_profile: dict[str, Any] | None = field(default=None, name="binding:profile")
    dns_name: DnsName = ""
    dns_domain: DnsName = ""
    propagate_uplink_status: bool = True
    qos_policy_id: None = None
    project_id: ProjectId | UnsetType = UNSET
    tenant_id: ProjectId | UnsetType = UNSET


async def create_port(
    network: NetworkService, tx: Tx, caller: Caller, request: PortRequest
) -> Port:
    """Raises QuotaExceeded, NotFound (network, group), Conflict (address, MAC), BadRequest."""
    on = await network_of(tx, caller, request.network_id.lower())
    project_id = project_of(request.project_id, request.tenant_id, caller.project_id)
    may_create_for(caller, project_id)
    await check_quota(tx, "port", project_id)
    return await add_port(network, tx, caller, request, on=on, project_id=project_id)


async def add_port(
    network: NetworkService,
    tx: Tx,
    caller: Caller,
    request: PortRequest,
    *,
    on: Network,
    project_id: str,
) -> Port:
    """Without quota and ownership: also for the ports the cloud makes for itself."""
    secured = _check(caller, request, on)
    group_ids = await _groups(network, tx, caller, request, project_id, secured=secured)
    mac = await port_fields.pick_mac(network, tx, on.id, _given_mac(request))
    fixed_ips = None if request.fixed_ips is UNSET else request.fixed_ips
    wish = Wish(on, mac, request.device_owner, fixed_ips)
    now = network.kit.clock.now()
    host = request.binding_host_id or ""
    vif_type, vif_details = binding(network, host, request.binding_vnic_type)
    port = Port(
        id=network.kit.chance.uuid(),
        project_id=project_id,
        network_id=on.id,
        mac_address=mac,
        name=request.name,
        description=request.description,
        status=first_status(request.device_owner),
        admin_state_up=request.admin_state_up,
        device_id=request.device_id,
        device_owner=request.device_owner,
        fixed_ips=await allocate(network, tx, wish),
        security_group_ids=group_ids,
        port_security_enabled=secured,
        allowed_address_pairs=port_fields.read_pairs(request.allowed_address_pairs or (), mac),
        extra_dhcp_opts=port_fields.read_options(request.extra_dhcp_opts or ()),
        binding_host_id=host,
        binding_vnic_type=port_fields.check_vnic_type(request.binding_vnic_type),
        binding_vif_type=vif_type,
        binding_vif_details=vif_details,
        binding_profile=port_fields.check_profile(request.binding_profile),
        dns_name=port_fields.check_dns_name(request.dns_name, "dns_name"),
        dns_domain=port_fields.check_dns_name(request.dns_domain, "dns_domain"),
        propagate_uplink_status=request.propagate_uplink_status,
        created_at=now,
        updated_at=now,
    )
    await ports.insert_port(tx, port)
    await network.changed(tx, Ref("port", port.id))
    return port


def _given_mac(request: PortRequest) -> str | None:
    return None if request.mac_address is UNSET else request.mac_address


def _check(caller: Caller, request: PortRequest, on: Network) -> bool:
    """Who may ask for this; whether the port is secured."""
    port_fields.check_owner(caller, request.device_owner)
    fields = ("mac_address", "allowed_address_pairs")
    lowered = port_fields.given_fields(request, *fields)
    secured = on.port_security_enabled
    if isinstance(request.port_security_enabled, bool):
        secured = request.port_security_enabled
        if secured != on.port_security_enabled:
            lowered |= {"port_security_enabled"}
    port_fields.check_fence(caller, on, lowered)
    secured = secured and not is_trusted(request.device_owner)
    if not secured and request.allowed_address_pairs:
        raise Conflict(
            "Port Security must be enabled in order to have allowed address pairs on a port.",
            code="address-pair-and-port-security-required",
        )
    return secured


async def _groups(
    network: NetworkService,
    tx: Tx,
    caller: Caller,
    request: PortRequest,
    project_id: str,
    *,
    secured: bool,
) -> tuple[str, ...]:
    """The groups named, or the project's default group where none are."""
    asked = request.security_groups
    if asked is UNSET:
        if not secured or not project_id:
            return ()
        return (await default_group_id(network, tx, project_id),)
    named = () if asked is UNSET or asked is None else asked
    group_ids = tuple(dict.fromkeys(group_id.lower() for group_id in named))
    if group_ids and not secured:
        raise BadRequest(
            "Port security must be enabled and port must have an IP address in order to use "
            "security groups.",
            code="port-security-and-ip-required-for-security-groups",
        )
    if group_ids:
        await port_fields.check_groups(tx, caller, group_ids)
    return group_ids
