"""A machine of the rack behind sushy-tools' emulator, as an HTTP client sees it."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.drivers.network_rigs import soon
from tests.drivers.rack_rigs import Clients, needs_rack, open_floor, says
from unkai.baremetal.drivers.redfish.bios import RedfishBios
from unkai.baremetal.drivers.redfish.client import Redfish
from unkai.baremetal.drivers.redfish.management import RedfishManagement
from unkai.baremetal.model import Node
from unkai.kit import netns
from unkai.kit.errors import BadRequest
from unkai.rack import MachineSpec, Rack

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(120), needs_rack]

RESET = "/Actions/ComputerSystem.Reset"
MEDIA = "/VirtualMedia/Cd"
BOOT_CD = Path("/usr/lib/ipxe/ipxe.iso")


@pytest.fixture
async def rack(tmp_path: Path) -> AsyncIterator[Rack]:
    async with open_floor(tmp_path) as settings:
        made = Rack(settings)
        await made.start([MachineSpec(name="node1", bmc="redfish", memory_mib=256)])
        clients = Clients(made)
        assert await soon(lambda: clients.answers("node1"))
        yield made


@contextmanager
def http_server(namespace: str, folder: Path) -> Generator[str]:
    """The URL of a folder, served inside the namespace."""
    handler = partial(_QuietHandler, directory=str(folder))
    server = netns.call(namespace, lambda: ThreadingHTTPServer(("127.0.0.1", 0), handler))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


async def test_a_machine_is_powered_on_reset_and_off(rack: Rack) -> None:
    clients = Clients(rack)

    status, _ = await clients.redfish("node1", "POST", RESET, {"ResetType": "On"})

    assert status == 204
    assert await clients.is_on("node1")
    assert await rack.is_on("node1")
    status, _ = await clients.redfish("node1", "POST", RESET, {"ResetType": "ForceRestart"})
    assert status == 204
    status, _ = await clients.redfish("node1", "POST", RESET, {"ResetType": "ForceOff"})
    assert status == 204
    assert not await rack.is_on("node1")


async def test_the_system_is_described_and_locked(rack: Rack) -> None:
    clients, machine = Clients(rack), rack.machines["node1"]

    _, system = await clients.redfish("node1", "GET")
    _, nics = await clients.redfish("node1", "GET", "/EthernetInterfaces")
    unlocked, _ = await clients.redfish("node1", "GET", password="wrong")

    assert system["UUID"] == machine.bmc.system_id
    assert system["Boot"]["BootSourceOverrideMode"] == "Legacy"
    assert nics["Members"][0]["@odata.id"].endswith(machine.macs[0])
    assert unlocked == 401


async def test_an_override_lasts_for_one_boot_or_for_good(rack: Rack) -> None:
    clients = Clients(rack)

    async def boot_from(target: str, enabled: str) -> str:
        boot = {"BootSourceOverrideTarget": target, "BootSourceOverrideEnabled": enabled}
        status, _ = await clients.redfish("node1", "PATCH", "", {"Boot": boot})
        assert status in (200, 204)
        await clients.redfish("node1", "POST", RESET, {"ResetType": "ForceOff"})
        await clients.redfish("node1", "POST", RESET, {"ResetType": "On"})
        _, system = await clients.redfish("node1", "GET")
        return system["Boot"]["BootSourceOverrideTarget"]

    assert await boot_from("Pxe", "Continuous") == "Pxe"
    assert await boot_from("Pxe", "Once") == "Hdd"


def node_of(rack: Rack) -> Node:
    info = dict(rack.machines["node1"].bmc.driver_info)
    uuid = "5f0e0c9a-0000-4000-8000-000000000009"
    return Node(uuid=uuid, driver="redfish", driver_info=info, created_at=0)


async def test_http_boot_is_the_networks_or_a_files(tmp_path: Path) -> None:
    """By our own driver. The emulator puts the file into the CD drive."""
    async with open_floor(tmp_path) as settings:
        rack, redfish = Rack(settings), Redfish(settings.namespace, timeout_s=10)
        await rack.start([MachineSpec(name="node1", bmc="redfish", firmware="uefi")])
        assert await soon(lambda: Clients(rack).answers("node1"))
        management, node = RedfishManagement(redfish), node_of(rack)
        try:
            await management.set_boot_device(node, "uefihttp", persistent=False)
            assert await management.get_boot_device(node) == ("uefihttp", True)
            assert (await rack.status())[0]["boot_device"] == "http"
            with http_server(settings.namespace, BOOT_CD.parent) as url:
                await management.boot_from_url(node, f"{url}/{BOOT_CD.name}")
            assert (await rack.status())[0]["boot_device"] == "cdrom"
            [medium] = [one for one in await management.list_media(node) if one.get("image")]
            assert BOOT_CD.name in str(medium)
        finally:
            await redfish.close()


async def test_bios_settings_count_from_the_next_start(rack: Rack) -> None:
    """Through our own driver: what it says of each, what it takes, refuses and resets."""
    redfish, clients = Redfish(rack.settings.namespace, timeout_s=10), Clients(rack)
    node = node_of(rack)
    bios = RedfishBios(redfish)

    async def turbo() -> str | None:
        return (await bios.get_settings(node))["ProcTurboMode"]["value"]

    async def restart() -> None:
        for kind in ("ForceOff", "On"):
            await clients.redfish("node1", "POST", RESET, {"ResetType": kind})

    try:
        found = await bios.get_settings(node)
        assert found["BootMode"]["value"] == "Bios"
        assert found["ProcTurboMode"]["allowable_values"] == ["Enabled", "Disabled"]
        assert await bios.apply_settings(node, {"ProcTurboMode": "Disabled"}) is True
        assert await turbo() == "Enabled"
        await restart()
        assert await turbo() == "Disabled"
        with pytest.raises(BadRequest, match="NoSuchThing"):
            await bios.apply_settings(node, {"NoSuchThing": "1"})
        assert await bios.factory_reset(node) is True
        await restart()
        assert await turbo() == "Enabled"
    finally:
        await redfish.close()


async def test_it_boots_from_virtual_media(rack: Rack) -> None:
    clients, machine = Clients(rack), rack.machines["node1"]
    with http_server(rack.settings.namespace, BOOT_CD.parent) as url:
        body = {"Image": f"{url}/{BOOT_CD.name}", "Inserted": True}
        insert = f"{MEDIA}/Actions/VirtualMedia.InsertMedia"
        status, why = await clients.redfish("node1", "POST", insert, body)
        assert status == 204, why
    boot = {"BootSourceOverrideTarget": "Cd", "BootSourceOverrideEnabled": "Once"}
    await clients.redfish("node1", "PATCH", "", {"Boot": boot})

    await clients.redfish("node1", "POST", RESET, {"ResetType": "On"})

    await says(machine, "Booting from DVD/CD")
    await says(machine, "iPXE initialising devices")
    eject = f"{MEDIA}/Actions/VirtualMedia.EjectMedia"
    status, _ = await clients.redfish("node1", "POST", eject, {})
    assert status == 204
    _, medium = await clients.redfish("node1", "GET", MEDIA)
    assert medium["Inserted"] is False
