"""Whoever has a volume open, for the block storage service: guests, by the agents of their hosts.

An attachment's host is the compute host that its server was on when it got the volume, and a
server does not leave its host.
"""

from __future__ import annotations

from collections.abc import Mapping

from unkai.block_storage.connection import Connection
from unkai.block_storage.drivers.base import Guest
from unkai.block_storage.model import Attachment
from unkai.hypervisor.client import Hypervisor
from unkai.hypervisor.model import Disk, Layer
from unkai.kit.errors import Conflict, Unavailable


def disk_of(connection: Connection) -> Disk:
    """A volume in a hypervisor's words; Conflict for one that its driver cannot give to guests."""
    if connection.driver == "iscsi":
        raise Conflict(
            f"Volume {connection.volume_id} is reached by {connection.driver}, which guests of "
            "this cloud cannot open.",
            code="volume-driver",
        )
    return Disk(
        volume_id=connection.volume_id,
        size_bytes=connection.size_bytes,
        layers=tuple(
            Layer(path=one.path, format=one.format, encrypted=one.encrypted)
            for one in connection.layers
        ),
        driver="rbd" if connection.driver == "rbd" else "file",
        target=dict(connection.target),
        read_only=connection.read_only,
        shareable=connection.shareable,
        cache=connection.cache,
        qos=dict(connection.qos),
    )


class AttachedGuests:
    """The `Guests` of block storage. agents: of every compute host, by its name."""

    def __init__(self, agents: Mapping[str, Hypervisor]) -> None:
        self._agents = agents

    def of(self, attachments: tuple[Attachment, ...]) -> Guest:
        return _Guests([self._one(attachment) for attachment in attachments])

    def _one(self, attachment: Attachment) -> tuple[Hypervisor, str]:
        agent = self._agents.get(attachment.attached_host or "")
        if agent is None or attachment.instance_id is None:
            raise Unavailable(
                f"Volume {attachment.volume_id} is open on {attachment.attached_host}, which does "
                "not answer.",
                code="host-unreachable",
            )
        return agent, attachment.instance_id


class _Guests:
    """Of one volume; all but a volume that several may have at once have one."""

    def __init__(self, found: list[tuple[Hypervisor, str]]) -> None:
        self._found = found

    async def switch(self, connection: Connection) -> None:
        if len(self._found) > 1:
            raise Conflict(
                f"Volume {connection.volume_id} is open in {len(self._found)} guests at once, "
                "which cannot go on to a new layer together.",
                code="volume-shared",
                remedy="Detach it from all but one of them first.",
            )
        for agent, server_id in self._found:
            await agent.switch_disk(server_id, disk_of(connection))

    async def grow(self, connection: Connection) -> None:
        for agent, server_id in self._found:
            await agent.grow_disk(server_id, connection.volume_id, connection.size_bytes)
