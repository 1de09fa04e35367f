"""A physical machine for the deploy agent (QEMU with empty disks), and a small conductor.

Both live in a network namespace of the test's own. QEMU's user network gives the machine DHCP; what
it sends to 10.0.2.2 arrives at the namespace's loopback, and the machine's port 9999 is there too.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar

from unkai.guests.ramdisk import Ramdisk
from unkai.kit import netns

NODE = "3a0f8a50-0000-4000-8000-00000000ad01"
TOKEN = "t0ken-" * 6 + "of-the-test"
MAC = "52:54:00:aa:00:01"
API_PORT, AGENT_PORT = 6385, 9999
LIMIT_S = 120

Answer = dict[str, Any]
T = TypeVar("T")


def wait_for(look: Callable[[], T | None], what: str, limit_s: float = LIMIT_S) -> T:
    ends_at = time.monotonic() + limit_s
    while (found := look()) is None:
        assert time.monotonic() < ends_at, f"{what} did not come within {limit_s} s"
        time.sleep(0.05)
    return found


class Conductor:
    """Answers lookups and heartbeats, serves files, and gives the agent commands."""

    def __init__(self, namespace: str, files: Path) -> None:
        self.namespace, self.files = namespace, files
        self.known = True
        self.token_shown = TOKEN
        self.lookups: list[str] = []
        self.heartbeats: list[Answer] = []
        self.inspections: list[Answer] = []
        self.first_heartbeat_at = 0.0
        self._server = netns.call(
            namespace,
            lambda: ThreadingHTTPServer(("127.0.0.1", API_PORT), partial(_Door, self)),
        )
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def call(
        self, method: str, path: str, body: Any = None, *, token: str | None = TOKEN
    ) -> tuple[int, Answer]:
        """Status and answer of the agent."""
        url = f"http://127.0.0.1:{AGENT_PORT}{path}"
        if token is not None:
            url += ("&" if "?" in path else "?") + f"agent_token={token}"
        data = body if isinstance(body, bytes) else json.dumps(body).encode() if body else None
        request = urllib.request.Request(url, data, method=method)

        def ask() -> tuple[int, Answer]:
            try:
                with urllib.request.urlopen(request, timeout=LIMIT_S) as answer:
                    return answer.status, json.load(answer)
            except urllib.error.HTTPError as refused:
                with refused:
                    return refused.code, json.load(refused)

        return netns.call(self.namespace, ask)

    def run(self, name: str, params: Answer | None = None, *, wait: bool = True) -> Answer:
        """The CommandResult."""
        path = "/v1/commands/" + ("?wait=true" if wait else "")
        status, answer = self.call("POST", path, {"name": name, "params": params or {}})
        assert status == 200, answer
        return answer


class _Door(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, conductor: Conductor, *rest: Any) -> None:
        self.conductor = conductor
        super().__init__(*rest)

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def reply(self, status: int, body: Answer | None = None) -> None:
        data = json.dumps(body).encode() if body is not None else b""
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self) -> None:
        path = self.path
        if path == "/":
            self.reply(200, {"default_version": {"id": "v1", "version": "1.93"}})
        elif path.startswith("/v1/lookup?"):
            self._lookup()
        elif (file := self.conductor.files / path.removeprefix("/files/")).is_file():
            self.send_response(200)
            self.send_header("Content-Length", str(file.stat().st_size))
            self.end_headers()
            self.wfile.write(file.read_bytes())
        else:
            self.reply(404, {"error_message": "no such file"})

    def _lookup(self) -> None:
        self.conductor.lookups.append(self.path)
        if not self.conductor.known:
            self.reply(404, {"error_message": "no node has this address"})
            return
        node = {"uuid": NODE, "properties": {"root_device": {"serial": "DISK-1"}}}
        config = {"heartbeat_timeout": 12, "agent_token": self.conductor.token_shown}
        self.reply(200, {"node": node, "config": config})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == f"/v1/heartbeat/{NODE}":
            self.conductor.first_heartbeat_at = (
                self.conductor.first_heartbeat_at or time.monotonic()
            )
            self.conductor.heartbeats.append(body)
            self.reply(202)
        elif self.path == "/v1/continue_inspection":
            self.conductor.inspections.append(body)
            self.reply(200, {"uuid": NODE})
        else:
            self.reply(404, {})


class Metal:
    """A machine: one QEMU process; its disks stay when the power goes."""

    def __init__(self, namespace: str, folder: Path, disks: dict[str, int]) -> None:
        """`disks` are sizes in MiB by serial number; the files are FOLDER/SERIAL.raw."""
        self.namespace, self.folder = namespace, folder
        self.console_file = folder / "console.log"
        self.disks = {serial: folder / f"{serial}.raw" for serial in disks}
        for serial, size_mib in disks.items():
            with self.disks[serial].open("wb") as file:
                file.truncate(size_mib * 1024 * 1024)
        self._process: subprocess.Popen[bytes] | None = None

    def power_on(
        self,
        *boot: str,
        machine: str = "pc",
        nic: str = "virtio-net-pci",
        bus: str = "virtio-blk-pci",
    ) -> None:
        self.console_file.unlink(missing_ok=True)
        words = ["qemu-system-x86_64", "-M", machine, "-accel", "tcg,thread=multi", "-m", "384"]
        words += ["-nodefaults", "-display", "none", "-no-reboot", "-sandbox", "on"]
        words += ["-smbios", "type=1,manufacturer=Unkai,product=vnode,serial=SN-1"]
        words += ["-serial", f"file:{self.console_file}", "-device", "virtio-rng-pci"]
        user = f"user,id=n0,hostfwd=tcp:127.0.0.1:{AGENT_PORT}-:9999"
        words += ["-netdev", user, "-device", f"{nic},netdev=n0,mac={MAC}"]
        for number, (serial, path) in enumerate(self.disks.items()):
            drive = f"if=none,id=d{number},file={path},format=raw,cache=unsafe,discard=unmap"
            device = f"{bus},drive=d{number},serial={serial}"
            device += f",bus=ide.{number}" if bus == "ide-hd" else ""
            words += ["-drive", drive, "-device", device]
        enter = ["nsenter", f"--net={netns.path(self.namespace)}"]
        self._process = subprocess.Popen([*enter, *words, *boot], stdin=subprocess.DEVNULL)

    def console(self) -> str:
        if not self.console_file.exists():
            return ""
        return self.console_file.read_text(errors="replace")

    def said(self, words: str) -> str:
        return wait_for(lambda: self.console() if words in self.console() else None, words)

    def is_off(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def wait_off(self) -> None:
        wait_for(lambda: self.is_off() or None, "power off", 60)

    def power_off(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def parameters(*more: str) -> str:
    """The kernel's command line that sends a machine home."""
    words = f"console=ttyS0 ipa-api-url=http://10.0.2.2:{API_PORT} panic=5 quiet"
    return " ".join([words, "BOOTIF=01-" + MAC.replace(":", "-"), *more])


def direct(ramdisk: Ramdisk, *more: str) -> tuple[str, ...]:
    """QEMU's words to start the ramdisk without a boot loader."""
    files = ("-kernel", str(ramdisk.kernel), "-initrd", str(ramdisk.initramfs))
    return (*files, "-append", parameters(*more))


def firmware(name: str) -> tuple[str, ...]:
    """QEMU's words for "bios" or "uefi"."""
    if name == "bios":
        return ()
    code = "/usr/share/OVMF/OVMF_CODE_4M.fd"
    return ("-drive", f"if=pflash,format=raw,readonly=on,file={code}")


def digest_of(path: Path, name: str) -> Answer:
    """What an image_info says of a file's checksum."""
    digest = hashlib.new(name, path.read_bytes()).hexdigest()
    return {"os_hash_algo": name, "os_hash_value": digest}
