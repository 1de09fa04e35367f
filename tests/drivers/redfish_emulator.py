"""sushy-tools' Redfish service over one machine that exists in its memory; run as a program.

    python -m tests.drivers.redfish_emulator PORT STATE_FOLDER [sessions] [CERTIFICATE KEY]

Its own played system takes seconds for each change of power; this one takes none, and knows its
processors, memory, disks and BIOS. Every reset is written to STATE_FOLDER/resets, with "sessions"
those that are open to STATE_FOLDER/sessions.
"""

# pyright: basic, reportAttributeAccessIssue=false
# The emulator it builds on has no types.

from __future__ import annotations

import ssl
import sys
from pathlib import Path

import bcrypt
from sushy_tools import error
from sushy_tools.emulator import main as emulator
from sushy_tools.emulator.resources.systems.fakedriver import FakeDriver

from tests.drivers.redfish_machine import BIOS, DISK_BYTES, MACS, PASSWORD, USER, UUID
from tests.drivers.redfish_sessions import Sessions


class PlayedSystem(FakeDriver):
    folder = Path()

    def set_power_state(self, identity: str, state: str) -> None:
        system = self._get(identity)
        with (self.folder / "resets").open("a") as file:
            file.write(f"{state}\n")
        if state in {"On", "ForceOn", "ForceRestart", "GracefulRestart"}:
            self._update(system, power_state="On")
        elif state in {"ForceOff", "GracefulShutdown"}:
            self._update(system, power_state="Off")
        elif state != "Nmi":
            raise error.NotSupportedError(f"no reset of type {state}")

    def get_bios(self, identity: str) -> dict[str, str]:
        return self._get(identity).get("bios", BIOS)

    def set_bios(self, identity: str, attributes: dict[str, str]) -> None:
        self._update(identity, bios={**self.get_bios(identity), **attributes})

    def reset_bios(self, identity: str) -> None:
        self._update(identity, bios=dict(BIOS))

    def get_total_memory(self, identity: str) -> int:
        return 4

    def get_total_cpus(self, identity: str) -> int:
        return 8

    def get_processors(self, identity: str) -> list[dict[str, str]]:
        one = {"vendor": "Played", "model": "Played CPU", "cores": "4", "threads": "8"}
        return [{"Id": "CPU0", "id": "CPU0", "socket": "0", **one}]

    def get_versions(self, identity: str) -> dict[str, str]:
        return {"BiosVersion": "1.0.0"}

    def get_simple_storage_collection(self, identity: str) -> dict[str, object]:
        disk = {"Name": "vda", "CapacityBytes": DISK_BYTES}
        return {"virtio": {"Id": "virtio", "Name": "virtio", "DeviceList": [disk]}}


def main(port: int, folder: Path, *words: str) -> None:
    pair = [word for word in words if word != "sessions"]
    passwords = folder / "htpasswd"
    digest = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4, prefix=b"2b")).decode()
    passwords.write_text(f"{USER}:{digest}\n")
    PlayedSystem.folder = folder
    nics = [{"mac": mac, "ip": "127.0.0.1"} for mac in MACS]
    machine = {"uuid": UUID, "name": "played", "power_state": "Off", "nics": nics}
    emulator.app.configure(
        extra_config={
            "SUSHY_EMULATOR_STATE_DIR": str(folder),
            "SUSHY_EMULATOR_AUTH_FILE": str(passwords),
            "SUSHY_EMULATOR_FAKE_SYSTEMS": [machine],
        }
    )
    system = PlayedSystem.initialize(emulator.app.config, emulator.app.logger)()
    type(emulator.app).systems = property(lambda _: system)
    if "sessions" in words:
        app = emulator.app.wsgi_app
        emulator.app.wsgi_app = Sessions(app, USER, PASSWORD, folder / "sessions")
    context = None
    if pair:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*pair)
    emulator.app.run(host="127.0.0.1", port=port, threaded=True, ssl_context=context)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
