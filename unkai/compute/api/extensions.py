"""/extensions: what was once optional, and is always there. Old clients ask."""

from __future__ import annotations

from typing import Any

from unkai.kit.errors import NotFound
from unkai.kit.http import Call, Route

UPDATED = "2014-12-03T00:00:00Z"
NAMESPACE = "http://docs.openstack.org/compute/ext/fake_v2.1/api"
NAMES = {
    "OS-DCF": "DiskConfig",
    "OS-EXT-AZ": "ExtendedAvailabilityZone",
    "OS-EXT-SRV-ATTR": "ExtendedServerAttributes",
    "OS-EXT-STS": "ExtendedStatus",
    "OS-FLV-DISABLED": "FlavorDisabled",
    "OS-FLV-EXT-DATA": "FlavorExtraData",
    "OS-SCH-HNT": "SchedulerHints",
    "OS-SRV-USG": "ServerUsage",
    "flavors": "Flavors",
    "image-metadata": "ImageMetadata",
    "image-size": "ImageSize",
    "ips": "Ips",
    "limits": "Limits",
    "os-admin-actions": "AdminActions",
    "os-aggregates": "Aggregates",
    "os-attach-interfaces": "AttachInterfaces",
    "os-availability-zone": "AvailabilityZone",
    "os-config-drive": "ConfigDrive",
    "os-console-output": "ConsoleOutput",
    "os-consoles": "Consoles",
    "os-flavor-access": "FlavorAccess",
    "os-flavor-extra-specs": "FlavorExtraSpecs",
    "os-flavor-manage": "FlavorManage",
    "os-flavor-rxtx": "FlavorRxtx",
    "os-hosts": "Hosts",
    "os-hypervisors": "Hypervisors",
    "os-instance-actions": "InstanceActions",
    "os-instance_usage_audit_log": "InstanceUsageAuditLog",
    "os-keypairs": "Keypairs",
    "os-lock-server": "LockServer",
    "os-migrations": "Migrations",
    "os-multiple-create": "MultipleCreate",
    "os-pause-server": "PauseServer",
    "os-personality": "Personality",
    "os-quota-class-sets": "QuotaClasses",
    "os-quota-sets": "Quotas",
    "os-remote-consoles": "Consoles",
    "os-security-groups": "SecurityGroups",
    "os-server-diagnostics": "ServerDiagnostics",
    "os-server-groups": "ServerGroups",
    "os-server-password": "ServerPassword",
    "os-services": "Services",
    "os-simple-tenant-usage": "SimpleTenantUsage",
    "os-user-data": "UserData",
    "server-metadata": "ServerMetadata",
    "servers": "Servers",
    "versions": "Versions",
}


def _view(alias: str) -> dict[str, Any]:
    return {
        "alias": alias,
        "name": NAMES[alias],
        "description": f"{NAMES[alias]}, as in the Compute API reference.",
        "namespace": f"{NAMESPACE}/{alias}",
        "links": [],
        "updated": UPDATED,
    }


async def list_extensions(call: Call) -> dict[str, Any]:
    return {"extensions": [_view(alias) for alias in NAMES]}


async def show_extension(call: Call) -> dict[str, Any]:
    alias = call.params["alias"]
    if alias not in NAMES:
        raise NotFound(f"There is no extension {alias}.")
    return {"extension": _view(alias)}


ROUTES = (
    Route("GET", "/extensions", list_extensions, policy="os_compute_api:extensions"),
    Route("GET", "/extensions/{alias}", show_extension, policy="os_compute_api:extensions"),
)
