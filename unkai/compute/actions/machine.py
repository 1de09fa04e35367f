"""A server as its host is told of it, and the way to its host."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from unkai.compute.actions.render_metadata import config_drive_files
from unkai.compute.actions.server_volumes import disks_of
from unkai.compute.model import Server
from unkai.compute.service import Compute, is_node
from unkai.compute.store import servers
from unkai.hypervisor import config_drive
from unkai.hypervisor.client import Hypervisor
from unkai.hypervisor.model import Machine, Nic, RootDisk
from unkai.kit.errors import Failed, Unavailable
from unkai.kit.operations import Retry, Run

GIB = 1 << 30


def server_id_of(run: Run) -> str:
    return run.subject.removeprefix("server/")


async def server_of(compute: Compute, run: Run) -> Server:
    """The server an operation is about; Failed if its row is gone."""
    server = await servers.get_server(compute.kit.database.reader, server_id_of(run))
    if server is None or server.deleted_at is not None:
        raise Failed("The server was deleted meanwhile.", code="server-gone")
    return server


@asynccontextmanager
async def host_of(compute: Compute, run: Run) -> AsyncGenerator[Hypervisor]:
    """The agent of the server's host; while it does not answer, the step is tried again later."""
    try:
        yield compute.agent(run.input["host"])
    except Unavailable as away:
        raise Retry(away.message) from away


async def machine_of(compute: Compute, server: Server) -> Machine:
    """The description that `prepare` and `rebuild` take."""
    flavor, image = server.flavor, server.image
    size = flavor.disk * GIB
    if size == 0 and image is not None:
        size = image.virtual_size_bytes
    drive = None
    if server.config_drive or is_node(server.host or ""):
        drive = await config_drive.build(await config_drive_files(compute, server))
    root, others = await disks_of(compute, server)
    if root is not None:
        image, size = None, root.size_bytes
    return Machine(
        server_id=server.id,
        name=server.instance_name,
        project_id=server.project_id,
        vcpus=flavor.vcpus,
        memory_mib=flavor.ram,
        root_disk=RootDisk(size_bytes=size, image=image, volume=root),
        disks=others,
        nics=tuple(Nic(port_id=n.port_id, mac=n.mac, mtu=n.mtu) for n in server.nics),
        config_drive=drive,
    )
