"""Who gets in to a host's agent, and who does not."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.drivers.hypervisor_rigs import RemoteRig, remote
from unkai.hypervisor.tls import issue, make_authority
from unkai.kit.clock import Clock
from unkai.kit.errors import Unavailable

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(60)]


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[RemoteRig]:
    async with remote(tmp_path) as made:
        yield made


async def refused(rig: RemoteRig, name: str) -> bool:
    client = rig.client(name)
    try:
        await client.describe()
    except Unavailable:
        return True
    finally:
        await client.close()
    return False


async def test_only_a_client_of_our_authority_gets_in(rig: RemoteRig, tmp_path: Path) -> None:
    now = Clock().now()
    folder = tmp_path / "tls"
    issue(folder, "other-host", role="server", hosts=["h2"], now=now)
    make_authority(tmp_path / "foreign", now=now)
    issue(tmp_path / "foreign", "cloud", role="client", now=now)
    for suffix in ("pem", "key"):
        foreign = tmp_path / "foreign" / f"cloud.{suffix}"
        (folder / f"foreigner.{suffix}").write_bytes(foreign.read_bytes())

    assert not await refused(rig, "cloud")
    assert await refused(rig, "other-host")
    assert await refused(rig, "foreigner")


async def test_nobody_gets_in_without_a_certificate(rig: RemoteRig, tmp_path: Path) -> None:
    context = ssl.create_default_context(cafile=tmp_path / "tls" / "ca.pem")
    async with httpx.AsyncClient(verify=context) as client:
        with pytest.raises(httpx.TransportError):
            await client.post(f"{rig.url}/describe", content=b"{}")


async def test_a_host_that_calls_itself_otherwise_is_not_believed(
    rig: RemoteRig, tmp_path: Path
) -> None:
    await rig.close()
    issue(tmp_path / "tls", "host", role="server", hosts=["192.0.2.1"], now=Clock().now())
    await rig.open()
    with pytest.raises(Unavailable):
        await rig.agent.describe()


async def test_a_host_that_is_gone_is_unavailable(rig: RemoteRig) -> None:
    client = rig.client("cloud")
    await rig.close()
    with pytest.raises(Unavailable) as gone:
        await client.describe()
    assert gone.value.code == "host-unreachable"
    with pytest.raises(Unavailable):
        async for _ in client.changes():
            pass
    await client.close()


def test_keys_are_their_owners_alone(tmp_path: Path) -> None:
    make_authority(tmp_path, now=0)
    before = (tmp_path / "ca.key").read_bytes()
    make_authority(tmp_path, now=0)
    assert (tmp_path / "ca.key").read_bytes() == before
    assert (tmp_path / "ca.key").stat().st_mode & 0o077 == 0
