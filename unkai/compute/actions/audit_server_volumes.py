"""Volumes of servers, seen from three sides: the servers' rows, the attachments, the hosts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from unkai.block_storage.actions.attach_volume import detach_volume, server_attachments
from unkai.block_storage.model import Attachment
from unkai.compute.actions.lose_guest import is_lost
from unkai.compute.model import Server
from unkai.compute.service import Compute, is_node
from unkai.compute.store import servers
from unkai.hypervisor.model import Census
from unkai.kit.db import Session, Tx
from unkai.kit.leftovers import Leftover
from unkai.kit.log import log


async def audit_server_volumes(
    compute: Compute,
    alive: Mapping[str, Server],
    censuses: Mapping[str, Census],
    busy: set[str],
) -> list[Leftover]:
    """Empty where all three agree; what an operation has in hand is passed over."""
    held = await server_attachments(compute.kit.database.reader)
    resting = [one for one in alive.values() if one.id not in busy]
    return [
        *_attachments(held, alive, busy),
        *_rows(resting, {one.id for one in held}),
        *_hosts(resting, censuses),
    ]


def _finding(kind: str, what: str, detail: str) -> Leftover:
    return Leftover("compute", kind, what, detail)


def _attachments(
    held: Iterable[Attachment], alive: Mapping[str, Server], busy: set[str]
) -> list[Leftover]:
    found: list[Leftover] = []
    for one in held:
        server = alive.get(one.instance_id or "")
        known = {volume.attachment_id for volume in server.volumes} if server else set[str | None]()
        if one.instance_id not in busy and one.id not in known:
            detail = f"It keeps volume {one.volume_id} for server {one.instance_id}."
            found.append(_finding("attachment-without-server", one.id, detail))
    return found


def _rows(resting: Iterable[Server], held: set[str]) -> list[Leftover]:
    return [
        _finding(
            "volume-without-attachment",
            volume.volume_id,
            f"Server {server.id} is {volume.state} it, and nothing keeps it for that server.",
        )
        for server in resting
        for volume in server.volumes
        if volume.attachment_id is not None and volume.attachment_id not in held
    ]


def _hosts(resting: Iterable[Server], censuses: Mapping[str, Census]) -> list[Leftover]:
    found: list[Leftover] = []
    for server in resting:
        census = censuses.get(server.host or "")
        if census is None or is_lost(server) or is_node(server.host or ""):
            continue
        there = set(census.volumes.get(server.id, ()))
        known = {one.volume_id for one in server.volumes if one.attachment_id is not None}
        said = f"server {server.id} on host {server.host}"
        found += [
            _finding("disk-without-volume", one, f"Open for {said}, which has no such volume.")
            for one in sorted(there - known)
        ]
        found += [
            _finding("volume-without-disk", one, f"Attached to {said}, which does not have it.")
            for one in sorted(known - there)
        ]
    return found


async def lost_attachments(compute: Compute, session: Session, busy: set[str]) -> set[str]:
    """Attachments of servers that are no more."""
    held = [one for one in await server_attachments(session) if one.instance_id not in busy]
    of = {one.instance_id or "" for one in held}
    living = await servers.living_ids(session, of)
    return {one.id for one in held if one.instance_id not in living}


async def take_back_attachment(compute: Compute, attachment_id: str) -> None:
    async def write(tx: Tx) -> str | None:
        if attachment_id not in await lost_attachments(compute, tx, set()):
            return None
        return await detach_volume(compute.block_storage, tx, attachment_id)

    volume_id = await compute.kit.database.transact(write)
    if volume_id is not None:
        log.warning("a volume of a server that is gone was taken back", volume=volume_id)
