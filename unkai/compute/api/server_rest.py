"""What else hangs on a server: security groups, password, diagnostics, migrations."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from unkai.compute.actions.find_server import find_server
from unkai.compute.actions.security_groups import change_groups, groups_of
from unkai.compute.actions.update_server import update_server
from unkai.compute.api import shapes
from unkai.compute.api.diagnostics import show_diagnostics
from unkai.compute.model import Server
from unkai.compute.service import Compute
from unkai.kit.errors import NotFound
from unkai.kit.http import Call, Route

BASE = "/servers/{server_id}"


class GroupName(Struct, forbid_unknown_fields=True):
    name: shapes.LooseName


async def _server(call: Call) -> Server:
    compute: Compute = call.service
    return await find_server(compute.kit.database.reader, call.caller, call.params["server_id"])


async def list_groups(call: Call) -> dict[str, Any]:
    compute: Compute = call.service
    groups = await groups_of(compute, await _server(call))
    return {
        "security_groups": [
            {
                "id": group.id,
                "name": group.name,
                "description": group.description,
                "tenant_id": group.project_id,
                "rules": [],
            }
            for group in groups
        ]
    }


async def add_group(call: Call) -> None:
    await change_groups(
        call.service, call.caller, call.params["server_id"], call.body.name, add=True
    )


async def remove_group(call: Call) -> None:
    await change_groups(
        call.service, call.caller, call.params["server_id"], call.body.name, add=False
    )


async def show_password(call: Call) -> dict[str, str]:
    return {"password": (await _server(call)).password or ""}


async def clear_password(call: Call) -> None:
    compute: Compute = call.service
    await update_server(compute, call.caller, call.params["server_id"], {"password": None})


async def list_migrations(call: Call) -> dict[str, Any]:
    """None: servers stay on their host."""
    await _server(call)
    return {"migrations": []}


async def list_all_migrations(call: Call) -> dict[str, Any]:
    return {"migrations": []}


async def no_migration(call: Call) -> None:
    server = await _server(call)
    raise NotFound(
        f"In-progress live migration {call.params['migration_id']} is not found for server "
        f"{server.id}."
    )


def _route(method: str, path: str, handler: Any, rule: str, **more: Any) -> Route:
    return Route(method, path, handler, policy=f"os_compute_api:{rule}", **more)


_GROUPS = "os-security-groups"
_PASSWORD = f"{BASE}/os-server-password"

ROUTES = (
    _route("GET", f"{BASE}/os-security-groups", list_groups, f"{_GROUPS}:list"),
    _route(
        "POST",
        f"{BASE}/action",
        add_group,
        f"{_GROUPS}:add",
        action="addSecurityGroup",
        body=GroupName,
        status=202,
    ),
    _route(
        "POST",
        f"{BASE}/action",
        remove_group,
        f"{_GROUPS}:remove",
        action="removeSecurityGroup",
        body=GroupName,
        status=202,
    ),
    _route("GET", _PASSWORD, show_password, "os-server-password:show"),
    _route("DELETE", _PASSWORD, clear_password, "os-server-password:clear", status=204),
    _route("GET", f"{BASE}/diagnostics", show_diagnostics, "os-server-diagnostics"),
    _route("GET", f"{BASE}/migrations", list_migrations, "servers:migrations:index", since="2.23"),
    _route(
        "GET",
        f"{BASE}/migrations/{{migration_id}}",
        no_migration,
        "servers:migrations:index",
        since="2.23",
    ),
    _route("GET", "/os-migrations", list_all_migrations, "os-migrations:index"),
)
