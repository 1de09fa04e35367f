"""Volumes by iSCSI over the API: what a connector with an initiator gets, and how it ends."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.block_storage.conftest import SERVER, Cloud
from unkai.block_storage.actions.audit_volumes import audit_volumes
from unkai.block_storage.drivers.exports import FakeExporter
from unkai.block_storage.reconcilers.keep_exports import KeepExports

pytestmark = pytest.mark.anyio
CONNECTOR = {"initiator": "iqn.2010-04.org.example:host", "host": "elsewhere", "multipath": False}


def exporter(cloud: Cloud) -> FakeExporter:
    assert isinstance(cloud.block.exports, FakeExporter)
    return cloud.block.exports


async def attach(cloud: Cloud, volume_id: str, connector: object = CONNECTOR) -> Any:
    """Attached as a host of somebody's does it: the attachment as it is shown then."""
    said = {"volume_uuid": volume_id, "instance_uuid": None, "connector": connector}
    made = await cloud.call("POST", "/attachments", json={"attachment": said})
    assert made.status_code == 200, made.text
    return made.json()["attachment"]


async def test_a_host_gets_a_target_with_a_secret_of_its_own(cloud: Cloud) -> None:
    volume = await cloud.make()
    first = await attach(cloud, volume["id"])
    told = first["connection_info"]
    assert told["driver_volume_type"] == "iscsi"
    assert (told["target_portal"], told["target_lun"]) == ("127.0.0.1:3260", 1)
    assert told["target_iqn"].endswith(volume["id"])
    assert (told["auth_method"], told["layers"]) == ("CHAP", [])
    assert told["access_mode"] == "rw"
    export, _ = exporter(cloud).served[volume["id"]]
    assert (export.username, export.password) == (told["auth_username"], told["auth_password"])
    assert export.initiator == CONNECTOR["initiator"]
    again = await cloud.call(
        "PUT", f"/attachments/{first['id']}", json={"attachment": {"connector": CONNECTOR}}
    )
    assert again.json()["attachment"]["connection_info"] == told

    shown = await cloud.call("GET", f"/attachments/{first['id']}")
    assert export.password not in shown.text
    other = await cloud.make()
    assert (await attach(cloud, other["id"]))["connection_info"]["target_portal"].endswith("3261")

    gone = await cloud.call("DELETE", f"/attachments/{first['id']}")
    assert gone.status_code == 200
    assert volume["id"] not in exporter(cloud).served
    assert (await cloud.show("volumes", volume["id"]))["status"] == "available"
    second = (await attach(cloud, volume["id"]))["connection_info"]
    assert second["auth_password"] != told["auth_password"]
    assert await audit_volumes(cloud.block) == []


@pytest.mark.parametrize("name", ["", "somebody", "iqn.2010-04.a:b\nc", 7, "iqn.2010-04.a:b,c=d"])
async def test_a_name_that_is_none_is_refused(cloud: Cloud, name: object) -> None:
    volume = await cloud.make()
    said = {"volume_uuid": volume["id"], "connector": {"initiator": name}}
    answer = await cloud.call("POST", "/attachments", json={"attachment": said})
    assert answer.status_code == (200 if name == "" else 400), answer.text
    assert exporter(cloud).served == {}
    rest = "attaching" if name == "" else "available"
    assert (await cloud.show("volumes", volume["id"]))["status"] == rest


async def test_one_machine_alone_has_it(cloud: Cloud) -> None:
    kind = await cloud.call(
        "POST",
        "/types",
        "admin",
        json={"volume_type": {"name": "many", "extra_specs": {"multiattach": "<is> True"}}},
    )
    assert kind.status_code == 200, kind.text
    volume = await cloud.make(volume_type="many")
    await attach(cloud, volume["id"])
    said = {"volume_uuid": volume["id"], "instance_uuid": SERVER, "connector": CONNECTOR}
    answer = await cloud.call("POST", "/attachments", json={"attachment": said})
    assert answer.status_code == 400, answer.text
    said["connector"] = {"host": "here"}
    answer = await cloud.call("POST", "/attachments", json={"attachment": said})
    assert answer.status_code == 409, answer.text
    assert len((await cloud.show("volumes", volume["id"]))["attachments"]) <= 1


async def test_the_older_verbs(cloud: Cloud) -> None:
    volume = await cloud.make()
    told = await cloud.act(
        volume["id"], "os-initialize_connection", {"connector": CONNECTOR}, "admin"
    )
    assert told.status_code == 200, told.text
    assert told.json()["connection_info"]["driver_volume_type"] == "iscsi"
    await cloud.act(volume["id"], "os-attach", {"host_name": "elsewhere", "mountpoint": "/dev/sdb"})
    assert volume["id"] in exporter(cloud).served
    ended = await cloud.act(volume["id"], "os-detach", {})
    assert ended.status_code == 202, ended.text
    assert exporter(cloud).served == {}

    await cloud.act(volume["id"], "os-initialize_connection", {"connector": CONNECTOR}, "admin")
    await cloud.act(volume["id"], "os-terminate_connection", {"connector": CONNECTOR}, "admin")
    assert exporter(cloud).served == {}


async def test_it_is_frozen_and_grown_through_what_serves_it(cloud: Cloud) -> None:
    volume = await cloud.make()
    await attach(cloud, volume["id"])
    await cloud.call("POST", f"/attachments/{volume['id']}/action", json={"os-complete": {}})
    await cloud.act(volume["id"], "os-reset_status", {"status": "in-use"}, "admin")
    await cloud.snap(volume["id"], force=True)
    await cloud.act(volume["id"], "os-extend", {"new_size": 2})
    await cloud.settled("volumes", volume["id"], "in-use")
    _, connection = exporter(cloud).served[volume["id"]]
    assert connection.size_bytes == 2 << 30
    assert cloud.guest.grown == []


async def test_the_reconciler_serves_again_and_ends_what_nobody_needs(cloud: Cloud) -> None:
    volume = await cloud.make()
    made = await attach(cloud, volume["id"])
    played = exporter(cloud)
    export, connection = played.served[volume["id"]]
    played.kill(volume["id"])
    stray = "00000000-0000-4000-8000-000000000001"
    played.served[stray] = (export, connection)
    played.sessions[stray] = ("iqn.2010-04.org.example:thief",)
    kinds = {one.kind: one.id for one in await audit_volumes(cloud.block)}
    assert kinds == {"export": stray, "export-not-served": volume["id"]}

    await KeepExports(cloud.block).run()
    assert list(played.served) == [volume["id"]]
    assert await audit_volumes(cloud.block) == []
    played.sessions[volume["id"]] = ("iqn.2010-04.org.example:thief",)
    (found,) = await audit_volumes(cloud.block)
    assert found.kind == "iscsi-session"

    played.sessions.clear()
    await cloud.call("DELETE", f"/attachments/{made['id']}")
    await KeepExports(cloud.block).run()
    assert played.served == {}
