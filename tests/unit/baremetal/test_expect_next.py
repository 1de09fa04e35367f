"""What a machine should do next, told from recorded events of its boots."""

from __future__ import annotations

from typing import Any

import pytest

from unkai.baremetal.actions.expect_next import expected_next, how_far
from unkai.baremetal.model import Node, State
from unkai.timeline import model as who
from unkai.timeline.model import Awaited, Event

Seen = tuple[float, str, str, str | None]
"""When after the power-on, who, what, detail."""

DISCOVER: Seen = (4, who.DHCP, "DISCOVER", "on provisioning, PXEClient:Arch:00007")
OFFER: Seen = (4, who.DHCP, "OFFER 10.1.0.7", "on provisioning, boot file snponly.efi")
ACK: Seen = (6, who.DHCP, "ACK 10.1.0.7", "on provisioning, boot file snponly.efi")
LOADER: Seen = (7, who.TFTP, "sent snponly.efi", "to 10.1.0.7")
BY_IPXE: tuple[Seen, ...] = (
    (9, who.DHCP, "DISCOVER", "on provisioning, PXEClient:Arch:00007, iPXE"),
    (9, who.DHCP, "OFFER 10.1.0.7", "on provisioning, boot file first.ipxe"),
    (10, who.DHCP, "ACK 10.1.0.7", "on provisioning, boot file first.ipxe"),
)
FIRST_SCRIPT: Seen = (10, who.TFTP, "sent first.ipxe", "to 10.1.0.7")
SCRIPT: Seen = (11, who.HTTP, "script to boot for deploy", "412 bytes")
KERNEL: Seen = (12, who.HTTP, "GET kernel", "8000 of 8000 bytes in 0.1 s")
RAMDISK: Seen = (13, who.HTTP, "GET initramfs", "9000 of 9000 bytes in 0.1 s")
BY_UDHCPC: Seen = (20, who.DHCP, "DISCOVER", "on provisioning, udhcp 1.36")
LOOKUP: Seen = (22, who.BARE_METAL_NODE, "agent looks its node up", "52:54:00:00:00:01")
HEARTBEAT: Seen = (23, who.BARE_METAL_NODE, "agent's first heartbeat", "version 1")
LOADED = (DISCOVER, OFFER, ACK, LOADER, *BY_IPXE, FIRST_SCRIPT, SCRIPT, KERNEL, RAMDISK)
UEFI = (*LOADED, LOOKUP, HEARTBEAT)
ON_AT = 1000.0


def node(**more: Any) -> Node:
    given: dict[str, Any] = {
        "uuid": "n1",
        "driver": "ipmi",
        "interfaces": {"boot": "ipxe"},
        "provision_state": State.DEPLOY_WAIT,
        "created_at": 0.0,
        **more,
    }
    return Node(**given)


def event(at: float, participant: str, action: str, **more: Any) -> Event:
    given: dict[str, Any] = {
        "id": 0,
        "subject": "node/n1",
        "participant": participant,
        "action": action,
        "started_at": at,
        "ended_at": at,
        "outcome": "ok",
        "detail": None,
        "request_id": "",
        "operation": None,
        **more,
    }
    return Event(**given)


def boot(*seen: Seen, power: str = "power on") -> list[Event]:
    """A power-on and what came after it, numbered as they were written."""
    on = event(ON_AT, who.BARE_METAL_NODE_BMC, "set power state", detail=power, id=1)
    later = [
        event(ON_AT + at, participant, action, detail=detail, id=number)
        for number, (at, participant, action, detail) in enumerate(seen, 2)
    ]
    return [on, *later]


def after(seconds: float, *seen: Seen, **more: Any) -> Awaited:
    found = expected_next(node(**more), boot(*seen), ON_AT + seconds)
    assert found is not None
    return found


def test_each_stage_of_a_uefi_boot_waits_for_the_next() -> None:
    awaited = [
        (found.participant, found.action)
        for upto in range(len(UEFI) + 1)
        if (found := after(30, *UEFI[:upto]))
    ]

    assert awaited == [
        (who.DHCP, "DHCP DISCOVER"),
        (who.DHCP, "OFFER"),
        (who.TFTP, "DHCP REQUEST and no TFTP request"),
        (who.TFTP, "TFTP request"),
        (who.DHCP, "DHCP DISCOVER by the boot loader"),
        (who.DHCP, "OFFER"),
        (who.TFTP, "DHCP REQUEST and no TFTP request"),
        (who.TFTP, "TFTP request"),
        (who.HTTP, "request for the boot script"),
        (who.HTTP, "request for the kernel"),
        (who.HTTP, "request for the ramdisk"),
        (who.BARE_METAL_NODE, "lookup by the agent"),
        (who.BARE_METAL_NODE, "heartbeat"),
        (who.BARE_METAL_NODE, "the agent's work"),
    ]


def test_an_operator_reads_where_to_look() -> None:
    assert after(46, DISCOVER, OFFER, ACK).says == (
        "DHCP DISCOVER seen 40 s ago on provisioning, given 10.1.0.7, no TFTP request since: "
        "firewall or relay?"
    )
    assert after(44, DISCOVER, OFFER).says == (
        "DHCP DISCOVER seen 40 s ago on provisioning, offered 10.1.0.7, no DHCP REQUEST and no "
        "TFTP request since: firewall or relay, or another DHCP server?"
    )
    says = after(600, *LOADED).says or ""
    assert says.startswith("Kernel and ramdisk were fetched 10 min ago, no lookup by the agent")
    assert "did the kernel boot" in says


def test_nobody_is_sent_looking_while_it_is_early() -> None:
    assert after(5).says == "Powered on 5 s ago, no DHCP DISCOVER since."
    assert "does it boot by PXE" in (after(130).says or "")


def test_a_machine_that_boots_by_http_is_not_asked_for_tftp() -> None:
    file = "on provisioning, boot file http://10.1.0.2/boot.ipxe"
    offer, ack = (4.0, who.DHCP, "OFFER 10.1.0.7", file), (5.0, who.DHCP, "ACK 10.1.0.7", file)
    offered, given = after(30, DISCOVER, offer), after(30, DISCOVER, offer, ack)
    assert (offered.participant, offered.action) == (who.HTTP, "DHCP REQUEST and no HTTP request")
    assert (given.participant, given.action) == (who.HTTP, "HTTP request")
    unsaid = (4.0, who.DHCP, "OFFER 10.1.0.7", "on provisioning")
    assert after(30, DISCOVER, unsaid).participant == who.HTTP
    assert after(30, DISCOVER, unsaid, boot_mode="uefi").participant == who.TFTP


def test_virtual_media_waits_for_no_packets() -> None:
    interfaces = {"boot": "redfish-virtual-media"}
    found = after(200, interfaces=interfaces)
    assert found.action == "read of the virtual CD"
    assert "does the BMC reach" in (found.says or "")
    read = (20.0, who.HTTP, "GET media.iso", "900 of 900 bytes in 2.0 s")
    assert after(30, read, interfaces=interfaces).action == "lookup by the agent"


def test_a_ramdisk_that_asks_dhcp_again_is_not_thrown_back() -> None:
    assert after(30, *LOADED, BY_UDHCPC).action == "lookup by the agent"


def test_only_the_last_power_on_counts() -> None:
    before = boot(*UEFI)
    again = event(ON_AT + 100, who.BARE_METAL_NODE_BMC, "set power state", detail="rebooting")
    found = expected_next(node(), [*before, again], ON_AT + 110)
    assert found is not None and found.action == "DHCP DISCOVER" and found.for_s == 10


@pytest.mark.parametrize(
    ("state", "power"),
    [(State.ACTIVE, "power on"), (State.DEPLOYING, "power on"), (State.CLEAN_WAIT, "power off")],
)
def test_nothing_is_expected_of_a_machine_on_its_disk_or_off(state: State, power: str) -> None:
    events = boot(DISCOVER, power=power)
    assert expected_next(node(provision_state=state), events, ON_AT + 60) is None
    assert how_far(node(provision_state=state), events, ON_AT + 60) == ""


def test_a_refusal_is_said_in_its_own_words() -> None:
    refused = event(
        ON_AT + 4,
        who.DHCP,
        "DISCOVER",
        outcome="failed",
        detail="on provisioning, no address available",
    )
    found = expected_next(node(), [*boot(), refused], ON_AT + 9)
    assert found is not None and found.says == (
        "DHCP DISCOVER failed, on provisioning, no address available: is there an address left on "
        "that network, and does it know this machine?"
    )


def test_a_transfer_that_broke_is_said_until_one_succeeds() -> None:
    broke = event(
        ON_AT + 12, who.HTTP, "GET kernel", outcome="failed", detail="12 of 8000 bytes in 1.0 s"
    )
    found = expected_next(node(), [*boot(*LOADED[:-2]), broke], ON_AT + 20)
    assert found is not None and "GET kernel failed, 12 of 8000 bytes" in (found.says or "")
    better = event(ON_AT + 14, who.HTTP, "GET kernel")
    found = expected_next(node(), [*boot(*LOADED[:-2]), broke, better], ON_AT + 20)
    assert found is not None and found.action == "request for the ramdisk"


def test_an_agent_at_work_and_one_that_fell_silent() -> None:
    writing = event(
        ON_AT + 24,
        who.BARE_METAL_NODE,
        "write image",
        ended_at=None,
        outcome=None,
        operation="deploy-node",
    )
    events = [*boot(*UEFI), writing]
    beats = {"driver_internal_info": {"agent_last_heartbeat": ON_AT + 50}}
    found = expected_next(node(**beats), events, ON_AT + 54)
    assert found is not None and found.says == (
        "The agent is at work: write image for 30 s, its last heartbeat 4 s ago."
    )
    found = expected_next(node(**beats), events, ON_AT + 250)
    assert found is not None and "has the machine lost its power" in (found.says or "")


def test_without_a_bmc_that_is_recorded_the_step_tells_of_the_power_on() -> None:
    step = event(ON_AT, who.BARE_METAL_NODE_BMC, "power on ramdisk", operation="clean-node")
    found = expected_next(node(provision_state=State.CLEAN_WAIT), [step], ON_AT + 7)
    assert found is not None and found.for_s == 7
