"""Bad days of a physical machine: its BMC, its power, its network and its disk break, and Unkai is
killed, while the machine is deployed for real.

Each day ends in the state that the API promises, with the cause in `last_error`. Afterwards the
node is free again, the machine is off and the audit is empty: the next day begins with that node.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.clouds import running_cloud
from tests.e2e.metal import NODES, VERSION, Metal, as_qcow2, disk_image, start_rack
from tests.e2e.visitor import Disturbed, until
from unkai.rack import MachineSpec

pytestmark = [pytest.mark.xdist_group("metal bad days"), pytest.mark.timeout(420)]

PATIENT = """[baremetal]
automated_clean = false
power_timeout_s = 5
power_sync_s = 5
agent_timeout_s = 300
"""
HASTY = PATIENT.replace("agent_timeout_s = 300", "agent_timeout_s = 15")
"""So short that only a machine that never calls is given up for a good reason."""
BOOT_S = 240
"""A machine from power on to its agent's call, on a busy host."""


@pytest.fixture(scope="module")
def enrolled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Metal]:
    if os.geteuid() != 0:
        pytest.skip("a real cloud needs root")
    folder = tmp_path_factory.mktemp("metal") / "cloud"
    folder.mkdir()
    (folder / "unkai.toml").write_text(HASTY)
    with running_cloud(folder, fake=False) as cloud:
        metal = start_rack(Disturbed(cloud), MachineSpec(name="node1", disk_gib=1))
        metal.enroll()
        metal.provision("manage")
        metal.reach("manageable")
        metal.provision("provide")
        metal.reach("available")
        metal.deploy()  # the first makes the provisioning network
        metal.reach("wait call-back")
        metal.give_back()
        yield metal
        metal.close()


@pytest.fixture
def metal(enrolled: Metal) -> Iterator[Metal]:
    """The node, free; after the test it is that again."""
    enrolled.is_free()
    yield enrolled
    enrolled.repair()
    if enrolled.shown()["provision_state"] != "available":
        enrolled.give_back()
    enrolled.is_free()


@pytest.fixture
def patient(metal: Metal) -> Iterator[Metal]:
    """The cloud gives a machine the time it takes to boot."""
    settings = metal.disturbed.cloud.state_dir / "unkai.toml"
    if settings.read_text() != PATIENT:
        metal.restart_cloud(PATIENT)
    return metal


@pytest.fixture
def managed(metal: Metal) -> Iterator[Metal]:
    """The node where it may be cleaned and inspected."""
    interface = metal.shown()["inspect_interface"]
    metal.provision("manage")
    metal.reach("manageable")
    metal.change(inspect_interface="agent")
    yield metal
    metal.change(maintenance=False)
    metal.provision("manage")
    metal.reach("manageable")
    metal.change(inspect_interface=interface)
    metal.provision("provide")
    metal.reach("available")


# --- the BMC


def test_a_wrong_password(metal: Metal) -> None:
    """The node stays enrolled and says why; with the right one it is managed."""
    password = metal.machine()["driver_info"]["ipmi_password"]
    free = metal.node
    metal.node = again(metal)
    try:
        metal.change(driver_info__ipmi_password="wrong")
        metal.provision("manage")
        until(lambda: metal.shown()["last_error"], seconds=30, what="an error")
        node = metal.shown()
        assert (node["provision_state"], node["target_provision_state"]) == ("enroll", None)
        assert "password is wrong" in node["last_error"]
        assert "driver_info" in node["last_error"]

        metal.change(driver_info__ipmi_password=password)
        metal.provision("manage")
        assert metal.reach("manageable")["last_error"] is None
    finally:
        metal.ask("DELETE", f"{NODES}/{metal.node}", status=204)
        metal.node = free


def again(metal: Metal) -> str:
    """The same machine enrolled as another node, without NICs."""
    machine = metal.machine()
    body = {"driver": machine["driver"], "driver_info": machine["driver_info"]}
    return str(metal.ask("POST", NODES, body, 201).json()["uuid"])


def test_a_silent_bmc(metal: Metal) -> None:
    metal.fault("bmc-silent")
    metal.deploy()
    said = metal.fails()
    assert "does not answer" in said
    assert "Check its address, its network and its power" in said


@pytest.mark.parametrize("power", ["on", "off"])
def test_a_bmc_that_lies_about_power(metal: Metal, power: str) -> None:
    """No power on is taken for done, and a machine that seems on holds up nothing."""
    metal.fault("bmc-lies", power=power)
    metal.deploy()
    assert f'still says "power {power}"' in metal.fails(seconds=40)


def test_a_bmc_that_loses_requests(metal: Metal) -> None:
    """One in three is lost; the work goes on, only slower."""
    metal.fault("bmc-drops", every=3)
    metal.deploy()
    metal.reach("wait call-back")
    assert metal.machine()["power"] == "on"
    metal.provision("abort")
    metal.fails()


# --- a machine that never calls


def test_a_firmware_that_hangs(metal: Metal) -> None:
    metal.fault("hangs")
    metal.deploy()
    said = metal.fails()
    assert "did not call within 15 s" in said
    assert "no DHCP DISCOVER since" in said


def test_a_machine_that_never_calls_back(metal: Metal) -> None:
    """It is given an address, and nothing that it sends then arrives."""
    metal.fault("mute")
    metal.deploy()
    said = metal.fails()
    assert "did not call within 15 s" in said
    assert "DHCP DISCOVER seen" in said
    assert "no TFTP request since" in said


# --- other wishes meanwhile


def test_two_requests_for_one_node(metal: Metal) -> None:
    metal.deploy()
    path, body = f"{NODES}/{metal.node}/states/provision", {"target": "active"}
    second = metal.admin.ask("PUT", path, body, headers=VERSION)
    assert second.status_code == 409, second.text
    assert "is locked by host" in second.text
    metal.reach("wait call-back")
    third = metal.admin.ask("PUT", path, body, headers=VERSION)
    assert third.status_code in (400, 409), third.text
    metal.provision("deleted")
    metal.reach("available")


def test_an_abort_while_the_node_waits(metal: Metal) -> None:
    metal.deploy()
    metal.reach("wait call-back")
    metal.provision("abort")
    said = metal.fails()
    assert "aborted while the node was wait call-back" in said
    assert metal.machine()["power"] == "off"


def test_a_deletion_while_the_node_waits(metal: Metal) -> None:
    metal.deploy()
    metal.reach("wait call-back")
    metal.give_back()


def test_an_abort_while_an_inspection_waits(managed: Metal) -> None:
    managed.provision("inspect")
    managed.reach("inspect wait")
    managed.provision("abort")
    managed.is_aborted("inspect failed", "inspect wait")
    managed.refuses("deleted")


def test_an_abort_while_a_cleaning_waits(managed: Metal) -> None:
    """Nothing deletes a node meanwhile; the abort leaves it in maintenance, as a failure does."""
    managed.provision("clean", clean_steps=[{"interface": "deploy", "step": "erase_devices"}])
    managed.reach("clean wait")
    managed.refuses("deleted")
    path = f"{NODES}/{managed.node}"
    refused = managed.admin.ask("DELETE", path, headers=VERSION)
    assert refused.status_code == 409, refused.text
    assert managed.shown()["provision_state"] == "clean wait"
    managed.provision("abort")
    managed.is_aborted("clean failed", "clean wait")


# --- what is left over


def test_the_audit_names_each_kind_of_leftover(metal: Metal) -> None:
    """A switch port, a reservation of DHCP and an agent's token that no work needs."""
    state, namespace = metal.disturbed.cloud.state_dir, metal.disturbed.cloud.namespace
    switch = ["ovs-vsctl", "--no-wait", f"--db=unix:/run/{namespace}/ovn/db.sock"]
    port = ["Port", metal.machine()["ports"][0]["local_link_connection"]["port_id"]]
    (hosts,) = Path(f"/run/{namespace}/provisioning").glob("*/hosts")
    tokens = "update nodes set agent_token = ? where uuid = ?"

    def write(token: str | None) -> None:
        with closing(sqlite3.connect(state / "unkai.db", timeout=20)) as database, database:
            assert database.execute(tokens, (token, metal.node)).rowcount == 1

    owner = f"external_ids:unkai-node={metal.node}"
    subprocess.run([*switch, "set", *port, "tag=100", owner], check=True)
    write("left over")
    try:

        def named() -> bool:
            with hosts.open("a") as file:  # its timer takes it back at any moment
                file.write("52:54:00:00:00:99,10.1.0.99,1h\n")
            found = {(one["kind"], one["id"]) for one in metal.disturbed.leftovers()}
            return (
                ("agent-token", metal.node) in found
                and any("DHCP reservation of 52:54:00:00:00:99" in what for _, what in found)
                and any(f"port {port[1]} of switch br-rack" in what for _, what in found)
            )

        until(named, seconds=20, what="all three are named")
    finally:
        write(None)
        subprocess.run([*switch, "set", *port, "tag=4094"], check=True)
        subprocess.run([*switch, "remove", *port, "external_ids", "unkai-node"], check=True)
    until(lambda: metal.disturbed.leftovers() == [], seconds=40, what="none is left")


def test_the_audit_names_a_session_of_a_login_that_no_node_has(metal: Metal) -> None:
    """The node's user is another one behind the API's back, until the audit was asked."""
    database = metal.disturbed.cloud.state_dir / "unkai.db"
    right = metal.machine()["driver_info"]
    change = "update nodes set driver_info = ? where uuid = ?"

    def write(info: dict[str, object]) -> None:
        with closing(sqlite3.connect(database, timeout=20)) as connection, connection:
            assert connection.execute(change, (json.dumps(info), metal.node)).rowcount == 1

    def named() -> bool:
        write({**right, "ipmi_username": "another"})
        try:
            found = {(one["kind"], one["id"]) for one in metal.disturbed.leftovers()}
        finally:
            write(right)
        bmc = f"{right['ipmi_address']}:{right['ipmi_port']}"
        return ("bmc-session", f"ipmi://{right['ipmi_username']}@{bmc}") in found

    until(named, seconds=40, what="the session is named", pause_s=1.0)
    until(lambda: metal.disturbed.leftovers() == [], seconds=20, what="none is left")


# --- the image and the disk


@pytest.mark.soak
def test_an_image_larger_than_the_disk(patient: Metal, tmp_path: Path) -> None:
    raw, _ = disk_image(tmp_path, "large", 1100)
    image_id, status = patient.admin.upload("too large", as_qcow2(raw))
    assert status == 204
    try:
        patient.deploy(image_source=image_id)
        said = patient.fails(seconds=BOOT_S)
        size, disk = 1100 << 20, 1 << 30
        assert f"the image is {size} bytes large and the disk" in said
        assert f"only {disk}: not written" in said
    finally:
        patient.provision("deleted")
        patient.reach("available")
        patient.admin.ask("DELETE", f"/image/v2/images/{image_id}", status=204)


@pytest.mark.soak
def test_a_failing_disk(patient: Metal) -> None:
    patient.fault("disk-fails", io="write")
    patient.deploy()
    said = patient.fails(seconds=BOOT_S)
    assert "standby.prepare_image" in said


def test_a_wrong_checksum(patient: Metal, tmp_path: Path) -> None:
    """Found while it is written: the node never boots what is not the image."""
    _, digest = disk_image(tmp_path, "image", 8)
    wrong = digest[::-1]
    with patient.served(tmp_path) as url:
        patient.deploy(image_source=f"{url}/image", image_os_hash_value=wrong)
        said = patient.fails(seconds=BOOT_S)
    assert f"the image's sha256 is {digest} and not {wrong}" in said


# --- power


@pytest.mark.soak
def test_a_stolen_token(patient: Metal) -> None:
    """Whoever has not the node's token, or calls from elsewhere, is told so; the deploy goes on."""
    other = again(patient)
    patient.deploy()
    try:
        patient.is_writing(BOOT_S)
        info = patient.shown()["driver_internal_info"]
        token = patient.stored("agent_token")
        beats = {
            patient.node: ({"agent_token": "x" * 43}, "Invalid or missing agent token"),
            other: ({"agent_token": token}, "Invalid or missing agent token"),
        }
        for node, (beat, said) in beats.items():
            assert said in patient.beat(node, {"callback_url": info["agent_url"], **beat})
        elsewhere = {"callback_url": "http://198.51.100.9:9999", "agent_token": token}
        assert "not at 198.51.100.9" in patient.beat(patient.node, elsewhere)
        events = patient.timeline()
        (refused,) = [one for one in events if one["action"] == "heartbeat refused"]
        assert (refused["outcome"], refused["participant"]) == ("failed", "BareMetalNode")
        assert "Invalid or missing agent token" in refused["detail"]
        assert patient.shown()["driver_internal_info"]["agent_url"] == info["agent_url"]
        patient.reach("active", seconds=BOOT_S)
    finally:
        patient.ask("DELETE", f"{NODES}/{other}", status=204)


def test_power_lost_in_the_middle_of_writing(patient: Metal) -> None:
    patient.deploy()
    patient.is_writing(BOOT_S)
    patient.pull_the_plug()
    assert "is off in the middle of the work" in patient.fails(seconds=180)


# --- a tenant's machine in rescue


@pytest.mark.soak
def test_an_abort_and_a_deletion_while_a_rescue_waits(patient: Metal) -> None:
    patient.change(rescue_interface="agent")
    patient.deploy()
    patient.reach("active", seconds=BOOT_S)
    patient.provision("rescue", rescue_password="secret-enough")
    patient.reach("rescue wait")
    patient.provision("abort")
    patient.is_aborted("rescue failed", "rescue wait")

    patient.provision("rescue", rescue_password="secret-enough")
    patient.reach("rescue wait")
    patient.give_back()
    patient.change(rescue_interface="no-rescue")


# --- Unkai is killed


def test_unkai_killed_at_three_points_of_a_deploy(patient: Metal) -> None:
    """While it waits for the agent, while the image is written, and at the last power on."""
    patient.deploy()
    patient.at_step("await_agent")
    patient.restart_cloud()
    patient.is_writing(BOOT_S)
    patient.restart_cloud()
    patient.at_step("power_on_instance", BOOT_S)
    patient.restart_cloud()

    node = patient.reach("active", seconds=60)
    assert (node["last_error"], node["power_state"]) == (None, "power on")
    assert node["instance_info"]["image_source"]
    assert patient.machine()["power"] == "on"
    assert patient.disturbed.leftovers() == []
    boots = "SYSLINUX"
    until(lambda: boots in patient.console(), seconds=120, what="its own system boots")
    patient.give_back()
