"""What machines get by HTTP on a provisioning network, and what nobody gets."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest
from starlette.responses import PlainTextResponse

from unkai.baremetal.api.boot_files import BootApp, Shelf
from unkai.baremetal.drivers.boot.convert import RawImages, command
from unkai.baremetal.drivers.boot.files import BootEntry, BootFiles
from unkai.baremetal.drivers.boot.published import PublishedFiles
from unkai.baremetal.drivers.provisioning.base import Sighting
from unkai.kit.clock import Chance, Clock
from unkai.kit.errors import Failed

pytestmark = pytest.mark.anyio

NODE = "4d1a6c70-6d26-4b2c-a2a2-6d2f0d7a0001"
MAC = "52:54:00:12:34:56"
DATA = bytes(range(256)) * 8192


async def api(scope, receive, send) -> None:
    """The API behind: says which path it was asked."""
    await PlainTextResponse(scope["path"])(scope, receive, send)


class Stand:
    """The application with its files, and a machine that asks it."""

    def __init__(self, folder: Path, *, discovery: bool = False) -> None:
        self.folder = folder
        self.seen: list[Sighting] = []
        self.files = BootFiles(folder / "nodes")
        self.published = PublishedFiles(folder / "files", Chance())
        self.files.open()
        self.published.open()
        (folder / "kernel").write_bytes(DATA)
        (folder / "initramfs").write_bytes(b"initramfs")
        shelf = Shelf(
            files=self.files,
            published=self.published,
            ramdisk=folder,
            loaders=folder,
            discovery=("ipa-api-url={url}",) if discovery else None,
        )
        app = BootApp(shelf, api, Clock(), self.seen.append, "/baremetal")
        transport = httpx.ASGITransport(app)
        self.client = httpx.AsyncClient(transport=transport, base_url="http://10.1.0.2:80")

    def give(self, **changes: str) -> None:
        paths = {name: str(self.folder / name) for name in ("kernel", "initramfs")}
        self.files.put(BootEntry(node_id=NODE, mode="deploy", macs=(MAC,), **(paths | changes)))

    async def get(self, path: str, status: int = 200) -> str:
        answer = await self.client.get(path)
        assert answer.status_code == status, answer.text
        return answer.text


@pytest.fixture
def stand(tmp_path: Path) -> Stand:
    return Stand(tmp_path)


async def test_a_node_gets_its_script_and_its_files(stand: Stand) -> None:
    stand.give()
    script = await stand.get(f"/boot.ipxe?mac={MAC.upper()}")
    assert f"kernel http://10.1.0.2/nodes/{NODE}/kernel" in script

    answer = await stand.client.get(f"/nodes/{NODE}/kernel")
    assert answer.content == DATA
    head = await stand.client.head(f"/nodes/{NODE}/kernel")
    assert head.headers["content-length"] == str(len(DATA)) and not head.content
    assert [(one.action, one.node_id, one.ok) for one in stand.seen] == [
        ("script to boot for deploy", NODE, True),
        ("GET kernel", NODE, True),
    ]
    assert f"{len(DATA)} of {len(DATA)} bytes" in (stand.seen[1].detail or "")


async def test_the_rest_of_a_file_is_sent_alone(stand: Stand) -> None:
    """An agent goes on where a download broke off; any other range gets the whole."""
    stand.give()
    path = f"/nodes/{NODE}/kernel"
    answer = await stand.client.get(path, headers={"Range": "bytes=3-"})
    assert (answer.status_code, answer.content) == (206, DATA[3:])
    assert answer.headers["content-range"] == f"bytes 3-{len(DATA) - 1}/{len(DATA)}"
    for other in ("bytes=0-", "bytes=0-2", f"bytes={len(DATA)}-", "bytes=-3", "bytes=x-"):
        answer = await stand.client.get(path, headers={"Range": other})
        assert (answer.status_code, answer.content) == (200, DATA)


async def test_whoever_is_to_boot_nothing_boots_from_disk(stand: Stand) -> None:
    assert "sanboot" in await stand.get(f"/boot.ipxe?mac={MAC}")
    assert "sanboot" in await stand.get("/boot.ipxe")
    await stand.get(f"/nodes/{NODE}/kernel", 404)
    await stand.get("/ramdisk/kernel", 404)


async def test_an_unknown_machine_is_inspected_where_that_is_wanted(tmp_path: Path) -> None:
    stand = Stand(tmp_path, discovery=True)
    script = await stand.get("/boot.ipxe?mac=52:54:00:00:00:99")
    assert "kernel http://10.1.0.2/ramdisk/kernel" in script
    assert "ipa-api-url=http://10.1.0.2 " in script
    assert await stand.get("/ramdisk/initramfs") == "initramfs"


async def test_agents_reach_their_routes_of_the_api_and_no_others(stand: Stand) -> None:
    for path in ("/", "/v1", "/v1/lookup", f"/v1/heartbeat/{NODE}", "/v1/continue_inspection"):
        assert await stand.get(path) == f"/baremetal{path}"
    for path in ("/v1/nodes", "/identity/v3", "/v1/lookup/x", "/files/x/image", "/nodes/../x"):
        await stand.get(path, 404)
    answer = await stand.client.post("/boot.ipxe")
    assert answer.status_code == 405


async def test_a_published_file_is_behind_a_secret_until_withdrawn(stand: Stand) -> None:
    path = stand.folder / "kernel"
    where = stand.published.publish(NODE, "image", path)
    assert stand.published.publish(NODE, "image", path) == where
    other = stand.published.publish("another", "media", path)
    assert other != where and other.endswith("/media.iso")

    assert (await stand.client.get(where)).content == DATA
    again = PublishedFiles(stand.folder / "files", Chance())
    again.open()
    assert again.find(where.split("/")[2]) is not None
    stand.published.withdraw(NODE, "image")
    await stand.get(where, 404)
    assert (await stand.client.get(other)).content == DATA
    assert stand.published.nodes_but("media", []) == ["another"]


@pytest.mark.skipif(shutil.which("qemu-img") is None, reason="needs qemu-img")
async def test_an_image_is_converted_once(tmp_path: Path) -> None:
    plain, packed = tmp_path / "plain", tmp_path / "packed"
    plain.write_bytes(DATA)
    convert = ["qemu-img", "convert", "-f", "raw", "-O", "qcow2", "-c", plain, packed]
    subprocess.run(convert, check=True)
    packed.chmod(0o644)
    images = RawImages(tmp_path / "raw")
    images.open()

    made = await images.have("i-1", packed, "qcow2", len(DATA))
    assert made.path.read_bytes() == DATA
    assert made.sha256 == hashlib.sha256(DATA).hexdigest()
    packed.unlink()
    assert await images.have("i-1", packed, "qcow2", len(DATA)) == made
    assert images.evict([], [str(made.path)]) == []
    assert images.evict([], []) == ["i-1"]
    assert list((tmp_path / "raw").iterdir()) == []


@pytest.mark.skipif(shutil.which("qemu-img") is None, reason="needs qemu-img")
async def test_what_is_no_image_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_bytes(b"nonsense" * 100)
    wrong.chmod(0o644)
    images = RawImages(tmp_path / "raw")
    images.open()
    with pytest.raises(Failed, match="could not be converted from qcow2"):
        await images.have("i-1", wrong, "qcow2", 1 << 20)
    assert list((tmp_path / "raw").iterdir()) == []


def test_qemu_img_runs_in_a_cage() -> None:
    words = command("qcow2", 7, 8, as_root=True)
    assert words[:3] == ["unshare", "--net", "--ipc"]
    assert "--reuid=65534" in words and "--no-new-privs" in words
    assert words[words.index("-f") + 1] == "qcow2"
