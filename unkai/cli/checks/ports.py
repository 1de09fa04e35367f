"""Who listens on the cloud's port."""

from __future__ import annotations

import contextlib
import os
import socket
from pathlib import Path

from unkai.cli.checks.model import Check, fail, ok
from unkai.cli.running import find_cloud
from unkai.settings import Settings

LISTEN = "0A"


def check_port(settings: Settings) -> Check:
    cloud = find_cloud(settings)
    if cloud is not None and cloud.port == settings.port:
        return ok("port", f"{settings.port} is this cloud's own (pid {cloud.process.pid})")
    if _can_bind(settings.host, settings.port):
        return ok("port", f"{settings.host}:{settings.port} is free")
    return fail(
        "port",
        f"{settings.host}:{settings.port} is in use by {describe_listener(settings.port)}",
        "end that, or choose another: unkai up --port PORT",
    )


def describe_listener(port: int) -> str:
    """The program that listens there, as far as this user may see."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            held = {os.readlink(link) for link in (entry / "fd").iterdir()}
            if held & _listening_sockets(port):
                words = (
                    (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                )
                return f"pid {entry.name} ({words.strip()[:80]})"
    return "a process this user may not see"


def _can_bind(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _listening_sockets(port: int) -> set[str]:
    found: set[str] = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError):
            for line in Path(table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == LISTEN and int(fields[1].rsplit(":", 1)[1], 16) == port:
                    found.add(f"socket:[{fields[9]}]")
    return found
