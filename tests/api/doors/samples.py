"""Bodies of every route: the least it accepts, and the most it knows.

Made from the route's struct; written by hand where it reads plain JSON or is choosy.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import inspect

from tests.api.doors.volume_samples import OF_VOLUMES
from unkai.kit.http import Api, Route

BY_HAND: dict[str, dict[str, Any]] = {
    "network": {
        "name": "n",
        "description": "d",
        "admin_state_up": True,
        "shared": False,
        "mtu": 1400,
        "port_security_enabled": True,
        "router:external": False,
        "is_default": False,
        "provider:network_type": "geneve",
        "provider:physical_network": None,
        "provider:segmentation_id": None,
        "availability_zone_hints": ["nova"],
        "dns_domain": "example.",
        "project_id": "p",
    },
    "subnet": {
        "network_id": "{network_id}",
        "ip_version": 4,
        "cidr": "10.77.0.0/24",
        "name": "n",
        "gateway_ip": "10.77.0.1",
        "enable_dhcp": True,
        "dns_nameservers": ["8.8.8.8"],
        "allocation_pools": [{"start": "10.77.0.10", "end": "10.77.0.20"}],
        "host_routes": [{"destination": "10.3.0.0/24", "nexthop": "10.77.0.5"}],
        "subnetpool_id": None,
        "prefixlen": 26,
        "ipv6_ra_mode": None,
        "ipv6_address_mode": None,
        "segment_id": None,
        "service_types": [],
        "use_default_subnetpool": False,
    },
    "port": {
        "network_id": "{network_id}",
        "name": "n",
        "mac_address": "fa:16:3e:00:00:01",
        "fixed_ips": [{"subnet_id": "{subnet_id}", "ip_address": "10.9.0.77"}],
        "security_groups": ["{security_group_id}"],
        "allowed_address_pairs": [{"ip_address": "10.9.0.78", "mac_address": "fa:16:3e:00:00:02"}],
        "extra_dhcp_opts": [{"opt_name": "mtu", "opt_value": "1400", "ip_version": 4}],
        "device_id": "d",
        "device_owner": "compute:x",
        "binding:host_id": "h",
        "binding:vnic_type": "normal",
        "binding:profile": {"a": 1},
        "dns_name": "host",
        "port_security_enabled": True,
        "admin_state_up": True,
    },
    "router": {
        "name": "n",
        "admin_state_up": True,
        "external_gateway_info": {
            "network_id": "{network_id}",
            "enable_snat": True,
            "external_fixed_ips": [{"subnet_id": "{subnet_id}", "ip_address": "10.9.0.9"}],
        },
        "distributed": False,
        "ha": False,
        "routes": [{"destination": "10.3.0.0/24", "nexthop": "10.9.0.5"}],
        "subnet_id": "{subnet_id}",
        "port_id": "{port_id}",
    },
    "floatingip": {
        "floating_network_id": "{network_id}",
        "port_id": "{port_id}",
        "fixed_ip_address": "10.9.0.9",
        "floating_ip_address": "203.0.113.77",
        "subnet_id": "{subnet_id}",
        "description": "d",
        "dns_name": "a",
        "dns_domain": "example.",
        "qos_policy_id": None,
    },
    "security_group": {"name": "n", "description": "d", "stateful": True},
    "security_group_rule": {
        "security_group_id": "{security_group_id}",
        "direction": "ingress",
        "ethertype": "IPv4",
        "protocol": "tcp",
        "port_range_min": 1,
        "port_range_max": 22,
        "remote_ip_prefix": "10.0.0.0/8",
        "remote_group_id": None,
        "remote_address_group_id": None,
        "description": "d",
    },
    "subnetpool": {
        "name": "n",
        "prefixes": ["10.65.0.0/16"],
        "default_prefixlen": 26,
        "min_prefixlen": 8,
        "max_prefixlen": 32,
        "default_quota": 100,
        "address_scope_id": None,
        "shared": False,
        "is_default": False,
        "description": "d",
    },
    "address_scope": {"name": "n", "ip_version": 4, "shared": False},
    "rbac_policy": {
        "object_type": "network",
        "object_id": "{network_id}",
        "action": "access_as_shared",
        "target_tenant": "p",
    },
}
UUID = "11111111-2222-4333-8444-555555555555"
RULES = {
    "security_group_id": "{security_group_id}",
    "direction": "ingress",
    "port_range_min": "{number}",
    "port_range_max": "{number}",
    "protocol": "udp",
}
LEAST: dict[str, Any] = {
    "POST /nodes": {"driver": "fake-hardware"},
    "POST /ports": {"node_uuid": "{node_ident}", "address": "{mac}"},
    "POST /portgroups": {"node_uuid": "{node_ident}"},
    "POST /volume/connectors": {
        "node_uuid": "{node_ident}",
        "type": "iqn",
        "connector_id": "{unique}",
    },
    "PATCH /volume/connectors/{connector_uuid}": [
        {"op": "add", "path": "/extra/colour", "value": "red"}
    ],
    "POST /volume/targets": {
        "node_uuid": "{node_ident}",
        "volume_type": "iscsi",
        "volume_id": "1",
        "boot_index": "{number}",
    },
    "PATCH /volume/targets/{target_uuid}": [{"op": "add", "path": "/extra/b", "value": "red"}],
    "baremetal POST /allocations": {"resource_class": "doors"},
    "PATCH /allocations/{allocation_ident}": [{"op": "add", "path": "/extra/b", "value": "red"}],
    "POST /events": {
        "events": [
            {
                "event": "network.bind_port",
                "port_id": UUID,
                "mac_address": "52:54:00:00:00:01",
                "status": "ACTIVE",
            }
        ]
    },
    "POST /deploy_templates": {
        "name": "CUSTOM_{number}",
        "steps": [{"interface": "bios", "step": "reset", "args": {}, "priority": 1}],
    },
    "PATCH /deploy_templates/{template_ident}": [
        {"op": "add", "path": "/extra/colour", "value": "red"}
    ],
    "POST /inspection_rules": {"actions": [{"op": "log", "args": {"msg": "seen"}}]},
    "PATCH /inspection_rules/{rule_uuid}": [{"op": "replace", "path": "/priority", "value": 2}],
    "POST /runbooks": {
        "name": "{unique}",
        "steps": [{"interface": "bios", "step": "reset", "order": 1}],
    },
    "PATCH /runbooks/{runbook_ident}": [{"op": "add", "path": "/extra/colour", "value": "red"}],
    "PUT /runbooks/{runbook_ident}/traits": {"traits": ["CUSTOM_DOORS"]},
    "PUT /runbooks/{runbook_ident}/traits/{trait}": {},
    "PATCH /ports/{port_ident}": [{"op": "add", "path": "/extra/colour", "value": "red"}],
    "PATCH /portgroups/{portgroup_ident}": [{"op": "add", "path": "/extra/b", "value": "red"}],
    "PATCH /chassis/{chassis_uuid}": [{"op": "add", "path": "/extra/colour", "value": "red"}],
    "PATCH /nodes/{node_ident}": [{"op": "add", "path": "/extra/colour", "value": "red"}],
    "PUT /nodes/{node_ident}/states/provision": {"target": "manage"},
    "PUT /nodes/{node_ident}/states/power": {"target": "power off"},
    "PUT /nodes/{node_ident}/states/secure_boot": {"target": True},
    "PUT /nodes/{node_ident}/states/console": {"enabled": True},
    "PUT /nodes/{node_ident}/states/boot_mode": {"target": "uefi"},
    "PUT /nodes/{node_ident}/states/raid": {
        "logical_disks": [{"raid_level": "1", "size_gb": "MAX"}]
    },
    "PUT /nodes/{node_ident}/management/boot_device": {"boot_device": "pxe"},
    "PUT /nodes/{node_ident}/management/indicators/{indicator}": {"state": "ON"},
    "PUT /nodes/{node_ident}/traits": {"traits": ["CUSTOM_DOORS"]},
    "PUT /nodes/{node_ident}/traits/{trait}": {},
    "POST /nodes/{node_ident}/vmedia": {"device_type": "cdrom", "image_url": "http://cloud/iso"},
    "POST /v3/auth/tokens": {
        "auth": {
            "identity": {
                "methods": ["password"],
                "password": {
                    "user": {
                        "name": "reader",
                        "domain": {"id": "default"},
                        "password": "correct horse",
                    }
                },
            }
        }
    },
    "POST /v3/users/{user_id}/password": {
        "user": {"password": "correct horse", "original_password": "correct horse"}
    },
    "POST /v3/endpoints": {
        "endpoint": {"service_id": "{service_id}", "interface": "public", "url": "http://a"}
    },
    "POST /v3/users/{user_id}/application_credentials": {
        "application_credential": {"name": "{unique}", "roles": [{"name": "reader"}]}
    },
    "PUT /v3/regions/{region_id}": {"region": {"description": "d"}},
    "POST /resource_providers": {"name": "{unique}"},
    "PUT /resource_providers/{uuid}": {"name": "{unique}"},
    "PUT /resource_providers/{uuid}/inventories": {
        "resource_provider_generation": "{generation}",
        "inventories": {"VCPU": {"total": 64}},
    },
    "POST /resource_providers/{uuid}/inventories": {
        "resource_class": "DISK_GB",
        "total": 1,
        "resource_provider_generation": "{generation}",
    },
    "PUT /resource_providers/{uuid}/inventories/{resource_class}": {
        "resource_provider_generation": "{generation}",
        "total": 64,
    },
    "PUT /resource_providers/{uuid}/aggregates": {
        "aggregates": [UUID],
        "resource_provider_generation": "{generation}",
    },
    "PUT /resource_providers/{uuid}/traits": {
        "traits": ["HW_CPU_X86_AVX"],
        "resource_provider_generation": "{generation}",
    },
    "POST /resource_classes": {"name": "CUSTOM_{number}"},
    "PUT /resource_classes/{name}": {"name": "CUSTOM_{number}"},
    "POST /allocations": {UUID: "{allocations}"},
    "PUT /allocations/{consumer_uuid}": "{allocations}",
    "POST /reshaper": {
        "inventories": {
            "{uuid}": {
                "inventories": {"VCPU": {"total": 64}},
                "resource_provider_generation": "{generation}",
            }
        },
        "allocations": {},
    },
    "POST /v2/images": {"name": "n", "disk_format": "raw", "container_format": "bare"},
    "PATCH /v2/images/{image_id}": [{"op": "replace", "path": "/name", "value": "n"}],
    "PUT /v2/images/{image_id}/members/{member_id}": {"status": "pending"},
    "POST /v2/images/{image_id}/import": {"method": {"name": "glance-direct"}},
    "POST /v2/tasks": {"type": "import", "input": {"import_from": "http://x"}},
    "POST /v2.0/networks": {"network": {}},
    "PUT /v2.0/networks/{network_id}": {"network": {"name": "n"}},
    "POST /v2.0/subnets": {
        "subnet": {"network_id": "{network_id}", "ip_version": 4, "cidr": "10.{byte}.{byte}.0/28"}
    },
    "PUT /v2.0/subnets/{subnet_id}": {"subnet": {"name": "n"}},
    "POST /v2.0/ports": {"port": {"network_id": "{network_id}"}},
    "PUT /v2.0/ports/{port_id}": {"port": {"name": "n"}},
    "POST /v2.0/routers": {"router": {"name": "n"}},
    "PUT /v2.0/routers/{router_id}": {"router": {"name": "n"}},
    "PUT /v2.0/routers/{router_id}/add_router_interface": {"subnet_id": "{free_subnet_id}"},
    "PUT /v2.0/routers/{router_id}/remove_router_interface": {"subnet_id": "{free_subnet_id}"},
    "PUT /v2.0/routers/{router_id}/add_extraroutes": {
        "router": {"routes": [{"destination": "10.3.0.0/24", "nexthop": "10.9.0.5"}]}
    },
    "PUT /v2.0/routers/{router_id}/remove_extraroutes": {
        "router": {"routes": [{"destination": "10.3.0.0/24", "nexthop": "10.9.0.5"}]}
    },
    "POST /v2.0/floatingips": {"floatingip": {"floating_network_id": "{public_id}"}},
    "PUT /v2.0/floatingips/{floatingip_id}": {"floatingip": {"description": "d"}},
    "POST /v2.0/security-groups": {"security_group": {"name": "n"}},
    "PUT /v2.0/security-groups/{security_group_id}": {"security_group": {"name": "n"}},
    "POST /v2.0/security-group-rules": {"security_group_rule": RULES},
    "POST /v2.0/subnetpools": {"subnetpool": {"name": "n", "prefixes": ["172.{byte}.{byte}.0/24"]}},
    "PUT /v2.0/subnetpools/{subnetpool_id}": {"subnetpool": {"name": "n"}},
    "POST /v2.0/address-scopes": {"address_scope": {"name": "n", "ip_version": 4}},
    "PUT /v2.0/address-scopes/{address_scope_id}": {"address_scope": {"name": "n"}},
    "POST /v2.0/rbac-policies": {
        "rbac_policy": {
            "object_type": "network",
            "object_id": "{network_id}",
            "action": "access_as_shared",
            "target_tenant": "{unique}",
        }
    },
    "PUT /v2.0/rbac-policies/{policy_id}": {"rbac_policy": {"target_tenant": "{unique}"}},
    "PUT /v2.0/quotas/{project_id}": {"quota": {"network": 1000}},
    "POST /flavors": {"flavor": {"name": "{unique}", "vcpus": 1, "ram": 64, "disk": 1}},
    "POST /flavors/{flavor_id}/action addTenantAccess": {
        "addTenantAccess": {"tenant": "{project_id}"}
    },
    "POST /flavors/{flavor_id}/action removeTenantAccess": {
        "removeTenantAccess": {"tenant": "{project_id}"}
    },
    "PUT /flavors/{flavor_id}/os-extra_specs/{key}": {"colour": "red"},
    "POST /os-keypairs": {"keypair": {"name": "{unique}", "public_key": "{public_key}"}},
    "POST /servers": {
        "server": {
            "name": "n",
            "flavorRef": "{flavor_id}",
            "imageRef": "{image_id}",
            "networks": "none",
        }
    },
    "POST /servers/dry-run": {
        "server": {
            "name": "n",
            "flavorRef": "{flavor_id}",
            "imageRef": "{image_id}",
            "networks": "none",
        }
    },
    "POST /servers/{server_id}/action reboot": {"reboot": {"type": "SOFT"}},
    "POST /servers/{server_id}/action rebuild": {"rebuild": {"imageRef": "{image_id}"}},
    "POST /servers/{server_id}/action os-resetState": {"os-resetState": {"state": "active"}},
    "POST /servers/{server_id}/action addSecurityGroup": {"addSecurityGroup": {"name": "default"}},
    "POST /servers/{server_id}/action removeSecurityGroup": {
        "removeSecurityGroup": {"name": "default"}
    },
    "POST /servers/{server_id}/remote-consoles": {
        "remote_console": {"protocol": "vnc", "type": "novnc"}
    },
    "POST /servers/{server_id}/action os-getVNCConsole": {"os-getVNCConsole": {"type": "novnc"}},
    "POST /servers/{server_id}/action os-getSerialConsole": {
        "os-getSerialConsole": {"type": "serial"}
    },
    "PUT /servers/{server_id}/metadata/{key}": {"meta": {"colour": "red"}},
    "POST /servers/{server_id}/os-interface": {"interfaceAttachment": {"net_id": "{network_id}"}},
    "POST /os-volumes": {"volume": {"size": 1}},
    "POST /os-snapshots": {"snapshot": {"volume_id": "{spare_volume_id}"}},
    "POST /servers/{server_id}/os-volume_attachments": {
        "volumeAttachment": {"volumeId": "{spare_volume_id}"}
    },
    "PUT /servers/{server_id}/os-volume_attachments/{volume_id}": {
        "volumeAttachment": {"volumeId": "{volume_id}"}
    },
    "PUT /os-services/enable": {"host": "{host_name}", "binary": "nova-compute"},
    "PUT /os-services/disable": {"host": "{host_name}", "binary": "nova-compute"},
    "PUT /os-services/disable-log-reason": {
        "host": "{host_name}",
        "binary": "nova-compute",
        "disabled_reason": "r",
    },
    "PUT /os-services/force-down": {
        "host": "{host_name}",
        "binary": "nova-compute",
        "forced_down": False,
    },
    "PUT /os-hosts/{host_name}": {"status": "enable"},
    "PUT /os-services/{service_id}": {"status": "enabled"},
    "PUT /os-aggregates/{aggregate_id}": {"aggregate": {"name": "{unique}"}},
    "POST /os-aggregates": {"aggregate": {"name": "{unique}"}},
    "POST /os-aggregates/{aggregate_id}/action add_host": {"add_host": {"host": "{host_name}"}},
    "POST /os-aggregates/{aggregate_id}/action remove_host": {
        "remove_host": {"host": "{host_name}"}
    },
    "POST /os-server-external-events": {
        "events": [{"name": "network-changed", "server_uuid": "{server_id}"}]
    },
    "POST /os-server-groups": {"server_group": {"name": "n", "policy": "affinity"}},
    **OF_VOLUMES,
}
ALLOCATIONS = {
    "allocations": {"{uuid}": {"resources": {"VCPU": 1}}},
    "project_id": "p",
    "user_id": "u",
    "consumer_generation": None,
    "consumer_type": "INSTANCE",
}
MOST: dict[str, Any] = {
    "POST /v2/images": {
        "visibility": "private",
        "protected": False,
        "min_disk": 1,
        "min_ram": 1,
        "tags": ["a"],
        "id": UUID,
        "os_hidden": False,
        "hw_disk_bus": "virtio",
        "owner": "p",
    },
    "POST /allocations": {UUID: ALLOCATIONS},
    "PUT /flavors/{flavor_id}/os-extra_specs/{key}": {"colour": "red"},
}


def name_of(route: Route) -> str:
    return f"{route.method} {route.path}" + (f" {route.action}" if route.action else "")


def least(api: Api, route: Route) -> Any:
    """What the route takes with nothing in it that could be left out; None if it takes no body.

    Words in braces are to be filled in, see `House.fill`.
    """
    by_hand = LEAST.get(f"{api.name} {name_of(route)}", LEAST.get(name_of(route)))
    if by_hand is not None and (route.body is not None or route.raw or route.action):
        return by_hand
    if route.action is not None:
        return {route.action: None if route.body is None else of_type(route.body, full=False)}
    return None if route.body is None else of_type(route.body, full=False)


def most(api: Api, route: Route) -> Any:
    """Every field the route knows, each of a plausible kind; never accepted as a whole."""
    by_hand = MOST.get(name_of(route))
    if by_hand is not None:
        return by_hand
    collection = route.path.split("/")[2] if api.name == "network" else ""
    member = collection.removesuffix("s").replace("-", "_").replace("policie", "policy")
    if member in BY_HAND and route.body is not None and not route.path.endswith("tags"):
        fields = BY_HAND[member]
        return fields if route.path.endswith("interface") else {member: fields}
    if route.action is not None:
        return {route.action: None if route.body is None else of_type(route.body, full=True)}
    return None if route.body is None else of_type(route.body, full=True)


def of_type(tp: Any, *, full: bool) -> Any:
    """JSON of a type; `full`: with every field, else with those that must be."""
    return _of(inspect.type_info(tp), full)


MANY = (inspect.ListType, inspect.SetType, inspect.VarTupleType, inspect.CollectionType)


def _of(info: inspect.Type, full: bool) -> Any:  # noqa: FBT001
    if isinstance(info, inspect.Metadata):
        return _of(info.type, full)
    if isinstance(info, inspect.UnionType):
        return _of(next((one for one in info.types if _is_value(one)), info.types[0]), full)
    if isinstance(info, inspect.StructType):
        fields = [field for field in info.fields if full or field.required]
        return {field.encode_name: _of(field.type, full) for field in fields}
    if isinstance(info, inspect.DictType):
        return {_of(info.key_type, full): _of(info.value_type, full)}
    if isinstance(info, MANY):
        return [_of(info.item_type, full)]
    return _of_scalar(info)


def _of_scalar(info: inspect.Type) -> Any:
    match info:
        case inspect.IntType():
            return max(1, info.ge or 0)
        case inspect.FloatType():
            return 1.5
        case inspect.BoolType():
            return True
        case inspect.LiteralType():
            return info.values[0]
        case inspect.NoneType():
            return None
        case _:
            return "a" * max(1, getattr(info, "min_length", None) or 0)


def _is_value(info: inspect.Type) -> bool:
    unset = isinstance(info, inspect.CustomType) and info.cls is msgspec.UnsetType
    return not unset and not isinstance(info, inspect.NoneType)
