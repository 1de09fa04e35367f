"""Images in a folder that an NFS server exports: links that only their node is told of."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from unkai.baremetal.drivers.boot.nfs import NfsExport
from unkai.kit.clock import Chance
from unkai.kit.errors import BadRequest

NODE, OTHER = "4d1a6c70-6d26-4b2c-a2a2-6d2f0d7a0001", "4d1a6c70-6d26-4b2c-a2a2-6d2f0d7a0002"


def opened(folder: Path) -> NfsExport:
    made = NfsExport(folder / "export", "192.0.2.1:/images/", Chance())
    made.open()
    return made


def test_an_image_is_there_for_its_node_until_it_is_withdrawn(tmp_path: Path) -> None:
    image = tmp_path / "image"
    image.write_bytes(b"an image")
    image.chmod(0o600)
    export = opened(tmp_path)

    url = export.publish(NODE, image)

    assert url.startswith(f"nfs://192.0.2.1/images/{NODE}.")
    link = tmp_path / "export" / url.rpartition("/")[2]
    assert link.read_bytes() == b"an image"
    assert stat.S_IMODE(link.stat().st_mode) == 0o644
    assert stat.S_IMODE(link.parent.stat().st_mode) == 0o711
    assert opened(tmp_path).publish(NODE, image) == url
    assert export.publish(OTHER, image).partition(".")[2] != url.partition(".")[2]
    assert (export.nodes_but([OTHER]), export.nodes_but([])) == ([NODE], [NODE, OTHER])
    export.withdraw(OTHER)
    export.withdraw(NODE)
    assert list((tmp_path / "export").iterdir()) == []
    assert image.read_bytes() == b"an image"


def test_another_image_takes_the_place_of_the_first(tmp_path: Path) -> None:
    export = opened(tmp_path)
    for name in ("one", "two"):
        (tmp_path / name).write_text(name)
        url = export.publish(NODE, tmp_path / name)
        (link,) = (tmp_path / "export").iterdir()
        assert (link.read_text(), link.name) == (name, url.rpartition("/")[2])


def test_what_is_no_export_is_refused(tmp_path: Path) -> None:
    for export, folder in (("192.0.2.1", tmp_path), ("h:images", tmp_path), ("h:/i", Path("x"))):
        with pytest.raises(BadRequest, match="nfs_export"):
            NfsExport(folder, export, Chance())
