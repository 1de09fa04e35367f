"""GET /servers/{id}/diagnostics: what a guest used since it started, by its host's counters."""

from __future__ import annotations

from typing import Any

from unkai.compute.actions.find_server import find_server
from unkai.compute.actions.show_metrics import server_metrics
from unkai.compute.model import Server, ServerNic
from unkai.compute.service import Compute, is_node
from unkai.compute.states import Power
from unkai.hypervisor.model import Counters, NicCounters
from unkai.kit.errors import Conflict
from unkai.kit.http import Call

NIC = ("octets", "errors", "drop", "packets", "rate")
LIVE = {Power.RUNNING: "running", Power.PAUSED: "paused"}


async def show_diagnostics(call: Call) -> dict[str, Any]:
    compute: Compute = call.service
    session = compute.kit.database.reader
    server = await find_server(session, call.caller, call.params["server_id"])
    if server.host is None or server.task_state is not None:
        raise Conflict(f"Instance {server.id} is not ready", code="server-not-ready")
    status = await compute.agent(server.host).status(server.id)
    counters, percent = None, None
    if not is_node(server.host):
        found = await server_metrics(compute, server, compute.kit.clock.now() - 60)
        counters = found.latest
        percent = next(iter(found.series["cpu_percent"][-1:]), None)
    if not call.at_least("2.48"):
        return _free_form(server, counters)
    launched = server.launched_at or server.created_at
    return {
        "state": LIVE.get(Power(server.power_state), "shutdown"),
        "driver": "libvirt",
        "hypervisor": "qemu",
        "hypervisor_os": "linux",
        "uptime": int(compute.kit.clock.now() - launched) if status.pid else None,
        "config_drive": server.config_drive,
        "num_cpus": server.flavor.vcpus,
        "num_nics": len(server.nics),
        "num_disks": 1,
        "disk_details": [] if counters is None else [_disk(counters)],
        "cpu_details": [] if counters is None else _cpus(server, counters, percent),
        "nic_details": [_nic(nic, counters) for nic in server.nics],
        "memory_details": {
            "maximum": server.flavor.ram,
            "used": None if counters is None else round(counters.memory_mib),
        },
    }


def _disk(counters: Counters) -> dict[str, int]:
    return {
        "read_bytes": counters.disk_read_bytes,
        "read_requests": counters.disk_read_ops,
        "write_bytes": counters.disk_write_bytes,
        "write_requests": counters.disk_write_ops,
        "errors_count": -1,
    }


def _cpus(server: Server, counters: Counters, percent: float | None) -> list[dict[str, Any]]:
    """The process's time in equal parts: threads are not told apart."""
    each_ns = int(counters.cpu_s * 1e9 / server.flavor.vcpus)
    used = None if percent is None else round(percent)
    return [{"id": n, "time": each_ns, "utilisation": used} for n in range(server.flavor.vcpus)]


def _nic(nic: ServerNic, counters: Counters | None) -> dict[str, Any]:
    shown: dict[str, Any] = {"mac_address": nic.mac}
    found = None if counters is None else counters.nics.get(nic.port_id)
    values = [*(_side(found, "rx") if found else (None,) * 4), None]
    shown |= {f"rx_{name}": value for name, value in zip(NIC, values, strict=True)}
    values = [*(_side(found, "tx") if found else (None,) * 4), None]
    return shown | {f"tx_{name}": value for name, value in zip(NIC, values, strict=True)}


def _side(nic: NicCounters, side: str) -> tuple[int, int, int, int]:
    """In the order of `NIC`, without the rate."""
    if side == "rx":
        return nic.rx_bytes, nic.rx_errors, nic.rx_drops, nic.rx_packets
    return nic.tx_bytes, nic.tx_errors, nic.tx_drops, nic.tx_packets


def _free_form(server: Server, counters: Counters | None) -> dict[str, Any]:
    """Before 2.48: whatever a driver knew, memory in KiB."""
    shown: dict[str, Any] = {"memory": server.flavor.ram * 1024}
    if counters is None:
        return shown
    for cpu in _cpus(server, counters, None):
        shown[f"cpu{cpu['id']}_time"] = cpu["time"]
    shown |= {
        "memory-rss": round(counters.memory_mib * 1024),
        "vda_read": counters.disk_read_bytes,
        "vda_read_req": counters.disk_read_ops,
        "vda_write": counters.disk_write_bytes,
        "vda_write_req": counters.disk_write_ops,
        "vda_errors": -1,
    }
    for port_id, nic in counters.nics.items():
        for side in ("rx", "tx"):
            octets, errors, drops, packets = _side(nic, side)
            name = f"tap{port_id[:11]}_{side}"
            shown |= {name: octets, f"{name}_errors": errors, f"{name}_drop": drops}
            shown[f"{name}_packets"] = packets
    return shown
