"""Servers as the API shows them: one table of fields, each with the microversion it came in.

Times are ISO 8601. What only administrators may see is left UNSET for others. Below 2.75 the
answers to PUT and rebuild are the short form.
"""

from __future__ import annotations

import functools
import hashlib
import urllib.parse
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

from msgspec import UNSET, Struct, UnsetType, field

from unkai.compute.model import Flavor, Server
from unkai.compute.states import VmState, status_of
from unkai.kit.clock import iso
from unkai.kit.http import Call, since

WITH_PROGRESS = frozenset({"ACTIVE", "BUILD", "REBUILD", "RESIZE", "VERIFY_RESIZE", "MIGRATING"})
WITH_FAULT = frozenset({"ERROR", "DELETED"})
ATTR = "OS-EXT-SRV-ATTR:"


class ServerView(Struct, kw_only=True):
    id: str
    name: str
    status: str
    tenant_id: str
    user_id: str
    metadata: dict[str, str]
    hostId: str  # noqa: N815
    image: dict[str, Any] | str
    flavor: dict[str, Any]
    created: str
    updated: str
    addresses: dict[str, list[dict[str, Any]]]
    accessIPv4: str  # noqa: N815
    accessIPv6: str  # noqa: N815
    links: list[dict[str, str]]
    disk_config: str = field(name="OS-DCF:diskConfig")
    progress: int | UnsetType = UNSET
    fault: dict[str, Any] | UnsetType = UNSET
    description: Annotated[str | None, since("2.19")] = None
    locked: Annotated[bool, since("2.9")] = False
    locked_reason: Annotated[str | None, since("2.73")] = None
    tags: Annotated[list[str] | UnsetType, since("2.26")] = UNSET
    trusted_image_certificates: Annotated[list[str] | None, since("2.63")] = None
    server_groups: Annotated[list[str] | UnsetType, since("2.71")] = UNSET
    host_status: Annotated[str | UnsetType, since("2.16")] = UNSET
    zone: str | UnsetType = field(default=UNSET, name="OS-EXT-AZ:availability_zone")
    pinned_availability_zone: Annotated[str | UnsetType | None, since("2.96")] = UNSET
    config_drive: str | UnsetType = UNSET
    key_name: str | UnsetType | None = UNSET
    launched_at: str | UnsetType | None = field(default=UNSET, name="OS-SRV-USG:launched_at")
    terminated_at: str | UnsetType | None = field(default=UNSET, name="OS-SRV-USG:terminated_at")
    security_groups: list[dict[str, str]] | UnsetType = UNSET
    task_state: str | UnsetType | None = field(default=UNSET, name="OS-EXT-STS:task_state")
    vm_state: str | UnsetType = field(default=UNSET, name="OS-EXT-STS:vm_state")
    power_state: int | UnsetType = field(default=UNSET, name="OS-EXT-STS:power_state")
    volumes: list[dict[str, Any]] | UnsetType = field(
        default=UNSET, name="os-extended-volumes:volumes_attached"
    )
    host: str | UnsetType | None = field(default=UNSET, name=f"{ATTR}host")
    node: str | UnsetType | None = field(default=UNSET, name=f"{ATTR}hypervisor_hostname")
    instance_name: str | UnsetType = field(default=UNSET, name=f"{ATTR}instance_name")
    reservation_id: Annotated[str | UnsetType, since("2.3")] = field(
        default=UNSET, name=f"{ATTR}reservation_id"
    )
    launch_index: Annotated[int | UnsetType, since("2.3")] = field(
        default=UNSET, name=f"{ATTR}launch_index"
    )
    hostname: Annotated[str | UnsetType, since("2.3")] = field(
        default=UNSET, name=f"{ATTR}hostname"
    )
    kernel_id: Annotated[str | UnsetType, since("2.3")] = field(
        default=UNSET, name=f"{ATTR}kernel_id"
    )
    ramdisk_id: Annotated[str | UnsetType, since("2.3")] = field(
        default=UNSET, name=f"{ATTR}ramdisk_id"
    )
    root_device_name: Annotated[str | UnsetType, since("2.3")] = field(
        default=UNSET, name=f"{ATTR}root_device_name"
    )
    user_data: Annotated[str | UnsetType | None, since("2.3")] = field(
        default=UNSET, name=f"{ATTR}user_data"
    )


class ServerEnvelope(Struct):
    server: ServerView


class ServersEnvelope(Struct):
    servers: list[ServerView]
    servers_links: list[dict[str, str]] | UnsetType = UNSET


class Beside(Struct, kw_only=True):
    """What a view needs that is not in the server's row, for all servers of an answer.

    addresses and groups: by server id. zones: by host. host_status: by host, for admins.
    """

    addresses: Mapping[str, dict[str, list[dict[str, Any]]]]
    groups: Mapping[str, Sequence[str]]
    zones: Mapping[str, str]
    default_zone: str
    tags: Mapping[str, list[str]] | None = None
    host_status: Mapping[str, str] | None = None


def view(call: Call, server: Server, beside: Beside, *, admin: bool, one: bool) -> ServerView:
    """The full form. one: it was asked for alone (then its server group is shown)."""
    shown = short_view(call, server, beside)
    zone = beside.zones.get(server.host, beside.default_zone) if server.host else None
    shown.zone = zone or server.availability_zone or ""
    shown.pinned_availability_zone = server.availability_zone
    shown.config_drive = "True" if server.config_drive else ""
    shown.key_name = server.key_name
    shown.launched_at = _moment(server.launched_at)
    shown.terminated_at = _moment(server.terminated_at)
    groups = beside.groups.get(server.id)
    if groups:
        shown.security_groups = [{"name": name} for name in groups]
    shown.task_state = server.task_state
    shown.vm_state = server.vm_state
    shown.power_state = server.power_state
    shown.volumes = volumes_view(call, server)
    if one:
        shown.server_groups = [server.server_group_id] if server.server_group_id else []
    if admin:
        _add_admin_fields(shown, server)
        if beside.host_status is not None:
            shown.host_status = beside.host_status.get(server.host or "", "")
    elif call.at_least("2.90"):
        shown.hostname = server.hostname
    return shown


def _add_admin_fields(shown: ServerView, server: Server) -> None:
    shown.host = server.host
    shown.node = server.host
    shown.instance_name = server.instance_name
    shown.reservation_id = server.reservation_id
    shown.launch_index = server.launch_index
    shown.hostname = server.hostname
    shown.kernel_id = ""
    shown.ramdisk_id = ""
    shown.root_device_name = "/dev/vda"
    shown.user_data = server.user_data


def short_view(call: Call, server: Server, beside: Beside) -> ServerView:
    """What PUT and rebuild answer below 2.75."""
    status = status_of(server.vm_state, server.task_state)
    addresses = beside.addresses.get(server.id, {})
    shown = ServerView(
        id=server.id,
        name=server.name,
        status=status,
        tenant_id=server.project_id,
        user_id=server.user_id,
        metadata=server.metadata,
        hostId=host_id(server.project_id, server.host) if server.host else "",
        image=image_view(call, server),
        flavor=flavor_view(call, server.flavor),
        created=iso(server.created_at),
        updated=iso(server.updated_at),
        addresses=addresses,
        accessIPv4=server.access_ip_v4,
        accessIPv6=server.access_ip_v6,
        links=links(call, server.id),
        disk_config=server.disk_config,
        description=server.description,
        locked=server.locked_by is not None,
        locked_reason=server.locked_reason,
    )
    if beside.tags is not None:
        shown.tags = beside.tags.get(server.id, [])
    if status in WITH_PROGRESS:
        shown.progress = 100 if server.vm_state == VmState.ACTIVE else 0
    if server.fault is not None and status in WITH_FAULT:
        shown.fault = {
            "code": server.fault.code,
            "created": iso(server.fault.created_at),
            "message": server.fault.message,
        }
        if server.fault.details and (call.caller.is_admin or server.fault.code != 500):
            shown.fault["details"] = server.fault.details
    return shown


@functools.lru_cache(maxsize=4096)
def host_id(project_id: str, host: str) -> str:
    """A host, so that a project can tell two of them apart without learning their names."""
    return hashlib.sha224(f"{project_id}{host}".encode()).hexdigest()


def links(call: Call, server_id: str) -> list[dict[str, str]]:
    path = f"servers/{server_id}"
    return [
        {"rel": "self", "href": f"{call.url}/{path}"},
        {"rel": "bookmark", "href": f"{call.base_url}/compute/{path}"},
    ]


def image_view(call: Call, server: Server) -> dict[str, Any] | str:
    if server.image_id is None:
        return ""
    href = f"{call.base_url}/compute/images/{server.image_id}"
    return {"id": server.image_id, "links": [{"rel": "bookmark", "href": href}]}


def volumes_view(call: Call, server: Server) -> list[dict[str, Any]]:
    if not call.at_least("2.3"):
        return [{"id": volume.volume_id} for volume in server.volumes]
    return [
        {"id": volume.volume_id, "delete_on_termination": volume.delete_on_termination}
        for volume in server.volumes
    ]


def flavor_view(call: Call, flavor: Flavor) -> dict[str, Any]:
    if not call.at_least("2.47"):
        href = f"{call.base_url}/compute/flavors/{flavor.id}"
        return {"id": flavor.id, "links": [{"rel": "bookmark", "href": href}]}
    return {
        "vcpus": flavor.vcpus,
        "ram": flavor.ram,
        "disk": flavor.disk,
        "ephemeral": flavor.ephemeral,
        "swap": flavor.swap,
        "original_name": flavor.name,
        "extra_specs": flavor.extra_specs,
    }


Addresses = dict[str, list[dict[str, Any]]]


def bare_addresses(addresses: Addresses) -> Addresses:
    """Without what the extensions of old added to each."""
    return {
        network: [{"version": one["version"], "addr": one["addr"]} for one in each]
        for network, each in addresses.items()
    }


def _moment(seconds: float | None) -> str | None:
    return None if seconds is None else iso(seconds, micro=True)


def page_links(call: Call, rows: Sequence[Any], limit: int, ids: Iterable[str]) -> Any:
    """The `next` link of a full page, else UNSET."""
    if not rows or len(rows) < limit:
        return UNSET
    last = list(ids)[-1]
    query = [
        (key, value)
        for key, value in call.request.query_params.multi_items()
        if key not in ("marker", "limit")
    ]
    text = urllib.parse.urlencode([*query, ("limit", str(limit)), ("marker", last)])
    path = call.request.url.path
    return [{"rel": "next", "href": f"{call.base_url}{path}?{text}"}]
