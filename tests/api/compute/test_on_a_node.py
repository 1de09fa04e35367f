"""Servers on physical machines: the same request, the same verbs, other hosts."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.compute.cloud import Cloud, caller_of
from unkai.baremetal.actions.create_node import create_node
from unkai.baremetal.actions.provision import provision
from unkai.baremetal.model import Node, PowerState
from unkai.baremetal.store import nodes
from unkai.baremetal.store.ports import PORTS, Port
from unkai.compute.actions.find_server import find_server
from unkai.compute.model import Flavor
from unkai.compute.store import flavors as flavor_store
from unkai.kit.changes import Feed
from unkai.kit.errors import Failed
from unkai.operator.actions.gather_timeline import server_timeline
from unkai.operator.service import Operator
from unkai.operator.streams import Streams
from unkai.settings import OperatorSettings
from unkai.timeline import model as who

pytestmark = pytest.mark.anyio
SPECS = {
    "resources:VCPU": "0",
    "resources:MEMORY_MB": "0",
    "resources:DISK_GB": "0",
    "resources:CUSTOM_GOLD": "1",
}
GOLD = Flavor(id="gold", name="bm.gold", vcpus=2, ram=512, disk=5, extra_specs=SPECS)
EITHER = Flavor(
    id="either", name="either", vcpus=1, ram=64, disk=1, extra_specs={"unkai:either": "CUSTOM_GOLD"}
)


async def node_of(cloud: Cloud, uuid: str) -> Node:
    found = await nodes.get_node(cloud.kit.database.reader, uuid)
    assert found is not None
    return found


async def a_node(cloud: Cloud, mac: str = "52:54:00:00:00:01") -> str:
    """Available, and known to placement."""
    baremetal, admin = cloud.compute.baremetal, caller_of("admin")
    asked = {"driver": "fake-hardware", "resource_class": "gold"}
    node = await create_node(baremetal, admin, asked)
    port = Port(uuid=cloud.kit.chance.uuid(), node_uuid=node.uuid, address=mac, created_at=0.0)
    await cloud.kit.database.transact(lambda tx: PORTS.add(tx, port))
    for target, state in (("manage", "manageable"), ("provide", "available")):
        await provision(baremetal, admin, node.uuid, target, request_id="req-test")
        await until_state(cloud, node.uuid, state)
    await reported(cloud)
    return node.uuid


async def until_state(cloud: Cloud, uuid: str, state: str) -> None:
    async def there() -> bool:
        found = await node_of(cloud, uuid)
        busy = await cloud.kit.operations.busy(cloud.kit.database.reader, f"node/{uuid}")
        return found.provision_state == state and busy is None

    await cloud.until(there)


async def reported(cloud: Cloud) -> None:
    """Placement knows of the nodes as they are now."""
    reporter = next(one for one in cloud.kit.reconcilers if one.name == "nodes")
    runs = reporter.runs
    reporter.wake()

    async def ran() -> bool:
        return reporter.runs > runs + 1

    reporter.wake()
    await cloud.until(ran, 40)


async def seed_flavors(cloud: Cloud) -> None:
    async def write(tx: Any) -> None:
        for flavor in (GOLD, EITHER):
            await flavor_store.add_flavor(tx, flavor)

    await cloud.kit.database.transact(write)


async def test_a_server_lands_on_a_node_and_gives_it_back(cloud: Cloud) -> None:
    await seed_flavors(cloud)
    node = await a_node(cloud)

    server_id = await cloud.create(flavorRef="gold")
    shown = await cloud.reach(server_id, "ACTIVE")

    assert shown["OS-EXT-SRV-ATTR:hypervisor_hostname"] == node
    carried = await node_of(cloud, node)
    assert (carried.provision_state, carried.instance_uuid) == ("active", server_id)
    assert carried.instance_info["image_source"] == cloud.image_id
    await cloud.ask("DELETE", f"/servers/{server_id}", status=204)
    await cloud.gone(server_id)
    await until_state(cloud, node, "available")
    assert (await node_of(cloud, node)).instance_uuid is None
    assert await cloud.leftovers() == []


async def test_a_server_on_a_node_has_one_timeline_with_it(cloud: Cloud) -> None:
    await seed_flavors(cloud)
    node = await a_node(cloud)
    server_id = await cloud.create(flavorRef="gold")
    await cloud.reach(server_id, "ACTIVE")
    facts: dict[str, Any] = {"audits": {}, "health": no_parts, "facts": {}}
    operator = Operator(
        kit=cloud.kit,
        compute=cloud.compute,
        settings=OperatorSettings(),
        feed=Feed(cloud.kit.database, cloud.kit.clock),
        streams=Streams(1),
        **facts,
    )
    for name in ("admin", "member"):
        server = await find_server(cloud.kit.database.reader, caller_of(name), server_id)
        timeline = await server_timeline(operator, caller_of(name), server)
        times = [event.started_at for event in timeline.events]
        participants = {event.participant for event in timeline.events}
        subjects = {event.subject for event in timeline.events}
        of_node = [event for event in timeline.events if event.subject == f"node/{node}"]
        assert times == sorted(times)
        assert {who.NOVA_API, who.IRONIC_PROVISIONER, who.BARE_METAL_NODE_BMC} <= participants
        assert subjects == {f"server/{server_id}", f"node/{node}"}
        assert {event.operation for event in of_node if event.operation} == {"boot-node"}
        if name == "member":
            assert not any(event.detail for event in of_node)


async def no_parts() -> dict[str, str]:
    return {}


async def test_stop_start_reboot_and_rebuild_on_a_node(cloud: Cloud) -> None:
    await seed_flavors(cloud)
    node = await a_node(cloud)
    server_id = await cloud.create(flavorRef="gold")
    await cloud.reach(server_id, "ACTIVE")
    machine = cloud.outside.machines.by_uuid(node)

    await cloud.act(server_id, "os-stop", None)
    await cloud.reach(server_id, "SHUTOFF")
    assert machine.power == PowerState.OFF
    await cloud.act(server_id, "os-start", None)
    await cloud.reach(server_id, "ACTIVE")
    assert machine.power == PowerState.ON
    await cloud.act(server_id, "reboot", {"type": "HARD"})
    await cloud.reach(server_id, "ACTIVE")
    await cloud.act(server_id, "rebuild", {"imageRef": cloud.image_id})
    await cloud.reach(server_id, "ACTIVE")
    assert (await node_of(cloud, node)).provision_state == "active"


async def test_two_servers_for_one_node(cloud: Cloud) -> None:
    await seed_flavors(cloud)
    await a_node(cloud)

    first = await cloud.create(flavorRef="gold")
    second = await cloud.create(flavorRef="gold")

    await cloud.reach(first, "ACTIVE")
    shown = await cloud.reach(second, "ERROR")
    assert "No valid host" in shown["fault"]["message"]


async def test_either_takes_a_free_node_and_else_a_host(cloud: Cloud) -> None:
    await seed_flavors(cloud)
    node = await a_node(cloud)

    first = await cloud.create(flavorRef="either")
    second = await cloud.create(flavorRef="either")

    shown = await cloud.reach(first, "ACTIVE")
    assert shown["OS-EXT-SRV-ATTR:host"] == node
    shown = await cloud.reach(second, "ACTIVE")
    assert shown["OS-EXT-SRV-ATTR:host"].startswith("host-")


async def test_what_a_machine_cannot_do_is_refused_first(cloud: Cloud) -> None:
    await seed_flavors(cloud)
    await a_node(cloud)
    server_id = await cloud.create(flavorRef="gold")
    await cloud.reach(server_id, "ACTIVE")

    refused = await cloud.ask("POST", f"/servers/{server_id}/action", {"pause": None}, status=400)

    assert "physical machine" in refused.json()["badRequest"]["message"]
    assert (await cloud.show(server_id))["status"] == "ACTIVE"


async def test_a_deploy_that_fails_is_the_servers_fault_and_frees_the_node(cloud: Cloud) -> None:
    await seed_flavors(cloud)
    node = await a_node(cloud)
    broken = Failed("The BMC refuses.", remedy="Look at it.")
    cloud.outside.machines.fail_next("set_power_state", broken, node)

    server_id = await cloud.create(flavorRef="gold")
    shown = await cloud.reach(server_id, "ERROR")

    assert "The BMC refuses." in shown["fault"]["message"]
    await until_state(cloud, node, "available")
    assert (await node_of(cloud, node)).instance_uuid is None
    assert await cloud.leftovers() == []


async def reconciled(cloud: Cloud) -> None:
    """Servers and nodes were compared twice."""
    comparer = next(one for one in cloud.kit.reconcilers if one.name == "servers-on-nodes")
    wanted = comparer.runs + 3

    async def ran() -> bool:
        comparer.wake()
        return comparer.runs >= wanted

    await cloud.until(ran, 40)


async def carry(cloud: Cloud, node: str, **values: Any) -> None:
    async def write(tx: Any) -> None:
        found = await nodes.get_node(tx, node)
        assert found is not None
        await nodes.change_node(tx, found, cloud.kit.clock.now(), **values)

    await cloud.kit.database.transact(write)


async def test_a_node_that_carries_a_server_that_is_gone_is_given_back(cloud: Cloud) -> None:
    await seed_flavors(cloud)
    node = await a_node(cloud)
    server_id = await cloud.create(flavorRef="gold")
    await cloud.reach(server_id, "ACTIVE")
    await cloud.ask("DELETE", f"/servers/{server_id}", status=204)
    await cloud.gone(server_id)
    await until_state(cloud, node, "available")

    await carry(cloud, node, instance_uuid=server_id, provision_state="active")
    assert await cloud.leftovers() == [("node-without-server", node)]

    await reconciled(cloud)
    await until_state(cloud, node, "available")
    assert (await node_of(cloud, node)).instance_uuid is None
    assert await cloud.leftovers() == []


async def test_an_instance_that_never_was_a_server_is_left_alone(cloud: Cloud) -> None:
    node = await a_node(cloud)
    instance = cloud.kit.chance.uuid()
    await carry(cloud, node, instance_uuid=instance, provision_state="active")

    await reconciled(cloud)

    assert (await node_of(cloud, node)).instance_uuid == instance
    assert await cloud.leftovers() == []


async def test_a_server_whose_node_lost_it_is_shown_as_lost(cloud: Cloud) -> None:
    await seed_flavors(cloud)
    node = await a_node(cloud)
    server_id = await cloud.create(flavorRef="gold")
    await cloud.reach(server_id, "ACTIVE")

    await carry(cloud, node, instance_uuid=None)
    assert await cloud.leftovers() == [("server-without-node", server_id)]

    await reconciled(cloud)
    shown = await cloud.reach(server_id, "ERROR")
    assert f"Node {node} does not carry this server any more" in shown["fault"]["message"]
    assert await cloud.leftovers() == []
    await cloud.ask("DELETE", f"/servers/{server_id}", status=204)
    await cloud.gone(server_id)
    assert await cloud.leftovers() == []


async def test_a_server_follows_its_nodes_power(cloud: Cloud) -> None:
    await seed_flavors(cloud)
    node = await a_node(cloud)
    server_id = await cloud.create(flavorRef="gold")
    await cloud.reach(server_id, "ACTIVE")

    await carry(cloud, node, power_state=PowerState.OFF)
    await reconciled(cloud)

    await cloud.reach(server_id, "SHUTOFF")
