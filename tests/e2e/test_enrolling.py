"""Machines become nodes by the command line's own steps, on a cloud whose hardware is played."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.clouds import RunningCloud
from unkai.cli.asking import Door, open_door
from unkai.cli.enrolling import NODES, VERSION, enroll, make_flavor, prepare, read_node, take_to
from unkai.cli.running import need_cloud
from unkai.kit.errors import Failed
from unkai.settings import load_settings

pytestmark = [pytest.mark.xdist_group("fake cloud")]


def machine(name: str, mac: str) -> dict[str, Any]:
    """As `unkai rack status` shows one."""
    return {
        "name": name,
        "driver": "fake-hardware",
        "driver_info": {},
        "boot_mode": "uefi",
        "properties": {"cpus": 1, "memory_mb": 768, "local_gb": 8, "cpu_arch": "x86_64"},
        "ports": [{"mac": mac, "local_link_connection": {}}],
    }


@pytest.fixture
def admin(fake_cloud: RunningCloud) -> Iterator[Door]:
    settings = load_settings(fake_cloud.state_dir)
    door = open_door(settings, need_cloud(settings))
    yield door
    door.close()


def test_a_machine_is_enrolled_and_prepared_once(admin: Door) -> None:
    said: list[str] = []
    found = machine("crate", "52:54:00:0c:0c:01")

    for _ in range(2):
        enroll(admin, found, said.append)
        prepare(admin, "crate", said.append)
        flavor = make_flavor(admin, found)

    node = read_node(admin, "crate")
    ports = admin.get(f"{NODES}/crate/ports", headers=VERSION)["ports"]
    assert node["provision_state"] == "available"
    assert node["inspection_finished_at"] is not None
    assert [port["address"] for port in ports] == ["52:54:00:0c:0c:01"]
    assert make_flavor(admin, found) == flavor
    assert [words for words in said if "enrolled" in words] == [
        f"crate is enrolled: {node['uuid']}"
    ]
    assert said.count("crate is cleaning") <= 1
    admin.ask("DELETE", f"{NODES}/crate", headers=VERSION)


def test_a_machine_that_does_not_get_there_says_why_and_what_to_do(admin: Door) -> None:
    silent: dict[str, Any] = machine("silent", "52:54:00:0c:0c:02") | {
        "driver": "ipmi",
        "driver_info": {"ipmi_address": "127.0.0.1", "ipmi_port": 9, "ipmi_username": "admin"},
    }

    with pytest.raises(
        Failed, match="silent did not get from 'manage' to 'manageable', it is in 'enroll'"
    ) as caught:
        enroll(admin, silent, lambda _: None)

    assert "unkai timeline" in (caught.value.remedy or "")
    with pytest.raises(Failed, match="provide"):
        take_to(admin, "silent", "provide", "available", lambda _: None)
    admin.ask("DELETE", f"{NODES}/silent", headers=VERSION)
