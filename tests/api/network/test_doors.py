"""What the services above call, on both databases."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.api.network.conftest import NOWHERE, caller
from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest, Conflict, Fault, Forbidden
from unkai.kit.events import Event
from unkai.network.actions.bind_port import bind_port, unbind_port
from unkai.network.actions.create_network import NetworkRequest, create_network
from unkai.network.actions.create_port import PortRequest, create_port
from unkai.network.actions.create_subnet import SubnetRequest, create_subnet
from unkai.network.actions.delete_port import delete_port
from unkai.network.actions.find_port import port_at
from unkai.network.actions.list_ports import ports_of_devices
from unkai.network.actions.resolve_networks import NetworkWish, resolve_networks
from unkai.network.drivers.fake import FakeWire
from unkai.network.model import Network, Port
from unkai.network.reconcilers.follow_ports import FollowPorts
from unkai.network.reconcilers.put_on_wire import PutOnWire
from unkai.network.service import NetworkService
from unkai.network.store import ports

pytestmark = pytest.mark.anyio
ME = caller("member")


async def lan(service: NetworkService, cidr: str = "10.0.0.0/24", **values: Any) -> Network:
    who = caller("admin") if values else ME

    async def write(tx: Tx) -> Network:
        made = await create_network(service, tx, who, NetworkRequest(name="lan", **values))
        subnet = SubnetRequest(network_id=made.id, cidr=cidr, enable_dhcp=False)
        await create_subnet(service, tx, who, subnet)
        return made

    return await service.kit.database.transact(write)


async def plug(service: NetworkService, network: Network, device_id: str = "vm") -> Port:
    async def write(tx: Tx) -> Port:
        made = await create_port(service, tx, ME, PortRequest(network_id=network.id))
        return await bind_port(service, tx, made.id, device_id, "compute:nova", "host-1")

    return await service.kit.database.transact(write)


async def test_a_port_is_bound_comes_up_and_is_given_back(
    either: NetworkService, wire: FakeWire
) -> None:
    told: list[Event] = []

    async def hear(event: Event) -> None:
        told.append(event)

    either.kit.events.subscribe("port.up", hear)
    either.kit.events.subscribe("port.down", hear)
    following = FollowPorts(either)
    following.watch(lambda: None)
    port = await plug(either, await lan(either))
    reader = either.kit.database.reader

    async def status() -> str:
        await PutOnWire(either).run()
        await following.run()
        await either.kit.events.deliver_pending()
        found = await ports.get_port(reader, port.id)
        assert found is not None
        return found.status

    assert await status() == "DOWN"
    wire.set_port_plugged(port.id, plugged=True)
    assert await status() == "ACTIVE"
    assert [(event.name, event.key) for event in told] == [("port.up", port.id)]
    wire.set_port_plugged(port.id, plugged=False)
    assert await status() == "DOWN"
    assert told[-1].name == "port.down"

    given = await either.kit.database.transact(lambda tx: unbind_port(either, tx, port.id))
    assert given is not None
    assert (given.device_id, given.binding_vif_type) == ("", "unbound")
    gone = await either.kit.database.transact(lambda tx: unbind_port(either, tx, NOWHERE))
    assert gone is None


async def test_a_bound_port_is_not_taken_by_another_device(either: NetworkService) -> None:
    port = await plug(either, await lan(either))

    async def again(tx: Tx, device_id: str) -> Port:
        return await bind_port(either, tx, port.id, device_id, "compute:nova", "host-1")

    assert await either.kit.database.transact(lambda tx: again(tx, "vm")) == port
    with pytest.raises(Conflict):
        await either.kit.database.transact(lambda tx: again(tx, "other"))


async def test_many_ports_at_once_have_different_addresses(either: NetworkService) -> None:
    network = await lan(either, "10.0.0.0/26")

    made = await asyncio.gather(*(plug(either, network, f"vm{n}") for n in range(40)))

    assert len({port.fixed_ips[0].ip_address for port in made}) == 40
    assert len({port.mac_address for port in made}) == 40


async def test_the_ports_of_many_devices_take_few_statements(network: NetworkService) -> None:
    net = await lan(network)
    made = [await plug(network, net, f"vm{n}") for n in range(20)]
    statements: list[str] = []
    database: Any = network.kit.database
    database.on_statement(statements.append)

    found = await ports_of_devices(
        network, network.kit.database.reader, [f"vm{n}" for n in range(20)] + ["none"]
    )

    assert len(statements) == 6
    assert set(found) == {f"vm{n}" for n in range(20)}
    (one,) = found["vm3"]
    assert one.id == made[3].id
    assert one.network_name == "lan"
    assert one.security_group_names == ("default",)
    assert one.fixed_ips == made[3].fixed_ips


async def test_who_has_an_address(either: NetworkService) -> None:
    network = await lan(either)
    port = await plug(either, network)
    reader = either.kit.database.reader

    assert await port_at(either, reader, network.id, port.fixed_ips[0].ip_address) == port
    assert await port_at(either, reader, network.id, "10.9.9.9") is None
    assert await port_at(either, reader, NOWHERE, port.fixed_ips[0].ip_address) is None
    assert await port_at(either, reader, network.id, "nonsense") is None


async def test_networks_of_a_new_server(either: NetworkService) -> None:
    reader = either.kit.database.reader
    assert await resolve_networks(either, reader, ME, None) == []
    network = await lan(either)
    (nic,) = await resolve_networks(either, reader, ME, None)
    assert nic.network.id == network.id
    assert await resolve_networks(either, reader, ME, "none") == []
    wish = NetworkWish(uuid=network.id, fixed_ip="10.0.0.9", tag="eth0")
    (nic,) = await resolve_networks(either, reader, ME, [wish])
    assert (nic.fixed_ip, nic.tag, nic.port) == ("10.0.0.9", "eth0", None)

    async def free(tx: Tx) -> Port:
        return await create_port(either, tx, ME, PortRequest(network_id=network.id))

    port = await either.kit.database.transact(free)
    (nic,) = await resolve_networks(either, reader, ME, [NetworkWish(port=port.id)])
    assert nic.port == port
    await lan(either)
    with pytest.raises(Conflict):
        await resolve_networks(either, reader, ME, None)


async def test_networks_a_new_server_cannot_have(either: NetworkService) -> None:
    reader = either.kit.database.reader
    network = await lan(either)
    external = await lan(either, router_external=True)
    theirs = await lan(either, project_id="theirs")
    bound = await plug(either, network)
    empty = await either.kit.database.transact(
        lambda tx: create_network(either, tx, ME, NetworkRequest())
    )
    taken = bound.fixed_ips[0].ip_address
    cases: list[tuple[NetworkWish, type[Fault], str]] = [
        (NetworkWish(uuid=NOWHERE), BadRequest, "network-not-found"),
        (NetworkWish(uuid="lan"), BadRequest, "network-not-found"),
        (NetworkWish(uuid=theirs.id), BadRequest, "network-not-found"),
        (NetworkWish(uuid=empty.id), BadRequest, "network-requires-subnet"),
        (NetworkWish(uuid=external.id), Forbidden, "external-network-attach-forbidden"),
        (NetworkWish(uuid=network.id, fixed_ip=taken), BadRequest, "fixed-ip-already-in-use"),
        (NetworkWish(uuid=network.id, fixed_ip="x"), BadRequest, "invalid-input"),
        (NetworkWish(port=NOWHERE), BadRequest, "port-not-found"),
        (NetworkWish(port=bound.id), Conflict, "port-in-use"),
    ]
    for wish, kind, code in cases:
        with pytest.raises(kind) as caught:
            await resolve_networks(either, reader, ME, [wish])
        assert caught.value.code == code, wish


async def test_a_deleted_port_leaves_nothing(either: NetworkService, wire: FakeWire) -> None:
    port = await plug(either, await lan(either))
    await PutOnWire(either).run()
    assert port.id in {ref.id for ref in wire.objects}

    await either.kit.database.transact(lambda tx: delete_port(either, tx, ME, port.id))
    await PutOnWire(either).run()

    assert port.id not in {ref.id for ref in wire.objects}
