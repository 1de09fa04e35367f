"""`POST /servers`, `PUT /servers/{id}` and rebuild, as clients word them."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Struct, UnsetType, field

from unkai.compute.api import shapes
from unkai.compute.api.block_devices import BlockDevice, LegacyDevice, disks_of, local_image
from unkai.compute.model import BlockDevice as Disk
from unkai.compute.model import NetworkRequest, ServerRequest
from unkai.kit.errors import BadRequest
from unkai.kit.http import Call, since

USER_DATA_BYTES = 65535


class NetworkItem(Struct, forbid_unknown_fields=True):
    uuid: shapes.Uuid | None = None
    port: shapes.Uuid | None = None
    fixed_ip: str | None = None
    tag: Annotated[shapes.Tag | None, since("2.32")] = None


class GroupItem(Struct, forbid_unknown_fields=True):
    name: shapes.LooseName


class NewServer(Struct, forbid_unknown_fields=True):
    name: shapes.Name
    flavorRef: Annotated[str, msgspec.Meta(min_length=1)] | int  # noqa: N815
    imageRef: str | None = None  # noqa: N815
    adminPass: str | None = None  # noqa: N815
    metadata: shapes.Metadata = field(default_factory=dict[str, str])
    networks: list[NetworkItem] | str | None = None
    disk_config: shapes.DiskConfig | None = field(default=None, name="OS-DCF:diskConfig")
    accessIPv4: str | None = None  # noqa: N815
    accessIPv6: str | None = None  # noqa: N815
    personality: Annotated[Any, since("2.1", until="2.56")] = None
    config_drive: shapes.Switch | None = None
    key_name: shapes.LooseName | None = None
    min_count: Annotated[int, msgspec.Meta(ge=1)] | str = 1
    max_count: Annotated[int, msgspec.Meta(ge=1)] | str | None = None
    return_reservation_id: shapes.Switch = False
    availability_zone: shapes.LooseName | None = None
    user_data: shapes.UserData | None = None
    security_groups: list[GroupItem] = field(default_factory=list[GroupItem])
    block_device_mapping: list[LegacyDevice] = field(default_factory=list[LegacyDevice])
    block_device_mapping_v2: list[BlockDevice] = field(default_factory=list[BlockDevice])
    description: Annotated[shapes.Description | None, since("2.19")] = None
    tags: Annotated[shapes.Tags, since("2.52")] = field(default_factory=list[str])
    trusted_image_certificates: Annotated[list[str] | None, since("2.63")] = None
    host: Annotated[shapes.LooseName | None, since("2.74")] = None
    hypervisor_hostname: Annotated[shapes.LooseName | None, since("2.74")] = None
    hostname: Annotated[shapes.HostName | None, since("2.90")] = None


class CreateServer(Struct, forbid_unknown_fields=True):
    server: NewServer
    hints: dict[str, Any] = field(default_factory=dict[str, Any], name="os:scheduler_hints")
    older_hints: dict[str, Any] = field(
        default_factory=dict[str, Any], name="OS-SCH-HNT:scheduler_hints"
    )


class ChangedServer(Struct, forbid_unknown_fields=True):
    name: shapes.Name | UnsetType = UNSET
    accessIPv4: str | UnsetType | None = UNSET  # noqa: N815
    accessIPv6: str | UnsetType | None = UNSET  # noqa: N815
    disk_config: shapes.DiskConfig | UnsetType = field(default=UNSET, name="OS-DCF:diskConfig")
    description: Annotated[shapes.Description | UnsetType | None, since("2.19")] = UNSET
    hostname: Annotated[shapes.HostName | UnsetType, since("2.90")] = UNSET


class UpdateServer(Struct, forbid_unknown_fields=True):
    server: ChangedServer


class Rebuild(Struct, forbid_unknown_fields=True):
    imageRef: str  # noqa: N815
    name: shapes.Name | UnsetType = UNSET
    adminPass: str | None = None  # noqa: N815
    metadata: shapes.Metadata | UnsetType = UNSET
    preserve_ephemeral: shapes.Switch = False
    personality: Annotated[Any, since("2.1", until="2.56")] = None
    accessIPv4: str | UnsetType | None = UNSET  # noqa: N815
    accessIPv6: str | UnsetType | None = UNSET  # noqa: N815
    disk_config: shapes.DiskConfig | UnsetType = field(default=UNSET, name="OS-DCF:diskConfig")
    description: Annotated[shapes.Description | UnsetType | None, since("2.19")] = UNSET
    key_name: Annotated[shapes.LooseName | UnsetType | None, since("2.54")] = UNSET
    user_data: Annotated[shapes.UserData | UnsetType | None, since("2.57")] = UNSET
    trusted_image_certificates: Annotated[list[str] | None, since("2.63")] = None
    hostname: Annotated[shapes.HostName | UnsetType, since("2.90")] = UNSET


def check_hostname(call: Call, hostname: str | UnsetType | None) -> None:
    """Before 2.94 a host name is a single label."""
    if isinstance(hostname, str) and not call.at_least("2.94"):
        try:
            msgspec.convert(hostname, shapes.HostLabel)
        except msgspec.ValidationError as error:
            raise BadRequest(
                f"Invalid input for field/attribute hostname. Value: {hostname} is not a host "
                "name without a domain."
            ) from error


def check_user_data(text: str | None) -> str | None:
    """Base64, as it came; BadRequest if it is not."""
    if text is None:
        return None
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadRequest("Userdata content must be base64 encoded.", code="user-data") from error
    return text


def refuse_personality(value: object) -> None:
    if value:
        raise BadRequest(
            "Files cannot be injected into servers (personality).",
            code="personality",
            remedy="Use user_data or the config drive.",
        )


def refuse_certificates(value: list[str] | None) -> None:
    if value:
        raise BadRequest("Image signatures are not verified: give no trusted_image_certificates.")


def requested(call: Call) -> ServerRequest:
    """The body of `POST /servers` in its newest shape; BadRequest where it contradicts itself."""
    body: CreateServer = call.body
    server = body.server
    refuse_personality(server.personality)
    refuse_certificates(server.trusted_image_certificates)
    check_hostname(call, server.hostname)
    if server.hostname is not None and _count(server.max_count or server.min_count) > 1:
        raise BadRequest("A hostname cannot be given to several servers at once.")
    least = _count(server.min_count)
    most = _count(server.max_count) if server.max_count is not None else least
    if server.max_count is not None and least > most:
        raise BadRequest("min_count must be <= max_count", code="counts")
    zone, host, node = _destination(server)
    disks = disks_of(
        server.imageRef or None, server.block_device_mapping, server.block_device_mapping_v2
    )
    return ServerRequest(
        name=server.name,
        flavor_id=str(server.flavorRef),
        image_id=_image(server, disks),
        count_min=least,
        count_max=most,
        networks=_networks(call, server),
        disks=disks,
        security_groups=list(dict.fromkeys(item.name for item in server.security_groups)),
        key_name=server.key_name,
        user_data=check_user_data(server.user_data),
        metadata=dict(server.metadata),
        tags=list(dict.fromkeys(server.tags)),
        description=server.description if call.at_least("2.19") else server.name,
        hostname=server.hostname,
        config_drive=shapes.switch(server.config_drive or False, "config_drive"),
        zone=zone,
        host=host,
        hypervisor_hostname=node,
        scheduler_hints={**body.older_hints, **body.hints},
        access_ip_v4=shapes.address(server.accessIPv4, "accessIPv4", 4),
        access_ip_v6=shapes.address(server.accessIPv6, "accessIPv6", 6),
        disk_config=server.disk_config or "MANUAL",
    )


def _count(value: int | str) -> int:
    if isinstance(value, int):
        return value
    if value.isdigit() and 0 < len(value) < 10 and int(value) > 0:
        return int(value)
    raise BadRequest(f"Invalid input for field/attribute min_count. Value: {value}.")


def _destination(server: NewServer) -> tuple[str | None, str | None, str | None]:
    """zone, host, hypervisor: from zone:host:node or from the fields of 2.74."""
    zone, host, node = server.availability_zone, server.host, server.hypervisor_hostname
    if zone is None or ":" not in zone:
        return zone, host, node
    if host or node:
        raise BadRequest(
            "A host in availability_zone and the fields host and hypervisor_hostname "
            "cannot be given together."
        )
    parts = zone.split(":")
    if len(parts) > 3:
        raise BadRequest(f"Unable to parse availability_zone {zone}: it is ZONE:HOST:NODE.")
    return parts[0] or None, parts[1] or None, (parts[2] or None) if len(parts) == 3 else None


def _image(server: NewServer, disks: list[Disk]) -> str | None:
    """The image its host's root disk is made of; None where it boots from a volume."""
    if any(disk.boot_index == 0 for disk in disks):
        return None
    image_id = server.imageRef or local_image(server.block_device_mapping_v2)
    if not image_id:
        raise BadRequest(
            "Invalid imageRef provided.",
            code="image-missing",
            remedy="Give an image or a volume to boot from.",
        )
    try:
        return msgspec.convert(image_id, shapes.Uuid)
    except msgspec.ValidationError as error:
        raise BadRequest("Invalid imageRef provided.", code="image-missing") from error


def _networks(call: Call, server: NewServer) -> list[NetworkRequest] | str | None:
    given = server.networks
    if given is None:
        if call.at_least("2.37"):
            raise BadRequest("Invalid input for field/attribute server. 'networks' is required.")
        return None
    if isinstance(given, str):
        if given not in ("auto", "none") or not call.at_least("2.37"):
            raise BadRequest(f"Invalid input for field/attribute networks. Value: {given}.")
        return given
    if not given:
        return None if not call.at_least("2.37") else _refuse_empty()
    for item in given:
        if item.tag is not None and not call.at_least("2.42") and call.at_least("2.37"):
            raise BadRequest("Invalid input for field/attribute networks: tag needs 2.42.")
        if item.uuid is None and item.port is None:
            raise BadRequest("Invalid input for field/attribute networks: give uuid or port.")
        if item.port is not None and item.fixed_ip is not None:
            raise BadRequest(
                f"Specified Fixed IP '{item.fixed_ip}' cannot be used with port '{item.port}': "
                "the two cannot be specified together."
            )
    return [
        NetworkRequest(
            network_id=None if item.port else item.uuid,
            port_id=item.port,
            fixed_ip=item.fixed_ip,
            tag=item.tag,
        )
        for item in given
    ]


def _refuse_empty() -> None:
    raise BadRequest("Invalid input for field/attribute networks. Value: [] is too short.")
