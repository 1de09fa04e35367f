"""Namespaces, taps and sockets in them, on the real kernel."""

from __future__ import annotations

import os
import secrets
import select
import socket
import struct
import time
from collections.abc import Iterator

import pytest

from unkai.kit import netns, rtnetlink

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces need root"),
]


@pytest.fixture
def place() -> Iterator[str]:
    name = f"ut-{secrets.token_hex(4)}"
    netns.create(name)
    yield name
    netns.delete(name)


@pytest.fixture
def neighbour(place: str) -> Iterator[str]:
    name = f"{place}-n"
    netns.create(name)
    yield name
    netns.delete(name)


def test_a_namespace_is_made_once_and_deleted_once(place: str) -> None:
    netns.create(place)
    assert netns.exists(place)
    assert place in netns.names("ut-")
    assert netns.link_names(place) == ["lo"]

    netns.delete(place)
    netns.delete(place)

    assert not netns.exists(place)
    assert place not in netns.names("ut-")
    assert netns.link_names(place) == []


async def test_work_runs_inside_and_leaves_the_caller_outside(place: str) -> None:
    outside = os.stat("/proc/thread-self/ns/net").st_ino

    inside = await netns.run(place, lambda: os.stat("/proc/thread-self/ns/net").st_ino)

    assert inside == os.stat(netns.path(place)).st_ino
    assert inside != outside
    assert os.stat("/proc/thread-self/ns/net").st_ino == outside


async def test_errors_of_the_work_and_missing_namespaces_are_raised(place: str) -> None:
    with pytest.raises(FileNotFoundError):
        await netns.run(f"{place}-missing", lambda: None)
    with pytest.raises(OSError, match="no interface"):
        netns.call(place, lambda: rtnetlink.set_link("nothing", up=True))


def test_a_veth_carries_tcp_between_two_namespaces(place: str, neighbour: str) -> None:
    netns.add_veth(
        place,
        "here",
        neighbour,
        "there",
        peer_mac="fa:16:3e:00:00:02",
        peer_addresses=("10.9.0.2/24",),
    )
    netns.call(place, lambda: rtnetlink.add_address("here", "10.9.0.1/24"))
    netns.call(neighbour, lambda: rtnetlink.disable_tx_checksum("there"))
    netns.call(neighbour, lambda: rtnetlink.add_route("default", via="10.9.0.1"))
    with netns.listen_tcp(neighbour, "10.9.0.2", 80) as server:
        client = netns.call(place, lambda: socket.create_connection(("10.9.0.2", 80), timeout=5))
        server.setblocking(True)
        server.settimeout(5)
        accepted, peer = server.accept()
        with client, accepted:
            client.sendall(b"hello")
            assert accepted.recv(5) == b"hello"
            assert peer[0] == "10.9.0.1"
    assert netns.call(neighbour, lambda: rtnetlink.addresses("there")) == ["10.9.0.2/24"]
    there = [link for link in netns.call(neighbour, rtnetlink.links) if link.name == "there"]
    assert there[0].mac == "fa:16:3e:00:00:02"
    assert there[0].up

    netns.call(place, lambda: rtnetlink.delete_link("here"))
    netns.call(place, lambda: rtnetlink.delete_link("here"))

    assert netns.link_names(neighbour) == ["lo"]


def test_unreachable_routes_refuse_at_once(place: str) -> None:
    netns.call(place, lambda: rtnetlink.add_unreachable("default"))

    def ask() -> None:
        socket.create_connection(("192.0.2.1", 80), timeout=5)

    with pytest.raises(OSError, match="No route to host"):
        netns.call(place, ask)


def test_a_tap_lives_as_long_as_its_descriptor(place: str) -> None:
    descriptor = netns.open_tap(place, "tap-1", owner_uid=65534, mtu=1442)
    tap = [link for link in netns.call(place, rtnetlink.links) if link.name == "tap-1"]
    assert (tap[0].up, tap[0].mtu) == (True, 1442)
    assert not os.get_inheritable(descriptor)

    with pytest.raises(OSError, match="busy"):
        netns.open_tap(place, "tap-1")
    os.close(descriptor)

    assert netns.link_names(place, "tap-") == []


def test_a_persistent_tap_stays(place: str) -> None:
    os.close(netns.open_tap(place, "tap-2", persistent=True, vnet_hdr=False))

    assert netns.link_names(place, "tap-") == ["tap-2"]


def test_names_longer_than_the_kernel_allows_are_refused(place: str) -> None:
    with pytest.raises(ValueError, match="1 to 15"):
        netns.open_tap(place, "a-name-too-long-for-it")
    with pytest.raises(ValueError, match="1 to 15"):
        netns.call(place, lambda: rtnetlink.add_veth("a-name-too-long-for-it", "b"))


def test_udp_sockets_are_bound_inside(place: str) -> None:
    with netns.open_udp(place, "127.0.0.1", 6900, broadcast=True) as server:
        assert server.getsockname() == ("127.0.0.1", 6900)
    with pytest.raises(OSError, match="assign"):
        netns.open_udp(place, "192.0.2.1", 6900)


def test_the_namespace_itself_does_not_hear_a_tap(place: str) -> None:
    """Nor answers there for its own addresses: what is behind a tap is a switch's affair."""
    gateway, stranger = "10.9.9.1", "10.9.9.2"

    def prepare() -> None:
        rtnetlink.add_veth("d0", "d1")
        for link in ("d0", "d1"):
            rtnetlink.set_link(link, up=True)
        rtnetlink.add_address("d0", f"{gateway}/24")

    netns.call(place, prepare)
    tap = netns.open_tap(place, "tap-3", vnet_hdr=False)
    mac = bytes.fromhex("525400000001")
    words = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1)
    asked = mac + socket.inet_aton(stranger) + bytes(6) + socket.inet_aton(gateway)
    frame = b"\xff" * 6 + mac + b"\x08\x06" + words + asked
    with netns.open_udp(place, gateway, 6901) as server:
        os.write(tap, frame.ljust(60, b"\0"))
        os.write(tap, datagram(mac, stranger, gateway, 6901))
        assert heard(tap) == []
        with pytest.raises(BlockingIOError):
            server.recv(100)
    os.close(tap)


def datagram(mac: bytes, source: str, target: str, port: int) -> bytes:
    """To everybody on the wire, for an address that is the namespace's."""
    head = struct.pack("!BBHHHBBH", 0x45, 0, 32, 1, 0, 64, 17, 0)
    head += socket.inet_aton(source) + socket.inet_aton(target)
    total = sum(struct.unpack("!10H", head))
    total = ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF
    head = head[:10] + total.to_bytes(2, "big") + head[12:]
    udp = struct.pack("!HHHH", 6901, port, 12, 0) + b"here"
    return b"\xff" * 6 + mac + b"\x08\x00" + head + udp


def heard(tap: int, seconds: float = 0.3) -> list[bytes]:
    """Frames that the kernel sent to whoever is behind the tap."""
    frames: list[bytes] = []
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0 and select.select([tap], [], [], left)[0]:
        frames.append(os.read(tap, 2048))
    return frames
