"""Machines' NICs on networks: Neutron's ports, VLANs of the switch, reservations of DHCP."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.api.baremetal.rig import Rig
from tests.databases import with_tables
from unkai.baremetal.actions.audit_baremetal import audit_baremetal
from unkai.baremetal.drivers.base import Ramdisk
from unkai.baremetal.drivers.boot.convert import RawImages
from unkai.baremetal.drivers.boot.images import GlanceImages
from unkai.baremetal.drivers.boot.nfs import NfsExport
from unkai.baremetal.drivers.boot.published import PublishedFiles
from unkai.baremetal.drivers.boot.virtual_media import UrlBoot, VirtualMediaBoot
from unkai.baremetal.drivers.fake import FakeMachines, FakeManagement
from unkai.baremetal.drivers.network.neutron import VIF, NeutronNetwork
from unkai.baremetal.drivers.provisioning.base import FakeProvisioning, Reservation, Sighting
from unkai.baremetal.drivers.provisioning.serving import Serving
from unkai.baremetal.drivers.switch.base import Link, Use
from unkai.baremetal.drivers.switch.fake import FakeSwitch
from unkai.baremetal.model import INTERFACES, Node, Port
from unkai.baremetal.reconcilers.record_sightings import (
    UNKNOWN_MACHINES,
    UNKNOWN_SIGHTINGS,
    RecordSightings,
)
from unkai.baremetal.store.ports import PORTS
from unkai.image.actions.seed_image import seed_image
from unkai.image.drivers.fake import BelievingInspector
from unkai.image.drivers.file import FileStore
from unkai.image.service import ImageService
from unkai.kit.clock import Chance, Clock
from unkai.kit.db import Tx, open_database
from unkai.kit.errors import BadRequest, Conflict, NotFound, Unavailable
from unkai.kit.events import Events
from unkai.kit.operations import Operations
from unkai.kit.policy import Caller
from unkai.kit.reconcile import Reconcilers
from unkai.kit.workbench import Kit
from unkai.network.actions.create_network import NetworkRequest, create_network
from unkai.network.actions.create_port import PortRequest, create_port
from unkai.network.actions.create_subnet import SubnetRequest, create_subnet
from unkai.network.actions.delete_network import delete_network
from unkai.network.actions.delete_port import delete_port
from unkai.network.actions.list_ports import get_ports
from unkai.network.drivers.base import DesiredNetwork, DesiredPort, Ref, is_machine
from unkai.network.drivers.fake import FakeDriver, FakeWire
from unkai.network.model import Port as NeutronPort
from unkai.network.reconcilers.put_on_wire import PutOnWire
from unkai.network.service import NetworkService
from unkai.network.store import ports as neutron_ports
from unkai.settings import BaremetalSettings, ImageSettings, NetworkSettings
from unkai.timeline.actions.read import read_timeline

pytestmark = pytest.mark.anyio

ADMIN = Caller("u", "u", "default", frozenset({"admin", "member"}), project_id="p")
MACS = ("52:54:00:00:00:01", "52:54:00:00:00:02")
LINKS = (Link("rack", "m1-nic0"), Link("rack", "m1-nic1"))
NODE = Node(
    uuid="4d1a6c70-6d26-4b2c-a2a2-6d2f0d7a0001",
    driver="fake-hardware",
    interfaces={**dict.fromkeys(INTERFACES, "fake"), "network": "neutron"},
    created_at=0.0,
)


def nic(number: int, **changes: Any) -> Port:
    link = LINKS[number]
    fields: dict[str, Any] = {
        "uuid": f"00000000-0000-4000-8000-00000000000{number}",
        "node_uuid": NODE.uuid,
        "address": MACS[number],
        "local_link_connection": {"switch_info": link.switch, "port_id": link.port},
        "pxe_enabled": number == 0,
        "created_at": 0.0,
    }
    return Port(**(fields | changes))


class Floor:
    """A network service on a wire in memory, a switch and a DHCP server that are played."""

    def __init__(self, network: NetworkService, wire: FakeWire, folder: Path) -> None:
        self.network = network
        self.wire = wire
        self.settings = BaremetalSettings()
        self.engine = FakeProvisioning()
        self.serving = Serving(network, self.settings, self.engine)
        self.switch = FakeSwitch()
        self.wires = NeutronNetwork(network, self.settings, self.serving, self.switch)
        self.ports = [nic(0), nic(1)]

    async def settle(self) -> None:
        await PutOnWire(self.network).run()

    async def all_ports(self) -> list[NeutronPort]:
        return await neutron_ports.all_ports(self.network.kit.database.reader)

    async def vif(self, number: int, cidr: str, **network: Any) -> str:
        """A tenant's network with a port, attached to a NIC."""

        async def write(tx: Tx) -> NeutronPort:
            made = await create_network(self.network, tx, ADMIN, NetworkRequest(**network))
            subnet = SubnetRequest(network_id=made.id, ip_version=4, cidr=cidr)
            await create_subnet(self.network, tx, ADMIN, subnet)
            return await create_port(self.network, tx, ADMIN, PortRequest(network_id=made.id))

        port = await self.network.kit.database.transact(write)
        self.ports[number] = nic(number, internal_info={VIF: port.id})
        return port.id


@pytest.fixture
async def floor(tmp_path: Path) -> AsyncIterator[Floor]:
    database = await open_database(with_tables(str(tmp_path / "db")))
    clock, chance, wire = Clock(), Chance(), FakeWire()
    events = Events(database, clock)
    operations = Operations(database, clock, chance, events)
    kit = Kit(database, clock, chance, events, operations, Reconcilers(clock))
    driver = FakeDriver(wire)
    await driver.start()
    network = NetworkService(
        kit, NetworkSettings(), driver, physical_networks=("public", "physnet1")
    )
    yield Floor(network, wire, tmp_path)
    await database.close()


async def test_a_machine_is_plugged_for_a_deploy_and_unplugged(floor: Floor) -> None:
    """The provisioning network is made at its first use; twice is as once; nothing stays."""
    plugged = await floor.wires.plug(NODE, floor.ports, "provisioning")
    assert await floor.wires.plug(NODE, floor.ports, "provisioning") == plugged
    await floor.settle()

    [port_id] = plugged.values()
    [served] = floor.engine.served()
    found = (await get_ports(floor.network, floor.network.kit.database.reader, [port_id]))[port_id]
    assert (served.vlan, served.cidr, served.pool) == (100, "10.1.0.0/24", None)
    assert served.hosts == (Reservation(MACS[0], found.fixed_ips[0].ip_address),)
    assert served.address == "10.1.0.2"
    assert (found.mac_address, found.binding_host_id) == (MACS[0], NODE.uuid)
    assert found.binding_vif_type == "other"
    assert floor.switch.ports == {LINKS[0]: Use(100, NODE.uuid)}
    wanted = floor.wire.objects[Ref("port", port_id)]
    assert isinstance(wanted, DesiredPort) and is_machine(wanted.port)
    assert await floor.serving.url_for("cleaning") == f"http://{served.address}"
    assert await floor.wires.leftovers([NODE.uuid], []) == []
    assert len(await floor.wires.leftovers([], [])) == 2

    for _ in range(2):
        await floor.wires.unplug(NODE, floor.ports, "provisioning")
    assert floor.engine.served()[0].hosts == ()
    assert floor.switch.ports == {}
    assert [port.device_owner for port in await floor.all_ports()] == ["network:dhcp"]
    assert await floor.wires.leftovers([], []) == []


async def test_a_machine_moves_to_its_tenants_networks(floor: Floor) -> None:
    """An overlay network is given a VLAN while machines are on it; a VLAN network has its own."""
    overlay = await floor.vif(0, "10.9.0.0/24", name="overlay")
    vlan = await floor.vif(
        1,
        "10.8.0.0/24",
        name="vlan",
        provider_network_type="vlan",
        provider_physical_network="physnet1",
        provider_segmentation_id=300,
    )
    reader = floor.network.kit.database.reader
    before = await get_ports(floor.network, reader, [overlay, vlan])
    for _ in range(2):
        await floor.wires.plug_tenant(NODE, floor.ports)
    await floor.settle()

    assert floor.switch.ports == {LINKS[0]: Use(2000, NODE.uuid), LINKS[1]: Use(300, NODE.uuid)}
    bound = await get_ports(floor.network, reader, [overlay, vlan])
    assert [bound[one].mac_address for one in (overlay, vlan)] == list(MACS)
    assert {port.binding_host_id for port in bound.values()} == {NODE.uuid}
    on = floor.wire.objects[Ref("network", bound[overlay].network_id)]
    assert isinstance(on, DesiredNetwork)
    assert [(one.physical_network, one.vlan) for one in on.segments] == [("physnet1", 2000)]
    assert await floor.wires.leftovers([], [NODE.uuid]) == []

    for _ in range(2):
        await floor.wires.unplug_tenant(NODE, floor.ports)
    await floor.settle()
    freed = await get_ports(floor.network, reader, [overlay, vlan])
    assert floor.switch.ports == {}
    assert {port.binding_host_id for port in freed.values()} == {""}
    assert not {port.mac_address for port in freed.values()} & set(MACS)
    assert [freed[one].fixed_ips for one in freed] == [before[one].fixed_ips for one in freed]
    on = floor.wire.objects[Ref("network", freed[overlay].network_id)]
    assert isinstance(on, DesiredNetwork) and on.segments == ()

    async def remove(tx: Tx) -> None:
        for port in freed.values():
            await delete_port(floor.network, tx, ADMIN, port.id)
            await delete_network(floor.network, tx, ADMIN, port.network_id)

    await floor.network.kit.database.transact(remove)


async def test_a_nic_without_vif_is_parked(floor: Floor) -> None:
    await floor.switch.set_vlan(LINKS[1], 100, NODE.uuid)
    await floor.vif(0, "10.9.0.0/24")
    await floor.wires.plug_tenant(NODE, floor.ports)
    assert set(floor.switch.ports) == {LINKS[0]}


async def test_what_cannot_be_plugged_is_said_before_anything_moves(floor: Floor) -> None:
    with pytest.raises(BadRequest, match="no port with PXE"):
        await floor.wires.plug(NODE, [nic(1)], "provisioning")
    elsewhere = msgspec.structs.replace(NODE, driver_info={"cleaning_network": "nowhere"})
    with pytest.raises(NotFound, match="no network nowhere for cleaning"):
        await floor.wires.plug(elsewhere, floor.ports, "cleaning")
    await floor.vif(
        0, "10.7.0.0/24", provider_network_type="flat", provider_physical_network="public"
    )
    with pytest.raises(BadRequest, match="physical network public"):
        await floor.wires.plug_tenant(NODE, floor.ports)
    wrong = msgspec.structs.replace(NODE, driver_info={"rescuing_network": 7})
    with pytest.raises(BadRequest, match="must be a text"):
        floor.wires.validate(wrong)
    assert floor.switch.moves == []


async def test_a_switch_that_is_away_leaves_the_step_to_be_run_again(floor: Floor) -> None:
    floor.switch.fail_next(Unavailable("away"))
    with pytest.raises(Unavailable):
        await floor.wires.plug(NODE, floor.ports, "provisioning")
    await floor.wires.plug(NODE, floor.ports, "provisioning")
    assert len(floor.engine.served()[0].hosts) == 1


async def test_a_port_of_another_machine_is_not_taken(floor: Floor) -> None:
    await floor.vif(0, "10.9.0.0/24")
    await floor.wires.plug_tenant(NODE, floor.ports)
    other = msgspec.structs.replace(NODE, uuid="4d1a6c70-6d26-4b2c-a2a2-6d2f0d7a0002")
    with pytest.raises(Conflict, match="is bound to"):
        await floor.wires.plug_tenant(other, [floor.ports[0]])


async def test_vlans_of_overlay_networks_are_nobody_elses(floor: Floor) -> None:
    await floor.vif(0, "10.9.0.0/24")
    await floor.wires.plug_tenant(NODE, floor.ports)
    with pytest.raises(Conflict, match="in use"):
        await floor.vif(
            1,
            "10.8.0.0/24",
            provider_network_type="vlan",
            provider_physical_network="physnet1",
            provider_segmentation_id=2000,
        )


@pytest.mark.parametrize(("kind", "device"), [(VirtualMediaBoot, "cdrom"), (UrlBoot, "uefihttp")])
async def test_a_cd_is_made_handed_over_and_forgotten(
    floor: Floor, tmp_path: Path, kind: type[VirtualMediaBoot], device: str
) -> None:
    """Its command line has our address and the token; its path is the machine's alone."""
    machines, published = FakeMachines(), PublishedFiles(tmp_path / "files", Chance())
    published.open()
    ramdisk = tmp_path / "ramdisk"
    ramdisk.mkdir()
    for name in ("kernel", "initramfs"):
        (ramdisk / name).write_bytes(b"x" * (10 << 20))
    glance = ImageService(
        floor.network.kit,
        ImageSettings(),
        FileStore(tmp_path / "images", reserve_bytes=0),
        BelievingInspector(),
    )
    images = GlanceImages(glance, published, RawImages(tmp_path / "raw"), floor.serving)
    management = FakeManagement(machines)
    boot = kind(tmp_path / "media", published, lambda _: management, ramdisk, images, floor.serving)
    boot.open()
    await boot.prepare_ramdisk(NODE, floor.ports, Ramdisk("deploy", token="secret-word"))

    [served] = floor.engine.served()
    machine = machines.of(NODE)
    url = machine.media[device]
    assert url.startswith(f"http://{served.address}/files/") and url.endswith(".iso")
    found = published.find(url.split("/")[4])
    assert found is not None and found.node_id == NODE.uuid
    assert b"ipa-agent-token=secret-word" in Path(found.path).read_bytes()
    assert f"ipa-api-url=http://{served.address}".encode() in Path(found.path).read_bytes()
    assert (machine.boot_device, machine.persistent) == (device, False)
    assert await boot.leftovers([]) == [f"CD of node {NODE.uuid}"]

    await boot.prepare_instance(NODE, floor.ports)
    assert "cdrom" not in machine.media and machine.boot_device == "disk"
    assert await boot.leftovers([]) == [] and published.find(url.split("/")[4]) is None
    assert list((tmp_path / "media").iterdir()) == []
    wrongs: list[dict[str, Any]] = [
        {"deploy_iso": "file:///x"},
        {"external_http_url": "x"},
        {"deploy_kernel": NODE.uuid},
        {"rescue_kernel": NODE.uuid, "rescue_ramdisk": "http://192.0.2.1/ramdisk"},
    ]
    for wrong in wrongs:
        with pytest.raises(BadRequest):
            boot.validate(msgspec.structs.replace(NODE, driver_info=wrong))

    (tmp_path / "other").write_bytes(b"another agent" * 600_000)
    other = await seed_image(glance, "other", tmp_path / "other", "raw", {}, None)
    pair = {"deploy_kernel": other.id, "deploy_ramdisk": f"glance://{other.id}"}
    boot.validate(msgspec.structs.replace(NODE, driver_info=pair))
    wish = Ramdisk("deploy", kernel=other.id, initramfs=f"glance://{other.id}")
    await boot.prepare_ramdisk(NODE, floor.ports, wish)
    [made] = (tmp_path / "media").iterdir()
    assert b"another agent" in made.read_bytes()
    await boot.clean_up_ramdisk(NODE, floor.ports)


async def test_an_image_is_offered_by_nfs_to_our_own_agents(floor: Floor, tmp_path: Path) -> None:
    published = PublishedFiles(tmp_path / "files", Chance())
    published.open()
    export = NfsExport(tmp_path / "export", "192.0.2.1:/images", Chance())
    export.open()
    glance = ImageService(
        floor.network.kit,
        ImageSettings(),
        FileStore(tmp_path / "images", reserve_bytes=0),
        BelievingInspector(),
    )
    (tmp_path / "disk.raw").write_bytes(bytes(1 << 20))
    image = await seed_image(glance, "here", tmp_path / "disk.raw", "raw", {}, "p")
    raw = RawImages(tmp_path / "raw")
    images = GlanceImages(glance, published, raw, floor.serving, export)

    found = await images.publish(NODE, image.id)
    assert found.url.startswith(f"nfs://192.0.2.1/images/{NODE.uuid}.")
    assert images.leftovers([]) == [f"image of node {NODE.uuid}"]
    await images.withdraw(NODE)
    assert images.leftovers([]) == []

    other = msgspec.structs.replace(NODE, driver_info={"deploy_ramdisk": "http://192.0.2.9/r"})
    assert (await images.publish(other, image.id)).url.startswith("http://")


async def test_sightings_land_on_the_timeline_of_the_macs_node(floor: Floor) -> None:
    database = floor.network.kit.database

    async def write(tx: Tx) -> None:
        await PORTS.add(tx, nic(0))

    await database.transact(write)
    recorder = RecordSightings(database)
    recorder.note(Sighting(participant="DHCP", action="DISCOVER", at=10.0, mac=MACS[0]))
    recorder.note(Sighting(participant="DHCP", action="DISCOVER", at=11.0, mac="aa:aa"))
    recorder.note(
        Sighting(
            participant="HTTP",
            action="GET kernel",
            at=12.0,
            ended_at=14.5,
            ok=False,
            detail="3 of 7 bytes",
            node_id=NODE.uuid,
        )
    )
    await recorder.run()

    timeline = await read_timeline(database.reader, Clock(), f"node/{NODE.uuid}")
    told = [(one.participant, one.action, one.outcome, one.seconds) for one in timeline.events]
    assert told == [("DHCP", "DISCOVER", "ok", 0.0), ("HTTP", "GET kernel", "failed", 2.5)]


async def test_what_an_unknown_machine_did_begins_its_nodes_timeline(floor: Floor) -> None:
    database = floor.network.kit.database
    recorder = RecordSightings(database)
    recorder.note(Sighting(participant="DHCP", action="DISCOVER", at=10.0, mac=MACS[0]))
    recorder.note(Sighting(participant="DHCP", action="DISCOVER", at=11.0, mac="aa:aa"))
    await recorder.run()
    await database.transact(lambda tx: PORTS.add(tx, nic(0)))
    recorder.note(Sighting(participant="HTTP", action="GET kernel", at=12.0, mac=MACS[0]))
    await recorder.run()
    await recorder.run()

    timeline = await read_timeline(database.reader, Clock(), f"node/{NODE.uuid}")
    assert [one.action for one in timeline.events] == ["DISCOVER", "GET kernel"]


async def test_unknown_machines_are_kept_within_bounds(floor: Floor) -> None:
    recorder = RecordSightings(floor.network.kit.database)
    for number in range(2 * UNKNOWN_MACHINES):
        recorder.note(Sighting(participant="DHCP", action="DISCOVER", at=0.0, mac=f"m-{number}"))
    for _ in range(2 * UNKNOWN_SIGHTINGS):
        recorder.note(Sighting(participant="DHCP", action="DISCOVER", at=0.0, mac="m-talks"))
    await recorder.run()
    kept = recorder._unknown  # pyright: ignore[reportPrivateUsage]
    assert len(kept) == UNKNOWN_MACHINES
    assert len(kept["m-talks"]) == UNKNOWN_SIGHTINGS


async def test_the_audit_names_what_no_work_needs(rig: Rig) -> None:
    """A node under work or with an instance may hold its things; an idle one may not."""
    node_id = await rig.enroll()
    offered = rig.outside.images.offered
    assert await audit_baremetal(rig.baremetal) == []

    offered.add(node_id)
    assert [(one.kind, one.id) for one in await audit_baremetal(rig.baremetal)] == [
        ("image", node_id)
    ]
    await rig.change(node_id, provision_state="deploying")
    assert await audit_baremetal(rig.baremetal) == []
    await rig.change(node_id, provision_state="active")
    assert len(await audit_baremetal(rig.baremetal)) == 1


async def test_the_audit_names_a_token_that_no_work_needs(rig: Rig) -> None:
    node_id = await rig.enroll()
    await rig.change(node_id, agent_token="left over")
    found = [(one.kind, one.id) for one in await audit_baremetal(rig.baremetal)]
    assert found == [("agent-token", node_id)]


async def test_a_reservation_without_a_port_is_named_until_it_is_mended(floor: Floor) -> None:
    """And a port that DHCP was not told of."""
    await floor.wires.plug(NODE, floor.ports, "provisioning")
    network = floor.engine.served()[0]
    busy, nobody = {NODE.uuid}, set[str]()
    assert await floor.wires.leftovers(busy, nobody) == []

    floor.engine.strays[network.id] = {Reservation("52:54:00:00:00:99", "10.1.0.99")}
    stray = f"DHCP reservation of 52:54:00:00:00:99 for 10.1.0.99 on network {network.id}"
    assert await floor.wires.leftovers(busy, nobody) == [stray]
    await floor.serving.sync()
    assert await floor.wires.leftovers(busy, nobody) == []

    await floor.engine.serve([dataclasses.replace(network, hosts=())])
    (missing,) = await floor.wires.leftovers(busy, nobody)
    assert MACS[0] in missing
    await floor.serving.sync()
    assert await floor.wires.leftovers(busy, nobody) == []
