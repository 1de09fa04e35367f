"""The boot of a server that is not made: the very admission, then everything taken back.

The transaction is rolled back whole: no row, no operation, no event, nothing on the wire. What it
would have chosen is what the same request gets a moment later, unless another one is faster.
"""

from __future__ import annotations

from dataclasses import dataclass

from unkai.compute.actions import server_ports
from unkai.compute.actions.boot_times import GUEST, expected_boots, node_class
from unkai.compute.actions.create_server import admit, look_into, transact_admission
from unkai.compute.actions.server_ports import Addresses
from unkai.compute.model import Decision, ExpectedBoot, Server, ServerRequest
from unkai.compute.service import Compute, is_node
from unkai.compute.store import decisions, quotas, servers
from unkai.kit.db import Tx
from unkai.kit.policy import Caller


@dataclass(frozen=True, slots=True)
class Limit:
    """limit: -1 is unlimited. used: with the servers of the rehearsal."""

    limit: int
    used: int


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """servers: as they would be; in ERROR where no host fits. decisions: one for each of them."""

    servers: list[Server]
    decisions: list[Decision]
    addresses: Addresses
    quota: dict[str, Limit]
    expected: ExpectedBoot | None


class _TakenBackError(Exception):
    """Ends the transaction, and carries out of it what was seen there."""

    def __init__(self, seen: Rehearsal) -> None:
        super().__init__("a rehearsal is never committed")
        self.seen = seen


async def rehearse_servers(
    compute: Compute, caller: Caller, asked: ServerRequest, *, request_id: str
) -> Rehearsal:
    """BadRequest, Forbidden, QuotaExceeded, Conflict as `create_servers` raises them."""
    admission = await look_into(
        compute,
        caller,
        asked,
        request_id=request_id,
        asked_at=compute.kit.clock.now(),
        writing=False,
    )

    async def run(tx: Tx) -> None:
        made = await admit(compute, tx, admission)
        raise _TakenBackError(await _see(compute, tx, caller, made))

    try:
        await transact_admission(compute, run)
    except _TakenBackError as done:
        return done.seen
    raise AssertionError


async def _see(compute: Compute, tx: Tx, caller: Caller, made: list[Server]) -> Rehearsal:
    ids = [server.id for server in made]
    addresses, _ = await server_ports.addresses_of(compute, tx, ids)
    project_id = caller.project_id or ""
    limits = await quotas.limits_of(tx, project_id)
    count, vcpus, memory_mib = await servers.usage_of(tx, project_id)
    used = {"instances": count, "cores": vcpus, "ram": memory_mib}
    first = made[0]
    expected = await expected_boots(tx, caller, first.flavor.id, first.image_id)
    wanted = node_class(first.flavor) if is_node(first.host or "") else GUEST
    return Rehearsal(
        made,
        [one for each in ids for one in await decisions.decisions_of(tx, each)],
        addresses,
        {name: Limit(limits[name], amount) for name, amount in used.items()},
        next((one for one in expected if one.resource_class == wanted), None),
    )
