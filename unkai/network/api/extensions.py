"""/extensions: what this API does beyond networks, subnets and ports, and nothing else."""

from __future__ import annotations

from typing import Any

from unkai.kit.errors import NotFound
from unkai.kit.http import Call, Route
from unkai.network.api.listing import only_fields

UPDATED = "2026-01-01T00:00:00-00:00"

EXTENSIONS = {
    "address-scope": "Address scopes",
    "agent": "Agents, one per host and task",
    "allowed-address-pairs": "Addresses a port may use besides its own",
    "auto-allocated-topology": "A network, subnet and router made on demand",
    "availability_zone": "Availability zones",
    "binding": "Which host a port is on",
    "default-subnetpools": "Subnet pools used where none is named",
    "empty-string-filtering": "Filters on empty values",
    "ext-gw-mode": "Gateways without SNAT",
    "external-net": "External networks",
    "extra_dhcp_opt": "DHCP options of a port",
    "extraroute": "Routes of a router",
    "extraroute-atomic": "Add and remove single routes of a router",
    "filter-validation": "Unknown filters are refused",
    "fip-port-details": "The port a floating IP leads to",
    "ip-substring-filtering": "Ports by a part of their address",
    "net-mtu": "MTU of networks",
    "net-mtu-writable": "MTU of networks can be set",
    "network-ip-availability": "How many addresses are used",
    "network_availability_zone": "Availability zones of networks",
    "pagination": "Lists in pages",
    "port-security": "Ports without filters",
    "project-id": "project_id beside tenant_id",
    "provider": "How a network is made of the provider's",
    "quota-check-limit": "Quotas that are checked against what is used",
    "quota_details": "Quotas with what is used",
    "quotas": "Quotas",
    "rbac-policies": "Networks and groups shared with chosen projects",
    "rbac-security-groups": "Security groups shared with chosen projects",
    "revision-if-match": "Changes guarded by a revision",
    "router": "Routers and floating IPs",
    "router_availability_zone": "Availability zones of routers",
    "security-group": "Security groups",
    "security-groups-normalized-cidr": "The prefix a rule really matches",
    "service-type": "Service providers",
    "sorting": "Sorted lists",
    "standard-attr-description": "Descriptions",
    "standard-attr-revisions": "Revisions",
    "standard-attr-tag": "Tags",
    "standard-attr-timestamp": "When a resource was made and changed",
    "tag": "Tags of networks",
    "tag-ext": "Tags of subnets, ports, routers and subnet pools",
    "stateful-security-group": "Security groups without connection tracking",
    "subnet-service-types": "Subnets kept for a kind of port",
    "subnet_allocation": "Subnet pools",
}


def _view(alias: str) -> dict[str, Any]:
    description = EXTENSIONS[alias]
    return {
        "alias": alias,
        "name": description,
        "description": f"{description}.",
        "updated": UPDATED,
        "links": [],
    }


async def list_extensions(call: Call) -> dict[str, Any]:
    return {"extensions": only_fields(call, [_view(alias) for alias in EXTENSIONS])}


async def show_extension(call: Call) -> dict[str, Any]:
    alias = call.params["alias"]
    if alias not in EXTENSIONS:
        raise NotFound(f"Extension with alias {alias} does not exist", code="extension-not-found")
    return {"extension": only_fields(call, [_view(alias)])[0]}


ROUTES = (
    Route("GET", "/v2.0/extensions", list_extensions, policy="get_extension"),
    Route("GET", "/v2.0/extensions/{alias}", show_extension, policy="get_extension"),
)
