"""The IPMI BMC of a machine: OpenIPMI's `ipmi_sim`, one process each.

It does the power by running a program (`chassis_control`) for every question, and answers nobody
meanwhile; so the program is a few lines of bash that ask the rack's process over a socket. Its own
state is thrown away at each start: it would add the sensors' records once more.

Of the boot flags it hands on the device alone, not whether it is for one boot or for good: so it is
for one, which is what the flags mean without an option.
"""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path
from typing import Final

from unkai.kit.errors import Conflict
from unkai.kit.process import ProcessId
from unkai.rack import processes, sensors
from unkai.rack.model import (
    DOOR_PORT,
    IPMI_PORT,
    SERIAL_PORT,
    USERNAME,
    BootDevice,
    Inventory,
)
from unkai.rack.panel import Panel

FROM_IPMI: Final[dict[str, BootDevice]] = {
    "none": "none",
    "default": "disk",
    "pxe": "pxe",
    "cdrom": "cdrom",
}
TO_IPMI: Final = {device: word for word, device in FROM_IPMI.items()}

_DOOR_SCRIPT: Final = """\
#!/bin/bash
# ipmi_sim runs this for every question about the chassis; the rack's process answers.
exec 3<>/dev/tcp/{host}/{port} || exit 1
printf '%s\\n' "{key} $*" >&3
while IFS= read -r line <&3; do
    case $line in
    ok) exit 0 ;;
    *) printf '%s\\n' "$line" ;;
    esac
done
exit 1
"""

_LAN: Final = """\
name "{name}"
set_working_mc 0x20
  startlan 1
    addr {address} {port}
    priv_limit admin
    allowed_auths_callback none md2 md5 straight
    allowed_auths_user none md2 md5 straight
    allowed_auths_operator none md2 md5 straight
    allowed_auths_admin none md2 md5 straight
    guid {guid}
  endlan
  chassis_control "{door} {name}"
  sol "tcp:{address}:{serial}" 115200 history=16000
  user 1 false "" "" user 10 none md2 md5 straight
  user 2 true "{username}" "{password}" admin 10 none md2 md5 straight
"""


def write_door(inventory: Inventory) -> Path:
    """The program that ipmi_sim runs; it holds the key, so it is root's alone."""
    settings = inventory.settings
    door = settings.run_dir / "chassis"
    door.touch(mode=0o700)
    where = {"host": settings.inside_address, "port": DOOR_PORT, "key": inventory.key}
    door.write_text(_DOOR_SCRIPT.format(**where))
    return door


def start(inventory: Inventory, name: str) -> ProcessId:
    """Write its configuration and start it."""
    settings = inventory.settings
    identity = inventory.identity(name)
    folder = settings.run_dir / f"{name}.ipmi"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "state").mkdir(parents=True, mode=0o700)
    lan = _LAN.format(
        name=name,
        address=identity.inner_address,
        port=IPMI_PORT,
        guid=uuid.UUID(identity.uuid).hex,
        door=settings.run_dir / "chassis",
        serial=SERIAL_PORT,
        username=USERNAME,
        password=inventory.password,
    )
    lines = [
        "mc_setbmc 0x20",
        "mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02",
        "sel_enable 0x20 1000 0x0a",
        *sensors.commands(),
        "mc_enable 0x20",
    ]
    (folder / "lan.conf").write_text(lan)
    (folder / "commands").write_text("\n".join([*lines, ""]))
    argv = ["ipmi_sim", "-n", "-c", mark(inventory, name), "-f", str(folder / "commands")]
    log = settings.state_dir / name / "ipmi_sim.log"
    return processes.spawn([*argv, "-s", str(folder / "state")], words=log)


def mark(inventory: Inventory, name: str) -> str:
    """What the process is found by again."""
    return str(inventory.settings.run_dir / f"{name}.ipmi" / "lan.conf")


async def answer(panel: Panel, words: list[str]) -> list[str]:
    """What the program prints for `get PARAMETER...` or `set PARAMETER VALUE ...`."""
    if words[:1] == ["get"]:
        told = {"power": str(int(panel.reported_power())), "boot": TO_IPMI.get(panel.boot, "pxe")}
        return [f"{one}:{told[one]}" for one in words[1:] if one in told]
    if words[:1] != ["set"] or len(words) % 2 == 0:
        raise Conflict(f"The chassis does not know {' '.join(words)!r}.")
    for parameter, value in zip(words[1::2], words[2::2], strict=True):
        if parameter == "power":
            await panel.power(on=value == "1")
        elif parameter == "reset":
            await panel.reset()
        elif parameter == "shutdown":
            await panel.press_power_button()
        elif parameter == "boot":
            panel.set_boot(FROM_IPMI.get(value, "none"), once=True)
    return []
