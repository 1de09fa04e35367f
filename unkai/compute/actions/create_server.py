"""The boot of a server: one admission, then the steps that make it real.

The admission chooses the host, claims its resources, makes and binds the ports and writes the
server with its operation, in one transaction: a 4xx leaves nothing. Where no host fits it writes
the server in ERROR with the decision, and takes nothing. What fails after the commit is undone by
the operation, which then shows the user a fault.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, TypeVar

from msgspec import structs

from unkai.baremetal.actions.reserve_node import reserve_node
from unkai.block_storage.actions.work import SETTLED
from unkai.compute.actions import server_ports, server_volumes
from unkai.compute.actions.check_request import (
    check_group_quota,
    check_request,
    take_quota,
)
from unkai.compute.actions.choose_host import Choice, Offer, Wanted, choose_host
from unkai.compute.actions.end_action import failed_for_good
from unkai.compute.actions.find_hosts import find_offers, machine_flavor
from unkai.compute.actions.machine import host_of, machine_of, server_id_of, server_of
from unkai.compute.actions.new_server import (
    Admission,
    Placed,
    action,
    asking_events,
    new_server,
    wanted,
    without_host,
)
from unkai.compute.actions.power_on import (
    plug_ports,
    run_guest,
    start_machine,
    wait_ports_up,
)
from unkai.compute.actions.renew_root_volume import use_volumes
from unkai.compute.actions.submit_action import placed
from unkai.compute.model import Decision, Flavor, HostVerdict, Server, ServerRequest
from unkai.compute.service import Compute, is_node
from unkai.compute.store import decisions, server_actions, servers, tags
from unkai.hypervisor.client import Hypervisor
from unkai.hypervisor.model import Machine
from unkai.image.actions.get_image import get_image
from unkai.image.actions.open_data import data_path
from unkai.kit.db import Tx
from unkai.kit.errors import Conflict, Failed, NotFound
from unkai.kit.operations import Operation, Result, Run, Step, Wait
from unkai.kit.policy import Caller, service_caller
from unkai.placement.actions.claim import claim
from unkai.timeline import model as who
from unkai.timeline.actions.record import event, record

T = TypeVar("T")
ATTEMPTS = 4
VOLUME_S = 1800.0
ON_A_NODE_S = 4 * 3600.0
"""How long a boot may take where a physical machine has to be deployed first."""


# --- admission


async def create_servers(
    compute: Compute, caller: Caller, asked: ServerRequest, *, request_id: str, asked_at: float
) -> list[Server]:
    """Admit one or several servers; each is in BUILD, or in ERROR where no host fits.

    BadRequest, Forbidden, QuotaExceeded, Conflict in Nova's words, and then nothing was made.
    """
    admission = await look_into(compute, caller, asked, request_id=request_id, asked_at=asked_at)
    return await transact_admission(compute, lambda tx: admit(compute, tx, admission))


async def look_into(
    compute: Compute,
    caller: Caller,
    asked: ServerRequest,
    *,
    request_id: str,
    asked_at: float,
    writing: bool = True,
) -> Admission:
    """What the request means, before anything is taken. writing: a missing network is made."""
    if asked.count_max > 1:
        server_ports.check_many(asked.networks)
    made_of = await check_request(compute, caller, asked)
    wishes = await server_ports.resolve(compute, caller, asked, writing=writing)
    return Admission(
        caller,
        request_id,
        asked_at,
        asked,
        made_of,
        wishes,
        f"r-{compute.kit.chance.uuid().replace('-', '')[:8]}",
    )


async def transact_admission(compute: Compute, run: Callable[[Tx], Awaitable[T]]) -> T:
    """Once more where another request took the room that was chosen."""
    for attempt in range(ATTEMPTS):
        try:
            return await compute.kit.database.transact(run)
        except Conflict as lost:
            if lost.code != "no-capacity" or attempt + 1 == ATTEMPTS:
                raise
    raise AssertionError


async def admit(compute: Compute, tx: Tx, admission: Admission) -> list[Server]:
    caller, made_of = admission.caller, admission.made_of
    project_id = caller.project_id or ""
    count = await take_quota(tx, project_id, made_of.flavor, admission.asked)
    if made_of.group is not None:
        await check_group_quota(tx, project_id, made_of.group.id, count)
    several = count > 1
    admitted: list[Placed] = []
    told: list[dict[str, Any]] = []
    for _ in range(count):
        one = await _place(compute, tx, admission, admitted, several=several)
        told += asking_events(compute, admission, one)
        if one.offer is not None:
            one, wired = await _wire(compute, tx, admission, one)
            told.append(wired)
            if admission.asked.disks:
                one = await _store(compute, tx, admission, one)
        admitted.append(one)
    made = [one.server for one in admitted]
    await servers.add_servers(tx, made)
    if admission.asked.tags:
        for server in made:
            await tags.set_tags(tx, server.id, admission.asked.tags)
    await decisions.add_decisions(tx, [one.decision for one in admitted])
    await server_actions.add_actions(tx, [action(compute, admission, one) for one in admitted])
    for one in admitted:
        if one.offer is not None:
            await _submit(compute, tx, admission, one.server)
    await record(tx, *told)
    return made


async def _place(
    compute: Compute, tx: Tx, admission: Admission, before: list[Placed], *, several: bool
) -> Placed:
    """Choose a host for the next server and claim its resources there."""
    made_of = admission.made_of
    server = new_server(compute, admission, len(before), several=several)
    group_id = made_of.group.id if made_of.group else None
    need, choice = await _choose(compute, tx, admission, before)
    best = choice.ranked[0] if choice.ranked else None
    now = compute.kit.clock.now()
    decision = Decision(
        server_id=server.id,
        made_at=now,
        request={
            "resources": dict(need.resources),
            "availability_zone": need.zone,
            "host": need.host,
            "server_group": group_id,
            "policy": need.group_policy,
        },
        chosen=best.host if best else None,
        hosts=list(choice.verdicts),
    )
    if best is None:
        return Placed(without_host(server, decision), None, decision)
    if is_node(best.host):
        await reserve_node(
            compute.baremetal, tx, best.host, instance_uuid=server.id, name=server.name
        )
    if need.resources:
        await claim(
            compute.placement,
            tx,
            server.id,
            {best.provider_id: dict(need.resources)},
            project_id=server.project_id,
            user_id=server.user_id,
        )
    server = structs.replace(server, host=best.host)
    return Placed(server, best, decision)


def _count_in(offers: list[Offer], before: list[Placed], *, grouped: bool) -> list[Offer]:
    """Offers that know of the servers placed a moment ago in this very request."""
    new = Counter(one.offer.host for one in before if one.offer is not None)
    return [
        replace(
            offer,
            building=offer.building + new[offer.host],
            members=offer.members + (new[offer.host] if grouped else 0),
        )
        for offer in offers
    ]


async def _choose(
    compute: Compute, tx: Tx, admission: Admission, before: list[Placed]
) -> tuple[Wanted, Choice]:
    """The hosts that fit; where the flavor says that either will do, a free machine first."""
    asked, made_of = admission.asked, admission.made_of
    group_id = made_of.group.id if made_of.group else None
    flavors: tuple[Flavor | None, ...] = (machine_flavor(made_of.flavor), made_of.flavor)
    if asked.disks:  # on a volume the root disk takes nothing of the host's
        on_volume = made_of.image is None
        flavors = (structs.replace(made_of.flavor, disk=0) if on_volume else made_of.flavor,)
    need, choice = wanted(asked, made_of), Choice((), ())
    refused: tuple[HostVerdict, ...] = ()
    for flavor in flavors:
        if flavor is None:
            continue
        offers = await find_offers(compute, tx, flavor, group_id, with_volumes=bool(asked.disks))
        offers = _count_in(offers, before, grouped=group_id is not None)
        need = wanted(asked, replace(made_of, flavor=flavor))
        if made_of.group is not None:
            need = replace(need, group_hosts=frozenset(o.host for o in offers if o.members))
        choice = choose_host(need, offers)
        if choice.ranked:
            break
        refused = choice.verdicts
    extra = tuple(one for one in refused if one.host not in {v.host for v in choice.verdicts})
    return need, Choice(choice.ranked, (*choice.verdicts, *extra))


async def _wire(
    compute: Compute, tx: Tx, admission: Admission, one: Placed
) -> tuple[Placed, dict[str, Any]]:
    """Make or take the server's ports, bound to its host."""
    began = compute.kit.clock.now()
    nics = await server_ports.make_ports(
        compute, tx, admission.caller, one.server, admission.wishes
    )
    server = structs.replace(one.server, nics=nics)
    made = event(
        f"server/{server.id}",
        who.NEUTRON_API,
        "create and bind ports",
        started_at=began,
        ended_at=compute.kit.clock.now(),
        request_id=admission.request_id,
        detail=f"{len(nics)} ports on {server.host}",
    )
    return replace(one, server=server), made


async def _store(compute: Compute, tx: Tx, admission: Admission, one: Placed) -> Placed:
    """Take or begin the server's volumes."""
    disks = admission.asked.disks
    made = await server_volumes.make_volumes(compute, tx, admission.caller, one.server, disks)
    return replace(one, server=structs.replace(one.server, volumes=made))


async def _submit(compute: Compute, tx: Tx, admission: Admission, server: Server) -> None:
    await compute.kit.operations.submit(
        tx,
        CREATE_SERVER,
        f"server/{server.id}",
        project_id=server.project_id,
        user_id=server.user_id,
        request_id=admission.request_id,
        input=placed(server),
        deadline_s=ON_A_NODE_S if is_node(server.host or "") else None,
    )


# --- steps


async def make_volumes(compute: Compute, run: Run) -> Wait | Result:
    """Volumes that are made for the server, once they are there."""
    server = await server_of(compute, run)
    found = await server_volumes.unmade(compute, server)
    if found is not None:
        volume, made = found
        if made is None or made.status != "creating":
            state = made.status if made else "gone"
            raise Failed(
                f"Volume {volume.volume_id} did not finish being created: it is {state}.",
                code="volume-not-made",
                remedy="`openstack volume message list` says why; then delete this server.",
            )
        return Wait(
            SETTLED,
            volume.volume_id,
            VOLUME_S,
            otherwise=f"Volume {volume.volume_id} was not made within {VOLUME_S:.0f} s.",
        )
    if all(volume.attachment_id is not None for volume in server.volumes):
        return Result()
    return Result(
        None, lambda tx: server_volumes.reserve_made(compute, tx, server.id, run.request_id)
    )


async def fetch_image(compute: Compute, run: Run) -> None:
    """Have the image in the host's cache; all boots of one image share one copy."""
    server = await server_of(compute, run)
    if server.image is None:
        return
    try:
        caller = service_caller("nova", run.request_id)
        await get_image(compute.images, compute.kit.database.reader, caller, server.image.id)
    except NotFound as error:
        raise Failed(
            f"Image {server.image.id} was deleted before the server's disk was made.",
            code="image-gone",
            remedy="Delete this server and boot from another image.",
        ) from error
    async with host_of(compute, run) as host:
        await host.cache_image(server.image, data_path(compute.images, server.image.id))


async def prepare_disks(compute: Compute, run: Run) -> None:
    await disks_from_image(compute, run, lambda host, machine: host.prepare(machine, run.epoch))


async def disks_from_image(
    compute: Compute, run: Run, make: Callable[[Hypervisor, Machine], Awaitable[None]]
) -> None:
    """Make disks; an image that left the host's cache since it was fetched is fetched again."""
    machine = await machine_of(compute, await server_of(compute, run))
    try:
        async with host_of(compute, run) as host:
            await make(host, machine)
    except Conflict as error:
        if error.code != "image-not-cached":
            raise
        await fetch_image(compute, run)
        async with host_of(compute, run) as host:
            await make(host, machine)


async def remove_disks(compute: Compute, run: Run) -> None:
    async with host_of(compute, run) as host:
        await host.remove(server_id_of(run), run.epoch)


async def unplug_ports(compute: Compute, run: Run) -> None:
    async with host_of(compute, run) as host:
        await host.unplug(server_id_of(run), run.epoch)


async def stop_machine(compute: Compute, run: Run) -> None:
    async with host_of(compute, run) as host:
        await host.stop(server_id_of(run), run.epoch)


async def mark_error(compute: Compute, tx: Tx, run: Run) -> None:
    """The host was cleaned by the undos; give back what the admission took."""
    await failed_for_good(compute, tx, run)


CREATE_SERVER = Operation(
    "create-server",
    Step(make_volumes, who.CINDER_API),
    Step(fetch_image, who.GLANCE_API),
    Step(prepare_disks, who.COMPUTE_NODE, undo=remove_disks),
    Step(plug_ports, who.NEUTRON_API, undo=unplug_ports),
    Step(start_machine, who.HYPERVISOR, undo=stop_machine),
    Step(use_volumes, who.CINDER_API),
    Step(wait_ports_up, who.NEUTRON_API),
    Step(run_guest, who.HYPERVISOR),
    failed=mark_error,
)
