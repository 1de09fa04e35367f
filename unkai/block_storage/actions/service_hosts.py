"""The binaries that clients of Cinder look for: one process plays them all."""

from __future__ import annotations

from typing import Any

from unkai.block_storage.model import Host
from unkai.block_storage.service import BlockStorage
from unkai.block_storage.store import hosts
from unkai.kit.db import Session, Tx
from unkai.kit.errors import BadRequest, NotFound


def binaries(block: BlockStorage) -> dict[str, str]:
    """Binary to its host's name."""
    host = block.settings.host_name
    return {"cinder-scheduler": host, "cinder-volume": block.backend, "cinder-backup": host}


async def list_hosts(block: BlockStorage, session: Session) -> list[Host]:
    """Each with what an administrator said of it; they live as long as we do."""
    said = {(one.binary, one.host): one for one in await hosts.all_hosts(session)}
    now = block.kit.clock.now()
    return [
        said.get((binary, host), Host(binary=binary, host=host, updated_at=now))
        for binary, host in binaries(block).items()
    ]


async def change_host(block: BlockStorage, binary: str, host: str, **values: Any) -> Host:
    """NotFound where there is no such binary on such a host."""
    if binaries(block).get(binary) != host:
        raise NotFound(f"Service {binary[:80]} on host {host[:80]} could not be found.")

    async def write(tx: Tx) -> Host:
        now = block.kit.clock.now()
        if not await hosts.change(tx, binary, host, now, **values):
            await hosts.add(tx, Host(binary=binary, host=host, updated_at=now, **values))
        found = await hosts.find(tx, binary, host)
        assert found is not None
        return found

    return await block.kit.database.transact(write)


async def check_backend(block: BlockStorage) -> None:
    """BadRequest while an administrator keeps new volumes away."""
    found = await hosts.find(block.kit.database.reader, "cinder-volume", block.backend)
    if found is not None and (found.disabled or found.frozen):
        raise BadRequest(
            f"No valid backend was found: {block.backend} is"
            f" {'disabled' if found.disabled else 'frozen'}.",
            code="no-backend",
        )
