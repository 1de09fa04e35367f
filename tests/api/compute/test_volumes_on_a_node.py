"""Servers on physical machines whose disks are volumes: the same request as a guest's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.compute.cloud import Cloud, Outside, caller_of, opened
from tests.api.compute.test_on_a_node import a_node, node_of, seed_flavors, until_state
from tests.api.compute.test_volumes import (
    a_volume,
    bootable,
    from_volume,
    rests,
    volume,
)
from unkai.baremetal.actions.audit_baremetal import audit_baremetal
from unkai.baremetal.actions.keep_volume import create_volume, delete_volume
from unkai.baremetal.actions.node_volumes import san_volumes, targets_of
from unkai.baremetal.actions.provision import provision
from unkai.baremetal.api.tenant_boot import TenantBoot
from unkai.baremetal.drivers.boot import scripts
from unkai.baremetal.drivers.boot.files import BootEntry, BootFiles
from unkai.baremetal.drivers.boot.ipxe import IpxeBoot
from unkai.baremetal.reconcilers.take_back_volumes import TakeBackVolumes
from unkai.baremetal.store import nodes
from unkai.baremetal.store.ports import PORTS, ports_of
from unkai.baremetal.store.volumes import TARGETS
from unkai.block_storage.actions.attach_machine import Machine, attach_machine
from unkai.block_storage.drivers.exports import FakeExporter
from unkai.block_storage.model import Portal
from unkai.compute.api.metadata import MetadataApp
from unkai.compute.store.decisions import decisions_of
from unkai.kit.db import Tx
from unkai.kit.errors import Conflict, Failed
from unkai.network.actions.bind_machine_port import Nic, bind_machine_port
from unkai.network.actions.create_port import PortRequest, create_port
from unkai.network.actions.machine_portal import machine_portal

pytestmark = pytest.mark.anyio


@pytest.fixture
async def cloud(tmp_path: Path) -> AsyncIterator[Cloud]:
    async with opened(Outside(tmp_path)) as made:
        await seed_flavors(made)
        yield made


def exporter(cloud: Cloud) -> FakeExporter:
    found = cloud.compute.block_storage.exports
    assert isinstance(found, FakeExporter)
    return found


async def able(cloud: Cloud, **interfaces: str) -> str:
    """A node that boots from volumes."""
    uuid = await a_node(cloud)

    async def write(tx: Tx) -> None:
        node = await nodes.get_node(tx, uuid)
        assert node is not None
        found = {**node.interfaces, "storage": "cinder", **interfaces}
        properties = {**node.properties, "capabilities": "iscsi_boot:true"}
        await nodes.change_node(tx, node, 0.0, interfaces=found, properties=properties)

    await cloud.kit.database.transact(write)
    return uuid


async def test_a_server_boots_from_a_volume_on_a_node(cloud: Cloud) -> None:
    node, data = await able(cloud), await a_volume(cloud)
    root = {
        "source_type": "image",
        "destination_type": "volume",
        "uuid": cloud.image_id,
        "boot_index": 0,
        "volume_size": 1,
        "delete_on_termination": True,
    }
    second = {"source_type": "volume", "destination_type": "volume", "uuid": data, "boot_index": -1}
    server_id = await cloud.create(
        flavorRef="gold", imageRef="", block_device_mapping_v2=[root, second]
    )
    shown = await cloud.reach(server_id, "ACTIVE")
    assert shown["OS-EXT-SRV-ATTR:hypervisor_hostname"] == node
    made, kept = (one["id"] for one in shown["os-extended-volumes:volumes_attached"])
    assert kept == data
    for one in (made, data):
        await rests(cloud, one, "in-use")
    carried = await node_of(cloud, node)
    assert carried.provision_state == "active"
    assert "image_source" not in carried.instance_info
    assert cloud.outside.machines.of(carried).boot_device == "pxe"

    served = exporter(cloud).served
    assert set(served) == {made, data}
    found = await machine_portal(cloud.kit.database.reader, await port_of(cloud, server_id))
    assert found is not None
    export = served[made][0]
    assert (export.network_id, export.address) == found
    assert export.initiator == f"iqn.2010-10.org.openstack:node-{node}"
    volumes = await san_volumes(cloud.compute.baremetal, carried)
    script = scripts.boot_volumes(BootEntry(node_id=node, mode="volumes", volumes=volumes))
    assert script.index("sanhook --drive 0x81 iscsi:") < script.index("sanboot --drive 0x80")
    assert await cloud.leftovers() == []

    await cloud.ask("DELETE", f"/servers/{server_id}", status=204)
    await cloud.gone(server_id)
    await until_state(cloud, node, "available")
    assert exporter(cloud).served == {}
    await rests(cloud, data, "available")

    async def gone() -> bool:
        return await volume(cloud, made) is None

    await cloud.until(gone)
    assert await targets_of(cloud.kit.database.reader, node) == []
    assert await cloud.leftovers() == []


async def asked(cloud: Cloud, network_id: str, address: str) -> httpx.Response:
    """What a machine of the network gets at its metadata port."""
    app = TenantBoot(cloud.compute.baremetal, MetadataApp(cloud.compute))

    async def listener(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "unkai.network_id": network_id}, receive, send)

    transport = httpx.ASGITransport(app=listener, client=(address, 1234))
    async with httpx.AsyncClient(transport=transport, base_url="http://10.1.0.2") as client:
        return await client.get("/boot.ipxe")


async def test_only_the_machine_itself_is_told_the_secrets(cloud: Cloud, tmp_path: Path) -> None:
    baremetal = cloud.compute.baremetal
    files = BootFiles(tmp_path / "boot")
    files.open()

    async def no_image(image_id: str) -> Path:
        raise Failed(image_id)

    baremetal.drivers.boot["ipxe"] = IpxeBoot(files, baremetal.management, tmp_path, no_image)
    node, root = await able(cloud, boot="ipxe"), await bootable(cloud)
    server_id = await cloud.create(flavorRef="gold", **from_volume(root))
    await cloud.reach(server_id, "ACTIVE")
    port_id = await port_of(cloud, server_id)
    nic = Nic(node, "52:54:00:00:00:01", {}, "physnet1", with_volumes=True)
    bound = await cloud.kit.database.transact(
        lambda tx: bind_machine_port(cloud.compute.network, tx, port_id, nic)
    )
    network_id, own = bound.port.network_id, bound.port.fixed_ips[0].ip_address

    export = exporter(cloud).served[root][0]
    told = (await asked(cloud, network_id, own)).text
    assert f"sanboot --drive 0x80 iscsi:{export.address}::3260:1:{export.target_iqn}" in told
    assert f"set password {export.password}\n" in told
    assert (await asked(cloud, network_id, "10.1.255.254")).status_code == 404
    assert (await asked(cloud, server_id, own)).status_code == 404
    assert await boot_leftovers(cloud) == []

    await cloud.ask("DELETE", f"/servers/{server_id}", status=204)
    await cloud.gone(server_id)
    assert files.of_node(node) is None
    assert (await asked(cloud, network_id, own)).status_code == 404


async def boot_leftovers(cloud: Cloud) -> list[str]:
    return [one.id for one in await audit_baremetal(cloud.compute.baremetal)]


async def port_of(cloud: Cloud, server_id: str) -> str:
    path = f"/servers/{server_id}/os-interface"
    found: str = (await cloud.ask("GET", path)).json()["interfaceAttachments"][0]["port_id"]
    return found


@pytest.mark.parametrize(
    ("interfaces", "why"),
    [({"storage": "noop"}, "storage interface is noop"), ({"boot": "none"}, "boot interface none")],
)
async def test_a_node_that_cannot_says_why(
    cloud: Cloud, interfaces: dict[str, str], why: str
) -> None:
    node, root = await able(cloud, **interfaces), await bootable(cloud)
    server_id = await cloud.create(flavorRef="gold", **from_volume(root))
    await cloud.reach(server_id, "ERROR")
    found = await decisions_of(cloud.kit.database.reader, server_id)
    (verdict,) = [one for one in found[-1].hosts if one.host == node]
    assert why in str(verdict)
    await rests(cloud, root, "available")
    assert (await node_of(cloud, node)).instance_uuid is None


async def test_a_running_machine_is_given_and_loses_none(cloud: Cloud) -> None:
    await able(cloud)
    root, data = await bootable(cloud), await a_volume(cloud)
    server_id = await cloud.create(flavorRef="gold", **from_volume(root))
    await cloud.reach(server_id, "ACTIVE")
    body: dict[str, Any] = {"volumeAttachment": {"volumeId": data}}
    path = f"/servers/{server_id}/os-volume_attachments"
    refused = await cloud.ask("POST", path, body, status=400)
    assert "physical machine" in refused.text
    assert (await volume(cloud, data)).status == "available"  # type: ignore[union-attr]
    rebuilt = {"rebuild": {"imageRef": cloud.image_id}}
    answer = await cloud.ask("POST", f"/servers/{server_id}/action", rebuilt, status=400)
    assert "physical machine" in answer.text
    assert await cloud.leftovers() == []


async def test_a_deploy_that_fails_gives_the_volume_back(cloud: Cloud) -> None:
    node, root = await able(cloud), await bootable(cloud)
    broken = Failed("no boot file")
    cloud.outside.machines.fail_next("prepare_instance", broken, node)
    server_id = await cloud.create(flavorRef="gold", **from_volume(root))
    await cloud.reach(server_id, "ERROR")
    await rests(cloud, root, "available")
    assert exporter(cloud).served == {}


async def test_a_node_of_its_own_boots_from_a_volume_target(cloud: Cloud) -> None:
    """The Bare Metal API alone: a target, a VIF, `active`; and back."""
    baremetal, admin = cloud.compute.baremetal, caller_of("admin")
    node, root = await able(cloud), await bootable(cloud)
    request = PortRequest(network_id=cloud.network_id)
    network, member = cloud.compute.network, caller_of("member")
    vif = await cloud.kit.database.transact(lambda tx: create_port(network, tx, member, request))
    target = {"volume_type": "iscsi", "volume_id": root, "boot_index": 0}
    made = await create_volume(baremetal, admin, TARGETS, node, target)

    await provision(baremetal, admin, node, "active", request_id="req-1")
    await until_state(cloud, node, "deploy failed")
    assert "no NIC" in ((await node_of(cloud, node)).last_error or "")
    await rests(cloud, root, "available")

    async def wire(tx: Tx) -> None:
        (port,) = await ports_of(tx, node)
        await PORTS.change(tx, port.uuid, internal_info={"tenant_vif_port_id": vif.id})

    await cloud.kit.database.transact(wire)
    await provision(baremetal, admin, node, "active", request_id="req-2")
    await until_state(cloud, node, "active")
    await rests(cloud, root, "in-use")
    (found,) = await targets_of(cloud.kit.database.reader, node)
    export = exporter(cloud).served[root][0]
    assert found.properties["auth_password"] == export.password
    with pytest.raises(Conflict, match="attached to node"):
        await delete_volume(baremetal, admin, TARGETS, made.uuid)
    assert await cloud.leftovers() == []
    await TakeBackVolumes(baremetal).run()
    assert set(exporter(cloud).served) == {root}

    await provision(baremetal, admin, node, "deleted", request_id="req-3")
    await until_state(cloud, node, "available")
    await rests(cloud, root, "available")
    assert exporter(cloud).served == {}
    (found,) = await targets_of(cloud.kit.database.reader, node)
    assert found.properties == {}
    assert await cloud.leftovers() == []


async def test_the_volume_of_a_node_that_is_gone_is_free(cloud: Cloud) -> None:
    baremetal = cloud.compute.baremetal
    root = await bootable(cloud)
    machine = Machine(
        node_id="00000000-0000-4000-8000-000000000007",
        server_id=None,
        initiator="iqn.2010-04.org.example:gone",
        portal=Portal(cloud.network_id, "10.1.0.2"),
    )
    own = "00000000-0000-4000-8000-000000000008"
    await attach_machine(cloud.compute.block_storage, machine, root, own)
    await rests(cloud, root, "in-use")
    assert machine.node_id in str(await boot_leftovers(cloud))

    await TakeBackVolumes(baremetal).run()
    await rests(cloud, root, "available")
    assert exporter(cloud).served == {}
    assert await boot_leftovers(cloud) == []
