"""Consoles of servers: their addresses, who gets one, what is behind them, and how they end."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.api.compute.cloud import NOWHERE, Cloud
from tests.api.compute.test_on_a_node import a_node, node_of, seed_flavors
from tests.api.kit.stream_visitor import Visitor
from unkai.compute.actions.open_console import ServerStreams
from unkai.kit.clock import Clock
from unkai.kit.http.stream_door import GOING, TRY_LATER, StreamDoor
from unkai.timeline.actions.read import read_timeline

pytestmark = pytest.mark.anyio


def door(cloud: Cloud) -> StreamDoor:
    kit = cloud.kit
    return StreamDoor(kit.database, kit.clock, {"server": ServerStreams(cloud.compute)})


async def ask_console(
    cloud: Cloud, server_id: str, protocol: str, kind: str, *, status: int = 200, **more: Any
) -> Any:
    body = {"remote_console": {"protocol": protocol, "type": kind}}
    path = f"/servers/{server_id}/remote-consoles"
    return (await cloud.ask("POST", path, body, status=status, **more)).json()


def socket_of(url: str) -> str:
    """Where noVNC goes from the page: its `path`, from the root of the page's host."""
    parts = urlsplit(url)
    assert (parts.scheme, parts.path) == ("http", "/dashboard/console.html")
    (path,) = parse_qs(parts.query)["path"]
    return f"ws://{parts.netloc}/{path}"


async def screen(cloud: Cloud, server_id: str) -> str:
    made = await ask_console(cloud, server_id, "vnc", "novnc")
    return socket_of(made["remote_console"]["url"])


async def line(cloud: Cloud, server_id: str) -> str:
    made = await ask_console(cloud, server_id, "serial", "serial")
    return made["remote_console"]["url"]


async def test_a_serial_line_is_seen_and_typed_into(cloud: Cloud) -> None:
    server_id = await cloud.boot()
    made = await ask_console(cloud, server_id, "serial", "serial")
    console = made["remote_console"]
    assert console["protocol"] == console["type"] == "serial"
    assert console["url"].startswith("ws://cloud/console?token=")
    first, second = (
        Visitor(door(cloud), console["url"]),
        Visitor(door(cloud), await line(cloud, server_id)),
    )
    for visitor in (first, second):
        await visitor.enter()
        await visitor.read_until(b"login: ")
    await first.type(b"cirros\r\n")
    assert b"cirros" in await first.read_until(b"cirros")
    await second.read_until(b"cirros")
    answer = await cloud.act(server_id, "os-getConsoleOutput", {}, status=200)
    assert "cirros" in answer.json()["output"]
    await first.leave()
    await second.leave()

    seen = await read_timeline(cloud.kit.database.reader, Clock(), f"server/{server_id}")
    opened = [one.detail for one in seen.events if one.action == "open console"]
    assert opened == ["serial, by user u-member"] * 2


async def test_a_screen_is_drawn_and_hears_keys(cloud: Cloud) -> None:
    server_id = await cloud.boot()
    visitor = Visitor(door(cloud), await screen(cloud, server_id))
    await visitor.enter()
    assert await visitor.read_until(b"\n") == b"RFB 003.008\n"
    await visitor.type(b"RFB 003.008\n")
    assert (await visitor.next())["bytes"] == b"\x01\x01"
    await visitor.type(b"\x01")
    assert (await visitor.next())["bytes"] == bytes(4)
    await visitor.type(b"\x01")
    greeting = (await visitor.next())["bytes"]
    width, height = int.from_bytes(greeting[:2]), int.from_bytes(greeting[2:4])
    assert server_id[:8].encode() in greeting[24:] and width and height
    ask_all = b"\x03\x00" + bytes(4) + width.to_bytes(2) + height.to_bytes(2)
    await visitor.type(b"\x02\x00\x00\x01\x00\x00\x00\x00" + ask_all)
    before = (await visitor.next())["bytes"]
    assert len(before) == 4 + 12 + width * height * 4
    await visitor.type(b"\x03\x01" + ask_all[2:])  # what changes from now on
    await visitor.type(b"\x04\x01\x00\x00\x00\x00\x00\x61")
    after = (await visitor.next())["bytes"]
    assert len(after) == len(before) and after != before
    await visitor.type(b"\xee")
    assert (await visitor.closed())[0] == GOING


@pytest.mark.parametrize(
    ("action", "kind", "since"),
    [("os-getVNCConsole", "novnc", "2.1"), ("os-getSerialConsole", "serial", "2.5")],
)
async def test_the_elder_actions(cloud: Cloud, action: str, kind: str, since: str) -> None:
    server_id = await cloud.boot()
    answer = await cloud.act(server_id, action, {"type": kind}, version=since, status=200)
    console = answer.json()["console"]
    assert set(console) == {"type", "url"} and console["type"] == kind
    url = console["url"] if kind == "serial" else socket_of(console["url"])
    visitor = Visitor(door(cloud), url)
    await visitor.enter()
    await visitor.leave()
    await cloud.act(server_id, action, {"type": "bagpipe"}, version=since, status=400)
    await cloud.act(server_id, action, {"type": kind}, version="2.6", status=404)


async def test_what_there_is_not(cloud: Cloud) -> None:
    server_id = await cloud.boot()
    for protocol, kind in (("spice", "spice-html5"), ("rdp", "rdp-html5"), ("vnc", "xvpvnc")):
        refused = await ask_console(cloud, server_id, protocol, kind, status=400)
        message = refused["badRequest"]["message"]
        assert message.startswith(f"Unavailable console type {kind}.")
    refused = await ask_console(cloud, server_id, "mks", "webmks", status=400)
    assert "Unavailable console type webmks." in refused["badRequest"]["message"]
    for protocol, kind, version in (
        ("mks", "webmks", "2.7"),
        ("vnc", "serial", "2.96"),
        ("bagpipe", "novnc", "2.96"),
        ("vnc", "bagpipe", "2.96"),
    ):
        await ask_console(cloud, server_id, protocol, kind, version=version, status=400)
    for action, kind in (("os-getSPICEConsole", "spice-html5"), ("os-getRDPConsole", "rdp-html5")):
        await cloud.act(server_id, action, {"type": kind}, version="2.5", status=400)
    await ask_console(cloud, server_id, "vnc", "novnc", version="2.5", status=404)


async def test_who_may_have_one(cloud: Cloud) -> None:
    server_id = await cloud.boot()
    await ask_console(cloud, server_id, "vnc", "novnc", who="admin")
    await ask_console(cloud, server_id, "vnc", "novnc", who="reader", status=403)
    await ask_console(cloud, server_id, "vnc", "novnc", who="other", status=404)
    await ask_console(cloud, server_id, "vnc", "novnc", who=None, status=401)
    await ask_console(cloud, NOWHERE, "vnc", "novnc", status=404)
    await ask_console(cloud, NOWHERE, "spice", "spice-html5", status=404)


async def test_a_server_without_a_process_has_no_console(cloud: Cloud) -> None:
    server_id = await cloud.boot()
    unused = await line(cloud, server_id)
    await cloud.act(server_id, "os-stop")
    await cloud.reach(server_id, "SHUTOFF")
    refused = await ask_console(cloud, server_id, "vnc", "novnc", status=409)
    assert refused["conflictingRequest"]["message"] == f"Instance {server_id} is not ready"
    visitor = Visitor(door(cloud), unused)
    await visitor.enter()
    code, reason = await visitor.closed()
    assert code == TRY_LATER and "no running process" in reason


async def test_a_console_ends_with_its_server_and_says_why(cloud: Cloud) -> None:
    server_id = await cloud.boot()
    watching = [
        Visitor(door(cloud), await line(cloud, server_id)),
        Visitor(door(cloud), await screen(cloud, server_id)),
    ]
    for visitor in watching:
        await visitor.enter()
    await cloud.act(server_id, "os-stop")
    for visitor in watching:
        code, reason = await visitor.closed()
        assert code == GOING and reason in (
            "The server is being stopped.",
            "The server was stopped.",
        )
    await cloud.reach(server_id, "SHUTOFF")
    await cloud.act(server_id, "os-start")
    await cloud.reach(server_id, "ACTIVE")
    visitor, unused = (
        Visitor(door(cloud), await line(cloud, server_id)),
        await line(cloud, server_id),
    )
    await visitor.enter()
    await cloud.ask("DELETE", f"/servers/{server_id}", status=204)
    code, reason = await visitor.closed()
    assert code == GOING and reason in ("The server is being deleted.", "The server was deleted.")
    await cloud.gone(server_id)
    late = Visitor(door(cloud), unused)
    await late.enter()
    assert await late.closed() == (TRY_LATER, "The server was deleted.")
    assert await cloud.leftovers() == []


async def test_where_a_token_leads(cloud: Cloud) -> None:
    server_id = await cloud.boot()
    url = await screen(cloud, server_id)
    (token,) = parse_qs(urlsplit(url).query)["token"]
    path = f"/os-console-auth-tokens/{token}"
    shown = (await cloud.ask("GET", path, who="admin", version="2.31", status=200)).json()
    host = cloud.host_of(server_id)
    assert host is not None
    assert shown["console"] == {
        "instance_uuid": server_id,
        "host": host.hostname,
        "port": None,
        "internal_access_path": f"machines/{server_id}/sockets/vnc",
    }
    await cloud.ask("GET", path, who="admin", version="2.30", status=401)
    await cloud.ask("GET", path, who="member", status=403)
    await cloud.ask("GET", f"{path}x", who="admin", status=404)
    visitor = Visitor(door(cloud), url)
    await visitor.enter()
    await visitor.leave()
    await cloud.ask("GET", path, who="admin", status=404)


async def test_a_server_on_a_node_has_its_serial_line(cloud: Cloud) -> None:
    await seed_flavors(cloud)
    node = await a_node(cloud)
    server_id = await cloud.create(flavorRef="gold")
    await cloud.reach(server_id, "ACTIVE")
    refused = await ask_console(cloud, server_id, "vnc", "novnc", status=400)
    assert "serial line only" in refused["badRequest"]["message"]
    assert not (await node_of(cloud, node)).console_enabled
    visitor = Visitor(door(cloud), await line(cloud, server_id))
    await visitor.enter()
    await visitor.read_until(b"A played machine.")
    await visitor.type(b"root\r\n")
    await visitor.read_until(b"root")
    assert (await node_of(cloud, node)).console_enabled
    await visitor.leave()
    await cloud.compute.baremetal.consoles.close()
