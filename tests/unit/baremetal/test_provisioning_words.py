"""dnsmasq's configuration and log, and iPXE's scripts, as text."""

from __future__ import annotations

import calendar
from dataclasses import replace
from pathlib import Path

from unkai.baremetal.drivers.boot.files import BootEntry, BootFiles
from unkai.baremetal.drivers.boot.scripts import boot_disk, boot_ramdisk
from unkai.baremetal.drivers.provisioning.base import Reservation, ServedNetwork, Sighting
from unkai.baremetal.drivers.provisioning.dnsmasq_config import (
    config,
    free_pool,
    hosts,
    own_addresses,
    read_hosts,
)
from unkai.baremetal.drivers.provisioning.dnsmasq_log import LogReader

MAC = "52:54:00:12:34:56"
NETWORK = ServedNetwork(
    id="9a3b8a52-53a1-4a0f-9a30-0d6d5f2c1e11",
    name="provisioning",
    physical_network="physnet1",
    vlan=100,
    address="10.1.0.2",
    cidr="10.1.0.0/24",
)
NOW = float(calendar.timegm((2026, 11, 22, 11, 12, 10)))
LOG = """\
Nov 22 11:12:10 dnsmasq[22628]: started, version 2.90 DNS disabled
Nov 22 11:12:10 dnsmasq-dhcp[22628]: 231 available DHCP subnet: 10.1.0.0/255.255.255.0
Nov 22 11:12:10 dnsmasq-dhcp[22628]: 231 vendor class: PXEClient:Arch:00007:UNDI:003000
Nov 22 11:12:10 dnsmasq-dhcp[22628]: 231 DHCPDISCOVER(pv9) 52:54:00:12:34:56
Nov 22 11:12:10 dnsmasq-dhcp[22628]: 231 tags: known, efi, pv9
Nov 22 11:12:10 dnsmasq-dhcp[22628]: 231 DHCPOFFER(pv9) 10.1.0.7 52:54:00:12:34:56
Nov 22 11:12:10 dnsmasq-dhcp[22628]: 231 requested options: 1:netmask, 3:router, 6:dns-server,
Nov 22 11:12:10 dnsmasq-dhcp[22628]: 231 bootfile name: snponly.efi
Nov 22 11:12:10 dnsmasq-dhcp[22628]: 231 next server: 10.1.0.2
Nov 22 11:12:10 dnsmasq-dhcp[22628]: 231 DHCPREQUEST(pv9) 10.1.0.7 52:54:00:12:34:56
Nov 22 11:12:10 dnsmasq-dhcp[22628]: 231 DHCPACK(pv9) 10.1.0.7 52:54:00:12:34:56
Nov 22 11:12:10 dnsmasq-dhcp[22628]: 231 sent size: 42 option: 67 bootfile-name  snponly.efi
Nov 22 11:12:10 dnsmasq-tftp[22628]: error 8 User aborted the transfer received from 10.1.0.7
Nov 22 11:12:10 dnsmasq-tftp[22628]: sent /run/x/tftp/snponly.efi to 10.1.0.7
Nov 22 11:12:10 dnsmasq-tftp[22628]: failed sending /run/x/tftp/snponly.efi to 10.1.0.7
Nov 22 11:12:10 dnsmasq-tftp[22628]: file /run/x/tftp/grub.cfg not found for 10.1.0.7
Nov 22 11:12:10 dnsmasq-tftp[22628]: sent /run/x/tftp/snponly.efi to 10.1.0.99
Nov 22 11:12:10 dnsmasq-dhcp[22628]: 777 DHCPDISCOVER(pv9) 52:54:00:00:00:01 no address available
"""


def read(text: str, now: float = NOW) -> list[Sighting]:
    reader = LogReader("provisioning")
    found = [seen for line in text.splitlines() for seen in reader.read(line, now)]
    return [*found, *reader.flush()]


def test_the_log_tells_the_story_of_a_boot() -> None:
    told = [(one.participant, one.action, one.ok, one.detail) for one in read(LOG)]

    assert told == [
        ("DHCP", "DISCOVER", True, "on provisioning, PXEClient:Arch:00007:UNDI:003000"),
        ("DHCP", "OFFER 10.1.0.7", True, "on provisioning, boot file snponly.efi"),
        ("DHCP", "REQUEST 10.1.0.7", True, "on provisioning"),
        ("DHCP", "ACK 10.1.0.7", True, "on provisioning, boot file snponly.efi"),
        ("TFTP", "sent snponly.efi", True, "to 10.1.0.7"),
        ("TFTP", "stopped sending snponly.efi", False, "to 10.1.0.7"),
        ("TFTP", "grub.cfg not found", False, "to 10.1.0.7"),
        ("DHCP", "DISCOVER", False, "on provisioning, no address available"),
    ]
    assert [one.mac for one in read(LOG)] == [MAC] * 7 + ["52:54:00:00:00:01"]


def test_old_lines_keep_their_time_and_fresh_ones_are_of_now() -> None:
    assert {one.at for one in read(LOG, NOW + 0.25)} == {NOW + 0.25}
    assert {one.at for one in read(LOG, NOW + 60)} == {NOW}
    assert {one.at for one in read(LOG, NOW + 100 * 86400)} == {NOW}


def test_unknown_machines_get_an_address_only_from_a_pool() -> None:
    closed = config(NETWORK, "pv9", Path("/run/x/n"))
    pool = ("10.1.0.200", "10.1.0.250")
    opened = config(replace(NETWORK, pool=pool), "pv9", Path("/run/x/n"))

    assert "dhcp-range=10.1.0.0,static,255.255.255.0,10m\n" in closed
    assert "dhcp-range=10.1.0.200,10.1.0.250,255.255.255.0,10m\n" in opened
    assert "10.1.0.200" not in closed
    assert hosts([Reservation(MAC, "10.1.0.7")]) == f"{MAC},10.1.0.7,10m\n"
    for by_http in (False, True):
        one = Reservation(MAC, "10.1.0.7", by_http)
        assert read_hosts(hosts([one])) == [one]
    assert "fe80::1/64" in own_addresses(NETWORK)


def test_the_pool_lies_beside_what_neutron_gives_out() -> None:
    assert free_pool("10.1.0.0/24", [("10.1.0.2", "10.1.0.199")], "10.1.0.2") == (
        "10.1.0.200",
        "10.1.0.254",
    )
    assert free_pool("10.1.0.0/24", [("10.1.0.100", "10.1.0.254")], "10.1.0.2") == (
        "10.1.0.3",
        "10.1.0.99",
    )
    assert free_pool("10.1.0.0/24", [("10.1.0.1", "10.1.0.254")], "10.1.0.2") is None


def test_a_script_loads_the_nodes_own_files() -> None:
    entry = BootEntry(
        node_id="n-1",
        mode="deploy",
        macs=(MAC,),
        kernel="/srv/kernel",
        initramfs="https://mirror.example/initramfs",
        arguments=("ipa-api-url={url}", "quiet"),
    )
    lines = boot_ramdisk(entry, "http://10.1.0.2").splitlines()

    assert lines[0] == "#!ipxe"
    assert (
        "kernel http://10.1.0.2/nodes/n-1/kernel initrd=initramfs ipa-api-url=http://10.1.0.2 "
        "quiet BOOTIF=01-${netX/mac:hexhyp} || goto failed"
    ) in lines
    assert "initrd --name initramfs https://mirror.example/initramfs || goto failed" in lines
    assert "sanboot --no-describe --drive 0x80" in boot_disk("nothing to do")


def test_boot_files_outlive_the_process(tmp_path: Path) -> None:
    entry = BootEntry(node_id="n-1", mode="clean", macs=(MAC,), kernel="/k", initramfs="/i")
    files = BootFiles(tmp_path / "boot")
    files.open()
    files.put(BootEntry(node_id="n-1", mode="clean", macs=("aa",), kernel="/k", initramfs="/i"))
    files.put(entry)

    again = BootFiles(tmp_path / "boot")
    again.open()
    assert again.of_mac(MAC.upper()) == again.of_node("n-1") == entry
    assert again.of_mac("aa") is None
    assert again.nodes_but([]) == ["n-1"]
    assert again.nodes_but(["n-1"]) == []
    again.remove("n-1")
    again.remove("n-1")
    assert again.of_mac(MAC) is None
    assert list((tmp_path / "boot").iterdir()) == []
