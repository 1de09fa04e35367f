"""Where a request fits, and a reason for every other place; on both databases."""

from __future__ import annotations

from typing import Any

import pytest

from unkai.kit.db import Tx
from unkai.placement.actions.claim import claim
from unkai.placement.actions.find_candidates import find_candidates, find_candidates_apart
from unkai.placement.actions.providers import (
    ensure_provider,
    set_aggregates,
    set_inventories,
    set_traits,
)
from unkai.placement.model import CandidateRequest, Candidates, Group, Inventory
from unkai.placement.service import Placement

pytestmark = pytest.mark.anyio
SMALL = {"VCPU": 1, "MEMORY_MB": 512}


def uid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


async def add(
    placement: Placement,
    number: int,
    stock: dict[str, int],
    *,
    traits: tuple[str, ...] = (),
    aggregates: tuple[int, ...] = (),
    parent: int | None = None,
) -> None:
    async def write(tx: Tx) -> None:
        me = uid(number)
        above = None if parent is None else uid(parent)
        await ensure_provider(placement, tx, me, f"host{number}", above)
        wanted = {name: Inventory(total) for name, total in stock.items()}
        await set_inventories(placement, tx, me, wanted)
        await set_traits(placement, tx, me, traits)
        await set_aggregates(placement, tx, me, [uid(one) for one in aggregates])

    await placement.kit.database.transact(write)


async def find(placement: Placement, **request: Any) -> Candidates:
    found = await find_candidates(
        placement, placement.kit.database.reader, CandidateRequest(**request)
    )
    apart = await find_candidates_apart(placement, CandidateRequest(**request))
    assert (apart.candidates, apart.refusals) == (found.candidates, found.refusals)
    return found


def taken(found: Candidates) -> list[int]:
    return sorted(int(one.provider_id[-12:]) for one in found.candidates)


def reasons(found: Candidates) -> dict[str, str]:
    return {one.name: one.reason for one in found.refusals}


async def test_flat_hosts_are_taken_or_refused_with_a_reason(either: Placement) -> None:
    await add(either, 1, {"VCPU": 8, "MEMORY_MB": 4096}, traits=("COMPUTE_NODE",), aggregates=(70,))
    await add(either, 2, {"VCPU": 8, "MEMORY_MB": 256})
    await add(either, 3, {"MEMORY_MB": 4096})
    await add(either, 4, {"VCPU": 4, "MEMORY_MB": 8192}, traits=("COMPUTE_STATUS_DISABLED",))

    found = await find(either, resources=SMALL)
    assert taken(found) == [1, 4]
    assert reasons(found) == {
        "host2": "512 MEMORY_MB asked, 256 of 256 free",
        "host3": "it has no VCPU",
    }
    assert found.candidates[0].summary.resources["VCPU"].free in (4, 8)

    found = await find(either, resources=SMALL, prefer_free="MEMORY_MB", limit=1)
    assert taken(found) == [4]
    assert reasons(found)["host1"] == "it fits, but 1 candidates were enough"

    found = await find(
        either, resources=SMALL, forbidden_traits=frozenset({"COMPUTE_STATUS_DISABLED"})
    )
    assert taken(found) == [1]
    assert reasons(found)["host4"] == "it has the forbidden trait COMPUTE_STATUS_DISABLED"

    found = await find(either, resources=SMALL, required_traits=frozenset({"HW_CPU_X86_VMX"}))
    assert taken(found) == []
    assert reasons(found)["host1"] == "it lacks trait HW_CPU_X86_VMX"
    assert len(found.refusals) == 4

    choice = frozenset({"COMPUTE_NODE", "CUSTOM_X"})
    assert taken(await find(either, resources=SMALL, any_traits=(choice,))) == [1]

    members = (frozenset({uid(70), uid(71)}),)
    found = await find(either, resources=SMALL, member_of=members)
    assert taken(found) == [1]
    assert "none of the aggregates" in reasons(found)["host4"]
    assert taken(await find(either, resources=SMALL, not_member_of=members[0])) == [4]

    found = await find(either, resources=SMALL, provider_names=frozenset({"host4"}))
    assert taken(found) == [4]
    assert reasons(found)["host1"] == "it is not one of the hosts asked for"
    assert taken(await find(either, resources=SMALL, not_provider_ids=frozenset({uid(4)}))) == [1]
    assert taken(await find(either, resources=SMALL, in_tree=uid(4))) == [4]
    assert taken(await find(either, resources=SMALL, in_tree=uid(99))) == []


async def test_what_is_claimed_is_not_offered(either: Placement) -> None:
    await add(either, 1, {"VCPU": 2})

    async def write(tx: Tx) -> None:
        await claim(
            either, tx, "server", {uid(1): {"VCPU": 2}}, project_id="project", user_id="user"
        )

    await either.kit.database.transact(write)
    found = await find(either, resources={"VCPU": 1})
    assert taken(found) == []
    assert reasons(found) == {"host1": "1 VCPU asked, 0 of 2 free"}


async def test_children_give_what_the_root_has_not(either: Placement) -> None:
    await add(either, 1, {"VCPU": 8, "MEMORY_MB": 4096})
    await add(either, 11, {"VGPU": 1}, parent=1, traits=("CUSTOM_FAST",))
    await add(either, 12, {"VGPU": 2}, parent=1)
    await add(either, 2, {"VCPU": 8, "MEMORY_MB": 4096})

    found = await find(either, resources={"VCPU": 1, "VGPU": 1})
    assert [one.allocations for one in found.candidates] == [
        {uid(1): {"VCPU": 1}, uid(child): {"VGPU": 1}} for child in (11, 12)
    ]
    assert reasons(found) == {"host2": "it has no VGPU"}
    assert set(found.summaries) == {uid(1), uid(11), uid(12)}

    gpu = Group(suffix="1", resources={"VGPU": 1})
    found = await find(
        either,
        resources=SMALL,
        groups=(gpu, Group(suffix="2", resources={"VGPU": 1})),
        isolate=True,
    )
    assert len(found.candidates) == 2
    assert found.candidates[0].mappings == {"": (uid(1),), "1": (uid(11),), "2": (uid(12),)}

    both = (gpu, Group(suffix="2", resources={"VGPU": 1}))
    found = await find(either, resources=SMALL, groups=both)
    assert {uid(1): SMALL, uid(12): {"VGPU": 2}} in [one.allocations for one in found.candidates]

    fast = Group(suffix="1", resources={"VGPU": 1}, required_traits=frozenset({"CUSTOM_FAST"}))
    found = await find(either, resources=SMALL, groups=(fast,))
    assert [one.mappings["1"] for one in found.candidates] == [(uid(11),)]

    slow = Group(suffix="1", resources={"VGPU": 2}, required_traits=frozenset({"CUSTOM_FAST"}))
    found = await find(either, resources=SMALL, groups=(slow,))
    assert found.candidates == []
    assert set(reasons(found)) == {"host1", "host2"}
    assert taken(await find(either, resources=SMALL, in_tree=uid(12))) == [1]


async def test_shared_storage_serves_its_aggregate(either: Placement) -> None:
    await add(either, 1, {"VCPU": 8}, aggregates=(70,))
    await add(either, 2, {"VCPU": 8})
    await add(either, 3, {"DISK_GB": 100}, traits=("MISC_SHARES_VIA_AGGREGATE",), aggregates=(70,))

    found = await find(either, resources={"VCPU": 1, "DISK_GB": 10})
    assert [one.allocations for one in found.candidates] == [
        {uid(1): {"VCPU": 1}, uid(3): {"DISK_GB": 10}}
    ]
    assert reasons(found) == {"host2": "it has no DISK_GB"}


async def test_groups_of_one_subtree(either: Placement) -> None:
    await add(either, 1, {"VCPU": 8})
    for numa in (11, 12):
        await add(either, numa, {"NUMA_CORE": 4}, parent=1)
        await add(either, numa * 10, {"VGPU": 1}, parent=numa)
    core = Group(suffix="_N", resources={"NUMA_CORE": 1})
    gpu = Group(suffix="_G", resources={"VGPU": 1})

    apart = await find(either, groups=(core, gpu))
    near = await find(either, groups=(core, gpu), same_subtree=(frozenset({"_N", "_G"}),))
    assert len(apart.candidates) == 4
    assert [one.mappings for one in near.candidates] == [
        {"_N": (uid(numa),), "_G": (uid(numa * 10),)} for numa in (11, 12)
    ]
