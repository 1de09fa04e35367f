"""The Redfish BMCs: sushy-tools' emulator, one process for the rack, with a driver of ours.

`python -m unkai.rack.redfish STATE_DIR RUN_DIR`. Each machine's own BMC address leads here; the
power, the boot device and the media are asked of the rack's process over its socket. sushy-tools
and Flask have no types, so they are imported as values.
"""

from __future__ import annotations

import importlib
import logging
import os
import shutil
import sys
import tempfile
from pathlib import Path
from types import new_class
from typing import Any, Final

from unkai.kit.errors import Fault
from unkai.kit.process import ProcessId
from unkai.rack import control, processes
from unkai.rack.inventory import read_inventory
from unkai.rack.model import REDFISH_PORT, USERNAME, BootDevice, Inventory, MachineSpec

FROM_REDFISH: Final[dict[str, BootDevice]] = {
    "None": "none",
    "Hdd": "disk",
    "Pxe": "pxe",
    "UefiHttp": "http",
    "Cd": "cdrom",
}
TO_REDFISH: Final = {device: word for word, device in FROM_REDFISH.items()} | {"none": "Hdd"}

_RESETS: Final[dict[str, tuple[str, dict[str, bool]]]] = {
    "On": ("power", {"on": True}),
    "ForceOn": ("power", {"on": True}),
    "ForceOff": ("power", {"on": False}),
    "GracefulShutdown": ("press", {}),
    "ForceRestart": ("reset", {}),
    "GracefulRestart": ("reset", {}),
}
_MODULE: Final = "unkai.rack.redfish"
_BCRYPT_ROUNDS: Final = 4
"""The emulator hashes at every request; the password is random, and the address a loopback's."""


class Systems:
    """What the emulator asks about a machine, in the words of its drivers."""

    driver = "<rack>"

    def __init__(self, inventory: Inventory, error: Any, request: Any) -> None:
        self._specs = {
            inventory.identity(spec.name).uuid: spec
            for spec in inventory.machines
            if spec.bmc == "redfish"
        }
        self._inventory = inventory
        self._error = error
        self._request = request
        self._http_uris: dict[str, str] = {}

    @property
    def systems(self) -> list[str]:
        return list(self._specs)

    def uuid(self, identity: str) -> str:
        spec = self._spec(identity)
        return self._inventory.identity(spec.name).uuid

    def name(self, identity: str) -> str:
        return self._spec(identity).name

    def get_power_state(self, identity: str) -> str:
        return "On" if self._panel(identity)["power"] else "Off"

    def set_power_state(self, identity: str, state: str) -> None:
        if state not in _RESETS:
            raise self._error.NotSupportedError(f"The machine has no {state}.")
        if state == "ForceRestart" and self.get_power_state(identity) == "Off":
            state = "On"
        verb, words = _RESETS[state]
        self._ask(identity, verb, **words)

    def get_boot_device(self, identity: str) -> str:
        return TO_REDFISH[self._panel(identity)["boot"]]

    def set_boot_device(self, identity: str, boot_source: str) -> None:
        """For one boot where the request says Once, which the emulator itself does not hand on."""
        asked: Any = self._request.get_json()
        enabled = asked["Boot"].get("BootSourceOverrideEnabled")
        device = "none" if enabled == "Disabled" else FROM_REDFISH.get(boot_source)
        if device == "pxe" and asked["Boot"].get("BootSourceOverrideTarget") == "UefiHttp":
            device = "http"  # the emulator hands it on as Pxe
        if device is None:
            raise self._error.BadRequest(f"The machine does not boot from {boot_source}.")
        self._ask(identity, "boot", device=device, once=enabled == "Once")

    def get_boot_mode(self, identity: str) -> str:
        return "UEFI" if self._spec(identity).firmware == "uefi" else "Legacy"

    def set_boot_mode(self, identity: str, boot_mode: str) -> None:
        if boot_mode != self.get_boot_mode(identity):
            raise self._error.NotSupportedError("The machine's firmware has one mode.")

    def get_bios(self, identity: str) -> dict[str, str]:
        return self._panel(identity)["bios"]

    def set_bios(self, identity: str, attributes: dict[str, str]) -> None:
        """They count from the next start on."""
        if unknown := sorted(set(attributes) - set(self.get_bios(identity))):
            raise self._error.BadRequest(f"There are no settings {', '.join(unknown)}.")
        self._ask(identity, "bios", settings=attributes)

    def reset_bios(self, identity: str) -> None:
        self._ask(identity, "bios", settings=None)

    def get_total_memory(self, identity: str) -> int:
        return max(1, self._spec(identity).memory_mib // 1024)

    def get_total_cpus(self, identity: str) -> int:
        return self._spec(identity).vcpus

    def get_nics(self, identity: str) -> list[dict[str, str]]:
        nics = self._inventory.identity(self._spec(identity).name).nics
        return [{"id": nic.mac, "mac": nic.mac} for nic in nics]

    def get_boot_image(self, identity: str, device: str) -> tuple[str | None, bool, bool]:
        medium = self._panel(identity)["medium"]
        return medium or None, True, bool(medium)

    def set_boot_image(
        self,
        identity: str,
        device: str,
        boot_image: str | None = None,
        write_protected: bool = True,  # noqa: FBT001, FBT002  # the driver's signature
    ) -> None:
        if boot_image:
            self._ask(identity, "insert", image=boot_image)
        else:
            self._ask(identity, "eject")

    def get_http_boot_uri(self, identity: str) -> str | None:
        return self._http_uris.get(self.uuid(identity))

    def set_http_boot_uri(self, uri: str) -> None:
        self._http_uris[self.uuid(self._request.view_args["identity"])] = uri

    def _spec(self, identity: str) -> MachineSpec:
        if identity in self._specs:
            return self._specs[identity]
        for uuid, spec in self._specs.items():
            if spec.name == identity:
                raise self._error.AliasAccessError(uuid)
        raise self._error.NotFound(f"No machine {identity} here.")

    def _panel(self, identity: str) -> dict[str, Any]:
        return self._ask(identity, "panel")

    def _ask(self, identity: str, verb: str, **words: Any) -> Any:
        name = self._spec(identity).name
        socket = self._inventory.settings.control_socket
        try:
            return control.ask(socket, f"bmc-{verb}", machine=name, **words)
        except Fault as fault:
            raise self._error.FishyError(fault.message) from fault


def start(inventory: Inventory) -> ProcessId:
    """The emulator as a process of its own."""
    settings = inventory.settings
    argv = [sys.executable, "-m", _MODULE, str(settings.state_dir), str(settings.run_dir)]
    return processes.spawn(argv, words=settings.state_dir / "redfish.log")


def mark(inventory: Inventory) -> str:
    """What the process is found by again: its arguments as the kernel keeps them."""
    settings = inventory.settings
    return f"{_MODULE}\0{settings.state_dir}\0{settings.run_dir}"


def main() -> None:
    inventory = read_inventory(Path(sys.argv[1]))
    settings = inventory.settings
    media = settings.state_dir / "media"
    shutil.rmtree(media, ignore_errors=True)
    media.mkdir(mode=0o700)
    tempfile.tempdir = str(media)
    passwords = settings.run_dir / "redfish.passwd"
    passwords.touch(mode=0o600)
    bcrypt: Any = importlib.import_module("bcrypt")
    hashed = bcrypt.hashpw(inventory.password.encode(), bcrypt.gensalt(_BCRYPT_ROUNDS))
    passwords.write_text(f"{USERNAME}:{hashed.decode()}\n")
    server = _make_server(inventory, media, passwords)
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server.serve_forever()


def _make_server(inventory: Inventory, media: Path, passwords: Path) -> Any:
    emulator = importlib.import_module("sushy_tools.emulator.main")
    base = importlib.import_module("sushy_tools.emulator.resources.systems.base")
    error = importlib.import_module("sushy_tools.error")
    flask = importlib.import_module("flask")
    serving = importlib.import_module("werkzeug.serving")
    kind: Any = new_class("RackSystems", (Systems, base.AbstractSystemsDriver))
    systems = kind(inventory, error, flask.request)
    emulator.Application.systems = property(lambda _: systems)
    cd = {"Cd": {"Name": "Virtual CD", "MediaTypes": ["CD", "DVD"]}}
    emulator.app.configure(
        extra_config={
            "SUSHY_EMULATOR_STATE_DIR": str(media),
            "SUSHY_EMULATOR_AUTH_FILE": str(passwords),
            "SUSHY_EMULATOR_VMEDIA_VERIFY_SSL": False,
            "SUSHY_EMULATOR_VMEDIA_DEVICES": cd,
        }
    )
    address = inventory.settings.inside_address
    return serving.make_server(address, REDFISH_PORT, emulator.app, threaded=True)


if __name__ == "__main__":
    os.umask(0o077)
    main()
