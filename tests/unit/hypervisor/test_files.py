"""Config drives, folders, the users of guests, and the words that travel."""

from __future__ import annotations

import io
from pathlib import Path

import pycdlib
import pytest

from unkai.hypervisor import wire
from unkai.hypervisor.config_drive import make_iso
from unkai.hypervisor.folder import Folder, all_folders, make_root
from unkai.hypervisor.model import ImageRef
from unkai.hypervisor.preparing import Users
from unkai.kit.errors import BadRequest, Conflict, Failed

SERVER = "6f1f2a00-0000-4000-8000-000000000001"
OTHER = "6f1f2a00-0000-4000-8000-000000000002"


def test_a_config_drive_holds_its_files_by_both_kinds_of_name() -> None:
    files = {
        "openstack/latest/meta_data.json": b"{}",
        "openstack/latest/user_data": b"",
        "openstack/content/0000": b"x" * 5000,
        "ec2/latest/meta-data.json": b"[]",
    }
    iso = pycdlib.PyCdlib()
    iso.open_fp(io.BytesIO(make_iso(files)))
    assert iso.pvd.volume_identifier.strip() == b"config-2"
    for path, data in files.items():
        for kind in ("rr_path", "joliet_path"):
            read = io.BytesIO()
            iso.get_file_from_iso_fp(read, **{kind: f"/{path}"})
            assert read.getvalue() == data
    iso.close()


@pytest.mark.parametrize("name", ["../etc", "", "A" * 36, SERVER.upper()[:-1] + "G"])
def test_a_folder_is_only_made_for_an_id(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadRequest):
        Folder(tmp_path, name)


def test_an_epoch_outlives_its_folder_for_a_while(tmp_path: Path) -> None:
    machines = make_root(tmp_path, now=0)
    folder = Folder(machines, SERVER)
    folder.make(None)
    folder.remember_epoch(4)
    folder.remove(5)
    assert not folder.exists() and folder.epoch() == 5
    assert all_folders(machines) == []

    folder.make(None)
    assert folder.epoch() == 5
    folder.remove(6)
    make_root(tmp_path, now=(tmp_path / "removed" / SERVER).stat().st_mtime + 8 * 24 * 3600)
    assert folder.epoch() == 0


def test_users_are_given_once_and_come_back() -> None:
    users = Users(range(5, 7))
    assert users.of(SERVER) == users.of(SERVER) == 5
    assert users.of(OTHER) == 6
    with pytest.raises(Failed):
        users.of("another")
    users.give_back(SERVER)
    assert users.of("another") == 5
    assert Users(None).of(SERVER) is None


def test_a_refusal_arrives_as_it_was_raised() -> None:
    fault = Conflict("It runs.", code="server-running", remedy="Stop it.")
    back = wire.fault_of(wire.refusal_of(fault))
    assert type(back) is Conflict
    assert (back.message, back.code, back.remedy) == ("It runs.", "server-running", "Stop it.")
    assert type(wire.fault_of(wire.Refusal("os", "m", "c", None))) is Failed


def test_an_image_is_described_in_a_line() -> None:
    image = ImageRef(id="i-1", sha256="ab", format="raw", virtual_size_bytes=12)
    assert wire.image_of(wire.describe_image(image)) == image
    with pytest.raises(BadRequest):
        wire.image_of("12 vmdk ab i")
