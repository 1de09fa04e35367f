"""What a machine should do next on its way to our agent, and for how long it has not come.

A pure function of the node and of what its timeline holds since its last power-on by us. Each
stage of a boot is a row of `STAGES`: what was seen, what comes after it, how long that may take,
and what an operator looks at when it does not come. The furthest stage that was reached counts:
a ramdisk that asks DHCP again does not throw the machine back to its firmware.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from unkai.baremetal.model import Node
from unkai.baremetal.states import WAITING
from unkai.timeline import model as who
from unkai.timeline.model import Awaited, Event

ON: Final = frozenset({"power on", "rebooting", "soft rebooting"})
POWER_STEPS: Final = frozenset({"power on ramdisk", "power on instance"})
MEDIA_BOOTS: Final = ("redfish-virtual-media", "redfish-https")
FIRST_SCRIPT = "sent first.ipxe"
SCRIPT, KERNEL, RAMDISK, MEDIA = "script", "GET kernel", "GET initramfs", "GET media"
LOOKUP, HEARTBEAT = "agent looks its node up", "agent's first heartbeat"
SILENT_AGENT_S: Final = 120.0
"""An agent beats at the least every 100 s (a third of heartbeat_timeout_s)."""
REFUSED: Final = {
    who.DHCP: "is there an address left on that network, and does it know this machine?",
    who.TFTP: "did the network drop it, and does the firmware ask for a file that is there?",
    who.HTTP: "did the machine lose its network or its power on the way?",
}
"""What to look at when the last thing seen went wrong."""


@dataclass(slots=True)
class Boot:
    """What was seen since the power-on, the newest of each kind."""

    on: Event
    by_media: bool
    firmware: str
    seen: dict[str, Event] = field(default_factory=dict[str, Event])
    failed: dict[str, Event] = field(default_factory=dict[str, Event])
    working: Event | None = None
    beaten_at: float | None = None

    def has(self, *names: str) -> bool:
        return all(name in self.seen for name in names)

    def last(self, *names: str) -> Event:
        found = [self.seen[name] for name in names if name in self.seen]
        return max(found, key=_order, default=self.on)

    @property
    def wants_tftp(self) -> bool:
        """Whether the firmware was pointed to a file by TFTP, or will be before any was offered."""
        if self.has("OFFER") or self.has("ACK"):
            file = _boot_file(self.last("OFFER", "ACK"))
            if file:
                return not file.startswith("http")
        return self.firmware == "uefi" and "TFTP" not in self.seen


@dataclass(frozen=True, slots=True)
class Stage:
    """A row of the table; the first whose `reached` holds is where the machine is.

    within_s: how long the next may take before it is worth a look.
    """

    reached: Callable[[Boot], bool]
    since: Callable[[Boot], Event]
    participant: str
    awaits: str
    within_s: float
    seen: Callable[[Boot], str]
    look_at: str


def expected_next(node: Node, events: Sequence[Event], now: float) -> Awaited | None:
    """None where nothing is expected: off, booted from its disk, or not waited for.

    events: the node's, oldest first.
    """
    if node.provision_state not in WAITING:
        return None
    boot = _boot_of(node, events)
    if boot is None:
        return None
    if boot.has(HEARTBEAT):
        return _agent_at_work(boot, now)
    stage = next(stage for stage in STAGES if stage.reached(boot))
    since = _moment(stage.since(boot))
    ago = max(0.0, now - since)
    says = f"{stage.seen(boot).format(ago=_seconds(ago))}, no {stage.awaits} since"
    says += f": {stage.look_at}" if ago > stage.within_s else "."
    says = _refused_after(boot, since) or says
    return Awaited(stage.participant, stage.awaits, ago, stage.within_s, says)


def how_far(node: Node, events: Sequence[Event], now: float) -> str:
    """The same as a sentence for a machine that was given up; empty if nothing is known."""
    found = expected_next(node, events, now)
    return found.says or "" if found else ""


# --- reading the events


def _boot_of(node: Node, events: Sequence[Event]) -> Boot | None:
    at = next((i for i in range(len(events) - 1, -1, -1) if _switches(events[i])), None)
    if at is None or _is_off(events[at]):
        return None
    boot = Boot(
        on=events[at],
        by_media=node.interface("boot") in MEDIA_BOOTS,
        firmware=node.boot_mode or _capability(node, "boot_mode") or "bios",
        beaten_at=node.driver_internal_info.get("agent_last_heartbeat"),
    )
    for event in events[at + 1 :]:
        if event.operation is not None:
            if event.ended_at is None and event.participant == who.BARE_METAL_NODE:
                boot.working = event
            continue
        name = _name(event)
        if name:
            (boot.failed if event.outcome == "failed" else boot.seen)[name] = event
    return boot


def _switches(event: Event) -> bool:
    if event.outcome == "failed":
        return False
    if event.participant == who.BARE_METAL_NODE_BMC and event.action == "set power state":
        return True
    return event.operation is not None and event.action in POWER_STEPS


def _is_off(event: Event) -> bool:
    return event.action == "set power state" and (event.detail or "") not in ON


def _name(event: Event) -> str | None:
    """The kind of a sighting, as the table speaks of it."""
    match event.participant:
        case who.DHCP:
            return event.action.split(" ")[0]
        case who.TFTP:
            return FIRST_SCRIPT if event.action == FIRST_SCRIPT else "TFTP"
        case who.HTTP:
            known = (SCRIPT, KERNEL, RAMDISK, MEDIA)
            return next((name for name in known if event.action.startswith(name)), None)
        case who.BARE_METAL_NODE if event.action in (LOOKUP, HEARTBEAT):
            return event.action
        case _:
            return None


def _moment(event: Event) -> float:
    return event.started_at if event.ended_at is None else event.ended_at


def _order(event: Event) -> tuple[float, int]:
    """Packets of one second are in the order they were written."""
    return _moment(event), event.id


def _capability(node: Node, name: str) -> str:
    words = str(node.properties.get("capabilities") or "").split(",")
    found = dict(word.split(":", 1) for word in words if ":" in word)
    return found.get(name, "")


def _boot_file(event: Event) -> str:
    return (event.detail or "").partition("boot file ")[2].strip()


def _address(boot: Boot) -> str:
    return boot.last("OFFER", "ACK").action.partition(" ")[2] or "an address"


def _network(boot: Boot) -> str:
    """As the first words of a packet's detail say it ("on provisioning")."""
    return (boot.last("DISCOVER", "REQUEST").detail or "").split(",")[0]


def _refused_after(boot: Boot, since: float) -> str:
    """What went wrong after the last thing that went right."""
    wrong = [event for event in boot.failed.values() if _moment(event) >= since]
    if not wrong:
        return ""
    last = max(wrong, key=_order)
    return f"{last.participant} {last.action} failed, {last.detail}: {REFUSED[last.participant]}"


def _seconds(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 300 else f"{seconds / 60:.0f} min"


def _agent_at_work(boot: Boot, now: float) -> Awaited:
    beaten_at = boot.beaten_at or _moment(boot.seen[HEARTBEAT])
    silent = max(0.0, now - beaten_at)
    if silent > SILENT_AGENT_S:
        says = (
            f"The agent's last heartbeat came {_seconds(silent)} ago, none since: has the machine "
            "lost its power or its network? Its console shows it."
        )
        return Awaited(who.BARE_METAL_NODE, "heartbeat", silent, SILENT_AGENT_S, says)
    if boot.working is None:
        says = "The agent has called; its work begins."
        return Awaited(who.BARE_METAL_NODE, "the agent's work", silent, SILENT_AGENT_S, says)
    took = max(0.0, now - boot.working.started_at)
    says = (
        f"The agent is at work: {boot.working.action} for {_seconds(took)}, its last heartbeat "
        f"{_seconds(silent)} ago."
    )
    return Awaited(who.BARE_METAL_NODE, boot.working.action, took, None, says)


# --- the table, from the end of a boot to its beginning


def _loaded(boot: Boot) -> bool:
    return boot.has(MEDIA) if boot.by_media else boot.has(KERNEL, RAMDISK)


def _loader_sent(boot: Boot) -> bool:
    """A loader came by TFTP, and nothing was asked of DHCP after it."""
    return boot.has("TFTP") and boot.last("TFTP", "DISCOVER", "REQUEST") is boot.seen["TFTP"]


def _sent_on(boot: Boot) -> bool:
    """The first script came by TFTP, and nothing was asked of DHCP after it."""
    if not boot.has(FIRST_SCRIPT):
        return False
    return boot.last(FIRST_SCRIPT, "DISCOVER", "REQUEST") is boot.seen[FIRST_SCRIPT]


def _given(boot: Boot) -> bool:
    return boot.has("ACK") and boot.last("DISCOVER", "ACK") is boot.seen["ACK"]


def _offered(boot: Boot) -> bool:
    return boot.has("OFFER") and boot.last("DISCOVER", "OFFER") is boot.seen["OFFER"]


def _dhcp(ending: str) -> Callable[[Boot], str]:
    def said(boot: Boot) -> str:
        first = f"DHCP DISCOVER seen {{ago}} ago {_network(boot)}".rstrip()
        return first + ending.format(address=_address(boot))

    return said


def _says(text: str) -> Callable[[Boot], str]:
    return lambda _: text


def _last(*names: str) -> Callable[[Boot], Event]:
    return lambda boot: boot.last(*names)


def _seen(*names: str) -> Callable[[Boot], bool]:
    return lambda boot: boot.has(*names)


_ACROSS = "firewall or relay?"
STAGES: Final = (
    Stage(
        _seen(LOOKUP),
        _last(LOOKUP),
        who.BARE_METAL_NODE,
        "heartbeat",
        30,
        _says("The agent looked its node up {ago} ago"),
        "does the machine still run, and was its heartbeat refused? See its console.",
    ),
    Stage(
        _loaded,
        _last(KERNEL, RAMDISK, MEDIA),
        who.BARE_METAL_NODE,
        "lookup by the agent",
        90,
        lambda boot: (
            "The virtual CD was read {ago} ago"
            if boot.by_media
            else "Kernel and ramdisk were fetched {ago} ago"
        ),
        "did the kernel boot, and does it have a driver for this network card? See its console.",
    ),
    Stage(
        lambda boot: boot.by_media,
        lambda boot: boot.on,
        who.HTTP,
        "read of the virtual CD",
        180,
        _says("Powered on {ago} ago"),
        "does the BMC reach the address of the CD, and does the machine boot from it?",
    ),
    Stage(
        _seen(KERNEL),
        _last(KERNEL),
        who.HTTP,
        "request for the ramdisk",
        30,
        _says("The kernel was fetched {ago} ago"),
        "did the boot loader run out of memory? See the machine's console.",
    ),
    Stage(
        _seen(SCRIPT),
        _last(SCRIPT),
        who.HTTP,
        "request for the kernel",
        30,
        _says("The boot script was fetched {ago} ago"),
        "does the script's kernel address answer? See the machine's console.",
    ),
    Stage(
        _sent_on,
        _last(FIRST_SCRIPT),
        who.HTTP,
        "request for the boot script",
        20,
        _says("The boot loader was sent on to HTTP {ago} ago"),
        "firewall, or is Unkai away? It asks again for some minutes.",
    ),
    Stage(
        _loader_sent,
        _last("TFTP"),
        who.DHCP,
        "DHCP DISCOVER by the boot loader",
        30,
        _says("The boot loader was sent by TFTP {ago} ago"),
        "did it start? Secure Boot, or a loader for another architecture?",
    ),
    Stage(
        lambda boot: _given(boot) and boot.wants_tftp,
        _last("DISCOVER", "ACK"),
        who.TFTP,
        "TFTP request",
        20,
        _dhcp(", given {address}"),
        _ACROSS,
    ),
    Stage(
        _given,
        _last("DISCOVER", "ACK"),
        who.HTTP,
        "HTTP request",
        20,
        _dhcp(", given {address}"),
        _ACROSS,
    ),
    Stage(
        lambda boot: _offered(boot) and boot.wants_tftp,
        _last("DISCOVER", "OFFER"),
        who.TFTP,
        "DHCP REQUEST and no TFTP request",
        20,
        _dhcp(", offered {address}"),
        "firewall or relay, or another DHCP server?",
    ),
    Stage(
        _offered,
        _last("DISCOVER", "OFFER"),
        who.HTTP,
        "DHCP REQUEST and no HTTP request",
        20,
        _dhcp(", offered {address}"),
        "firewall or relay, or another DHCP server?",
    ),
    Stage(
        _seen("DISCOVER"),
        _last("DISCOVER"),
        who.DHCP,
        "OFFER",
        10,
        _dhcp(""),
        "is there an address left on that network, and is the machine's MAC one of the node's "
        "ports?",
    ),
    Stage(
        lambda _: True,
        lambda boot: boot.on,
        who.DHCP,
        "DHCP DISCOVER",
        120,
        _says("Powered on {ago} ago"),
        "is its network card linked and on the provisioning network, does it boot by PXE, and is "
        "its MAC one of the node's ports?",
    ),
)
