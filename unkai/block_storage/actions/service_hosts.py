"""The binaries that clients of Cinder look for: one process plays them all."""

from __future__ import annotations

from typing import Any

from unkai.block_storage.model import Host
from unkai.block_storage.service import BlockStorage
from unkai.block_storage.store import hosts
from unkai.kit.db import Session, Tx
from unkai.kit.errors import NotFound


def binaries(block: BlockStorage) -> tuple[tuple[str, str], ...]:
    """Pairs of a binary and its host's name: one cinder-volume for each backend."""
    host = block.settings.host_name
    volume = (("cinder-volume", one.host) for one in block.backends)
    return ("cinder-scheduler", host), *volume, ("cinder-backup", host)


async def list_hosts(block: BlockStorage, session: Session) -> list[Host]:
    """Each with what an administrator said of it; they live as long as we do."""
    said = {(one.binary, one.host): one for one in await hosts.all_hosts(session)}
    now = block.kit.clock.now()
    return [
        said.get((binary, host), Host(binary=binary, host=host, updated_at=now))
        for binary, host in binaries(block)
    ]


async def change_host(block: BlockStorage, binary: str, host: str, **values: Any) -> Host:
    """NotFound where there is no such binary on such a host."""
    if (binary, host) not in binaries(block):
        raise NotFound(f"Service {binary[:80]} on host {host[:80]} could not be found.")

    async def write(tx: Tx) -> Host:
        now = block.kit.clock.now()
        if not await hosts.change(tx, binary, host, now, **values):
            await hosts.add(tx, Host(binary=binary, host=host, updated_at=now, **values))
        found = await hosts.find(tx, binary, host)
        assert found is not None
        return found

    return await block.kit.database.transact(write)
