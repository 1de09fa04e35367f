"""What a guest can learn of itself: the trees below /openstack and, in EC2's form, below /latest.

The config drive holds the same bytes that the metadata address answers. A path is a file; what is
above it is listed from the paths, so that the two cannot disagree.
"""

from __future__ import annotations

import base64
import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from unkai.compute.actions import server_ports
from unkai.compute.model import Server, ServerVolume
from unkai.compute.service import Compute
from unkai.compute.store import aggregates, servers
from unkai.compute.store.aggregates import DEFAULT_ZONE
from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest, Conflict, NotFound

DOMAIN = "novalocal"
SEED_BYTES = 512
PASSWORD_BYTES = 256
SERIAL_LENGTH = 20
"""What virtio has room for."""
LATEST = "latest"
DATED = (
    "2012-08-10",
    "2013-04-04",
    "2013-10-17",
    "2015-10-15",
    "2016-06-30",
    "2016-10-06",
    "2017-02-22",
    "2018-08-27",
    "2020-10-14",
)
SINCE = {
    "password": "2013-04-04",
    "vendor_data.json": "2013-10-17",
    "network_data.json": "2015-10-15",
    "vendor_data2.json": "2016-10-06",
}
EC2_VERSIONS = ("1.0", "2007-01-19", "2007-12-15", "2008-02-01", "2009-04-04", LATEST)
EC2_DRIVE_VERSIONS = ("2009-04-04", LATEST)

Files = dict[str, bytes]


async def openstack_files(compute: Compute, server: Server) -> Files:
    """Files of one version's folder, by name: the newest version has all of them."""
    session = compute.kit.database.reader
    zones = await aggregates.zones_of_hosts(session)
    zone = zones.get(server.host or "", DEFAULT_ZONE)
    wires = await server_ports.wires_of(compute, session, server)
    seed = compute.kit.chance.token_bytes(SEED_BYTES)
    files = {
        "meta_data.json": _json(_meta_data(server, zone, seed)),
        "network_data.json": _json(_network_data(wires)),
        "vendor_data.json": b"{}",
        "vendor_data2.json": b'{"static":{}}',
    }
    if server.user_data is not None:
        files["user_data"] = base64.b64decode(server.user_data)
    return files


def of_version(files: Mapping[str, bytes], version: str) -> Files:
    """Those files that a dated version had already."""
    if version == LATEST:
        return dict(files)
    return {name: data for name, data in files.items() if SINCE.get(name, "") <= version}


async def config_drive_files(compute: Compute, server: Server) -> Files:
    """Every file of the config drive by its path."""
    newest = await openstack_files(compute, server)
    files = {
        f"openstack/{version}/{name}": data
        for version in (*DATED, LATEST)
        for name, data in of_version(newest, version).items()
    }
    tree = await ec2_tree(compute, server)
    for version in EC2_DRIVE_VERSIONS:
        files[f"ec2/{version}/meta-data.json"] = _json(_nested(tree))
        if "user_data" in newest:
            files[f"ec2/{version}/user-data"] = newest["user_data"]
    return files


def _json(value: Any) -> bytes:
    return msgspec.json.encode(value)


def _meta_data(server: Server, zone: str, seed: bytes) -> dict[str, Any]:
    told: dict[str, Any] = {
        "uuid": server.id,
        "name": server.name,
        "hostname": f"{server.hostname}.{DOMAIN}",
        "launch_index": server.launch_index,
        "availability_zone": zone,
        "project_id": server.project_id,
        "random_seed": base64.b64encode(seed).decode(),
        "devices": [
            {"type": "nic", "bus": "none", "address": "", "mac": nic.mac, "tags": [nic.tag]}
            for nic in server.nics
            if nic.tag
        ]
        + [_disk(volume) for volume in server.volumes if volume.tag],
        "dedicated_cpus": [],
    }
    if server.metadata:
        told["meta"] = server.metadata
    if server.key is not None:
        name = server.key_name or "key"
        told["public_keys"] = {name: server.key.public_key}
        told["keys"] = [{"name": name, "type": server.key.type, "data": server.key.public_key}]
    return told


def _disk(volume: ServerVolume) -> dict[str, Any]:
    """serial: as far as the guest can read it, of /dev/disk/by-id/virtio-SERIAL."""
    return {
        "type": "disk",
        "bus": "none",
        "address": "",
        "serial": volume.volume_id[:SERIAL_LENGTH],
        "path": volume.device,
        "tags": [volume.tag],
    }


def _network_data(wires: Sequence[server_ports.Wire]) -> dict[str, Any]:
    links: list[dict[str, Any]] = []
    networks: list[dict[str, Any]] = []
    services: list[dict[str, Any]] = []
    for wire in wires:
        link = f"tap{wire.port_id[:11]}"
        links.append(
            {
                "id": link,
                "vif_id": wire.port_id,
                "type": "ovs",
                "mtu": wire.mtu,
                "ethernet_mac_address": wire.mac,
            }
        )
        for fixed in wire.fixed:
            network = {"id": f"network{len(networks)}", "link": link, "network_id": wire.network_id}
            networks.append({**network, **_address(fixed)})
            services += [
                {"type": "dns", "address": server}
                for server in fixed.dns
                if {"type": "dns", "address": server} not in services
            ]
    return {"links": links, "networks": networks, "services": services}


def _address(fixed: server_ports.FixedAddress) -> dict[str, Any]:
    """How the guest gets the address: by DHCP, or as told here."""
    if fixed.dhcp:
        return {"type": f"ipv{fixed.version}_dhcp", "services": []}
    prefix = ipaddress.ip_network(fixed.cidr)
    routes = [
        {"network": "0.0.0.0" if fixed.version == 4 else "::", "netmask": _ANY[fixed.version]}
        | {"gateway": fixed.gateway}
    ]
    return {
        "type": f"ipv{fixed.version}",
        "ip_address": fixed.address,
        "netmask": str(prefix.netmask),
        "routes": routes if fixed.gateway else [],
        "services": [{"type": "dns", "address": server} for server in fixed.dns],
    }


_ANY = {4: "0.0.0.0", 6: "::"}


async def ec2_tree(compute: Compute, server: Server) -> Files:
    """What lies below meta-data/ in EC2's form, by path."""
    session = compute.kit.database.reader
    zones = await aggregates.zones_of_hosts(session)
    wires = await server_ports.wires_of(compute, session, server)
    fixed = [one for wire in wires for one in wire.fixed]
    local = next((one.address for one in fixed if one.version == 4), "")
    floating = next((one.floating for one in fixed if one.floating), "")
    hostname = f"{server.hostname}.{DOMAIN}"
    tree = {
        "ami-id": f"ami-{(server.image_id or '')[:8]}",
        "ami-launch-index": str(server.launch_index),
        "block-device-mapping/ami": "vda",
        "block-device-mapping/root": "/dev/vda",
        "hostname": hostname,
        "instance-action": "none",
        "instance-id": f"i-{server.id[:8]}",
        "instance-type": server.flavor.name,
        "local-hostname": hostname,
        "local-ipv4": local,
        "placement/availability-zone": zones.get(server.host or "", DEFAULT_ZONE),
        "public-hostname": hostname,
        "public-ipv4": floating,
        "reservation-id": server.reservation_id,
        "security-groups": "\n".join(sorted({name for wire in wires for name in wire.groups})),
    }
    if server.key is not None:
        tree["public-keys/0/openssh-key"] = server.key.public_key
    return {path: text.encode() for path, text in tree.items()}


def _nested(tree: Mapping[str, bytes]) -> dict[str, Any]:
    root: dict[str, Any] = {}
    for path, data in tree.items():
        *folders, name = path.split("/")
        at = root
        for folder in folders:
            at = at.setdefault(folder, {})
        at[name] = data.decode()
    return root


def listing(paths: Sequence[str], folder: str) -> list[str]:
    """What stands in a folder, folders with a slash at their end; empty if there is no such."""
    prefix = f"{folder}/" if folder else ""
    found: list[str] = []
    for path in paths:
        if path.startswith(prefix):
            head, slash, _ = path.removeprefix(prefix).partition("/")
            entry = head + slash
            if entry not in found:
                found.append(entry)
    return found


async def post_password(compute: Compute, server: Server, data: bytes) -> None:
    """Keep what the guest encrypted for its owner; Conflict once there is one."""
    if len(data) > PASSWORD_BYTES * 4:
        raise BadRequest("The password is too long.")

    async def admit(tx: Tx) -> None:
        found = await servers.get_server(tx, server.id)
        if found is None or found.deleted_at is not None:
            raise NotFound("There is no such server.")
        if found.password:
            raise Conflict("The password is set already.")
        text = data.decode("ascii", "replace").replace("\x00", "")
        await servers.change_server(tx, server.id, compute.kit.clock.now(), password=text)

    await compute.kit.database.transact(admit)
