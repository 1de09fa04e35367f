"""The security group `default` that every project has, made when it is first needed.

It lets everything out, and in what comes from the project's other machines of the same group.
"""

from __future__ import annotations

from unkai.kit.db import Tx
from unkai.network.drivers.base import Ref
from unkai.network.model import SecurityGroup, SecurityGroupRule
from unkai.network.service import NetworkService
from unkai.network.store import security_groups

DEFAULT = "default"


async def default_group_id(network: NetworkService, tx: Tx, project_id: str) -> str:
    """The project's default group; made if it is not there."""
    found = await security_groups.default_group_id(tx, project_id)
    if found is not None:
        return found
    now = network.kit.clock.now()
    group_id = network.kit.chance.uuid()
    rules = [
        _rule(network, project_id, group_id, direction, ethertype)
        for ethertype in ("IPv4", "IPv6")
        for direction in ("ingress", "egress")
    ]
    group = SecurityGroup(
        id=group_id,
        project_id=project_id,
        name=DEFAULT,
        description="Default security group",
        rules=tuple(rules),
        created_at=now,
        updated_at=now,
    )
    await security_groups.insert_group(tx, group, default=True)
    await network.changed(tx, Ref("security_group", group_id))
    return group_id


def egress_rules(
    network: NetworkService, project_id: str, group_id: str
) -> tuple[SecurityGroupRule, ...]:
    """What every new group begins with: all may leave."""
    return tuple(
        _rule(network, project_id, group_id, "egress", ethertype) for ethertype in ("IPv4", "IPv6")
    )


def _rule(
    network: NetworkService,
    project_id: str,
    group_id: str,
    direction: str,
    ethertype: str,
) -> SecurityGroupRule:
    now = network.kit.clock.now()
    return SecurityGroupRule(
        id=network.kit.chance.uuid(),
        project_id=project_id,
        security_group_id=group_id,
        direction=direction,
        ethertype=ethertype,
        remote_group_id=group_id if direction == "ingress" else None,
        created_at=now,
        updated_at=now,
    )
