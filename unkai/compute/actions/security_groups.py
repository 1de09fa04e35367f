"""Security groups of a server: they are its ports' groups, all of its ports alike."""

from __future__ import annotations

from unkai.compute.actions import server_ports
from unkai.compute.actions.find_server import unlocked_server
from unkai.compute.model import Server
from unkai.compute.service import Compute
from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest, Conflict, NotFound
from unkai.kit.policy import Caller
from unkai.network.actions.describe_devices import groups_for_device, groups_of_ports
from unkai.network.actions.update_port import PortChange, update_port
from unkai.network.model import SecurityGroup


async def groups_of(compute: Compute, server: Server) -> list[SecurityGroup]:
    session = compute.kit.database.reader
    ports = await server_ports.ports_of(compute, session, server)
    return await groups_of_ports(compute.network, session, ports)


async def change_groups(
    compute: Compute, caller: Caller, server_id: str, name: str, *, add: bool
) -> None:
    """Put every port of the server into a group, or take them out of it."""

    async def admit(tx: Tx) -> None:
        server = await unlocked_server(tx, caller, server_id)
        try:
            (group_id,) = await groups_for_device(compute.network, tx, caller, [name])
        except Conflict as error:
            raise BadRequest(error.message, code=error.code) from error
        ports = await server_ports.ports_of(compute, tx, server)
        if not add and not any(group_id in port.security_group_ids for port in ports):
            raise NotFound(
                f"Security group {name} is not associated with the instance {server.id}",
                code="security-group-not-associated",
            )
        if add and not ports:
            raise BadRequest(
                f"instance_id {server.id} could not be found as device id on any ports",
                code="no-ports",
            )
        for port in ports:
            kept = tuple(one for one in port.security_group_ids if one != group_id)
            wanted = (*kept, group_id) if add else kept
            if set(wanted) != set(port.security_group_ids):
                change = PortChange(security_groups=wanted)
                await update_port(compute.network, tx, caller, port.id, change)

    await compute.kit.database.transact(admit)
