"""Make a network."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType, field

from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest, Conflict
from unkai.kit.policy import Caller
from unkai.network.actions.find import may_create_for
from unkai.network.actions.quotas import check_quota
from unkai.network.actions.rbac_policies import sync_wildcards
from unkai.network.drivers.base import Ref
from unkai.network.fields import DnsName, Int32, ProjectId, Text, project_of
from unkai.network.model import Network
from unkai.network.service import ZONE, NetworkService
from unkai.network.store import networks, segments

TENANT_TYPE = "geneve"
NETWORK_TYPES = ("geneve", "flat", "vlan", "local")
MTU_MIN, MTU_MAX = 68, 65_535


class NetworkRequest(Struct, kw_only=True, frozen=True):
    name: Text = ""
    description: Text = ""
    admin_state_up: bool = True
    shared: bool = False
    mtu: Int32 | UnsetType | None = UNSET
    port_security_enabled: bool = True
    router_external: bool = field(default=False, name="router:external")
    is_default: bool = False
    provider_network_type: Text | None = field(default=None, name="provider:network_type")
    provider_physical_network: Text | None = field(default=None, name="provider:physical_network")
    provider_segmentation_id: Int32 | None = field(default=None, name="provider:segmentation_id")
    availability_zone_hints: Annotated[tuple[Text, ...], Meta(max_length=10)] = ()
    dns_domain: DnsName = ""
    project_id: ProjectId | UnsetType = UNSET
    tenant_id: ProjectId | UnsetType = UNSET


async def create_network(
    network: NetworkService, tx: Tx, caller: Caller, request: NetworkRequest
) -> Network:
    """Raises QuotaExceeded, BadRequest for a provider or MTU that cannot be, Conflict (taken)."""
    project_id = project_of(request.project_id, request.tenant_id, caller.project_id)
    may_create_for(caller, project_id)
    await check_quota(tx, "network", project_id)
    kind, physical, segment = await _provider(network, tx, request)
    now = network.kit.clock.now()
    made = Network(
        id=network.kit.chance.uuid(),
        project_id=project_id,
        name=request.name,
        description=request.description,
        admin_state_up=request.admin_state_up,
        shared=request.shared,
        mtu=check_mtu(network, request.mtu),
        port_security_enabled=request.port_security_enabled,
        router_external=request.router_external,
        is_default=request.is_default,
        provider_network_type=kind,
        provider_physical_network=physical,
        provider_segmentation_id=segment,
        availability_zone_hints=check_zones(request.availability_zone_hints),
        dns_domain=request.dns_domain,
        created_at=now,
        updated_at=now,
    )
    if kind in ("flat", "vlan") and await _taken(tx, made):
        raise Conflict(
            f"Unable to create the network. The {kind} network on physical network {physical}"
            f"{f' with VLAN {segment}' if segment else ''} is in use.",
            code="vlan-id-in-use" if kind == "vlan" else "flat-network-in-use",
        )
    await networks.insert_network(tx, made)
    if made.is_default:
        await networks.unset_default_networks(tx, but=made.id)
    if made.shared or made.router_external:
        await sync_wildcards(network, tx, made)
    await network.changed(tx, Ref("network", made.id))
    return made


async def _taken(tx: Tx, made: Network) -> bool:
    """Whether another network has it, or an overlay network was given this VLAN."""
    if await networks.segment_taken(tx, made):
        return True
    physical = made.provider_physical_network or ""
    segment = made.provider_segmentation_id
    return segment is not None and segment in await segments.vlans_taken(tx, physical)


def check_mtu(network: NetworkService, mtu: int | UnsetType | None) -> int:
    """The MTU asked for, 0 and None being the largest; BadRequest where it does not fit."""
    if mtu is UNSET or not mtu:
        return network.settings.mtu
    assert isinstance(mtu, int)
    if not MTU_MIN <= mtu <= MTU_MAX:
        raise BadRequest(
            f"Invalid input for mtu. Reason: {mtu} is not between {MTU_MIN} and {MTU_MAX}.",
            code="invalid-input",
        )
    if mtu > network.settings.mtu:
        raise BadRequest(
            f"Invalid input for mtu. Reason: requested MTU is too big, maximum is "
            f"{network.settings.mtu}.",
            code="invalid-input",
        )
    return mtu


def check_zones(hints: tuple[str, ...]) -> tuple[str, ...]:
    for zone in hints:
        if zone != ZONE:
            raise BadRequest(
                f"AvailabilityZone {zone} could not be found.",
                code="availability-zone-not-found",
                remedy=f"There is one: {ZONE}.",
            )
    return hints


async def _provider(
    network: NetworkService, tx: Tx, request: NetworkRequest
) -> tuple[str, str | None, int | None]:
    """(type, physical network, segmentation id) of a new network."""
    kind = request.provider_network_type or TENANT_TYPE
    physical = request.provider_physical_network
    segment = request.provider_segmentation_id
    if kind not in NETWORK_TYPES:
        raise BadRequest(
            f"Invalid input for operation: network_type value '{kind}' not supported.",
            code="invalid-input",
            remedy=f"Supported are {', '.join(NETWORK_TYPES)}.",
        )
    if request.provider_network_type is None and (physical or segment is not None):
        raise BadRequest(
            "Invalid input for operation: provider:network_type required.", code="invalid-input"
        )
    if kind in ("flat", "vlan"):
        if physical not in network.physical_networks:
            raise BadRequest(
                f"Invalid input for operation: physical_network '{physical}' unknown for {kind} "
                "provider network.",
                code="invalid-input",
                remedy=f"Known are: {', '.join(network.physical_networks) or 'none'}.",
            )
        if kind == "vlan" and not 1 <= (segment or 0) <= 4094:
            raise BadRequest(
                "Invalid input for operation: segmentation_id out of range (1 through 4094).",
                code="invalid-input",
            )
        return kind, physical, segment if kind == "vlan" else None
    if physical is not None:
        raise BadRequest(
            f"Invalid input for operation: provider:physical_network specified for {kind} network.",
            code="invalid-input",
        )
    if kind == "local":
        return kind, None, None
    if segment is not None and not 1 <= segment < 2**24:
        raise BadRequest(
            "Invalid input for operation: segmentation_id out of range (1 through 16777215).",
            code="invalid-input",
        )
    return kind, None, segment or await networks.next_segment(tx, kind)
