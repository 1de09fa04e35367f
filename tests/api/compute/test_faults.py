"""A host fails in each step of a boot: the fault says what, why and what to do; nothing stays."""

from __future__ import annotations

import pytest

from tests.api.compute.cloud import Cloud
from unkai.hypervisor.disks import disk_full
from unkai.hypervisor.model import ImageRef
from unkai.hypervisor.refusals import not_cached
from unkai.kit.errors import Failed, Fault

pytestmark = pytest.mark.anyio
REFUSED = Failed(
    "The switch refused a port: constraint violation.",
    code="switch-refused",
    remedy="Look at the log of ovsdb-server in the state folder.",
)
DIED = Failed("QEMU did not start. It said: nothing", code="qemu-failed", remedy="Start it again.")
SILENT = Failed(
    "QEMU does not answer its monitor.", code="monitor-silent", remedy="Stop the server."
)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(
    ("verb", "fault"),
    [
        ("cache_image", disk_full("an image")),
        ("prepare", disk_full("the root disk")),
        ("plug", REFUSED),
        ("start", DIED),
        ("resume", SILENT),
    ],
)
async def test_a_failing_host_is_a_clear_fault(
    cloud: Cloud,
    verb: str,
    fault: Fault,
    after: bool,  # noqa: FBT001  # whether the host did its work before it failed
) -> None:
    for host in cloud.outside.world.hosts:
        host.fail_next(verb, fault, after=after)

    server_id = await cloud.create()
    shown = await cloud.reach(server_id, "ERROR")

    said = shown["fault"]["message"]
    assert fault.message in said
    assert fault.remedy is not None and fault.remedy in said
    assert shown["OS-EXT-SRV-ATTR:host"] is None
    assert cloud.host_of(server_id) is None
    assert await cloud.leftovers() == []
    await cloud.ask("DELETE", f"/servers/{server_id}", status=204)
    await cloud.gone(server_id)
    assert await cloud.leftovers() == []


async def test_an_image_that_left_the_cache_before_the_disk_is_fetched_again(cloud: Cloud) -> None:
    image = ImageRef(id="some-image", sha256="0" * 64, format="raw", virtual_size_bytes=1)
    for host in cloud.outside.world.hosts:
        host.fail_next("prepare", not_cached(image))

    server_id = await cloud.create()

    await cloud.reach(server_id, "ACTIVE")
