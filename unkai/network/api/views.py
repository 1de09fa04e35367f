"""What answers look like: models as the API's dictionaries, less what the caller may not read."""

from __future__ import annotations

from typing import Any

from unkai.kit.clock import iso
from unkai.kit.policy import Caller
from unkai.network.api.policies import hide
from unkai.network.model import (
    FloatingIP,
    Network,
    Port,
    Route,
    Router,
    SecurityGroup,
    SecurityGroupRule,
    Subnet,
)

View = dict[str, Any]


def _standard(thing: Any) -> View:
    return {
        "id": thing.id,
        "project_id": thing.project_id,
        "tenant_id": thing.project_id,
        "description": thing.description,
        "created_at": iso(thing.created_at),
        "updated_at": iso(thing.updated_at),
        "revision_number": thing.revision_number,
    }


def routes_view(routes: tuple[Route, ...]) -> list[View]:
    return [{"destination": r.destination, "nexthop": r.nexthop} for r in routes]


def network_view(network: Network, caller: Caller, *, shared: bool = False) -> View:
    """`shared`: by a policy for the caller's project alone."""
    view = _standard(network) | {
        "name": network.name,
        "status": network.status,
        "admin_state_up": network.admin_state_up,
        "shared": network.shared or shared,
        "mtu": network.mtu,
        "port_security_enabled": network.port_security_enabled,
        "router:external": network.router_external,
        "provider:network_type": network.provider_network_type,
        "provider:physical_network": network.provider_physical_network,
        "provider:segmentation_id": network.provider_segmentation_id,
        "availability_zone_hints": list(network.availability_zone_hints),
        "availability_zones": list(network.availability_zones),
        "ipv4_address_scope": network.ipv4_address_scope,
        "ipv6_address_scope": network.ipv6_address_scope,
        "dns_domain": network.dns_domain,
        "l2_adjacency": True,
        "qos_policy_id": network.qos_policy_id,
        "subnets": list(network.subnet_ids),
        "tags": list(network.tags),
    }
    if network.router_external:
        view["is_default"] = network.is_default
    return hide(caller, "network", view)


def subnet_view(subnet: Subnet, caller: Caller) -> View:
    view = _standard(subnet) | {
        "name": subnet.name,
        "network_id": subnet.network_id,
        "ip_version": subnet.ip_version,
        "cidr": subnet.cidr,
        "gateway_ip": subnet.gateway_ip,
        "enable_dhcp": subnet.enable_dhcp,
        "allocation_pools": [
            {"start": pool.start, "end": pool.end} for pool in subnet.allocation_pools
        ],
        "dns_nameservers": list(subnet.dns_nameservers),
        "host_routes": routes_view(subnet.host_routes),
        "ipv6_ra_mode": subnet.ipv6_ra_mode,
        "ipv6_address_mode": subnet.ipv6_address_mode,
        "subnetpool_id": subnet.subnetpool_id,
        "segment_id": subnet.segment_id,
        "service_types": list(subnet.service_types),
        "dns_publish_fixed_ip": subnet.dns_publish_fixed_ip,
        "tags": list(subnet.tags),
    }
    return hide(caller, "subnet", view)


def port_view(port: Port, caller: Caller) -> View:
    view = _standard(port) | {
        "name": port.name,
        "network_id": port.network_id,
        "mac_address": port.mac_address,
        "status": port.status,
        "admin_state_up": port.admin_state_up,
        "device_id": port.device_id,
        "device_owner": port.device_owner,
        "fixed_ips": [
            {"subnet_id": fixed.subnet_id, "ip_address": fixed.ip_address}
            for fixed in port.fixed_ips
        ],
        "security_groups": list(port.security_group_ids),
        "port_security_enabled": port.port_security_enabled,
        "allowed_address_pairs": [
            {"ip_address": pair.ip_address, "mac_address": pair.mac_address or port.mac_address}
            for pair in port.allowed_address_pairs
        ],
        "extra_dhcp_opts": [
            {
                "opt_name": option.opt_name,
                "opt_value": option.opt_value,
                "ip_version": option.ip_version,
            }
            for option in port.extra_dhcp_opts
        ],
        "binding:host_id": port.binding_host_id,
        "binding:vnic_type": port.binding_vnic_type,
        "binding:vif_type": port.binding_vif_type,
        "binding:vif_details": dict(port.binding_vif_details),
        "binding:profile": dict(port.binding_profile),
        "dns_name": port.dns_name,
        "dns_domain": port.dns_domain,
        "ip_allocation": port.ip_allocation,
        "propagate_uplink_status": port.propagate_uplink_status,
        "qos_policy_id": port.qos_policy_id,
        "qos_network_policy_id": None,
        "tags": list(port.tags),
    }
    return hide(caller, "port", view)


def router_view(router: Router, caller: Caller) -> View:
    gateway = router.external_gateway_info
    view = _standard(router) | {
        "name": router.name,
        "status": router.status,
        "admin_state_up": router.admin_state_up,
        "external_gateway_info": gateway
        and {
            "network_id": gateway.network_id,
            "enable_snat": gateway.enable_snat,
            "external_fixed_ips": [
                {"subnet_id": fixed.subnet_id, "ip_address": fixed.ip_address}
                for fixed in gateway.external_fixed_ips
            ],
        },
        "routes": routes_view(router.routes),
        "distributed": router.distributed,
        "ha": router.ha,
        "flavor_id": router.flavor_id,
        "availability_zone_hints": list(router.availability_zone_hints),
        "availability_zones": list(router.availability_zones),
        "tags": list(router.tags),
    }
    return hide(caller, "router", view)


def floating_ip_view(floating_ip: FloatingIP, port: Port | None) -> View:
    """`port`: the one it leads to."""
    return _standard(floating_ip) | {
        "floating_network_id": floating_ip.floating_network_id,
        "floating_ip_address": floating_ip.floating_ip_address,
        "fixed_ip_address": floating_ip.fixed_ip_address,
        "port_id": floating_ip.port_id,
        "router_id": floating_ip.router_id,
        "status": floating_ip.status,
        "dns_name": floating_ip.dns_name,
        "dns_domain": floating_ip.dns_domain,
        "qos_policy_id": floating_ip.qos_policy_id,
        "port_details": port
        and {
            "name": port.name,
            "network_id": port.network_id,
            "mac_address": port.mac_address,
            "admin_state_up": port.admin_state_up,
            "status": port.status,
            "device_id": port.device_id,
            "device_owner": port.device_owner,
        },
        "tags": list(floating_ip.tags),
    }


def rule_view(rule: SecurityGroupRule) -> View:
    return _standard(rule) | {
        "security_group_id": rule.security_group_id,
        "direction": rule.direction,
        "ethertype": rule.ethertype,
        "protocol": rule.protocol,
        "port_range_min": rule.port_range_min,
        "port_range_max": rule.port_range_max,
        "remote_ip_prefix": rule.remote_ip_prefix,
        "normalized_cidr": rule.remote_ip_prefix,
        "remote_group_id": rule.remote_group_id,
        "remote_address_group_id": None,
    }


def security_group_view(group: SecurityGroup) -> View:
    return _standard(group) | {
        "name": group.name,
        "stateful": group.stateful,
        "shared": group.shared,
        "security_group_rules": [rule_view(rule) for rule in group.rules],
        "tags": list(group.tags),
    }
