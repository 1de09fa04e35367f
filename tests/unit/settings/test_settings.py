"""Where settings come from, and what a wrong one says."""

from pathlib import Path

import pytest

from unkai.kit.errors import BadRequest
from unkai.settings import ROOT_STATE_DIR, Settings, load_settings


def test_the_command_line_wins_over_the_environment_and_the_file(tmp_path: Path) -> None:
    (tmp_path / "unkai.toml").write_text(
        'port = 1\nregion = "Here"\n[compute]\nfake_hosts = 7\nram_allocation_ratio = 2\n'
    )
    environ = {"UNKAI_PORT": "2", "UNKAI_COMPUTE_FAKE_HOSTS": "9", "PATH": "/bin"}

    settings = load_settings(tmp_path, port=3, environ=environ)

    assert (settings.port, settings.region) == (3, "Here")
    assert (settings.compute.fake_hosts, settings.compute.ram_allocation_ratio) == (9, 2.0)


def test_lists_and_switches_are_read_from_the_environment(tmp_path: Path) -> None:
    environ = {"UNKAI_NETWORK_DNS_SERVERS": "192.0.2.1, 192.0.2.2", "UNKAI_NETWORK_EGRESS": "True"}

    network = load_settings(tmp_path, environ=environ).network

    assert network.dns_servers == ("192.0.2.1", "192.0.2.2")
    assert network.egress is True


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({"UNKAI_PORT": "many"}, "'many', which is not a whole number"),
        ({"UNKAI_COMPUTE_FORCE_TCG": "perhaps"}, "not true or false"),
        ({"UNKAI_COLOUR": "red"}, "'colour', which is not a setting"),
        ({"UNKAI_PORT": "70000"}, "not between 1 and 65535"),
        ({"UNKAI_COMPUTE": "x"}, "'compute', which is not a setting"),
        ({"UNKAI_BLOCK_STORAGE_DRIVER": "tape"}, "'tape', not file or ceph"),
        ({"UNKAI_BLOCK_STORAGE_BACKENDS": "fast"}, "'fast', which must be NAME=file:FOLDER"),
        ({"UNKAI_BLOCK_STORAGE_BACKENDS": "a=tape:x"}, "'a=tape:x', which must be NAME=file"),
        ({"UNKAI_BLOCK_STORAGE_BACKENDS": "A@b=file:x"}, "must have a name of small letters"),
        ({"UNKAI_BLOCK_STORAGE_BACKENDS": "file=file:x"}, "has the name file, which another"),
        ({"UNKAI_BLOCK_STORAGE_BACKENDS": "a=file:x,a=file:y"}, "the name a, which another"),
        ({"UNKAI_BAREMETAL_CLEAN_STEP_PRIORITIES": "erase=1"}, "'erase=1', which is not INTERFACE"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, environ: dict[str, str], says: str) -> None:
    with pytest.raises(BadRequest, match=says):
        load_settings(tmp_path, environ=environ)


def test_backends_have_a_driver_and_a_place(tmp_path: Path) -> None:
    said = 'backends = ["fast=file:/srv/fast", "shared=ceph:volumes"]'
    (tmp_path / "unkai.toml").write_text(f"[block_storage]\n{said}\n")

    found = load_settings(tmp_path, environ={}).block_storage.further_backends()

    assert found == {"fast": ("file", "/srv/fast"), "shared": ("ceph", "volumes")}


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "unkai.toml").write_text("port = ")

    with pytest.raises(BadRequest, match=r"unkai\.toml is not TOML"):
        load_settings(tmp_path, environ={})


def test_each_state_folder_has_its_own_namespace(tmp_path: Path) -> None:
    one, two = (load_settings(tmp_path / name, environ={}) for name in ("one", "two"))

    assert one.namespace.startswith("unkai-")
    assert one.namespace != two.namespace
    assert len(one.namespace) == len("unkai-") + 8
    assert Settings(state_dir=ROOT_STATE_DIR).namespace == "unkai"


def test_one_cloud_has_one_id_whatever_way_its_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")

    linked = load_settings(tmp_path / "link", environ={})

    assert linked.cloud_id == load_settings(tmp_path / "real", environ={}).cloud_id
