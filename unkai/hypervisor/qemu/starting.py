"""From a prepared folder to a process that waits at its first instruction."""

from __future__ import annotations

from unkai.hypervisor import console
from unkai.hypervisor.folder import Folder, Prepared
from unkai.hypervisor.qemu import process
from unkai.hypervisor.qemu.command import Launch, command_line
from unkai.hypervisor.qemu.monitor import SOCKET
from unkai.hypervisor.qemu.process import Identity
from unkai.kit.errors import Failed


def spawn_machine(folder: Folder, prepared: Prepared, launch: Launch) -> Identity:
    """Start QEMU; blocks for some milliseconds.

    The monitor's socket listens before QEMU exists, so that connecting never has to be tried twice,
    and fails at once when QEMU dies.
    """
    console.renew(folder.console, prepared.uid)
    with process.listen_unix(folder.path, SOCKET) as listener:
        try:
            identity = process.spawn(
                command_line(prepared.machine, launch, listener.fileno()),
                folder=folder.path,
                errors=folder.errors,
                fds=[listener.fileno(), *launch.fds],
                uid=prepared.uid,
            )
        except OSError as error:
            raise Failed(
                f"{launch.binary} cannot be run: {error.strerror}.",
                code="qemu-failed",
                remedy="Install the package qemu-system-x86.",
            ) from error
    try:
        folder.write_process(identity)
    except OSError:
        process.kill(identity)
        raise
    return identity
