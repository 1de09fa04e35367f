"""`unkai rack`: physical machines played by QEMU, for a cloud that has no metal at hand."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from cyclopts import App, Parameter

from unkai.cli.app import NOT_RUNNING
from unkai.cli.options import COMMON, Common
from unkai.cli.output import show
from unkai.cli.readable import as_lines
from unkai.cli.running import need_cloud
from unkai.cli.waiting import until
from unkai.kit.errors import BadRequest, Conflict, NotFound, Unavailable

if TYPE_CHECKING:
    from unkai.rack import MachineSpec, Rack

T = TypeVar("T")

EPILOGUE = "Every command takes --state-dir and --json; unkai rack COMMAND --help tells more."

rack_verb = App(name="rack", help_epilogue=EPILOGUE)

USUAL_MACHINES = ("node1:ipmi:bios", "node2:redfish:uefi", "node3:ipmi:uefi")
"""One of each kind of BMC, one of each kind of firmware, one that starts over TFTP by IPMI."""


@rack_verb.command
def up(
    *,
    machine: Annotated[tuple[str, ...], Parameter(negative="")] = USUAL_MACHINES,
    vlan: int | None = None,
    common: Common = COMMON,
) -> None:
    """Have these machines beside the running cloud; those there already stay as they are.

    Parameters
    ----------
    machine
        NAME[:ipmi|redfish][:bios|uefi][:MEMORY_MIB][:Ndisks], once for each.
    vlan
        Access VLAN of the ports of new machines; 0: none. Else the provisioning network's.
    """
    settings = common.settings()
    if need_cloud(settings).fake:
        raise Conflict(
            "A fake cloud has no network that a machine could be plugged into.",
            remedy="unkai up without --fake, in another --state-dir",
        )
    rack = _rack(common, vlan=vlan)
    _run(rack.start([parse_machine(text) for text in machine]))
    _show(rack, _run(rack.status()), common)


@rack_verb.command
def down(*, common: Common = COMMON) -> None:
    """End the machines and their BMCs and remove their disks."""
    from unkai.rack import remove

    rack = _rack(common)
    there = rack.settings.state_dir.exists()
    _run(remove(rack.settings))
    document = {"removed": there, "state_dir": str(rack.settings.state_dir)}
    text = "The rack is gone." if there else "There was no rack."
    show(document, text, as_json=common.json)


@rack_verb.command
def status(*, common: Common = COMMON) -> int:
    """Each machine: its power, its faults, and what enrolls it. Exit code 3: no rack runs."""
    rack = _rack(common)
    try:
        machines = _run(rack.status())
    except Unavailable:
        document: dict[str, Any] = {"running": False, "machines": []}
        show(document, "No rack runs here.", as_json=common.json)
        return NOT_RUNNING
    _show(rack, machines, common)
    return 0


@rack_verb.command
def fault(
    machine: str,
    kind: str,
    *,
    every: int = 3,
    delay_s: float = 2.0,
    power: Literal["on", "off", "inverted"] = "inverted",
    nic: int = 0,
    io: Literal["read", "write", "any"] = "any",
    common: Common = COMMON,
) -> None:
    """Break something in a machine or its BMC, until `unkai rack repair`.

    Parameters
    ----------
    machine
        Its name.
    kind
        bmc-silent, bmc-drops, bmc-slow, bmc-lies, bmc-ignores, nic-no-link, disk-fails, hangs
        or mute.
    every
        bmc-drops: each such request is lost.
    delay_s
        bmc-slow: how late each request arrives.
    power
        bmc-lies: what it reports.
    nic
        nic-no-link and mute: which one.
    io
        disk-fails: what fails.
    """
    from unkai.rack.faults import MEANINGS

    if kind not in MEANINGS:
        raise BadRequest(f"{kind!r} is no fault.", remedy=f"one of {', '.join(MEANINGS)}")
    words = {"every": every, "delay_s": delay_s, "power": power, "nic": nic, "io": io}
    _run(_rack(common).fault(machine, kind, **words))  # pyright: ignore[reportArgumentType]  # looked up above
    document = {"machine": machine, "kind": kind} | words
    show(document, f"{machine}: {MEANINGS[kind]}", as_json=common.json)


@rack_verb.command
def repair(machine: str, kind: str | None = None, *, common: Common = COMMON) -> None:
    """Mend one fault of a machine, or all of them."""
    _run(_rack(common).repair(machine, kind))  # pyright: ignore[reportArgumentType]  # unknown is fine
    show({"machine": machine}, f"{machine} works again.", as_json=common.json)


@rack_verb.command
def power(machine: str, state: Literal["on", "off"], *, common: Common = COMMON) -> None:
    """Switch a machine with a finger on its button, past the BMC."""
    _run(_rack(common).set_power(machine, on=state == "on"))
    show({"machine": machine, "power": state}, f"{machine} is {state}.", as_json=common.json)


@rack_verb.command
def vlan(machine: str, vlan: int, *, nic: int = 0, common: Common = COMMON) -> None:
    """Move a NIC's port of the switch to another access VLAN; 0: none."""
    _run(_rack(common).set_vlan(machine, vlan, nic=nic))
    document = {"machine": machine, "nic": nic, "vlan": vlan}
    show(document, f"NIC {nic} of {machine} is in VLAN {vlan}.", as_json=common.json)


@rack_verb.command
def console(
    machine: str,
    *,
    follow: Annotated[bool, Parameter(alias="-f", negative="")] = False,
    common: Common = COMMON,
) -> None:
    """Print what a machine's serial port has said.

    Parameters
    ----------
    machine
        Its name.
    follow
        Go on until Ctrl-C.
    """
    machines = _rack(common).machines
    if machine not in machines:
        raise NotFound(f"The rack has no machine {machine!r}, only {', '.join(machines)}.")
    log = machines[machine].console_log
    if not common.json:
        _print_from(log, follow=follow)
    else:
        show({"machine": machine, "console": machines[machine].console()}, "", as_json=True)


def parse_machine(text: str) -> MachineSpec:
    """NAME[:ipmi|redfish][:bios|uefi][:MEMORY_MIB][:Ndisks]. Raises BadRequest."""
    from unkai.rack import MachineSpec

    name, *words = text.split(":")
    fields: dict[str, Any] = {}
    for word in words:
        if word in ("ipmi", "redfish"):
            fields["bmc"] = word
        elif word in ("bios", "uefi"):
            fields["firmware"] = word
        elif word.endswith("disks") and word.removesuffix("disks").isdecimal():
            fields["disks"] = int(word.removesuffix("disks"))
        elif word.isdecimal():
            fields["memory_mib"] = int(word)
        else:
            raise BadRequest(
                f"{word!r} in {text!r} says nothing about a machine.",
                remedy="NAME[:ipmi|redfish][:bios|uefi][:MEMORY_MIB][:Ndisks]",
            )
    return MachineSpec(name=name, **fields)


def _rack(common: Common, *, vlan: int | None = None) -> Rack:
    from unkai.boot.rack import rack_settings
    from unkai.rack import Rack

    return Rack(rack_settings(common.settings(), vlan=vlan))


def _run(work: Awaitable[T]) -> T:
    async def run() -> T:
        return await work

    return asyncio.run(run())


def _show(rack: Rack, machines: Sequence[dict[str, Any]], common: Common) -> None:
    settings = rack.settings
    document = {
        "running": True,
        "namespace": settings.namespace,
        "bridge": settings.bridge,
        "cloud_settings": {
            "baremetal.uplink": settings.uplink,
            "baremetal.switches": [f"{settings.bridge}=unix:{settings.switch_socket}"],
        },
        "machines": list(machines),
    }
    show(document, as_lines(document), as_json=common.json)


def _print_from(log: Path, *, follow: bool) -> None:
    """A file as it grows; a machine that was never on has none yet."""
    at = 0

    def more() -> None:
        nonlocal at
        if log.exists():
            with log.open("rb") as file:
                at = at if log.stat().st_size >= at else 0
                file.seek(at)
                sys.stdout.write(file.read().decode(errors="replace"))
                sys.stdout.flush()
                at = file.tell()

    more()
    while follow:
        until(more, timeout_s=3600, interval_s=0.2)
