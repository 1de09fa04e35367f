"""Whether a server can be made of what was asked for: flavor, image, key, group, zone, limits.

Reads only, before the admission's transaction; what could change meanwhile is checked there again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, cast

from unkai.compute.actions.server_volumes import check_disks
from unkai.compute.model import Flavor, Keypair, ServerGroup, ServerRequest
from unkai.compute.service import Compute
from unkai.compute.store import aggregates, flavors, hosts, keypairs, quotas, server_groups, servers
from unkai.hypervisor.model import ImageRef
from unkai.image.actions.get_image import get_image
from unkai.image.model import Image
from unkai.kit.db import Session
from unkai.kit.errors import BadRequest, Forbidden, NotFound, QuotaExceeded
from unkai.kit.policy import Caller

GIB = 1 << 30
BOOTABLE = {"raw": "raw", "qcow2": "qcow2"}


@dataclass(frozen=True, slots=True)
class Ingredients:
    """image: None where the server boots from a volume."""

    flavor: Flavor
    image: Image | None
    key: Keypair | None
    group: ServerGroup | None
    same_hosts: frozenset[str]
    other_hosts: frozenset[str]


async def check_request(compute: Compute, caller: Caller, asked: ServerRequest) -> Ingredients:
    """What the server is made of; BadRequest, Forbidden or QuotaExceeded in Nova's words."""
    session = compute.kit.database.reader
    flavor = await need_flavor(session, caller, asked.flavor_id)
    root = next((disk for disk in asked.disks if disk.boot_index == 0), None)
    image = None
    if root is None:
        image = await need_image(compute, caller, asked.image_id or "")
        check_fit(flavor, image)
    await check_disks(compute, session, caller, asked.disks, asked.count_max)
    for disk in asked.disks:
        if disk.source == "image":
            source = await need_image(compute, caller, disk.source_id or "")
            if disk is root:
                check_memory(flavor, source)
    if asked.metadata:
        limits = await quotas.limits_of(session, caller.project_id or "")
        check_metadata(asked.metadata, limits["metadata_items"])
    key = await need_keypair(session, caller.user_id, asked.key_name)
    await _check_destination(compute, caller, asked)
    group = await _group(session, caller, asked.scheduler_hints)
    return Ingredients(
        flavor,
        image,
        key,
        group,
        await _hosts_of_hint(session, asked.scheduler_hints, "same_host"),
        await _hosts_of_hint(session, asked.scheduler_hints, "different_host"),
    )


async def need_flavor(session: Session, caller: Caller, flavor_id: str) -> Flavor:
    flavor = await flavors.get_flavor(session, flavor_id)
    if flavor is None or flavor.disabled:
        raise _no_flavor()
    if not flavor.is_public and not caller.is_admin:
        opened = await flavors.has_access(session, flavor_id, caller.project_id or "")
        if not opened:
            raise _no_flavor()
    return flavor


def _no_flavor() -> BadRequest:
    return BadRequest("Invalid flavorRef provided.", code="flavor-unknown")


async def need_image(compute: Compute, caller: Caller, image_id: str) -> Image:
    """An image that can be booted from."""
    try:
        image = await get_image(compute.images, compute.kit.database.reader, caller, image_id)
    except NotFound as error:
        raise BadRequest(
            f"Can not find requested image {image_id}.", code="image-unknown"
        ) from error
    if image.status != "active":
        raise BadRequest(f"Image {image_id} is not active.", code="image-not-active")
    image_ref(image)
    return image


def image_ref(image: Image) -> ImageRef:
    """The image as hosts know it; BadRequest where hosts cannot boot such a thing."""
    kind = BOOTABLE.get(image.disk_format or "")
    if kind is None or not image.is_disk or not image.sha256 or not image.virtual_size:
        raise BadRequest(
            f"Image {image.id} is unacceptable: servers cannot boot from "
            f"{image.disk_format} in {image.container_format}.",
            code="image-format",
            remedy="Convert it to raw or qcow2 in a bare container.",
        )
    return ImageRef(
        id=image.id,
        sha256=image.sha256,
        format="qcow2" if kind == "qcow2" else "raw",
        virtual_size_bytes=image.virtual_size,
    )


def check_memory(flavor: Flavor, image: Image) -> None:
    if image.min_ram and flavor.ram < image.min_ram:
        raise BadRequest("Flavor's memory is too small for requested image.", code="too-small")


def check_fit(flavor: Flavor, image: Image) -> None:
    check_memory(flavor, image)
    if flavor.disk == 0:
        return
    if image.min_disk and flavor.disk < image.min_disk:
        raise BadRequest(
            f"Flavor's disk is smaller than the minimum size specified in image metadata. "
            f"Flavor disk is {flavor.disk * GIB} bytes, minimum size is "
            f"{image.min_disk * GIB} bytes.",
            code="too-small",
        )
    if flavor.disk * GIB < (image.virtual_size or 0):
        raise BadRequest(
            f"Flavor's disk is too small for requested image. Flavor disk is "
            f"{flavor.disk * GIB} bytes, image is {image.virtual_size} bytes.",
            code="too-small",
        )


def check_metadata(metadata: dict[str, str], limit: int) -> None:
    if 0 <= limit < len(metadata):
        raise QuotaExceeded(f"Maximum number of metadata items exceeds {limit}")


async def need_keypair(session: Session, user_id: str, name: str | None) -> Keypair | None:
    if name is None:
        return None
    key = await keypairs.get_keypair(session, user_id, name)
    if key is None:
        raise BadRequest("Invalid key_name provided.", code="keypair-unknown")
    return key


async def _check_destination(compute: Compute, caller: Caller, asked: ServerRequest) -> None:
    session = compute.kit.database.reader
    host = asked.host or asked.hypervisor_hostname
    if host is not None and not caller.is_admin:
        raise Forbidden(
            "Policy doesn't allow os_compute_api:servers:create:forced_host to be performed.",
            code="policy",
        )
    if host is not None and await hosts.get_host(session, host) is None:
        raise BadRequest(f"Compute host {host} could not be found.", code="host-unknown")
    if asked.hypervisor_hostname not in (None, host):
        raise BadRequest(
            f"Compute host {asked.hypervisor_hostname} could not be found.", code="host-unknown"
        )
    if asked.zone is not None and asked.zone != aggregates.DEFAULT_ZONE:
        zones = await aggregates.zones_of_hosts(session)
        if asked.zone not in zones.values():
            raise BadRequest(
                "The requested availability zone is not available", code="zone-unknown"
            )


async def _group(session: Session, caller: Caller, hints: dict[str, Any]) -> ServerGroup | None:
    group_id = hints.get("group")
    if group_id is None:
        return None
    if not isinstance(group_id, str) or not re.fullmatch(r"[0-9a-fA-F-]{36}", group_id):
        raise BadRequest("Invalid input for field/attribute group: it is not a UUID.")
    group = await server_groups.get_server_group(session, group_id)
    if group is None or not caller.may_see(group.project_id):
        raise BadRequest(f"Instance group {group_id} could not be found.", code="group-unknown")
    return group


async def _hosts_of_hint(session: Session, hints: dict[str, Any], hint: str) -> frozenset[str]:
    given = hints.get(hint)
    if given is None:
        return frozenset()
    ids = cast("list[Any]", given) if isinstance(given, list) else [given]
    found: set[str] = set()
    for server_id in ids[:100]:
        if not isinstance(server_id, str) or not re.fullmatch(r"[0-9a-fA-F-]{36}", server_id):
            raise BadRequest(f"Invalid input for field/attribute {hint}: it is not a UUID.")
        server = await servers.get_server(session, server_id)
        if server is not None and server.host is not None:
            found.add(server.host)
    return frozenset(found)


async def take_quota(
    session: Session, project_id: str, flavor: Flavor, asked: ServerRequest
) -> int:
    """How many servers the project may have of those asked for; QuotaExceeded below the least."""
    limits = await quotas.limits_of(session, project_id)
    count, vcpus, memory_mib = await servers.usage_of(session, project_id)
    needs = (
        ("instances", 1, count),
        ("cores", flavor.vcpus, vcpus),
        ("ram", flavor.ram, memory_mib),
    )
    allowed = asked.count_max
    for resource, each, used in needs:
        limit = limits[resource]
        if limit >= 0 and each > 0:
            room = max(0, limit - used) // each
            if room < asked.count_min:
                raise QuotaExceeded(
                    f"Quota exceeded for {resource}: Requested {each * asked.count_min}, but "
                    f"already used {used} of {limit} {resource}",
                    code="quota-exceeded",
                )
            allowed = min(allowed, room)
    return allowed


async def check_group_quota(session: Session, project_id: str, group_id: str, count: int) -> None:
    limits = await quotas.limits_of(session, project_id)
    limit = limits["server_group_members"]
    if 0 <= limit < await servers.count_of_group(session, group_id) + count:
        raise QuotaExceeded("Quota exceeded, too many servers in group")
