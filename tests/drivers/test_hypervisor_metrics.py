"""What a running machine used: on every agent the same words, on real ones real numbers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.drivers.hypervisor_rigs import RIGS, Rig
from tests.drivers.test_hypervisor import a_machine, stream
from unkai.hypervisor.metrics import SERIES
from unkai.hypervisor.model import Metrics, RootDisk
from unkai.kit.errors import NotFound

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(120)]


@pytest.fixture(params=sorted(RIGS))
async def rig(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Rig]:
    async with RIGS[request.param](tmp_path) as made:
        yield made


async def sampled(
    rig: Rig, server_id: str | None, enough: Callable[[Metrics], object] = lambda found: found.at
) -> Metrics:
    async with asyncio.timeout(60):
        while True:
            found = await rig.agent.metrics(server_id)
            if enough(found):
                return found
            await asyncio.sleep(0.05)


def has_read(found: Metrics) -> bool:
    return bool(found.at) and found.latest is not None and found.latest.disk_read_bytes > 0


async def test_a_machine_is_measured_while_it_runs(rig: Rig) -> None:
    image, data = rig.talking_image()
    await rig.agent.cache_image(image, stream(data))
    disk = RootDisk(size_bytes=4 << 20, image=image)
    machine = a_machine(root_disk=disk)
    server_id = machine.server_id
    await rig.agent.prepare(machine, 1)
    await rig.agent.plug(server_id, 1)
    await rig.agent.start(server_id, 1)

    found = await sampled(rig, server_id, has_read)
    assert tuple(found.series) == SERIES
    assert all(len(values) == len(found.at) for values in found.series.values())
    assert found.latest is not None
    assert found.latest.cpu_s > 0
    assert found.latest.memory_mib > 1
    assert (await rig.agent.metrics(server_id, found.at[-1] + 3600)).at == []

    await rig.agent.stop(server_id, 2)
    await rig.agent.remove(server_id, 3)
    with pytest.raises(NotFound):
        await rig.agent.metrics(server_id)


async def test_a_host_is_measured(rig: Rig) -> None:
    found = await sampled(rig, None)
    assert tuple(found.series) == SERIES
    assert found.series["memory_mib"][-1] > 0
    assert 0 <= found.series["cpu_percent"][-1] <= 100


async def test_an_unknown_machine(rig: Rig) -> None:
    with pytest.raises(NotFound):
        await rig.agent.metrics("11111111-2222-4333-8444-555555555555")
