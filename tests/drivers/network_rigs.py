"""A small tenant's world for tests of network drivers: builders of objects, guests on the wire."""

from __future__ import annotations

import asyncio
import http.client
import ipaddress
import itertools
import os
import secrets
import shutil
import socket
import subprocess
import uuid
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from unkai.kit import netns, rtnetlink
from unkai.kit.clock import Clock
from unkai.network.drivers.base import (
    Desired,
    DesiredFloatingIP,
    DesiredNetwork,
    DesiredPort,
    DesiredRouter,
    DesiredSecurityGroup,
    DesiredSubnet,
    RouterPort,
)
from unkai.network.drivers.ovn import switch
from unkai.network.drivers.ovn.driver import OvnDriver
from unkai.network.model import (
    OWNER_METADATA,
    OWNER_ROUTER_GATEWAY,
    OWNER_ROUTER_INTERFACE,
    ExternalGateway,
    FixedIP,
    FloatingIP,
    Network,
    Port,
    Router,
    SecurityGroup,
    SecurityGroupRule,
    Subnet,
)

HAS_OVN = os.geteuid() == 0 and shutil.which("ovn-northd") is not None
needs_ovn = pytest.mark.skipif(not HAS_OVN, reason="needs root, Open vSwitch and OVN")

PROJECT = "5f1b2f6a0c7d4a51a1d0a6b5b0c0ffee"


def new_id() -> str:
    return str(uuid.uuid4())


def new_mac() -> str:
    return "fa:16:3e:" + secrets.token_bytes(3).hex(":")


class Tenant:
    """One network with one subnet, its metadata port, and a security group that lets out."""

    def __init__(self, cidr: str = "10.0.0.0/24", **subnet: Any) -> None:
        self.base = cidr.rsplit(".", 1)[0]
        given: dict[str, Any] = {"gateway_ip": f"{self.base}.1"}
        given |= {"dns_nameservers": ("192.0.2.53",)} | subnet
        self._hosts = ipaddress.ip_network(cidr)
        self.network = Network(id=new_id(), project_id=PROJECT)
        self.subnet = Subnet(
            id=new_id(),
            project_id=PROJECT,
            network_id=self.network.id,
            cidr=cidr,
            **given,
        )
        self.group = SecurityGroup(id=new_id(), project_id=PROJECT, name="default")
        self.group = self.with_rules(self.rule("egress"))
        self.metadata = self.port(2, device_owner=OWNER_METADATA).port

    @property
    def dhcp(self) -> DesiredSubnet:
        return DesiredSubnet(self.subnet, self.network, metadata_ip=f"{self.base}.2")

    def rule(self, direction: str = "ingress", **fields: Any) -> SecurityGroupRule:
        return SecurityGroupRule(
            id=new_id(),
            project_id=PROJECT,
            security_group_id=self.group.id,
            direction=direction,
            **fields,
        )

    def with_rules(self, *rules: SecurityGroupRule) -> SecurityGroup:
        """The group with these rules besides those it has."""
        return replace(self.group, rules=(*self.group.rules, *rules))

    def port(self, host: int, **fields: Any) -> DesiredPort:
        given: dict[str, Any] = {"security_group_ids": (self.group.id,)}
        given |= {"mac_address": new_mac()} | fields
        made = Port(
            id=new_id(),
            project_id=PROJECT,
            network_id=self.network.id,
            fixed_ips=(FixedIP(self.subnet.id, str(self._hosts[host])),),
            **given,
        )
        return DesiredPort(made, self.network, (self.dhcp,))

    def objects(self, *rules: SecurityGroupRule) -> list[Desired]:
        return [
            DesiredNetwork(self.network, (self.subnet,)),
            self.dhcp,
            DesiredSecurityGroup(self.with_rules(*rules)),
            DesiredPort(self.metadata, self.network, (self.dhcp,)),
        ]

    def router_interface(self, host: int = 1) -> tuple[RouterPort, DesiredPort]:
        desired = self.port(host, device_owner=OWNER_ROUTER_INTERFACE, security_group_ids=())
        return RouterPort(desired.port, self.network, (self.subnet,)), desired


class Outside:
    """An external network whose gateway the cloud's namespace itself plays."""

    def __init__(self) -> None:
        self.network = Network(
            id=new_id(),
            project_id=PROJECT,
            router_external=True,
            provider_network_type="flat",
            provider_physical_network="public",
        )
        self.subnet = Subnet(
            id=new_id(),
            project_id=PROJECT,
            network_id=self.network.id,
            cidr="203.0.113.0/24",
            gateway_ip="203.0.113.1",
            enable_dhcp=False,
        )

    def objects(self) -> list[Desired]:
        return [DesiredNetwork(self.network, (self.subnet,))]

    def router(
        self, *tenants: Tenant, enable_snat: bool = True
    ) -> tuple[DesiredRouter, list[Desired]]:
        """A router of the tenants with a gateway at 203.0.113.10, and all its ports."""
        gateway = Port(
            id=new_id(),
            project_id=PROJECT,
            network_id=self.network.id,
            mac_address=new_mac(),
            device_owner=OWNER_ROUTER_GATEWAY,
            fixed_ips=(FixedIP(self.subnet.id, "203.0.113.10"),),
        )
        interfaces = [tenant.router_interface() for tenant in tenants]
        info = ExternalGateway(
            network_id=self.network.id,
            enable_snat=enable_snat,
            external_fixed_ips=gateway.fixed_ips,
        )
        desired = DesiredRouter(
            Router(id=new_id(), project_id=PROJECT, external_gateway_info=info),
            tuple(interface for interface, _ in interfaces),
            RouterPort(gateway, self.network, (self.subnet,)),
        )
        ports: list[Desired] = [port for _, port in interfaces]
        return desired, [desired, *ports, DesiredPort(gateway, self.network)]

    def floating_ip(self, host: int, port: Port | None, router: Router) -> DesiredFloatingIP:
        return DesiredFloatingIP(
            FloatingIP(
                id=new_id(),
                project_id=PROJECT,
                floating_network_id=self.network.id,
                floating_ip_address=f"203.0.113.{host}",
                port_id=port.id if port else None,
                fixed_ip_address=port.fixed_ips[0].ip_address if port else None,
                router_id=router.id if port else None,
            )
        )


class Guest:
    """A namespace that plays a machine: a veth to the switch, eth0 with the port's MAC."""

    def __init__(self, name: str, port: Port) -> None:
        self.name = name
        self.port = port
        self.address = port.fixed_ips[0].ip_address
        self.servers: list[asyncio.Server] = []
        self.asked: set[asyncio.StreamWriter] = set()

    async def ping(self, address: str, *, count: int = 1, source: str | None = None) -> bool:
        command = ["ping", "-n", "-c", str(count), "-i", "0.2", "-W", "1", address]
        command += ["-I", source] if source else []
        return (await self.run(command)).returncode == 0

    async def run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        return await netns.run(
            self.name,
            lambda: subprocess.run(
                command, capture_output=True, text=True, timeout=20, check=False
            ),
        )

    async def say(
        self, address: str, port: int, word: str = "hello", *, timeout_s: float = 10
    ) -> str:
        """Send a line by TCP and return the answer; raises OSError where nobody can be reached."""

        def talk() -> str:
            with socket.create_connection((address, port), timeout=timeout_s) as link:
                link.sendall(f"{word}\n".encode())
                return link.makefile().readline().strip()

        return await netns.run(self.name, talk)

    async def hears(self, address: str, port: int) -> str:
        """The answer to hello, or "" where there is none soon."""
        try:
            return await self.say(address, port, timeout_s=0.7)
        except OSError:
            return ""

    async def reaches(self, address: str, port: int) -> bool:
        return await self.hears(address, port) != ""

    async def echo(self, port: int, host: str = "0.0.0.0") -> None:
        """Answer every line with who asked and what."""

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.asked.add(writer)
            with suppress(OSError):
                line = (await reader.readline()).decode().strip()
                writer.write(f"{writer.get_extra_info('peername')[0]} {line}\n".encode())
                await writer.drain()
            writer.close()
            self.asked.discard(writer)

        listener = await netns.run(self.name, lambda: netns.listen_tcp(None, host, port))
        self.servers.append(await asyncio.start_server(answer, sock=listener))

    async def dhcp(self, script: Path, *options: str) -> dict[str, str]:
        """The lease as udhcpc hands it to its script; {} where nobody answers."""
        command = ["busybox", "udhcpc", "-i", "eth0", "-n", "-q", "-f", "-t", "3", "-T", "1"]
        done = await self.run([*command, "-s", str(script), *options])
        lines = [line for line in done.stdout.splitlines() if "=" in line]
        return dict(line.split("=", 1) for line in lines) if done.returncode == 0 else {}


class Lab:
    """An OVN of a test's own, with the guests plugged into it."""

    def __init__(self, driver: OvnDriver) -> None:
        self.driver = driver
        self.guests: list[Guest] = []
        self._numbers = itertools.count(1)

    @property
    def namespace(self) -> str:
        return self.driver.site.namespace

    async def plug(self, *wanted: DesiredPort, configure: bool = True) -> list[Guest]:
        """Play machines on these ports; returns once the ports are up."""
        made: list[Guest] = []
        links: dict[str, str] = {}
        for one in wanted:
            number = next(self._numbers)
            guest = Guest(f"{self.namespace}-g{number}", one.port)
            made.append(guest)
            links[f"g{number}"] = one.port.id
            await asyncio.to_thread(self._wire, guest, f"g{number}")
            if configure:
                await netns.run(guest.name, _static(one))
        self.guests += made
        await switch.set_interfaces(self.driver.switch, links)
        await self.up(*(guest.port.id for guest in made))
        return made

    def make_links(self, links: list[str]) -> None:
        """Interfaces that nobody is behind, for many ports at once. Blocks."""

        def make() -> None:
            for link in links:
                rtnetlink.add_veth(link, f"{link}p")
                rtnetlink.set_link(link, up=True)
                rtnetlink.set_link(f"{link}p", up=True)

        netns.call(self.namespace, make)

    async def up(self, *port_ids: str, timeout_s: float = 10) -> None:
        await self.driver.south.until(
            lambda: all(self.driver.port_up(port_id) for port_id in port_ids), timeout_s
        )

    def clear(self) -> None:
        for guest in self.guests:
            for server in guest.servers:
                server.close()
            for writer in guest.asked:
                writer.transport.abort()
            if guest.name != self.namespace:
                netns.delete(guest.name)

    def outside(self) -> Guest:
        """The cloud's namespace itself, as someone beyond the external network's gateway."""
        fixed = (FixedIP("", "203.0.113.1"),)
        port = Port(id="", project_id="", network_id="", mac_address="", fixed_ips=fixed)
        self.guests.append(Guest(self.namespace, port))
        return self.guests[-1]

    def _wire(self, guest: Guest, link: str) -> None:
        netns.create(guest.name)
        netns.add_veth(
            self.namespace, link, guest.name, "eth0", peer_mac=guest.port.mac_address, mtu=1442
        )


def _static(wanted: DesiredPort) -> Callable[[], None]:
    def configure() -> None:
        for fixed in wanted.port.fixed_ips:
            rtnetlink.add_address("eth0", f"{fixed.ip_address}/24")
        gateway = wanted.subnets[0].subnet.gateway_ip
        if gateway is not None:
            rtnetlink.add_route("default", via=gateway)
        metadata_ip = wanted.subnets[0].metadata_ip
        if metadata_ip is not None:
            rtnetlink.add_route("169.254.169.254/32", via=metadata_ip)

    return configure


async def tell_who(scope: Scope, receive: Receive, send: Send) -> None:
    """A metadata application: says what it knows of the one who asks."""
    body = f"{scope['unkai.network_id']} {scope['client'][0]} {scope['path']}".encode()
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": 200, "headers": [length]})
    await send({"type": "http.response.body", "body": body})


async def ask_metadata(guest: Guest) -> str:
    """What the metadata application answers this guest."""

    def ask() -> str:
        link = http.client.HTTPConnection("169.254.169.254", timeout=3)
        try:
            link.request("GET", "/latest")
            return link.getresponse().read().decode()
        finally:
            link.close()

    return await netns.run(guest.name, ask)


async def until(condition: Callable[[], object], timeout_s: float = 10) -> None:
    async with asyncio.timeout(timeout_s):
        while not condition():
            await Clock().sleep(0.02)


async def soon(
    attempt: Callable[[], Awaitable[object]],
    expected: object = True,  # noqa: FBT002  # what the attempt shall give
    timeout_s: float = 10,
) -> bool:
    """Whether an attempt gives what is expected before the deadline.

    The switch's tables are right once `wait_applied` returns; its cache of flows follows a moment
    later, so what changes under traffic is asked until it has.
    """
    clock = Clock()
    end = clock.monotonic() + timeout_s
    while clock.monotonic() < end:
        if await attempt() == expected:
            return True
    return False


def names() -> Iterator[str]:
    while True:
        yield f"utn-{secrets.token_hex(3)}"
