"""Who is attached to a volume, who may change that, and what an attached volume is safe from."""

from __future__ import annotations

import pytest

from tests.api.block_storage.conftest import GIB, SERVER, Cloud, attach
from tests.api.block_storage.test_volumes import NOWHERE
from tests.api.image.conftest import caller_of
from unkai.block_storage.actions import attach_volume as attaching
from unkai.kit.errors import BadRequest, Conflict

pytestmark = pytest.mark.anyio


async def test_computes_order_from_reserved_to_detached(cloud: Cloud) -> None:
    volume = await cloud.make(name="data")
    block, transact = cloud.block, cloud.block.kit.database.transact
    caller = caller_of("member")

    made = await transact(
        lambda tx: attaching.reserve_volume(block, tx, caller, volume["id"], SERVER)
    )
    assert (await cloud.show("volumes", volume["id"]))["status"] == "reserved"
    found = await attaching.connect_volume(block, made.id, host="h", mountpoint="/dev/vdb")
    assert (found.driver, found.serial, found.size_bytes) == ("fake", volume["id"], GIB)
    assert (await cloud.show("volumes", volume["id"]))["status"] == "attaching"
    await transact(lambda tx: attaching.complete_attach(block, tx, made.id))

    shown = await cloud.show("volumes", volume["id"])
    assert shown["status"] == "in-use"
    assert shown["attachments"][0]["server_id"] == SERVER
    assert shown["attachments"][0]["device"] == "/dev/vdb"
    of_server = await attaching.attachments_of(block.kit.database.reader, SERVER)
    assert [(one.id, of.id) for one, of in of_server] == [(made.id, volume["id"])]

    await transact(lambda tx: attaching.begin_detaching(block, tx, caller, volume["id"]))
    await transact(lambda tx: attaching.roll_detaching(block, tx, volume["id"]))
    assert (await cloud.show("volumes", volume["id"]))["status"] == "in-use"
    await transact(lambda tx: attaching.begin_detaching(block, tx, caller, volume["id"]))
    for _ in range(2):
        await transact(lambda tx: attaching.detach_volume(block, tx, made.id))
    assert (await cloud.show("volumes", volume["id"]))["status"] == "available"


async def test_an_attached_volume_is_not_deleted(cloud: Cloud) -> None:
    volume = await cloud.make()
    await attach(cloud, volume["id"])
    path = f"/volumes/{volume['id']}"

    assert (await cloud.call("DELETE", path)).status_code == 400
    assert (await cloud.call("DELETE", f"{path}?cascade=true")).status_code == 400
    assert (await cloud.call("DELETE", f"{path}?force=true", "admin")).status_code == 400
    forced = await cloud.act(volume["id"], "os-force_delete", {}, "admin")
    assert forced.status_code == 400
    reset = {"status": "available"}
    await cloud.act(volume["id"], "os-reset_status", reset, "admin")
    assert (await cloud.call("DELETE", path)).status_code == 400
    assert volume["id"] in cloud.driver.volumes


async def test_nobody_but_compute_ends_what_compute_began(cloud: Cloud) -> None:
    """OSSA-2023-003: a volume is never freed, nor its connection told, while a guest has it."""
    volume = await cloud.make()
    attachment_id = await attach(cloud, volume["id"])
    path = f"/attachments/{attachment_id}"
    connector = {"connector": {"host": "h"}}

    for who in ("member", "admin"):
        assert (await cloud.call("DELETE", path, who)).status_code == 409
        update = await cloud.call("PUT", path, who, json={"attachment": connector})
        assert update.status_code == 409
        for name in ("os-detach", "os-terminate_connection", "os-begin_detaching"):
            answer = await cloud.act(volume["id"], name, connector, who)
            assert answer.status_code == 409, name
        told = await cloud.act(volume["id"], "os-initialize_connection", connector, who)
        assert told.status_code == 409
    forced = await cloud.act(volume["id"], "os-force_detach", {}, "admin")
    assert forced.status_code == 409
    assert (await cloud.show("volumes", volume["id"]))["status"] == "in-use"


async def test_another_volumes_attachment_is_not_what_ends_it(cloud: Cloud) -> None:
    """OSSA-2023-003: neither somebody else's, nor one's own of another volume."""
    made: list[tuple[str, str]] = []
    for _ in range(2):
        volume = await cloud.make()
        new = {"attachment": {"volume_uuid": volume["id"], "connector": {"host": "h"}}}
        answer = await cloud.call("POST", "/attachments", json=new)
        attachment_id = answer.json()["attachment"]["id"]
        path = f"/attachments/{attachment_id}"
        done = await cloud.call("POST", f"{path}/action", json={"os-complete": {}})
        assert done.status_code == 204
        assert (await cloud.call("DELETE", path, "other")).status_code == 404
        connector = {"attachment": {"connector": {"host": "mine"}}}
        assert (await cloud.call("PUT", path, "other", json=connector)).status_code == 404
        made.append((volume["id"], attachment_id))
    (one, _), (other, others) = made

    swapped = await cloud.act(one, "os-detach", {"attachment_id": others})

    assert 400 <= swapped.status_code < 500
    for volume_id in (one, other):
        assert (await cloud.show("volumes", volume_id))["status"] == "in-use"


async def test_xml_is_not_read(cloud: Cloud) -> None:
    """OSSA-2013-004, OSSA-2013-023: entities that name files, or grow without end."""
    bomb = (
        b'<!DOCTYPE v [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
        b'<!ENTITY c SYSTEM "file:///etc/passwd">]><volume size="1">&b;&c;</volume>'
    )
    headers = {"X-Auth-Token": "member", "Content-Type": "application/xml"}
    answer = await cloud.client.post("/volumes", headers=headers, content=bomb)
    assert answer.status_code in (400, 415)
    assert "root:" not in answer.text
    assert await cloud.ids("/volumes") == []


async def test_attachments_by_the_api(cloud: Cloud) -> None:
    volume = await cloud.make()
    new = {"attachment": {"volume_uuid": volume["id"], "instance_uuid": SERVER}}

    made = (await cloud.call("POST", "/attachments", json=new)).json()["attachment"]
    assert (made["status"], made["connection_info"]) == ("reserved", {})
    path = f"/attachments/{made['id']}"
    early = await cloud.call("POST", f"{path}/action", json={"os-complete": {}})
    assert early.status_code == 400
    connector = {"attachment": {"connector": {"host": "h", "mountpoint": "/dev/vdc"}}}
    updated = (await cloud.call("PUT", path, json=connector)).json()["attachment"]
    assert updated["connection_info"]["driver_volume_type"] == "fake"
    assert updated["connection_info"]["layers"] == []  # where it lies is services' to know
    done = await cloud.call("POST", f"{path}/action", json={"os-complete": {}})
    assert done.status_code == 204
    assert (await cloud.show("volumes", volume["id"]))["status"] == "in-use"
    assert await cloud.ids(f"/attachments?volume_id={volume['id']}") == [made["id"]]
    assert (await cloud.call("GET", path, "other")).status_code == 404
    assert (await cloud.call("DELETE", path, "other")).status_code == 404
    old = await cloud.call("POST", f"{path}/action", json={"os-complete": {}}, version="3.43")
    assert old.status_code == 404
    assert (await cloud.call("DELETE", path)).json() == {"attachments": []}
    assert (await cloud.show("volumes", volume["id"]))["status"] == "available"


async def test_the_older_verbs(cloud: Cloud) -> None:
    volume = await cloud.make()

    async def act(name: str, said: object = None, who: str = "member") -> int:
        return (await cloud.act(volume["id"], name, said or {}, who)).status_code

    assert await act("os-reserve") == 202
    assert await act("os-reserve") == 400
    assert (await cloud.show("volumes", volume["id"]))["status"] == "attaching"
    assert await act("os-unreserve") == 202
    assert await act("os-unreserve") == 400
    assert await act("os-attach", {}) == 400
    said = {"instance_uuid": SERVER, "mountpoint": "/dev/vdc"}
    assert await act("os-attach", said) == 202
    assert await act("os-attach", said) == 400
    assert (await cloud.show("volumes", volume["id"]))["attachments"][0]["device"] == "/dev/vdc"
    assert await act("os-begin_detaching") == 202
    assert await act("os-roll_detaching") == 202
    assert await act("os-detach") == 202
    assert await act("os-detach") == 202
    assert (await cloud.show("volumes", volume["id"]))["status"] == "available"
    assert await act("os-detach", {"attachment_id": NOWHERE}) == 404


async def test_one_server_at_a_time_unless_the_type_says_otherwise(cloud: Cloud) -> None:
    block, transact = cloud.block, cloud.block.kit.database.transact
    caller = caller_of("member")
    body = {"volume_type": {"name": "shared", "extra_specs": {"multiattach": "<is> True"}}}
    await cloud.call("POST", "/types", "admin", json=body)
    single = await cloud.make()
    shared = await cloud.make(volume_type="shared")
    assert shared["multiattach"] is True
    await attach(cloud, single["id"])
    await attach(cloud, shared["id"])

    with pytest.raises(BadRequest):
        await transact(
            lambda tx: attaching.reserve_volume(block, tx, caller, single["id"], NOWHERE)
        )
    with pytest.raises(Conflict):
        await transact(lambda tx: attaching.reserve_volume(block, tx, caller, shared["id"], SERVER))
    second = await transact(
        lambda tx: attaching.reserve_volume(block, tx, caller, shared["id"], NOWHERE)
    )
    assert (await attaching.connect_volume(block, second.id, host="h")).shareable
    await transact(lambda tx: attaching.detach_volume(block, tx, second.id))
    assert (await cloud.show("volumes", shared["id"]))["status"] == "in-use"


async def test_an_attached_volume_grows_in_front_of_its_guest(cloud: Cloud) -> None:
    volume = await cloud.make()
    await attach(cloud, volume["id"])
    said = {"new_size": 2}

    assert (await cloud.act(volume["id"], "os-extend", said, version="3.41")).status_code == 400
    assert (await cloud.act(volume["id"], "os-extend", said)).status_code == 202
    await cloud.settled("volumes", volume["id"], "in-use")

    assert [one.size_bytes for one in cloud.guest.grown] == [2 * GIB]


async def test_a_readonly_volume_is_connected_so(cloud: Cloud) -> None:
    volume = await cloud.make()
    await cloud.act(volume["id"], "os-update_readonly_flag", {"readonly": True})
    block = cloud.block
    made = await block.kit.database.transact(
        lambda tx: attaching.reserve_volume(block, tx, caller_of("member"), volume["id"], SERVER)
    )

    found = await attaching.connect_volume(block, made.id, host="h")

    assert found.read_only
    writing = {"instance_uuid": NOWHERE, "mode": "rw"}
    assert (await cloud.act(volume["id"], "os-attach", writing)).status_code == 400
