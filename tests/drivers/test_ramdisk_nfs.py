"""Images by NFS: the agent mounts an export of a server in user space (nfs-ganesha)."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.drivers.ramdisk_rigs import NODE, Conductor, Metal, digest_of, direct, wait_for
from unkai.baremetal.drivers.boot.nfs import NfsExport
from unkai.guests.ramdisk import ensure_ramdisk
from unkai.kit import netns
from unkai.kit.clock import Chance

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.xdist_group("ramdisk nfs"),
    pytest.mark.skipif(shutil.which("ganesha.nfsd") is None, reason="nfs-ganesha is not installed"),
]
CACHE = Path(__file__).parents[2] / ".cache"
MIB = 1024 * 1024
CONFIG = """
NFS_CORE_PARAM {{ Protocols = 4; NFS_Port = 2049; Enable_NLM = false; Enable_RQUOTA = false; }}
NFSv4 {{ RecoveryBackend = fs; RecoveryRoot = {folder}/recovery; Graceless = true; }}
EXPORT {{
    Export_Id = 1; Path = {folder}/export; Pseudo = /images; Access_Type = RO;
    Squash = Root_Squash; SecType = sys; Protocols = 4; FSAL {{ Name = VFS; }}
}}
"""


@pytest.fixture
def conductor(tmp_path: Path) -> Iterator[Conductor]:
    namespace = f"unkai-nfs-{os.getpid()}"
    netns.create(namespace)
    made = Conductor(namespace, tmp_path)
    try:
        yield made
    finally:
        made.close()
        netns.delete(namespace)


@pytest.fixture
def export(conductor: Conductor, tmp_path: Path) -> Iterator[Path]:
    """The folder that the server exports as /images, to whoever knows a file's name."""
    tmp_path.chmod(0o755)
    (tmp_path / "export").mkdir()
    (tmp_path / "recovery").mkdir()
    config, log = tmp_path / "ganesha.conf", tmp_path / "ganesha.log"
    config.write_text(CONFIG.format(folder=tmp_path))
    words = ["ganesha.nfsd", "-F", "-f", config, "-L", log, "-p", tmp_path / "ganesha.pid"]
    enter = ["nsenter", f"--net={netns.path(conductor.namespace)}"]
    server = subprocess.Popen([*enter, *words])
    try:
        wait_for(
            lambda: "SERVER INITIALIZED" in log.read_text() if log.exists() else None or None,
            "the server",
        )
        yield tmp_path / "export"
    finally:
        server.kill()
        server.wait()


def test_an_image_is_written_from_an_export(
    conductor: Conductor, export: Path, tmp_path: Path
) -> None:
    image = tmp_path / "image"
    image.write_bytes(os.urandom(MIB) * 20)
    published = NfsExport(export, "10.0.2.2:/images", Chance())
    published.open()
    url = published.publish(NODE, image)
    metal = Metal(conductor.namespace, tmp_path, {"DISK-1": 64})

    def write(url: str) -> dict[str, Any]:
        info = {"id": "i", "urls": [url], **digest_of(image, "sha512")}
        return conductor.run("standby.prepare_image", {"image_info": info})

    try:
        metal.power_on(*direct(ensure_ramdisk(CACHE / "ramdisk", CACHE / "packages")))
        wait_for(lambda: conductor.heartbeats or None, "the first heartbeat")
        refused = write("nfs://10.0.2.2/others/file")
        assert "mount" in refused["command_error"]["message"]
        done = write(url)
        assert done["command_status"] == "SUCCEEDED", done
        assert metal.disks["DISK-1"].read_bytes()[: 20 * MIB] == image.read_bytes()
    finally:
        print(metal.console())
        metal.power_off()
