"""Encrypted volumes by the API: types that ask for it, keys that nobody is shown, and refusals."""

from __future__ import annotations

import base64
import zlib
from typing import Any

import pytest

from tests.api.block_storage.conftest import Cloud, attach
from unkai.block_storage.actions.attach_volume import volume_secrets
from unkai.block_storage.store import keys

pytestmark = pytest.mark.anyio
LUKS = {"provider": "luks", "cipher": "aes-xts-plain64", "key_size": 256}


async def a_type(cloud: Cloud, name: str = "secret", /, **encryption: Any) -> str:
    made = await cloud.call("POST", "/types", "admin", json={"volume_type": {"name": name}})
    type_id: str = made.json()["volume_type"]["id"]
    if encryption:
        path, said = f"/types/{type_id}/encryption", {"encryption": encryption}
        answer = await cloud.call("POST", path, "admin", json=said)
        assert answer.status_code == 200, answer.text
    return type_id


async def refused(cloud: Cloud, path: str, said: Any, **more: Any) -> str:
    answer = await cloud.call("POST", path, json=said, **more)
    assert answer.status_code == 400, answer.text
    return str(answer.json()["badRequest"]["message"])


async def test_a_volume_of_an_encrypted_type(cloud: Cloud) -> None:
    await a_type(cloud, **LUKS)
    made = await cloud.make(volume_type="secret")
    key_id = made["encryption_key_id"]
    assert made["encrypted"] is True
    path = f"/volumes/{made['id']}"
    older = (await cloud.call("GET", path, version="3.63")).json()["volume"]
    assert older["encrypted"] is True and "encryption_key_id" not in older
    assert (await cloud.call("GET", f"{path}/encryption")).json() == {
        "encryption_key_id": key_id,
        "control_location": "front-end",
        **LUKS,
    }
    said = (await cloud.call("GET", f"{path}/encryption/cipher")).json()
    assert said == {"cipher": "aes-xts-plain64"}
    assert (await cloud.call("GET", f"{path}/encryption/other")).status_code == 404
    assert (await cloud.call("GET", f"{path}/encryption", "other")).status_code == 404

    plain = await cloud.make()
    assert plain["encrypted"] is False and "encryption_key_id" not in plain
    said = await cloud.call("GET", f"/volumes/{plain['id']}/encryption")
    assert said.json() == {"encryption_key_id": None}


async def test_nobody_is_shown_a_key_and_it_lies_sealed(
    cloud: Cloud, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    await a_type(cloud, **LUKS)
    made = await cloud.make(volume_type="secret")
    await attach(cloud, made["id"])
    key = (await volume_secrets(cloud.block, made["id"]))["luks"].value
    assert len(bytes.fromhex(base64.b64decode(key).decode())) == 32
    answers = [
        await cloud.call("GET", path, "admin")
        for path in (
            f"/volumes/{made['id']}",
            f"/volumes/{made['id']}/encryption",
            "/attachments/detail?all_tenants=1",
        )
    ]
    answers.append(await cloud.act(made["id"], "os-initialize_connection", {"connector": {}}))
    for answer in answers:
        assert key not in answer.text
    sealed = await keys.find(cloud.block.kit.database.reader, made["encryption_key_id"])
    assert sealed is not None and key not in sealed
    for path in cloud.folder.glob("*"):
        assert path.is_dir() or key.encode() not in path.read_bytes(), path
    told = capsys.readouterr()
    assert key not in caplog.text + told.out + told.err


async def test_copies_share_the_key_and_the_last_one_takes_it_along(cloud: Cloud) -> None:
    await a_type(cloud, **LUKS)
    first = await cloud.make(volume_type="secret")
    snapshot = await cloud.snap(first["id"])
    second = await cloud.make(source_volid=first["id"])
    third = await cloud.make(snapshot_id=snapshot["id"])
    key_id = first["encryption_key_id"]
    assert {second["encryption_key_id"], third["encryption_key_id"]} == {key_id}
    assert second["volume_type"] == third["volume_type"] == "secret"
    other = await cloud.make(volume_type="secret")
    assert other["encryption_key_id"] != key_id

    reader = cloud.block.kit.database.reader
    for one in (first, second, third):
        assert await keys.find(reader, key_id) is not None
        await cloud.call("DELETE", f"/volumes/{one['id']}?cascade=true")
        await cloud.gone("volumes", one["id"])
    assert await keys.find(reader, key_id) is None


async def test_copies_are_neither_decrypted_nor_encrypted_on_the_way(cloud: Cloud) -> None:
    await a_type(cloud, **LUKS)
    await a_type(cloud, "plain")
    secret, plain = await cloud.make(volume_type="secret"), await cloud.make(volume_type="plain")
    for source, kind in ((secret, "plain"), (plain, "secret")):
        body = {"volume": {"source_volid": source["id"], "volume_type": kind}}
        assert "encrypted otherwise" in await refused(cloud, "/volumes", body)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"provider": "plain"}, "provider"),
        ({"provider": "luks", "control_location": "back-end"}, "control_location"),
        ({"provider": "luks", "cipher": "serpent-cbc"}, "cipher"),
        ({"provider": "luks", "key_size": 128}, "key_size"),
    ],
)
async def test_encryption_that_cannot_be_had(cloud: Cloud, said: dict[str, Any], why: str) -> None:
    await a_type(cloud, **said)
    body = {"volume": {"size": 1, "volume_type": "secret"}}
    assert why in await refused(cloud, "/volumes", body)
    assert await cloud.ids("/volumes") == []


async def test_what_would_lie_in_clear_is_refused_before_anything_happens(cloud: Cloud) -> None:
    await a_type(cloud, **LUKS)
    made = await cloud.make(volume_type="secret")
    one = made["id"]
    upload = {"os-volume_upload_image": {"image_name": "copy"}}
    refusals = [
        await refused(cloud, f"/volumes/{one}/action", upload),
        await refused(cloud, f"/volumes/{one}/action", {"os-unmanage": {}}, who="admin"),
    ]
    assert all("encrypted" in said for said in refusals)
    offer = {"transfer": {"volume_id": one}}
    assert "3.70" in await refused(cloud, "/volume-transfers", offer, version="3.69")
    answer = await cloud.call("POST", "/volume-transfers", json=offer)
    assert answer.status_code == 202
    await cloud.call("DELETE", f"/volume-transfers/{answer.json()['transfer']['id']}")
    assert (await cloud.show("volumes", one))["status"] == "available"


async def a_backup(cloud: Cloud, **body: Any) -> Any:
    answer = await cloud.call("POST", "/backups", json={"backup": body})
    assert answer.status_code == 202, answer.text
    return await cloud.settled("backups", answer.json()["backup"]["id"], "available")


async def restored(cloud: Cloud, backup_id: str, **body: Any) -> Any:
    answer = await cloud.call("POST", f"/backups/{backup_id}/restore", json={"restore": body})
    assert answer.status_code == 202, answer.text
    await cloud.settled("backups", backup_id, "available")
    return await cloud.settled("volumes", answer.json()["restore"]["volume_id"], "available")


async def test_a_backup_is_encrypted_and_outlives_its_volume(cloud: Cloud) -> None:
    type_id = await a_type(cloud, **LUKS)
    made = await cloud.make(volume_type="secret")
    key_id = made["encryption_key_id"]
    contents = {0: b"1" * (4 << 20)}
    cloud.driver.write(made["id"], 0, contents[0])
    snapshot = await cloud.snap(made["id"])
    whole = await a_backup(cloud, volume_id=made["id"])
    cloud.driver.write(made["id"], 4 << 20, b"2" * (4 << 20))
    later = await a_backup(cloud, volume_id=made["id"], incremental=True)
    frozen = await a_backup(cloud, volume_id=made["id"], snapshot_id=snapshot["id"])
    assert {one["encryption_key_id"] for one in (whole, later, frozen)} == {key_id}
    stored = [path for path in (cloud.folder / "backups").rglob("*") if path.is_file()]
    assert stored
    for path in stored:
        if path.name != "list.json":
            assert b"1" * 4096 not in zlib.decompress(path.read_bytes())

    await cloud.call("DELETE", f"/volumes/{made['id']}?cascade=true")
    await cloud.gone("volumes", made["id"])
    again = await restored(cloud, whole["id"])
    newest = await restored(cloud, later["id"])

    assert (again["encrypted"], again["encryption_key_id"]) == (True, key_id)
    assert again["volume_type"] == "secret"
    assert cloud.driver.volumes[again["id"]].chunks == contents
    assert len(cloud.driver.volumes[newest["id"]].chunks) == 2
    encryption = cloud.driver.volumes[again["id"]].encryption
    assert encryption is not None and encryption.key_id == key_id
    assert await volume_secrets(cloud.block, again["id"])
    for one in (again, newest):
        await cloud.call("DELETE", f"/volumes/{one['id']}")
        await cloud.gone("volumes", one["id"])
    reader = cloud.block.kit.database.reader
    for one in (frozen, later, whole):
        assert await keys.find(reader, key_id) is not None
        await cloud.call("DELETE", f"/backups/{one['id']}")
        await cloud.gone("backups", one["id"])
    assert await keys.find(reader, key_id) is None
    assert (await cloud.call("DELETE", f"/types/{type_id}", "admin")).status_code == 202


async def test_a_backup_comes_back_only_where_it_is_encrypted_as_it_was(cloud: Cloud) -> None:
    await a_type(cloud, **LUKS)
    await a_type(cloud, "stronger", **{**LUKS, "key_size": 512})
    plain, secret = await cloud.make(), await cloud.make(volume_type="secret")
    others = await cloud.make(volume_type="stronger")
    frozen = await cloud.make(volume_type="secret")
    await cloud.snap(frozen["id"])
    encrypted = await a_backup(cloud, volume_id=secret["id"])
    clear = await a_backup(cloud, volume_id=plain["id"])
    for backup, volume in (
        (encrypted, plain),
        (encrypted, others),
        (encrypted, frozen),
        (clear, secret),
    ):
        body = {"restore": {"volume_id": volume["id"]}}
        assert "encrypted" in await refused(cloud, f"/backups/{backup['id']}/restore", body)
        assert (await cloud.show("volumes", volume["id"]))["status"] == "available"

    empty = await cloud.make(volume_type="secret")
    before = empty["encryption_key_id"]
    shown = await restored(cloud, encrypted["id"], volume_id=empty["id"])

    assert shown["encryption_key_id"] == secret["encryption_key_id"] != before
    assert await keys.find(cloud.block.kit.database.reader, before) is None


async def retype(cloud: Cloud, volume_id: str, kind: str, policy: str = "on-demand") -> Any:
    said = {"new_type": kind, "migration_policy": policy}
    return await cloud.act(volume_id, "os-retype", said)


async def test_a_retype_encrypts_and_decrypts(cloud: Cloud) -> None:
    await a_type(cloud, **LUKS)
    await a_type(cloud, "plain")
    made = await cloud.make(volume_type="plain")
    cloud.driver.write(made["id"], 0, b"1" * (4 << 20))
    assert (await retype(cloud, made["id"], "secret", "never")).status_code == 400
    assert (await retype(cloud, made["id"], "secret")).status_code == 202
    shown = await cloud.settled("volumes", made["id"], "available")
    assert (shown["encrypted"], shown["volume_type"]) == (True, "secret")
    key_id = shown["encryption_key_id"]
    volume = cloud.driver.volumes[made["id"]]
    assert volume.encryption is not None and volume.encryption.key_id == key_id
    assert volume.chunks == {0: b"1" * (4 << 20)}

    snapshot = await cloud.snap(made["id"])
    assert "snapshots" in (await retype(cloud, made["id"], "plain")).text
    await cloud.call("DELETE", f"/snapshots/{snapshot['id']}")
    await cloud.gone("snapshots", snapshot["id"])
    assert (await retype(cloud, made["id"], "plain")).status_code == 202
    shown = await cloud.settled("volumes", made["id"], "available")
    assert (shown["encrypted"], shown["volume_type"]) == (False, "plain")
    assert await keys.find(cloud.block.kit.database.reader, key_id) is None


async def test_a_retype_that_fails_leaves_the_volume_as_it_was(cloud: Cloud) -> None:
    await a_type(cloud, **LUKS)
    await a_type(cloud, "plain")
    made = await cloud.make(volume_type="plain")
    cloud.driver.full = True
    assert (await retype(cloud, made["id"], "secret")).status_code == 202
    shown = await cloud.settled("volumes", made["id"], "available")
    assert (shown["encrypted"], shown["volume_type"]) == (False, "plain")


async def test_an_attached_volume_stays_as_it_is(cloud: Cloud) -> None:
    await a_type(cloud, **LUKS)
    made = await cloud.make()
    await attach(cloud, made["id"])
    assert "attached" in (await retype(cloud, made["id"], "secret")).text
