"""A new server, as its request, its host and the clock make it: nothing is read or written here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from msgspec import structs

from unkai.compute.actions import server_ports
from unkai.compute.actions.check_request import Ingredients, image_ref
from unkai.compute.actions.choose_host import Offer, Wanted
from unkai.compute.actions.find_hosts import resources_of
from unkai.compute.model import (
    Decision,
    Requested,
    Server,
    ServerAction,
    ServerFault,
    ServerKey,
    ServerRequest,
)
from unkai.compute.service import Compute
from unkai.compute.states import TaskState, VmState
from unkai.kit.policy import Caller
from unkai.timeline import model as who
from unkai.timeline.actions.record import event

NO_HOST = "No valid host was found. There are not enough hosts available."
EVENT = "compute__do_build_and_run_instance"


@dataclass(frozen=True, slots=True)
class Admission:
    """What every server of one request shares."""

    caller: Caller
    request_id: str
    asked_at: float
    asked: ServerRequest
    made_of: Ingredients
    wishes: tuple[server_ports.Wish, ...]
    reservation_id: str


@dataclass(frozen=True, slots=True)
class Placed:
    server: Server
    offer: Offer | None
    decision: Decision


def wanted(asked: ServerRequest, made_of: Ingredients) -> Wanted:
    group = made_of.group
    return Wanted(
        resources=resources_of(made_of.flavor),
        zone=asked.zone,
        host=asked.host or asked.hypervisor_hostname,
        group_policy=group.policy if group else None,
        max_per_host=int(group.rules.get("max_server_per_host", 1)) if group else 1,
        same_hosts=made_of.same_hosts,
        other_hosts=made_of.other_hosts,
    )


def new_server(compute: Compute, admission: Admission, index: int, *, several: bool) -> Server:
    asked, made_of, caller = admission.asked, admission.made_of, admission.caller
    now = compute.kit.clock.now()
    server_id = compute.kit.chance.uuid()
    name = f"{asked.name}-{index + 1}" if several else asked.name
    key = made_of.key
    return Server(
        id=server_id,
        project_id=caller.project_id or "",
        user_id=caller.user_id,
        name=name,
        hostname=asked.hostname or hostname_of(name, server_id),
        description=asked.description,
        vm_state=VmState.BUILDING,
        task_state=TaskState.SPAWNING,
        availability_zone=asked.zone,
        image_id=made_of.image.id if made_of.image else None,
        image=image_ref(made_of.image) if made_of.image else None,
        flavor=made_of.flavor,
        metadata=asked.metadata,
        key_name=key.name if key else None,
        key=ServerKey(key.type, key.public_key) if key else None,
        user_data=asked.user_data,
        config_drive=asked.config_drive,
        access_ip_v4=asked.access_ip_v4,
        access_ip_v6=asked.access_ip_v6,
        disk_config=asked.disk_config,
        reservation_id=admission.reservation_id,
        launch_index=index,
        requested=Requested(
            security_groups=asked.security_groups,
            scheduler_hints=asked.scheduler_hints,
            host=asked.host,
        ),
        server_group_id=made_of.group.id if made_of.group else None,
        created_at=now,
        updated_at=now,
    )


def hostname_of(name: str, server_id: str) -> str:
    """A host name made of a server's name: letters, digits and dashes, at most 63."""
    text = re.sub(r"[ _.]", "-", name)
    text = re.sub(r"[^a-zA-Z0-9-]+", "", text).lower()[:63].strip("-")
    return text or f"server-{server_id}"


def without_host(server: Server, decision: Decision) -> Server:
    refused = "; ".join(f"{one.host}: {one.reason}" for one in decision.hosts[:10])
    fault = ServerFault(
        code=500,
        message=NO_HOST,
        created_at=decision.made_at,
        details=f"{refused or 'The cloud has no compute host.'} `unkai explain {server.id}` has "
        "every host's reason.",
    )
    return structs.replace(server, vm_state=VmState.ERROR, task_state=None, fault=fault)


def action(compute: Compute, admission: Admission, placed: Placed) -> ServerAction:
    server = placed.server
    failed = placed.offer is None
    return ServerAction(
        server_id=server.id,
        action="create",
        request_id=admission.request_id,
        project_id=server.project_id,
        user_id=server.user_id,
        started_at=admission.asked_at,
        updated_at=compute.kit.clock.now(),
        message="Error" if failed else None,
        event="conductor_schedule_and_build_instances" if failed else EVENT,
        ended_at=server.created_at if failed else None,
        result="Error" if failed else None,
        details=NO_HOST if failed else None,
        host=server.host,
    )


def asking_events(compute: Compute, admission: Admission, placed: Placed) -> list[dict[str, Any]]:
    """What the timeline says of the way from the user to the chosen host."""
    at, asked, caller = admission.asked_at, admission.asked, admission.caller
    made_at, now = placed.server.created_at, compute.kit.clock.now()
    decision = placed.decision
    chosen = f"{decision.chosen} of {len(decision.hosts)} hosts" if decision.chosen else NO_HOST
    told = (
        (who.USER, "POST /servers", f"{asked.name}: flavor {asked.flavor_id}", at, at),
        (who.KEYSTONE, "validate token", f"{caller.user_name} in {caller.project_name}", at, at),
        (who.NOVA_API, "check request and quota", None, at, made_at),
        (who.NOVA_SCHEDULER, "choose host and claim", chosen, made_at, now),
    )
    return [
        event(
            f"server/{placed.server.id}",
            participant,
            action,
            detail=detail,
            started_at=began,
            ended_at=ended,
            request_id=admission.request_id,
            outcome="failed" if detail == NO_HOST else "ok",
        )
        for participant, action, detail, began, ended in told
    ]
