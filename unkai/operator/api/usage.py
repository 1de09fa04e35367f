"""GET .../metrics: processors, memory, disks and network of a server or a host, to be drawn."""

from __future__ import annotations

from typing import Annotated

import msgspec

from unkai.baremetal.actions.find_node import find_node
from unkai.baremetal.actions.read_sensors import read_sensors
from unkai.compute.actions.find_server import find_server
from unkai.compute.actions.show_metrics import host_metrics, server_metrics
from unkai.hypervisor.model import Metrics
from unkai.kit.http import Call, Route
from unkai.operator.service import Operator

Moment = Annotated[float, msgspec.Meta(ge=0, le=1e12)]


class Since(msgspec.Struct):
    since: Annotated[
        Moment, msgspec.Meta(description="Seconds since 1970: only samples after it.")
    ] = 0.0


class Samples(msgspec.Struct):
    """The last hour at most, oldest first. at: seconds since 1970; each series is as long.

    Series: cpu_percent (of all its processors), memory_mib (in use), disk_read_bytes_s,
    disk_write_bytes_s, disk_read_ops_s, disk_write_ops_s, net_rx_bytes_s, net_tx_bytes_s (as the
    guest sees it). every_s: how far apart samples are; a gap is a time without any.
    """

    subject: str
    every_s: float
    at: list[float]
    series: dict[str, list[float]]


class SamplesAnswer(msgspec.Struct):
    metrics: Samples


def _view(subject: str, found: Metrics) -> SamplesAnswer:
    return SamplesAnswer(Samples(subject, found.every_s, found.at, found.series))


async def show_server_metrics(call: Call) -> SamplesAnswer:
    operator: Operator = call.service
    wanted = call.query(Since)
    reader = operator.kit.database.reader
    server = await find_server(reader, call.caller, call.params["server_id"])
    found = await server_metrics(operator.compute, server, wanted.since)
    return _view(f"server/{server.id}", found)


class Sensor(msgspec.Struct):
    """value: null where it reads nothing now. status: the BMC's word, as ok or ns."""

    type: str
    name: str
    value: float | None
    unit: str
    status: str


class Sensors(msgspec.Struct):
    subject: str
    sensors: list[Sensor]


class SensorsAnswer(msgspec.Struct):
    metrics: Sensors


async def show_node_metrics(call: Call) -> SensorsAnswer:
    """Read now: a BMC keeps no history."""
    operator: Operator = call.service
    node = await find_node(operator.kit.database.reader, call.caller, call.params["node_ident"])
    found = await read_sensors(operator.compute.baremetal, node)
    readings = [Sensor(one.type, one.name, one.value, one.unit, one.status) for one in found]
    return SensorsAnswer(Sensors(f"node/{node.uuid}", readings))


async def show_host_metrics(call: Call) -> SamplesAnswer:
    operator: Operator = call.service
    wanted = call.query(Since)
    hostname = call.params["host_name"]
    reader = operator.kit.database.reader
    found = await host_metrics(operator.compute, reader, hostname, wanted.since)
    return _view(f"host/{hostname}", found)


ROUTES = (
    Route(
        "GET",
        "/servers/{server_id}/metrics",
        show_server_metrics,
        policy="unkai:servers:metrics",
        query=Since,
        response=SamplesAnswer,
        summary="What a server used of late, for graphs",
    ),
    Route(
        "GET",
        "/nodes/{node_ident}/metrics",
        show_node_metrics,
        policy="unkai:nodes:metrics",
        response=SensorsAnswer,
        summary="What a physical machine's BMC measures now",
    ),
    Route(
        "GET",
        "/hosts/{host_name}/metrics",
        show_host_metrics,
        policy="unkai:hosts:metrics",
        query=Since,
        response=SamplesAnswer,
        summary="What a compute host used of late, for graphs",
    ),
)
