"""What a request to block storage needs to get past "not in this status": things of its own.

A volume is worked on by one request at a time, and many requests use up what they are about. So a
route is asked about things made for it, brought to where its verb may begin.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from tests.api.doors.asking import Answer
from tests.api.doors.samples import name_of
from tests.api.doors.volumes import NEWEST, V3, rest
from unkai.kit.http import Api, Route

if TYPE_CHECKING:
    from tests.api.doors.house import House

Words = dict[str, str]
WHO = "admin"
"""Whose the things are: demo's own stay for the other tests."""
UNLIMITED = ("volumes", "gigabytes", "snapshots", "backups", "backup_gigabytes", "groups")
HOLDING = {
    "os-begin_detaching": {"status": "in-use"},
    "os-extend_volume_completion": {"status": "extending"},
    "os-unreserve": {"status": "attaching"},
}
"""The status in which a verb may begin, where that is not `available`."""
IN_THE_WAY = tuple(b'"Invalid %s: ' % kind for kind in (b"volume", b"snapshot", b"group"))
"""How a refusal begins that is no fault of the body."""


async def set_stage(house: House, api: Api, route: Route) -> Words:
    """Ids and other words for the route's path and body, beside those of the house."""
    if api.name not in ("block-storage", "compute") or route.method == "GET":
        return {}
    name = name_of(route)
    found = next((make for start, make in STAGES if name.startswith(start)), None)
    return {} if found is None else await found(house, route)


def is_used_up(route: Route, answer: Answer) -> bool:
    """Whether the next request of this route needs another stage."""
    if answer.status < 300:
        return name_of(route).startswith(ONCE)
    return answer.status == 400 and any(word in answer.content for word in IN_THE_WAY)


async def clear_the_way(house: House) -> None:
    """No quota for what is made here, and no backend left frozen by an earlier request."""
    project_id = await house.first("/identity/v3/projects?name=admin")
    limits = {"quota_set": dict.fromkeys(UNLIMITED, -1)}
    thaw = {"host": house.ids["block-storage"]["host_name"]}
    for path, body in ((f"os-quota-sets/{project_id}", limits), ("os-services/thaw", thaw)):
        answer = await house.ask(WHO, "PUT", f"{V3}/{path}", body, **NEWEST)
        assert answer.status < 300, answer.content


async def _volume(house: House, route: Route | None = None, **more: Any) -> Words:
    made = await house.make(WHO, f"{V3}/volumes", {"volume": {"size": 1} | more})
    await rest(house, "volumes", made["id"], who=WHO)
    if route is not None and route.action in HOLDING:
        await _act(house, f"volumes/{made['id']}", "os-reset_status", HOLDING[route.action])
    return {"volume_id": made["id"]}


async def _described(house: House, route: Route) -> Words:
    """Its image had a colour."""
    words = await _volume(house)
    said = {"metadata": {"colour": "red"}}
    await _act(house, f"volumes/{words['volume_id']}", "os-set_image_metadata", said)
    return words


async def _of_two_types(house: House, route: Route) -> Words:
    return {**await _volume(house), **await _type(house, route)}


async def _attachment(house: House, route: Route) -> Words:
    words = await _volume(house)
    body: Any = {"attachment": {"volume_uuid": words["volume_id"]}}
    if route.action == "os-complete":
        body["attachment"]["connector"] = {"host": "elsewhere"}
    made = await house.make(WHO, f"{V3}/attachments", body, **NEWEST)
    return {**words, "attachment_id": made["id"]}


async def _snapshot(house: House, route: Route | None = None) -> Words:
    words = await _volume(house)
    body = {"snapshot": {"volume_id": words["volume_id"], "metadata": {"colour": "red"}}}
    made = await house.make(WHO, f"{V3}/snapshots", body)
    await rest(house, "snapshots", made["id"], who=WHO)
    if route is not None and route.action == "os-update_snapshot_status":
        status = {"status": "creating"}
        await _act(house, f"snapshots/{made['id']}", "os-reset_status", status)
    return {**words, "snapshot_id": made["id"]}


async def _kept_volume(house: House, route: Route) -> Words:
    """A volume's data that the service gave up."""
    words = await _volume(house)
    await _act(house, f"volumes/{words['volume_id']}", "os-unmanage", {})
    await rest(house, "volumes", words["volume_id"], "", who=WHO)
    return {"kept": f"volume-{words['volume_id']}"}


async def _kept_snapshot(house: House, route: Route) -> Words:
    words = await _snapshot(house)
    await _act(house, f"snapshots/{words['snapshot_id']}", "os-unmanage", {})
    await rest(house, "snapshots", words["snapshot_id"], "", who=WHO)
    return {"kept": f"_snapshot-{words['snapshot_id']}", **words}


async def _backup(house: House, route: Route | None = None) -> Words:
    words = await _volume(house)
    made = await house.make(WHO, f"{V3}/backups", {"backup": {**words}})
    await rest(house, "backups", made["id"], who=WHO)
    return {**words, "backup_id": made["id"]}


async def _record(house: House, route: Route) -> Words:
    """What tells of a backup that is in no table, though its data is there."""
    words = await _backup(house)
    path = f"{V3}/backups/{words['backup_id']}/export_record"
    told = (await house.ask(WHO, "GET", path)).json()["backup-record"]
    record = json.loads(base64.b64decode(told["backup_url"]))
    record["id"] = house.cloud.kit.chance.uuid()
    url = base64.b64encode(json.dumps(record).encode()).decode()
    return {**words, "backup_service": told["backup_service"], "backup_url": url}


async def _offer(house: House, route: Route) -> Words:
    body = {"transfer": await _volume(house)}
    made = await house.make(WHO, f"{V3}/volume-transfers", body, **NEWEST)
    return {"transfer_id": made["id"], "auth_key": made["auth_key"]}


async def _group(house: House, route: Route) -> Words:
    """Of one volume; to be deleted, of none."""
    kind = house.ids["block-storage"]["group_type_id"]
    asked = {"group": {"group_type": kind, "volume_types": ["__DEFAULT__"]}}
    made = await house.make(WHO, f"{V3}/groups", asked, **NEWEST)
    if route.action != "delete":
        await _volume(house, group_id=made["id"])
    return {"group_id": made["id"]}


async def _type(house: House, route: Route) -> Words:
    name = f"stage-{house.cloud.kit.chance.uuid()}"
    made = await house.make(WHO, f"{V3}/types", {"volume_type": {"name": name}})
    return {"volume_type_id": made["id"]}


async def _qos(house: House, route: Route) -> Words:
    name = f"stage-{house.cloud.kit.chance.uuid()}"
    body = {"qos_specs": {"name": name, "total_iops_sec": "9"}}
    return {"qos_id": (await house.make(WHO, f"{V3}/qos-specs", body))["id"]}


async def _act(house: House, thing: str, action: str, value: Any) -> None:
    answer = await house.ask(WHO, "POST", f"{V3}/{thing}/action", {action: value}, **NEWEST)
    assert answer.status < 300, answer.content


async def _spare(house: House, route: Route) -> Words:
    await clear_the_way(house)
    return {"spare_volume_id": (await _volume(house))["volume_id"]}


ONCE = (
    "POST /volumes/{volume_id}/action os-unset_image_metadata",
    "POST /manageable",
    "POST /os-volume-manage",
    "POST /os-snapshot-manage",
    "POST /backups/import_record",
    "POST /os-volume-transfer/{transfer_id}/accept",
    "POST /volume-transfers/{transfer_id}/accept",
    "POST /types/{volume_type_id}/encryption",
    "PUT /qos-specs/{qos_id}/delete_keys",
)
STAGES: tuple[tuple[str, Callable[[House, Route], Awaitable[Words]]], ...] = (
    ("POST /volumes/{volume_id}/action revert", _snapshot),
    ("POST /volumes/{volume_id}/action os-unset_image_metadata", _described),
    ("POST /volumes/{volume_id}/action os-retype", _of_two_types),
    ("POST /volumes/{volume_id}", _volume),
    ("POST /os-snapshots", _spare),
    ("POST /servers/{server_id}/os-volume_attachments", _spare),
    ("POST /attachments/{attachment_id}", _attachment),
    ("PUT /attachments", _attachment),
    ("POST /attachments", _volume),
    ("POST /snapshots/{snapshot_id}", _snapshot),
    ("POST /snapshots", _volume),
    ("POST /manageable_volumes", _kept_volume),
    ("POST /os-volume-manage", _kept_volume),
    ("POST /manageable_snapshots", _kept_snapshot),
    ("POST /os-snapshot-manage", _kept_snapshot),
    ("POST /backups/import_record", _record),
    ("POST /backups/{backup_id}", _backup),
    ("POST /backups", _volume),
    ("POST /os-volume-transfer/{transfer_id}/accept", _offer),
    ("POST /volume-transfers/{transfer_id}/accept", _offer),
    ("POST /os-volume-transfer", _volume),
    ("POST /volume-transfers", _volume),
    ("POST /groups/{group_id}", _group),
    ("POST /groups/action", _group),
    ("POST /group_snapshots", _group),
    ("POST /types/{volume_type_id}/encryption", _type),
    ("PUT /qos-specs/{qos_id}/delete_keys", _qos),
)
"""By how a route's name begins, the first that fits."""
