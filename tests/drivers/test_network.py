"""Network drivers: what they promise on the fake and on OVN, and what OVN does to real packets.

Every test has daemons, folders and namespaces of its own; guests are namespaces with a veth.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.drivers.network_rigs import (
    Lab,
    Outside,
    Tenant,
    ask_metadata,
    needs_ovn,
    new_id,
    soon,
)
from unkai.kit import netns, rtnetlink
from unkai.kit.clock import Clock
from unkai.kit.errors import Unavailable
from unkai.network.drivers.base import (
    DesiredFloatingIP,
    DesiredPort,
    DesiredSecurityGroup,
    NetworkDriver,
    Ref,
    Refused,
)
from unkai.network.drivers.fake import FakeDriver, FakeWire
from unkai.network.drivers.ovn import daemons
from unkai.network.drivers.ovn.driver import OvnDriver
from unkai.network.drivers.ovn.site import Site
from unkai.network.model import AddressPair, DhcpOption, FixedIP, Route

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(60)]


@pytest.fixture(params=["fake", pytest.param("ovn", marks=needs_ovn)])
async def driver(request: pytest.FixtureRequest, site: Site) -> AsyncIterator[NetworkDriver]:
    made: NetworkDriver = (
        FakeDriver(FakeWire())
        if request.param == "fake"
        else OvnDriver(site, clock=Clock(), door=None)
    )
    try:
        await made.start()
        yield made
    finally:
        await made.stop()


# --- what every driver promises


async def test_applied_objects_are_present_until_removed(driver: NetworkDriver) -> None:
    tenant, outside = Tenant(), Outside()
    router, router_objects = outside.router(tenant)
    port = tenant.port(10)
    floating = outside.floating_ip(100, port.port, router.router)
    objects = [*tenant.objects(tenant.rule()), *outside.objects(), *router_objects, port, floating]

    await driver.apply(objects)
    await driver.apply(objects)

    assert driver.present() == {wanted.ref for wanted in objects}

    await driver.apply([], [port.ref, floating.ref, Ref("port", new_id())])
    assert driver.present() == {w.ref for w in objects} - {port.ref, floating.ref}
    await driver.apply([], list(driver.present()))
    assert driver.present() == set()


async def test_objects_may_come_in_any_order(driver: NetworkDriver) -> None:
    tenant, outside = Tenant(), Outside()
    router, router_objects = outside.router(tenant)
    port = tenant.port(10)
    floating = outside.floating_ip(100, port.port, router.router)

    for wanted in (floating, port, *reversed(router_objects), *outside.objects()):
        await driver.apply([wanted])
    await driver.apply(list(reversed(tenant.objects())))

    assert {port.ref, floating.ref, router.ref, *(w.ref for w in tenant.objects())} <= (
        driver.present()
    )


async def test_a_floating_ip_without_a_port_needs_no_wire(driver: NetworkDriver) -> None:
    tenant, outside = Tenant(), Outside()
    router, router_objects = outside.router(tenant)
    port = tenant.port(10)
    tied = outside.floating_ip(100, port.port, router.router)
    await driver.apply([*outside.objects(), *router_objects, port, tied])
    loose = replace(tied.floating_ip, port_id=None, fixed_ip_address=None, router_id=None)

    await driver.apply([DesiredFloatingIP(loose)])

    assert tied.ref not in driver.present()


async def test_a_port_without_a_machine_is_down(driver: NetworkDriver) -> None:
    tenant = Tenant()
    port = tenant.port(10)
    await driver.apply([*tenant.objects(), port])
    await driver.wait_applied()

    assert not driver.port_up(port.port.id)
    assert (await driver.health()).ok


async def test_the_fake_wire_outlives_its_driver_and_shows_faults() -> None:
    wire, tenant = FakeWire(), Tenant()
    port = tenant.port(10)
    seen: list[tuple[str, bool]] = []
    driver = FakeDriver(wire)
    await driver.start()
    driver.watch_ports(lambda port_id, up: seen.append((port_id, up)))
    await driver.apply([*tenant.objects(), port])
    wire.set_port_plugged(port.port.id, True)
    wire.set_port_plugged(port.port.id, True)
    assert seen == [(port.port.id, True)]
    await driver.close()

    again = FakeDriver(wire)
    assert again.port_up(port.port.id)
    wire.fail_next(Unavailable("the wire is cut"))
    with pytest.raises(Unavailable):
        await again.apply([], [port.ref])
    wire.refuse(port.ref, "no room")
    with pytest.raises(Refused, match="no room"):
        await again.apply([port])
    await again.apply([], [port.ref])

    assert not again.port_up(port.port.id)


# --- what OVN does


@needs_ovn
async def test_an_equal_batch_writes_nothing_and_a_damaged_row_is_repaired(lab: Lab) -> None:
    tenant, outside = Tenant(), Outside()
    _, router_objects = outside.router(tenant)
    port = tenant.port(10)
    objects = [*tenant.objects(tenant.rule()), *outside.objects(), *router_objects, port]
    await lab.driver.apply(objects)
    north = lab.driver.north
    changed: list[str] = []
    for table in ("Logical_Switch", "Logical_Switch_Port", "ACL", "Port_Group", "DHCP_Options"):
        north.watch(table, lambda _, _old, _new, table=table: changed.append(table))

    await lab.driver.apply(objects)
    assert changed == []

    damage = north.transaction()
    damage.update("Logical_Switch_Port", {"name": port.port.id}, {"port_security": []})
    damage.update("Port_Group", {"name": "unkai_drop"}, {"ports": []})
    await north.commit(damage)
    await lab.driver.apply(objects)

    [row] = [r for r in north.rows("Logical_Switch_Port").values() if r["name"] == port.port.id]
    [drop] = [r for r in north.rows("Port_Group").values() if r["name"] == "unkai_drop"]
    assert row.texts("port_security") == {f"{port.port.mac_address} 10.0.0.10"}
    assert len(drop.texts("ports")) == 1


@needs_ovn
async def test_one_senseless_object_does_not_hold_up_the_others(lab: Lab) -> None:
    tenant = Tenant()
    good, twin = tenant.port(10), tenant.port(11)
    bad = replace(twin, port=replace(twin.port, fixed_ips=(), mac_address="x\0y"))
    other = replace(twin, port=replace(twin.port, id=new_id()))

    with pytest.raises(Refused) as caught:
        await lab.driver.apply([*tenant.objects(), good, bad, other])

    assert set(caught.value.reasons) == {bad.ref}
    assert {good.ref, other.ref} <= lab.driver.present()


@needs_ovn
async def test_two_ports_ping_and_ports_go_up_and_down(lab: Lab) -> None:
    tenant = Tenant()
    a, b = tenant.port(10), tenant.port(11)
    seen: list[tuple[str, bool]] = []
    lab.driver.watch_ports(lambda port_id, up: seen.append((port_id, up)))
    await lab.driver.apply([*tenant.objects(tenant.rule(protocol="icmp")), a, b])
    guest_a, guest_b = await lab.plug(a, b)
    await lab.driver.wait_applied()

    assert await soon(lambda: guest_a.ping(guest_b.address))
    assert not await guest_a.reaches(guest_b.address, 80)

    assert {(a.port.id, True), (b.port.id, True)} <= set(seen)
    off = replace(a, port=replace(a.port, admin_state_up=False))
    await lab.driver.apply([off])
    await lab.driver.wait_applied()
    assert not lab.driver.port_up(a.port.id)
    assert await soon(lambda: guest_b.ping(guest_a.address), expected=False)
    await lab.driver.apply([], [a.ref])
    assert seen[-1] == (a.port.id, False)


@needs_ovn
async def test_a_lease_says_all_that_the_subnet_says(lab: Lab, tmp_path: Path) -> None:
    script = tmp_path / "lease"
    script.write_text("#!/bin/sh\nenv\n")
    script.chmod(0o755)
    tenant = Tenant(host_routes=(Route("198.51.100.0/24", "10.0.0.7"),))
    pxe = (
        DhcpOption("tag:ipxe,67", "http://192.0.2.1/boot.ipxe"),
        DhcpOption("!tag:ipxe,67", "snponly.efi"),
        DhcpOption("server-ip-address", "192.0.2.1"),
    )
    plain, booting = tenant.port(10), tenant.port(11, extra_dhcp_opts=pxe)
    closed = replace(tenant.with_rules(), rules=())
    await lab.driver.apply([*tenant.objects(), DesiredSecurityGroup(closed), plain, booting])
    guest, node = await lab.plug(plain, booting, configure=False)
    await lab.driver.wait_applied()

    lease = await guest.dhcp(script, "-O", "mtu", "-O", "staticroutes")
    boot = await node.dhcp(script, "-O", "bootfile", "-V", "PXEClient")

    assert (lease["ip"], lease["subnet"], lease["router"]) == (
        "10.0.0.10",
        "255.255.255.0",
        "10.0.0.1",
    )
    assert (lease["dns"], lease["mtu"], lease["lease"]) == ("192.0.2.53", "1442", "43200")
    assert lease["staticroutes"] == (
        "169.254.169.254/32 10.0.0.2 198.51.100.0/24 10.0.0.7 0.0.0.0/0 10.0.0.1"
    )
    assert boot["ip"] == "10.0.0.11"
    assert (boot.get("boot_file") or boot.get("bootfile")) == "snponly.efi"
    assert boot["siaddr"] == "192.0.2.1"


@needs_ovn
async def test_a_security_group_opens_and_closes_a_port(lab: Lab) -> None:
    tenant, other_group = Tenant(), new_id()
    web, friend = tenant.port(10), tenant.port(11)
    stranger = tenant.port(12, security_group_ids=(other_group,))
    free = tenant.port(13, security_group_ids=(), port_security_enabled=False)
    out = replace(tenant.rule("egress"), security_group_id=other_group)
    elsewhere = replace(tenant.with_rules(), id=other_group, rules=(out,))
    await lab.driver.apply(
        [*tenant.objects(), DesiredSecurityGroup(elsewhere), web, friend, stranger, free]
    )
    server, client, outsider, exempt = await lab.plug(web, friend, stranger, free)
    await server.echo(8080)
    await server.echo(9090)
    await exempt.echo(8080)
    await lab.driver.wait_applied()
    assert not await client.reaches(server.address, 8080)
    assert await client.reaches(exempt.address, 8080)

    members = tenant.rule(
        protocol="tcp", port_range_min=8000, port_range_max=8100, remote_group_id=tenant.group.id
    )
    await lab.driver.apply([DesiredSecurityGroup(tenant.with_rules(members))])
    await lab.driver.wait_applied()
    # The answer comes back though nothing lets it in: replies belong to what was let out.
    assert await soon(lambda: client.reaches(server.address, 8080))
    assert await client.say(server.address, 8080) == "10.0.0.11 hello"
    assert not await client.reaches(server.address, 9090)
    assert not await outsider.reaches(server.address, 8080)

    prefix = tenant.rule(
        protocol="6", port_range_min=9090, port_range_max=9090, remote_ip_prefix="10.0.0.12/32"
    )
    await lab.driver.apply([DesiredSecurityGroup(tenant.with_rules(prefix))])
    await lab.driver.wait_applied()
    assert await soon(lambda: outsider.reaches(server.address, 9090))
    assert await soon(lambda: client.reaches(server.address, 8080), expected=False)
    assert not await client.reaches(server.address, 9090)


@needs_ovn
async def test_the_controller_understands_every_kind_of_rule(lab: Lab) -> None:
    tenant = Tenant()
    kinds: list[dict[str, Any]] = [
        {"protocol": protocol, "ethertype": ethertype, "direction": direction}
        for protocol in (None, "tcp", "udp", "sctp", "icmp", "ipv6-icmp", "vrrp", "gre", "112", "0")
        for ethertype in ("IPv4", "IPv6")
        for direction in ("ingress", "egress")
    ]
    kinds += [
        {"protocol": "icmp", "port_range_min": 8, "port_range_max": 0},
        {"protocol": "sctp", "port_range_min": 1, "port_range_max": 65535},
        {"remote_ip_prefix": "fd00::/64", "ethertype": "IPv6"},
        {"remote_group_id": new_id(), "ethertype": "IPv6"},
    ]
    rules = [tenant.rule(**kind) for kind in kinds]
    port = tenant.port(10)
    await lab.driver.apply([*tenant.objects(*rules), port])
    await lab.plug(port)
    await lab.driver.wait_applied()

    log = (lab.driver.site.log_dir / "ovn-controller.log").read_text()
    assert [line for line in log.splitlines() if "error parsing" in line] == []


@needs_ovn
async def test_a_guest_cannot_bear_addresses_that_are_not_its_own(lab: Lab) -> None:
    tenant = Tenant()
    honest, forger = tenant.port(10), tenant.port(11)
    paired = tenant.port(12, allowed_address_pairs=(AddressPair("10.0.0.77"),))
    await lab.driver.apply([*tenant.objects(tenant.rule()), honest, forger, paired])
    target, liar, allowed = await lab.plug(honest, forger, paired)
    for guest in (liar, allowed):
        await netns.run(guest.name, lambda: rtnetlink.add_address("eth0", "10.0.0.77/32"))
    await lab.driver.wait_applied()

    assert await soon(lambda: liar.ping(target.address))
    assert not await liar.ping(target.address, source="10.0.0.77")
    assert await soon(lambda: allowed.ping(target.address, source="10.0.0.77"))

    await netns.run(liar.name, lambda: rtnetlink.set_link("eth0", mac="fa:16:3e:99:99:99"))
    assert not await liar.ping(target.address)


@needs_ovn
async def test_equal_subnets_of_two_tenants_do_not_see_each_other(lab: Lab) -> None:
    one, two = Tenant(), Tenant()
    ports = [one.port(10), one.port(11), two.port(10), two.port(12)]
    objects = [*one.objects(one.rule()), *two.objects(two.rule()), *ports]
    await lab.driver.apply(objects)
    a, b, twin, other = await lab.plug(*ports)
    await b.echo(80)
    await lab.driver.wait_applied()

    assert await soon(lambda: a.ping(b.address))
    assert await soon(lambda: twin.ping(other.address))
    assert not await twin.ping(b.address)
    assert not await a.ping(other.address)
    assert not await twin.reaches(b.address, 80)
    assert await ask_metadata(a) == f"{one.network.id} 10.0.0.10 /latest"
    assert await ask_metadata(twin) == f"{two.network.id} 10.0.0.10 /latest"


@needs_ovn
async def test_metadata_goes_with_its_port_and_comes_back(lab: Lab) -> None:
    tenant = Tenant()
    port = tenant.port(10)
    await lab.driver.apply([*tenant.objects(), port])
    [guest] = await lab.plug(port)
    await lab.driver.wait_applied()
    assert await ask_metadata(guest) == f"{tenant.network.id} 10.0.0.10 /latest"

    await lab.driver.apply([], [Ref("port", tenant.metadata.id)])
    await lab.driver.wait_applied()
    assert daemons.metadata_namespaces(lab.driver.site) == []
    assert not await guest.reaches("169.254.169.254", 80)

    await lab.driver.apply(tenant.objects())
    await lab.driver.wait_applied()
    assert await soon(lambda: guest.ping("10.0.0.2"))
    assert await ask_metadata(guest) == f"{tenant.network.id} 10.0.0.10 /latest"


@needs_ovn
async def test_a_metadata_port_gets_an_address_more_and_stays_where_it_is(lab: Lab) -> None:
    """Machines have volumes open there."""
    tenant = Tenant()
    await lab.driver.apply(tenant.objects())
    await lab.driver.wait_applied()
    [name] = daemons.metadata_namespaces(lab.driver.site)
    before = netns.path(name).stat().st_ino

    more = (*tenant.metadata.fixed_ips, FixedIP(tenant.subnet.id, "10.0.0.3"))
    port = DesiredPort(replace(tenant.metadata, fixed_ips=more), tenant.network, (tenant.dhcp,))
    await lab.driver.apply([port])
    await lab.driver.wait_applied()
    addresses = netns.call(name, lambda: rtnetlink.addresses("eth0"))
    assert {"10.0.0.2/24", "10.0.0.3/24"} <= set(addresses)
    assert netns.path(name).stat().st_ino == before


@needs_ovn
async def test_a_router_joins_subnets_and_hides_them_behind_its_gateway(lab: Lab) -> None:
    red, blue, outside = Tenant("10.0.1.0/24"), Tenant("10.0.2.0/24"), Outside()
    router, router_objects = outside.router(red, blue)
    a, b = red.port(10), blue.port(10)
    objects = [*red.objects(red.rule()), *blue.objects(blue.rule()), *outside.objects(), a, b]
    await lab.driver.apply([*objects, *router_objects])
    guest, other = await lab.plug(a, b)
    world = lab.outside()
    await world.echo(80, "203.0.113.1")
    await lab.driver.wait_applied()

    assert await soon(lambda: guest.ping(other.address))
    assert await guest.say("203.0.113.1", 80) == "203.0.113.10 hello"
    with pytest.raises(OSError, match="No route to host"):
        await guest.say("198.51.100.1", 80)  # refused at once, not dropped in silence

    shown = router.router.external_gateway_info
    assert shown is not None
    hidden = replace(shown, enable_snat=False)
    bare = replace(router, router=replace(router.router, external_gateway_info=hidden))
    await lab.driver.apply([bare])
    await netns.run(lab.namespace, lambda: rtnetlink.add_route("10.0.1.0/24", via="203.0.113.10"))
    await lab.driver.wait_applied()
    assert await soon(lambda: guest.hears("203.0.113.1", 80), "10.0.1.10 hello")

    down = replace(router, router=replace(router.router, admin_state_up=False))
    await lab.driver.apply([down])
    await lab.driver.wait_applied()
    assert await soon(lambda: guest.ping(other.address), expected=False)


@needs_ovn
async def test_a_floating_ip_works_both_ways_and_from_behind_the_same_router(lab: Lab) -> None:
    tenant, outside = Tenant(), Outside()
    router, router_objects = outside.router(tenant)
    a, b = tenant.port(10), tenant.port(11)
    floating = outside.floating_ip(100, a.port, router.router)
    objects = [*tenant.objects(tenant.rule()), *outside.objects(), *router_objects, a, b]
    await lab.driver.apply([*objects, floating])
    guest, neighbour = await lab.plug(a, b)
    world = lab.outside()
    await guest.echo(80)
    await world.echo(81, "203.0.113.1")
    await lab.driver.wait_applied()

    assert await soon(lambda: world.ping("203.0.113.100"))
    assert await world.say("203.0.113.100", 80) == "203.0.113.1 hello"
    assert await guest.say("203.0.113.1", 81) == "203.0.113.100 hello"
    assert await neighbour.reaches("203.0.113.100", 80)

    moved = replace(floating.floating_ip, port_id=b.port.id, fixed_ip_address="10.0.0.11")
    await neighbour.echo(80)
    await lab.driver.apply([DesiredFloatingIP(moved)])
    await lab.driver.wait_applied()
    assert await soon(lambda: neighbour.hears("203.0.113.1", 81), "203.0.113.100 hello")
    await lab.driver.apply([], [floating.ref])
    await lab.driver.wait_applied()
    assert await soon(lambda: world.ping("203.0.113.100"), expected=False)
