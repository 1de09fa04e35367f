"""A guest's question at 169.254.169.254: which server asks, and what it gets."""

from __future__ import annotations

from unkai.compute.actions import render_metadata as render
from unkai.compute.model import Server
from unkai.compute.service import Compute
from unkai.compute.store import servers
from unkai.kit.errors import NotFound
from unkai.network.actions.find_port import port_at


async def server_at(compute: Compute, network_id: str, address: str) -> Server:
    """The server whose port has the address in the network."""
    session = compute.kit.database.reader
    port = await port_at(compute.network, session, network_id, address)
    server = await servers.get_server(session, port.device_id) if port else None
    if server is None or server.deleted_at is not None:
        raise NotFound(f"No server has the address {address} in network {network_id}.")
    return server


async def answer(compute: Compute, server: Server, path: str) -> bytes:
    """A file's bytes, or a folder's list; NotFound for neither."""
    parts = [part for part in path.split("/") if part]
    if not parts:
        return "\n".join(render.EC2_VERSIONS).encode()
    if parts[0] == "openstack":
        return await _openstack(compute, server, parts[1:])
    if parts[0] in render.EC2_VERSIONS:
        return await _ec2(compute, server, parts[1:])
    raise _nothing(path)


async def _openstack(compute: Compute, server: Server, parts: list[str]) -> bytes:
    if not parts:
        return "\n".join((*render.DATED, render.LATEST)).encode()
    version, names = parts[0], parts[1:]
    if version not in (*render.DATED, render.LATEST) or len(names) > 1:
        raise _nothing("/".join(parts))
    files = await render.openstack_files(compute, server)
    files["password"] = (server.password or "").encode()
    files = render.of_version(files, version)
    if not names:
        return "\n".join(files).encode()
    if names[0] not in files:
        raise _nothing("/".join(parts))
    return files[names[0]]


async def _ec2(compute: Compute, server: Server, parts: list[str]) -> bytes:
    files: dict[str, bytes] = {
        f"meta-data/{path}": data for path, data in (await render.ec2_tree(compute, server)).items()
    }
    if server.user_data is not None:
        files["user-data"] = (await render.openstack_files(compute, server))["user_data"]
    path = "/".join(parts)
    if path in files:
        return files[path]
    if path == "meta-data/public-keys" and server.key is not None:
        return f"0={server.key_name}".encode()
    entries = render.listing(list(files), path)
    if not entries:
        raise _nothing(path)
    return "\n".join(entries).encode()


def _nothing(path: str) -> NotFound:
    return NotFound(f"There is nothing at {path}.")
