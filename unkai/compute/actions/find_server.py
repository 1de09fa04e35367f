"""The server a caller names: what it may not see does not exist."""

from __future__ import annotations

import re

from unkai.compute.model import Server
from unkai.compute.store import servers
from unkai.kit.db import Session
from unkai.kit.errors import Conflict, Forbidden, NotFound
from unkai.kit.policy import Caller

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")


def unknown(server_id: str) -> NotFound:
    return NotFound(f"Instance {server_id} could not be found.", code="server-unknown")


async def find_server(
    session: Session, caller: Caller, server_id: str, *, deleted: bool = False
) -> Server:
    """NotFound unless the caller may see it; a deleted one only if `deleted`."""
    server = None
    if _UUID.match(server_id):
        server = await servers.get_server(session, server_id.lower())
    if server is None or not caller.may_see(server.project_id):
        raise unknown(server_id)
    if server.deleted_at is not None and not deleted:
        raise unknown(server_id)
    return server


async def own_server(session: Session, caller: Caller, server_id: str) -> Server:
    """A server the caller may change; Forbidden where it may only see it."""
    server = await find_server(session, caller, server_id)
    if not caller.may_touch(server.project_id):
        raise Forbidden(f"Instance {server_id} belongs to another project.", code="policy")
    return server


async def unlocked_server(session: Session, caller: Caller, server_id: str) -> Server:
    """A server the caller may do something to; Conflict while it is locked, but for admins."""
    server = await own_server(session, caller, server_id)
    if server.locked_by is not None and not caller.is_admin:
        raise Conflict(f"Instance {server.id} is locked", code="server-locked")
    return server
