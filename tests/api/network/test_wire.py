"""The tables and the wire: seeds, failures, comparison, audit."""

from __future__ import annotations

import pytest

from tests.api.network.conftest import NOWHERE, Cloud
from tests.api.network.test_doors import lan, plug
from unkai.kit.errors import Unavailable
from unkai.network.actions.audit_network import audit_network
from unkai.network.actions.seed_network import seed_network
from unkai.network.drivers.base import Ref, Stranger
from unkai.network.drivers.fake import FakeWire
from unkai.network.reconcilers.follow_ports import FollowPorts
from unkai.network.reconcilers.put_on_wire import CompareWire, PutOnWire, add_reconcilers
from unkai.network.service import NetworkService
from unkai.network.store import dirty

pytestmark = pytest.mark.anyio


async def test_seeds_are_planted_once(either: NetworkService, wire: FakeWire) -> None:
    seeded = await seed_network(either, "admin-project", "mine")
    assert await seed_network(either, "admin-project", "mine") == seeded

    await PutOnWire(either).run()

    kinds = sorted(ref.kind for ref in wire.objects)
    assert kinds.count("network") == 2
    assert kinds.count("router") == 1
    assert kinds.count("subnet") == 1
    assert await audit_network(either, either.kit.database.reader) == []


async def test_seeds_by_their_names(cloud: Cloud) -> None:
    seeded = await seed_network(cloud.service, "admin-project", "mine")

    (router,) = await cloud.list("router")
    assert router["name"] == "router1"
    assert router["external_gateway_info"]["network_id"] == seeded.public_id
    public = await cloud.show("network", seeded.public_id)
    assert (public["name"], public["router:external"], public["is_default"]) == (
        "public",
        True,
        True,
    )
    (subnet,) = await cloud.list("subnet", "name=public-subnet", "admin")
    assert (subnet["gateway_ip"], subnet["enable_dhcp"]) == ("203.0.113.1", False)
    (subnet,) = await cloud.list("subnet", "name=private-subnet")
    assert subnet["enable_dhcp"] is True


async def test_what_the_wire_could_not_take_is_told_again(
    network: NetworkService, wire: FakeWire
) -> None:
    await lan(network)
    wire.fail_next(Unavailable("away"))

    with pytest.raises(Unavailable):
        await PutOnWire(network).run()
    assert wire.objects == {}
    await PutOnWire(network).run()

    assert wire.objects
    assert await dirty.count(network.kit.database.reader) == 0


async def test_one_refused_object_holds_up_no_other(
    network: NetworkService, wire: FakeWire
) -> None:
    bad, good = await lan(network), await lan(network)
    wire.refuse(Ref("network", bad.id), "makes no sense")

    await PutOnWire(network).run()

    assert Ref("network", good.id) in wire.objects
    assert await dirty.count(network.kit.database.reader) == 0


async def test_a_difference_counts_once_it_was_seen_twice(
    network: NetworkService, wire: FakeWire
) -> None:
    made = await lan(network)
    await PutOnWire(network).run()
    compare = CompareWire(network)
    wire.plant(Ref("router", NOWHERE))
    wire.objects.pop(Ref("network", made.id))

    await compare.run()
    assert await dirty.count(network.kit.database.reader) == 0
    await compare.run()
    await PutOnWire(network).run()

    assert Ref("router", NOWHERE) not in wire.objects
    assert Ref("network", made.id) in wire.objects
    await compare.run()
    assert compare.differences == set()


async def test_the_audit_finds_what_was_planted(network: NetworkService, wire: FakeWire) -> None:
    reader = network.kit.database.reader
    port = await plug(network, await lan(network))
    assert await audit_network(network, reader) == []
    await PutOnWire(network).run()
    assert await audit_network(network, reader) == []

    wire.plant(Ref("port", NOWHERE))
    wire.objects.pop(Ref("port", port.id))

    wire.strangers.append(Stranger("namespace", "nobodys"))

    found = {(one.kind, one.id): one.problem for one in await audit_network(network, reader)}
    assert found == {
        ("port", port.id): "It never came to the wire.",
        ("port", NOWHERE): "It is on the wire but in no table.",
        ("wire-namespace", "nobodys"): "It is nobody's.",
    }


async def test_the_reconcilers_follow_by_themselves(
    network: NetworkService, wire: FakeWire
) -> None:
    add_reconcilers(network)
    network.kit.reconcilers.start()
    try:
        port = await plug(network, await lan(network))
        wire.set_port_plugged(port.id, plugged=True)
        for _ in range(500):
            if await network.kit.events.seen_since(
                network.kit.database.reader, "port.up", port.id, 0
            ):
                break
            await network.kit.clock.sleep(0.01)
        else:
            raise AssertionError("the port never came up")
    finally:
        await network.kit.reconcilers.stop()


async def test_a_word_nobody_heard_is_made_up_for(network: NetworkService, wire: FakeWire) -> None:
    port = await plug(network, await lan(network))
    await PutOnWire(network).run()
    wire.set_port_plugged(port.id, plugged=True)

    await FollowPorts(network).run()

    assert await network.kit.events.seen_since(network.kit.database.reader, "port.up", port.id, 0)
