"""The version documents, at `/` and `/v2.0`."""

from __future__ import annotations

from typing import Any

from unkai.kit.http import Call, Route

VERSION = "v2.0"
RESOURCES = (
    ("network", "networks"),
    ("subnet", "subnets"),
    ("port", "ports"),
    ("subnetpool", "subnetpools"),
    ("router", "routers"),
    ("floatingip", "floatingips"),
    ("security_group", "security-groups"),
    ("security_group_rule", "security-group-rules"),
    ("address_scope", "address-scopes"),
    ("rbac_policy", "rbac-policies"),
    ("quota", "quotas"),
    ("agent", "agents"),
    ("availability_zone", "availability_zones"),
    ("extension", "extensions"),
)


async def list_versions(call: Call) -> dict[str, Any]:
    link = {"rel": "self", "href": f"{call.url}/{VERSION}/"}
    return {"versions": [{"id": VERSION, "status": "CURRENT", "links": [link]}]}


async def show_version(call: Call) -> dict[str, Any]:
    return {
        "resources": [
            {
                "name": name,
                "collection": path.replace("-", "_"),
                "links": [{"rel": "self", "href": f"{call.url}/{VERSION}/{path}"}],
            }
            for name, path in RESOURCES
        ]
    }


ROUTES = (
    Route("GET", "/", list_versions, policy=None),
    Route("GET", f"/{VERSION}", show_version, policy=None),
)
