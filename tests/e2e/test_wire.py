"""Two tenants with equal subnets, two guests each: what is promised about the wire, on the wire.

The tests of this file share the guests. Alpha and bravo have floating IPs and take their metadata
from the network; alpha-peer and bravo-peer have none, and a config drive. Alpha is the one that is
stopped, paused and rebuilt.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from tests.clouds import RunningCloud
from tests.e2e.tenants import (
    OUTSIDE,
    SSH_PORT,
    Guest,
    Key,
    Wires,
    floating_ip,
    greets,
    new_guest,
    new_key,
    new_tenant,
    openstack,
    tenant_of,
    wires_of,
)
from unkai.cli.waiting import Stopwatch, until
from unkai.kit import netns

pytestmark = [pytest.mark.xdist_group("real cloud"), pytest.mark.timeout(600)]

CIDR, FIRST, SECOND = "10.77.0.0/24", "10.77.0.10", "10.77.0.20"
BEYOND = "198.51.100.7"
WHO_PORT, DOOR_PORT, PEER_PORT = 8000, 8080, 8081
USER_DATA = """#!/bin/sh
echo "$(id -un) on $(hostname)" >>/var/tmp/from-user-data
for port in 8000 8080 8081; do httpd -p $port -h /etc; done
"""
LIVE_S = 10
"""A change of rules or addresses is on the wire by then, on a machine that is busy as well."""


@dataclass
class Street:
    alpha: Guest
    alpha_peer: Guest
    bravo: Guest
    bravo_peer: Guest
    alpha_floating: str
    """Id of alpha's floating IP."""

    @property
    def guests(self) -> list[Guest]:
        return [self.alpha, self.alpha_peer, self.bravo, self.bravo_peer]


def ask_for(undo: ExitStack, wires: Wires, key: Key, name: str) -> tuple[Guest, Guest]:
    """A guest and its peer; both boot at once."""
    tenant = wires.tenant
    tenant.make("/compute/v2.1/os-keypairs", "keypair", name=key.name, public_key=key.public)
    undo.callback(tenant.delete, f"/compute/v2.1/os-keypairs/{key.name}")
    user_data = base64.b64encode(USER_DATA.encode()).decode()
    more: dict[str, Any] = {"user_data": user_data, "metadata": {"tenant": name}}
    one = undo.enter_context(new_guest(wires, key, name, FIRST, **more))
    peer = new_guest(wires, key, f"{name}-peer", SECOND, config_drive=True, **more)
    return one, undo.enter_context(peer)


def wait_active(guest: Guest) -> None:
    guest.wait("ACTIVE")
    assert [port["status"] for port in guest.ports()] == ["ACTIVE"]


@pytest.fixture(scope="module")
def street(real_cloud: RunningCloud) -> Iterator[Street]:
    with ExitStack() as undo:
        admin, demo = tenant_of(real_cloud, "unkai"), tenant_of(real_cloud, "unkai-demo")
        undo.callback(admin.close)
        undo.callback(demo.close)
        other = undo.enter_context(new_tenant(admin, "bravo"))
        key = undo.enter_context(new_key("wire"))
        wired = [undo.enter_context(wires_of(each, "wire", CIDR)) for each in (demo, other)]
        for wires in wired:
            wires.open_port(WHO_PORT)
        alpha, alpha_peer = ask_for(undo, wired[0], key, "alpha")
        bravo, bravo_peer = ask_for(undo, wired[1], key, "bravo")
        alpha_peer.through, bravo_peer.through = alpha, bravo
        for guest in (alpha, alpha_peer, bravo, bravo_peer):
            wait_active(guest)
        alpha_floating = undo.enter_context(floating_ip(alpha))
        undo.enter_context(floating_ip(bravo))
        street = Street(alpha, alpha_peer, bravo, bravo_peer, alpha_floating)
        for guest in street.guests:
            guest.wait_ssh()
            guest.wait_console("user data ended with status 0")
        yield street


def within(seconds: float, probe: Callable[[], bool]) -> float | None:
    """After how many seconds it held; None if it did not."""
    watch = Stopwatch()
    return watch.seconds if until(probe, timeout_s=seconds, interval_s=0.02) else None


def test_guests_come_up_in_time(street: Street) -> None:
    for guest in street.guests:
        print(guest.name, {what: round(took, 1) for what, took in guest.took.items()})
        events = real_timeline(guest)
        up = next(e for e in events if e["action"] == "wait ports up")
        assert up["outcome"] == "ok"


def real_timeline(guest: Guest) -> list[dict[str, Any]]:
    admin = tenant_of(guest.tenant.cloud, "unkai")
    try:
        told = admin.get(f"/unkai/v1/servers/{guest.id}/timeline", format="json")
    finally:
        admin.close()
    events: list[dict[str, Any]] = told["timeline"]["events"]
    return events


# --- neighbours


def test_two_servers_ping_each_other(street: Street) -> None:
    street.alpha.run(f"ping -c 3 -W 2 {SECOND}")
    street.alpha_peer.run(f"ping -c 3 -W 2 {FIRST}")


def test_equal_subnets_of_two_tenants_do_not_meet(street: Street) -> None:
    """Four guests, two addresses: each reaches its own peer and no other."""
    for guest, peer in (
        (street.alpha, street.alpha_peer),
        (street.alpha_peer, street.alpha),
        (street.bravo, street.bravo_peer),
        (street.bravo_peer, street.bravo),
    ):
        said = guest.run(f"timeout 5 wget -qO- http://{peer.address}:{WHO_PORT}/hostname")
        assert said == peer.name
        macs = guest.run(f"ip neigh show {peer.address}")
        assert peer.ports()[0]["mac_address"] in macs

    lonely = new_guest(street.bravo.wires, street.bravo.key, "bravo-only", "10.77.0.30")
    with lonely as third:
        wait_active(third)
        reach = f"ping -c 1 -W 2 {third.address}"
        assert within(60, lambda: street.bravo.try_run(reach).returncode == 0) is not None
        assert street.alpha.try_run(reach).returncode != 0


def test_a_security_group_opens_and_closes_a_port(street: Street) -> None:
    alpha = street.alpha

    def is_open() -> bool:
        return greets(alpha, alpha.floating, DOOR_PORT, timeout_s=0.5)

    assert not is_open()
    rule = alpha.wires.open_port(DOOR_PORT)
    opened = within(LIVE_S, is_open)
    alpha.wires.close_port(rule)
    closed = within(LIVE_S, lambda: not is_open())

    print(f"open after {opened} s, closed after {closed} s")
    assert opened is not None
    assert closed is not None


def test_a_group_as_a_source_lets_its_members_in(street: Street) -> None:
    alpha, wires = street.alpha, street.alpha.wires
    reach = f"timeout 5 wget -qO- http://{FIRST}:{PEER_PORT}/hostname"
    assert street.alpha_peer.try_run(reach).returncode != 0

    rule = wires.open_port(PEER_PORT, remote_group_id=wires.group)

    assert within(LIVE_S, lambda: street.alpha_peer.try_run(reach).returncode == 0) is not None
    assert not greets(alpha, alpha.floating, PEER_PORT, timeout_s=0.5)
    wires.close_port(rule)


def test_foreign_source_addresses_are_dropped(street: Street) -> None:
    """The peer counts what arrives: an answer that finds no way back would prove nothing."""
    count = "awk '/^Icmp: [0-9]/ {print $10}' /proc/net/snmp"
    before = int(street.alpha_peer.run(count))
    street.alpha.run(f"ping -c 2 -W 1 {SECOND}")
    assert int(street.alpha_peer.run(count)) == before + 2

    lie = "10.77.0.99"
    done = street.alpha.try_run(
        f"sudo ip addr add {lie}/32 dev eth0; ping -c 3 -W 1 -I {lie} {SECOND}; status=$?;"
        f" sudo ip addr del {lie}/32 dev eth0; exit $status"
    )

    assert "100% packet loss" in done.stdout, done
    assert int(street.alpha_peer.run(count)) == before + 2
    street.alpha.run(f"ping -c 1 -W 2 {SECOND}")


# --- what a guest is told


def fetch(guest: Guest, *paths: str) -> dict[str, str]:
    """What the metadata address answers; "-" for what it does not have."""
    mark = "<<<>>>"
    asks = [
        f"timeout 5 wget -qO- http://169.254.169.254/{path} || echo -n -; echo '{mark}'"
        for path in paths
    ]
    said = guest.run("; ".join(asks)).split(mark)
    return {path: text.strip() for path, text in zip(paths, said, strict=False)}


def test_each_guest_is_told_of_itself_alone(street: Street) -> None:
    for guest in street.guests:
        path = "openstack/latest/meta_data.json"
        told = json.loads(fetch(guest, path)[path])
        assert (told["uuid"], told["name"]) == (guest.id, guest.name)
        assert told["hostname"] == f"{guest.name}.novalocal"
        assert told["project_id"] == guest.show()["tenant_id"]


def test_metadata_in_the_ec2_form(street: Street) -> None:
    alpha = street.alpha
    names = ("instance-id", "hostname", "local-ipv4", "public-ipv4", "public-keys/")
    key = "public-keys/0/openssh-key"
    told = fetch(
        alpha, *(f"latest/meta-data/{each}" for each in (*names, key)), "latest/user-data", "latest"
    )

    told = {path.removeprefix("latest/meta-data/"): text for path, text in told.items()}
    assert told["instance-id"].startswith("i-")
    assert told["hostname"] == "alpha.novalocal"
    assert (told["local-ipv4"], told["public-ipv4"]) == (FIRST, alpha.floating)
    assert told["public-keys/"] == "0=wire"
    assert told[key] == alpha.key.public
    assert told["latest/user-data"] == USER_DATA.strip()
    assert set(told["latest"].split()) == {"meta-data/", "user-data"}


def test_metadata_in_the_openstack_form(street: Street) -> None:
    alpha = street.alpha
    files = ("meta_data.json", "network_data.json", "vendor_data.json", "vendor_data2.json")
    told = fetch(
        alpha,
        *(f"openstack/latest/{each}" for each in (*files, "user_data", "nothing")),
        "openstack",
    )

    told = {path.removeprefix("openstack/latest/"): text for path, text in told.items()}
    meta = json.loads(told["meta_data.json"])
    assert meta["public_keys"] == {"wire": alpha.key.public}
    assert meta["meta"] == {"tenant": "alpha"}
    network = json.loads(told["network_data.json"])
    [port] = alpha.ports()
    assert network["links"][0]["ethernet_mac_address"] == port["mac_address"]
    assert network["links"][0]["vif_id"] == port["id"]
    assert network["networks"][0]["network_id"] == alpha.wires.network
    assert json.loads(told["vendor_data.json"]) == {}
    assert json.loads(told["vendor_data2.json"]) == {"static": {}}
    assert told["user_data"] == USER_DATA.strip()
    assert told["nothing"] == "-"
    assert "latest" in told["openstack"]


def test_user_data_ran_once(street: Street) -> None:
    for guest in street.guests:
        assert guest.run("cat /var/tmp/from-user-data") == f"root on {guest.name}"


def test_a_config_drive_says_the_same(street: Street) -> None:
    peer = street.alpha_peer
    assert "boot complete: metadata drive, host alpha-peer" in peer.console()
    assert "boot complete: metadata network, host alpha" in street.alpha.console()
    assert peer.show()["config_drive"] == "True"

    at = "/mnt/openstack/latest"
    said = peer.run(
        f"sudo mount -o ro $(sudo findfs LABEL=config-2) /mnt && cat {at}/meta_data.json"
        f" && echo && cat {at}/network_data.json && echo && cat {at}/user_data;"
        " sudo umount /mnt"
    ).split("\n", 2)

    names = [f"openstack/latest/{each}" for each in ("meta_data.json", "network_data.json")]
    asked = fetch(peer, *names)
    for drive, network in zip(said, (json.loads(asked[name]) for name in names), strict=False):
        on_drive = json.loads(drive)
        for each in (on_drive, network):
            each.pop("random_seed", None)
        assert on_drive == network
    assert said[2] == USER_DATA.strip()


# --- outside


def seen_as(guest: Guest) -> str:
    """The source address that the cloud's own address on the external network sees."""
    namespace = guest.tenant.cloud.namespace
    with netns.listen_tcp(namespace, OUTSIDE, 0) as listener:
        listener.settimeout(20)
        port = listener.getsockname()[1]
        with ThreadPoolExecutor(1) as calling:
            call = calling.submit(guest.run, f"nc -w 5 {OUTSIDE} {port} </dev/null")
            connection, (address, _) = listener.accept()
            connection.close()
            call.result()
    return str(address)


def test_a_floating_ip_works_both_ways(street: Street) -> None:
    alpha = street.alpha
    assert alpha.run("echo $SSH_CONNECTION").split()[0::2] == [OUTSIDE, FIRST]
    assert seen_as(alpha) == alpha.floating
    alpha.run(f"ping -c 2 -W 2 {OUTSIDE}")


def test_a_guest_without_one_goes_out_as_its_router(street: Street) -> None:
    assert seen_as(street.alpha_peer) == street.alpha.wires.outer_address
    assert seen_as(street.bravo_peer) == street.bravo.wires.outer_address


def test_guests_of_two_tenants_meet_by_their_floating_ips(street: Street) -> None:
    said = street.alpha.run(
        f"timeout 5 wget -qO- http://{street.bravo.floating}:{WHO_PORT}/hostname"
    )
    assert said == "bravo"


@pytest.mark.parametrize("which", ["alpha", "alpha_peer"])
def test_what_lies_beyond_is_refused_at_once(street: Street, which: str) -> None:
    watch = Stopwatch()
    done = getattr(street, which).try_run(f"nc -w 20 {BEYOND} 80 </dev/null")
    assert done.returncode != 0
    assert "No route to host" in done.stderr or "unreachable" in done.stderr, done
    assert watch.seconds < 5


def test_a_floating_ip_is_taken_away_and_given_back(street: Street) -> None:
    alpha = street.alpha
    [port] = alpha.ports()
    path = f"/network/v2.0/floatingips/{street.alpha_floating}"

    def answers() -> bool:
        return greets(alpha, alpha.floating, WHO_PORT, timeout_s=0.5)

    alpha.tenant.ask("PUT", path, {"floatingip": {"port_id": None}})
    assert within(LIVE_S, lambda: not answers()) is not None
    alpha.tenant.ask("PUT", path, {"floatingip": {"port_id": port["id"]}})
    assert within(LIVE_S, answers) is not None


# --- through stops and starts


def boot_id(guest: Guest) -> str:
    return guest.run("cat /proc/sys/kernel/random/boot_id")


def wait_wired(guest: Guest, neighbour: str) -> None:
    """Its floating IP lets us in, its neighbour is there, and it knows who it is."""
    guest.wait_ssh()
    guest.run(f"ping -c 1 -W 5 {neighbour}")
    told = fetch(guest, "openstack/latest/meta_data.json").popitem()[1]
    assert json.loads(told)["uuid"] == guest.id
    assert [port["status"] for port in guest.ports()] == ["ACTIVE"] * len(guest.ports())


def test_a_rename_disturbs_nobody(street: Street) -> None:
    alpha = street.alpha
    for name in ("renamed", "alpha"):
        alpha.tenant.ask("PUT", alpha.path, {"server": {"name": name}})
        assert alpha.show()["name"] == name
        assert alpha.run("hostname") == "alpha"


def test_a_pause_holds_the_guest_and_its_end_lets_it_go_on(street: Street) -> None:
    alpha = street.alpha
    before = boot_id(alpha)
    alpha.act("pause", until_status="PAUSED")
    assert not greets(alpha, alpha.floating, SSH_PORT, timeout_s=0.5)
    alpha.act("unpause", until_status="ACTIVE")
    wait_wired(alpha, SECOND)
    assert boot_id(alpha) == before


def test_a_soft_reboot_keeps_the_network(street: Street) -> None:
    alpha = street.alpha
    before = boot_id(alpha)
    alpha.hang_up()
    said = openstack(alpha.tenant, f"server reboot --soft --wait {alpha.id}")
    assert [(code, err) for _, code, _, err in said] == [(0, "")]
    alpha.wait("ACTIVE")
    wait_wired(alpha, SECOND)
    assert boot_id(alpha) != before
    assert alpha.console().count("boot complete") >= 1


def test_a_hard_reboot_keeps_the_network(street: Street) -> None:
    alpha = street.alpha
    before = boot_id(alpha)
    alpha.act("reboot", {"type": "HARD"}, until_status="ACTIVE")
    wait_wired(alpha, SECOND)
    assert boot_id(alpha) != before


def test_a_second_network_comes_while_stopped(street: Street) -> None:
    alpha = street.alpha
    with wires_of(alpha.tenant, "second", "10.88.0.0/24") as second:
        alpha.act("os-stop", until_status="SHUTOFF")
        assert not greets(alpha, alpha.floating, SSH_PORT, timeout_s=0.5)
        nic = alpha.tenant.make(
            f"{alpha.path}/os-interface", "interfaceAttachment", net_id=second.network
        )
        alpha.act("os-start", until_status="ACTIVE")
        wait_wired(alpha, SECOND)
        [fixed] = nic["fixed_ips"]
        assert fixed["ip_address"] in alpha.run("ip -4 -o addr show eth1")
        assert nic["mac_addr"] in alpha.run("ip link show eth1")
        alpha.run("ping -c 1 -W 5 10.88.0.1")

        alpha.tenant.delete(f"{alpha.path}/os-interface/{nic['port_id']}")
        assert until(lambda: len(alpha.ports()) == 1, timeout_s=LIVE_S)
        alpha.wait("ACTIVE")
        wait_wired(alpha, SECOND)


def test_a_rebuild_starts_anew_at_the_same_address(street: Street) -> None:
    alpha = street.alpha
    alpha.run("touch /var/tmp/written-before; sync")
    alpha.hang_up()
    said = openstack(alpha.tenant, f"server rebuild --wait {alpha.id}")
    assert [(code, err) for _, code, _, err in said] == [(0, "")]
    alpha.wait("ACTIVE")
    wait_wired(alpha, SECOND)
    assert alpha.run("ls /var/tmp") == "from-user-data"
    alpha.wait_console("user data ended with status 0")
    assert len(alpha.ports()) == 1


# --- the stock client


def test_the_stock_client_looks_at_a_server(street: Street) -> None:
    guest = street.alpha_peer
    commands = (
        "server list",
        "server list --long",
        f"server show {guest.name}",
        f"server event list {guest.name}",
        f"console log show --lines 5 {guest.name}",
        f"port list --server {guest.name}",
        "server group list",
        f"server set --property colour=blue {guest.name}",
        f"server unset --property colour {guest.name}",
        f"server set --description tall {guest.name}",
        f"server lock {guest.name}",
        f"server unlock {guest.name}",
        f"server pause {guest.name}",
        f"server unpause {guest.name}",
        "floating ip list",
        f"security group show {guest.wires.group}",
        "network agent list",
        "keypair show wire",
        "limits show --absolute",
        "quota show",
        "availability zone list",
        "usage show",
    )
    said = openstack(guest.tenant, *commands)

    assert [(words, code, err) for words, code, _, err in said if (code, err) != (0, "")] == []
