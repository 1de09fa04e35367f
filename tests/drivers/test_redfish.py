"""The Redfish client against sushy-tools: login, media, BIOS, inspection, refusals."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.drivers.redfish_machine import DISK_BYTES, MACS
from tests.drivers.redfish_rigs import RedfishService, redfish_node
from unkai.baremetal.drivers.redfish.bios import RedfishBios
from unkai.baremetal.drivers.redfish.client import Redfish
from unkai.baremetal.drivers.redfish.inspect import RedfishInspect
from unkai.baremetal.drivers.redfish.management import RedfishManagement
from unkai.baremetal.drivers.redfish.power import RedfishPower
from unkai.baremetal.model import PowerState
from unkai.kit.errors import BadRequest, Failed, Unavailable

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("redfish")]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedfishService]:
    made = RedfishService(tmp_path_factory.mktemp("redfish"))
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture
async def redfish() -> AsyncIterator[Redfish]:
    client = Redfish(timeout_s=5)
    yield client
    await client.close()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """A test's output is its own."""


@pytest.fixture
def iso(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "boot.iso").write_bytes(b"an image")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/boot.iso"
    server.shutdown()
    server.server_close()
    thread.join()


async def test_resets_bear_redfishs_names(service: RedfishService, redfish: Redfish) -> None:
    power = RedfishPower(redfish)
    before = len(service.resets)
    for target in (PowerState.ON, PowerState.REBOOT, PowerState.SOFT_REBOOT, PowerState.SOFT_OFF):
        await power.set_power_state(service.node, target)
    await power.set_power_state(service.node, PowerState.ON)
    await RedfishManagement(redfish).inject_nmi(service.node)
    await power.set_power_state(service.node, PowerState.OFF)
    assert service.resets[before:] == [
        "On",
        "ForceRestart",
        "GracefulRestart",
        "GracefulShutdown",
        "On",
        "Nmi",
        "ForceOff",
    ]


async def test_media_are_inserted_once_replaced_and_ejected(
    service: RedfishService, redfish: Redfish, iso: str
) -> None:
    management = RedfishManagement(redfish)
    for url in (iso, iso, f"{iso}?another"):
        await management.insert_media(service.node, "cdrom", url)
        inserted = [one for one in await management.list_media(service.node) if one["inserted"]]
        assert [one["image"] for one in inserted] == [url]
        assert "CD" in inserted[0]["media_types"]
    await management.eject_media(service.node, None)
    await management.eject_media(service.node, "cdrom")
    assert not any(one["inserted"] for one in await management.list_media(service.node))


async def test_an_image_that_cannot_be_fetched_is_the_bmcs_refusal(
    service: RedfishService, redfish: Redfish, iso: str
) -> None:
    with pytest.raises(Failed, match=r"refuses to insert .*none.iso") as refused:
        await RedfishManagement(redfish).insert_media(
            service.node, "cdrom", iso.replace("boot", "none")
        )
    assert refused.value.code == "bmc-refused"


async def test_modes_are_set_and_read(service: RedfishService, redfish: Redfish) -> None:
    management = RedfishManagement(redfish)
    for mode in ("bios", "uefi"):
        await management.set_boot_mode(service.node, mode)
        assert await management.get_boot_mode(service.node) == mode
    for on in (True, False):
        await management.set_secure_boot(service.node, on=on)
        assert await management.get_secure_boot(service.node) is on
    with pytest.raises(BadRequest, match="neither bios nor uefi"):
        await management.set_boot_mode(service.node, "open firmware")


async def test_bios_settings_come_with_their_registry(
    service: RedfishService, redfish: Redfish
) -> None:
    bios = RedfishBios(redfish)
    found = (await bios.get_settings(service.node))["BootMode"]
    assert found["value"] == "Uefi" and found["allowable_values"] == ["Bios", "Uefi"]
    assert await bios.apply_settings(service.node, {"BootMode": "Bios"}) is True
    assert await bios.apply_settings(service.node, {"BootMode": "Bios"}) is False
    with pytest.raises(BadRequest, match="NoSuchThing"):
        await bios.apply_settings(service.node, {"NoSuchThing": "1"})
    assert await bios.factory_reset(service.node) is True
    assert (await bios.get_settings(service.node))["BootMode"]["value"] == "Uefi"


async def test_an_inspection_tells_the_machine(service: RedfishService, redfish: Redfish) -> None:
    found = (await RedfishInspect(redfish).inspect(service.node)).inventory
    assert found["cpu"]["count"] == 8 and found["cpu"]["architecture"] == "x86_64"
    assert found["memory"]["physical_mb"] == 4096
    assert [one["mac_address"] for one in found["interfaces"]] == list(MACS)
    assert [one["size"] for one in found["disks"]] == [DISK_BYTES]
    assert found["system_vendor"]["manufacturer"] == "Sushy Emulator"
    assert found["system_vendor"]["firmware"]["version"] == "1.0.0"


async def test_the_only_system_is_found_and_names_lead_to_ids(
    service: RedfishService, redfish: Redfish
) -> None:
    for system in (None, "/redfish/v1/Systems/played"):
        node = redfish_node(service.port, redfish_system_id=system)
        assert await RedfishPower(redfish).get_power_state(node) is PowerState.OFF


@pytest.mark.parametrize(
    ("info", "code"),
    [
        ({"redfish_password": "wrong"}, "bmc-login"),
        ({"redfish_auth_type": "session"}, "bmc-login"),
        ({"redfish_system_id": "/redfish/v1/Systems/none"}, "bmc-refused"),
    ],
)
async def test_refusals_have_their_codes(
    service: RedfishService, redfish: Redfish, info: dict[str, object], code: str
) -> None:
    with pytest.raises(Failed) as failed:
        await RedfishPower(redfish).get_power_state(redfish_node(service.port, **info))
    assert failed.value.code == code


async def test_a_closed_and_a_silent_door_are_unreachable() -> None:
    redfish = Redfish(timeout_s=0.3)
    async with contextlib.aclosing(_Closing(redfish)):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            port = silent.getsockname()[1]
            with pytest.raises(Unavailable, match="no answer in time"):
                await RedfishPower(redfish).get_power_state(redfish_node(port))
        with pytest.raises(Unavailable) as away:
            await RedfishPower(redfish).get_power_state(redfish_node(port))
        assert away.value.code == "bmc-unreachable"


class _Closing:
    def __init__(self, redfish: Redfish) -> None:
        self.aclose = redfish.close


@pytest.mark.parametrize(
    ("info", "said"),
    [
        ({"redfish_address": None}, "missing.*redfish_address"),
        ({"redfish_address": "ftp://x"}, "neither a URL nor"),
        ({"redfish_address": "http://x:99999"}, "neither a URL nor"),
        ({"redfish_system_id": "1"}, "must begin with a slash"),
        ({"redfish_auth_type": "magic"}, "redfish_auth_type 'magic'"),
        ({"redfish_verify_ca": "/none/ca.pem"}, "redfish_verify_ca"),
    ],
)
async def test_wrong_driver_info_is_named(
    redfish: Redfish, info: dict[str, object], said: str
) -> None:
    with pytest.raises(BadRequest, match=said) as wrong:
        RedfishPower(redfish).validate(redfish_node(80, **info))
    assert wrong.value.code == "driver-info"
