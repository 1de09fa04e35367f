"""Network namespaces: make them, work inside them, open taps and sockets in them.

`setns` acts on one thread, so work inside a namespace runs in a thread that is made for it and ends
with it: no thread of a pool ever stays behind in a foreign namespace. A socket or a tap keeps the
namespace it was born in, so the descriptor can be used from anywhere afterwards.

`call` blocks the caller (about 0.1 ms and the work itself); `run` awaits instead. In both the work
is a plain function; what it does with links is `kit.rtnetlink`. Namespaces are named as `ip netns`
names them (a bind mount below /run/netns), so the usual tools see them.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import errno
import fcntl
import os
import socket
import struct
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

from unkai.kit import rtnetlink

FOLDER: Final = Path("/run/netns")

_CLONE_NEWNET: Final = 0x40000000
_MS_BIND, _MS_REC, _MS_SHARED, _MNT_DETACH = 4096, 16384, 1 << 20, 2
_TUNSETIFF, _TUNSETPERSIST, _TUNSETOWNER = 0x400454CA, 0x400454CB, 0x400454CC
_IFF_TAP, _IFF_NO_PI, _IFF_VNET_HDR = 0x0002, 0x1000, 0x4000
_SO_BINDTODEVICE: Final = 25

T = TypeVar("T")


def path(name: str) -> Path:
    return FOLDER / name


def exists(name: str) -> bool:
    """Whether a namespace of that name is mounted (a leftover file alone does not count)."""
    try:
        return path(name).stat().st_dev != FOLDER.stat().st_dev
    except FileNotFoundError:
        return False


def names(prefix: str = "") -> list[str]:
    """Names below /run/netns that start so, sorted: what an audit looks at."""
    try:
        return sorted(entry.name for entry in FOLDER.iterdir() if entry.name.startswith(prefix))
    except FileNotFoundError:
        return []


def create(name: str) -> None:
    """Make a namespace with its loopback up; one that exists is left as it is."""
    if exists(name):
        return
    _share_folder()
    target = path(name)
    os.close(os.open(target, os.O_RDONLY | os.O_CREAT, 0o444))

    def make() -> None:
        _check(_libc().unshare(_CLONE_NEWNET), "unshare")
        _mount("/proc/thread-self/ns/net", str(target), _MS_BIND)
        rtnetlink.set_link("lo", up=True)

    try:
        _in_thread(make)
    except OSError:
        delete(name)
        raise


def delete(name: str) -> None:
    """Unmount and forget a namespace; it dies with its last process, socket or tap."""
    target = path(name)
    while exists(name):
        _check(_libc().umount2(os.fsencode(target), _MNT_DETACH), f"umount {target}")
    target.unlink(missing_ok=True)


def call(name: str | None, work: Callable[[], T]) -> T:
    """Run `work` in a thread of its own inside the namespace and hand back what it returns.

    None means the namespace this process runs in. Raises FileNotFoundError where there is none of
    that name, and whatever `work` raises.
    """
    return _in_thread(_entering(name, work))


async def run(name: str | None, work: Callable[[], T]) -> T:
    """`call` without holding up the event loop."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if done.cancelled():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(result)  # pyright: ignore[reportArgumentType]  # T may itself be None

    inside = _entering(name, work)

    def body() -> None:
        result, error = _attempt(inside)
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=body, name=f"netns {name}", daemon=True).start()
    return await done


def open_tap(
    name: str | None,
    tap: str,
    *,
    vnet_hdr: bool = True,
    persistent: bool = False,
    owner_uid: int | None = None,
    mtu: int = 0,
) -> int:
    """Make (or open) a tap in a namespace, bring it up, and return its descriptor.

    It is a switch's alone: the namespace itself does not hear it (`rtnetlink.deafen`).
    The descriptor is non-blocking and not inheritable; QEMU gets it by `pass_fds` or SCM_RIGHTS. A
    tap that is not persistent vanishes with its last descriptor. Raises OSError (EBUSY where
    another process holds the tap).
    """
    flags = _IFF_TAP | _IFF_NO_PI | (_IFF_VNET_HDR if vnet_hdr else 0)
    if not 0 < len(tap) <= rtnetlink.NAME_LENGTH_MAX:
        raise ValueError(f"tap name {tap!r} must have 1 to {rtnetlink.NAME_LENGTH_MAX} characters")

    def make() -> int:
        descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            fcntl.ioctl(descriptor, _TUNSETIFF, struct.pack("16sH22x", tap.encode(), flags))
            if owner_uid is not None:
                fcntl.ioctl(descriptor, _TUNSETOWNER, owner_uid)
            if persistent:
                fcntl.ioctl(descriptor, _TUNSETPERSIST, 1)
            rtnetlink.deafen(tap)
            rtnetlink.set_link(tap, up=True, mtu=mtu)
        except OSError:
            os.close(descriptor)
            raise
        return descriptor

    return call(name, make)


def listen_tcp(
    name: str | None, host: str, port: int, *, device: str | None = None, backlog: int = 128
) -> socket.socket:
    """A non-blocking listening TCP socket in a namespace; port 0 lets the kernel choose."""
    return call(name, lambda: _bound(socket.SOCK_STREAM, host, port, device, backlog))


def open_udp(
    name: str | None, host: str, port: int, *, device: str | None = None, broadcast: bool = False
) -> socket.socket:
    """A non-blocking bound UDP socket in a namespace."""

    def make() -> socket.socket:
        made = _bound(socket.SOCK_DGRAM, host, port, device, 0)
        if broadcast:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        return made

    return call(name, make)


def add_veth(
    name: str | None,
    link: str,
    peer_name: str,
    peer: str,
    *,
    mac: str = "",
    peer_mac: str = "",
    peer_addresses: tuple[str, ...] = (),
    mtu: int = 0,
) -> None:
    """A veth from namespace `name` to `peer_name`, both ends up, addresses on the peer."""

    def near() -> None:
        descriptor = os.open(path(peer_name), os.O_RDONLY | os.O_CLOEXEC)
        try:
            rtnetlink.add_veth(link, peer, peer_netns_fd=descriptor, mac=mac, peer_mac=peer_mac)
        finally:
            os.close(descriptor)
        rtnetlink.set_link(link, up=True, mtu=mtu)

    def far() -> None:
        for address in peer_addresses:
            rtnetlink.add_address(peer, address)
        rtnetlink.set_link(peer, up=True, mtu=mtu)

    call(name, near)
    call(peer_name, far)


def link_names(name: str, prefix: str = "") -> list[str]:
    """Interfaces of a namespace that start so: what an audit looks at. [] without the namespace."""
    if not exists(name):
        return []
    found = call(name, lambda: [link for _, link in socket.if_nameindex()])
    return sorted(link for link in found if link.startswith(prefix))


def processes(name: str) -> list[int]:
    """Pids of the processes that live in a namespace."""
    if not exists(name):
        return []
    inode = path(name).stat().st_ino
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if (entry / "ns/net").stat().st_ino == inode:
                    found.append(int(entry.name))
    return sorted(found)


def enter(name: str) -> None:
    """Move the calling thread into a namespace for good: for a child process before it execs."""
    descriptor = os.open(path(name), os.O_RDONLY | os.O_CLOEXEC)
    try:
        _check(_libc().setns(descriptor, _CLONE_NEWNET), f"setns {name}")
    finally:
        os.close(descriptor)


def _entering(name: str | None, work: Callable[[], T]) -> Callable[[], T]:
    def inside() -> T:
        if name is not None:
            enter(name)
        return work()

    return inside


def _attempt(work: Callable[[], T]) -> tuple[T | None, BaseException | None]:
    try:
        return work(), None
    except BaseException as error:  # noqa: BLE001  # raised again in the asking thread
        return None, error


def _in_thread(work: Callable[[], T]) -> T:
    box: list[tuple[Any, BaseException | None]] = []
    thread = threading.Thread(target=lambda: box.append(_attempt(work)), daemon=True)
    thread.start()
    thread.join()
    result, error = box[0]
    if error is not None:
        raise error
    return result


def _bound(kind: int, host: str, port: int, device: str | None, backlog: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, kind)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if device is not None:
            made.setsockopt(socket.SOL_SOCKET, _SO_BINDTODEVICE, device.encode())
        made.bind((host, port))
        if kind == socket.SOCK_STREAM:
            made.listen(backlog)
        made.setblocking(False)
    except OSError:
        made.close()
        raise
    return made


def _share_folder() -> None:
    """Make /run/netns a shared mount, as `ip netns` does, so that deletions reach everybody."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    try:
        _mount("", str(FOLDER), _MS_SHARED | _MS_REC)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        _mount(str(FOLDER), str(FOLDER), _MS_BIND | _MS_REC)
        _mount("", str(FOLDER), _MS_SHARED | _MS_REC)


def _mount(source: str, target: str, flags: int) -> None:
    code = _libc().mount(os.fsencode(source), os.fsencode(target), b"none", flags, None)
    _check(code, f"mount {target}")


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _check(code: int, what: str) -> None:
    if code != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
