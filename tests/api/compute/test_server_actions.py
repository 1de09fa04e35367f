"""The verbs of a server: what each does, and when it is refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.compute.cloud import NOWHERE, Cloud
from unkai.kit.errors import Failed

pytestmark = pytest.mark.anyio


async def test_stop_and_start(cloud: Cloud) -> None:
    server_id = await cloud.boot()
    await cloud.act(server_id, "os-stop")
    shown = await cloud.reach(server_id, "SHUTOFF")
    assert shown["OS-EXT-STS:power_state"] == 4
    answer = await cloud.act(server_id, "os-stop", status=409)
    words = f"Cannot 'stop' instance {server_id} while it is in vm_state stopped"
    assert answer.json()["conflictingRequest"]["message"] == words
    await cloud.act(server_id, "pause", status=409)
    await cloud.act(server_id, "reboot", {"type": "SOFT"}, status=409)
    await cloud.act(server_id, "os-start")
    await cloud.reach(server_id, "ACTIVE")
    await cloud.act(server_id, "os-start", status=409)
    assert await cloud.leftovers() == []


@pytest.mark.parametrize("kind", ["SOFT", "HARD", "hard"])
async def test_reboot(cloud: Cloud, kind: str) -> None:
    server_id = await cloud.boot()
    host = cloud.host_of(server_id)
    assert host is not None
    host.delays["stop"] = 0.05
    await cloud.act(server_id, "reboot", {"type": kind})
    during = "REBOOT" if kind == "SOFT" else "HARD_REBOOT"
    assert (await cloud.show(server_id))["status"] == during
    await cloud.act(server_id, "pause", status=409)
    await cloud.reach(server_id, "ACTIVE")
    assert host.machines[server_id].boots == 2


async def test_pause_and_suspend(cloud: Cloud) -> None:
    server_id = await cloud.boot()
    for do, undo, status, power in (
        ("pause", "unpause", "PAUSED", 3),
        ("suspend", "resume", "SUSPENDED", 7),
    ):
        await cloud.act(server_id, do)
        assert (await cloud.reach(server_id, status))["OS-EXT-STS:power_state"] == power
        await cloud.act(server_id, do, status=409)
        await cloud.act(server_id, undo)
        await cloud.reach(server_id, "ACTIVE")
        await cloud.act(server_id, undo, status=409)


async def test_lock(cloud: Cloud) -> None:
    server_id = await cloud.boot()
    await cloud.act(server_id, "lock", {"locked_reason": "mine"})
    shown = await cloud.show(server_id)
    assert (shown["locked"], shown["locked_reason"]) == (True, "mine")
    answer = await cloud.act(server_id, "os-stop", status=409)
    assert answer.json()["conflictingRequest"]["message"] == f"Instance {server_id} is locked"
    await cloud.ask("DELETE", f"/servers/{server_id}", status=409)
    await cloud.act(server_id, "unlock")
    await cloud.act(server_id, "os-stop")
    await cloud.reach(server_id, "SHUTOFF")
    await cloud.act(server_id, "lock", who="admin", version="2.1")
    await cloud.act(server_id, "unlock", status=403)
    await cloud.act(server_id, "os-start", who="admin")
    await cloud.reach(server_id, "ACTIVE")
    await cloud.act(server_id, "lock", {"locked_reason": "x"}, version="2.72", status=400)


async def test_rebuild(cloud: Cloud) -> None:
    server_id = await cloud.boot(metadata={"old": "1"})
    before = await cloud.show(server_id)
    answer = await cloud.act(
        server_id,
        "rebuild",
        {
            "imageRef": cloud.image_id,
            "name": "neu",
            "metadata": {"new": "2"},
            "adminPass": "rebuilt",
            "key_name": "key",
            "user_data": "eA==",
        },
    )
    made = answer.json()["server"]
    assert (made["name"], made["metadata"], made["adminPass"]) == ("neu", {"new": "2"}, "rebuilt")
    assert (made["key_name"], made["user_data"], made["status"]) == ("key", "eA==", "REBUILD")
    shown = await cloud.reach(server_id, "ACTIVE")
    assert shown["addresses"] == before["addresses"]
    host = cloud.host_of(server_id)
    assert host is not None and host.machines[server_id].root_generation == 1
    await cloud.act(server_id, "rebuild", {"imageRef": NOWHERE}, status=400)
    await cloud.act(server_id, "rebuild", {}, status=400)
    await cloud.act(server_id, "os-stop")
    await cloud.reach(server_id, "SHUTOFF")
    old = await cloud.act(server_id, "rebuild", {"imageRef": cloud.image_id}, version="2.1")
    assert "OS-EXT-STS:vm_state" not in old.json()["server"]
    await cloud.reach(server_id, "SHUTOFF")


async def test_console_output(cloud: Cloud) -> None:
    server_id = await cloud.boot()
    host = cloud.host_of(server_id)
    assert host is not None
    host.machines[server_id].console = "one\ntwo\nthree\n"
    for length, wanted in ((None, "one\ntwo\nthree\n"), (1, "three"), ("2", "two\nthree")):
        value = {} if length is None else {"length": length}
        answer = await cloud.act(server_id, "os-getConsoleOutput", value, status=200)
        assert answer.json() == {"output": wanted}
    await cloud.act(server_id, "os-getConsoleOutput", {"length": "many"}, status=400)
    await cloud.act(server_id, "os-getConsoleOutput", {}, who="other", status=404)


async def test_an_admin_says_what_a_server_is(cloud: Cloud) -> None:
    server_id = await cloud.boot()
    await cloud.act(server_id, "os-resetState", {"state": "error"}, status=403)
    await cloud.act(server_id, "os-resetState", {"state": "flying"}, who="admin", status=400)
    await cloud.act(server_id, "os-resetState", {"state": "error"}, who="admin")
    assert (await cloud.show(server_id))["status"] == "ERROR"
    await cloud.act(server_id, "os-resetState", {"state": "active"}, who="admin")
    await cloud.reach(server_id, "ACTIVE")


@pytest.mark.parametrize(
    ("action", "value", "who", "status"),
    [
        ("resize", {"flavorRef": "84"}, "member", 400),
        ("createImage", {"name": "x"}, "member", 400),
        ("migrate", None, "member", 403),
        ("migrate", None, "admin", 400),
        ("shelve", None, "member", 400),
        ("reboot", {"type": "WARM"}, "member", 400),
        ("reboot", None, "member", 400),
        ("none-such", None, "member", 400),
        ("os-stop", None, "other", 404),
        ("os-stop", None, "reader", 403),
    ],
)
async def test_refusals(cloud: Cloud, action: str, value: Any, who: str, status: int) -> None:
    server_id = await cloud.boot(networks="none")
    await cloud.act(server_id, action, value, who=who, status=status)


async def test_actions_of_a_server_that_is_not_there(cloud: Cloud) -> None:
    for action in ("os-stop", "resize", "lock", "pause"):
        value = {"flavorRef": "84"} if action == "resize" else None
        await cloud.act(NOWHERE, action, value, status=404)
    await cloud.ask("POST", f"/servers/{NOWHERE}/action", {}, status=400)
    await cloud.ask("POST", f"/servers/{NOWHERE}/action", {"a": 1, "b": 2}, status=400)


async def test_a_verb_that_fails_shows_why(cloud: Cloud) -> None:
    server_id = await cloud.boot()
    host = cloud.host_of(server_id)
    assert host is not None
    host.fail_next("stop", Failed("QEMU does not answer."))
    await cloud.act(server_id, "os-stop")
    shown = await cloud.reach(server_id, "ERROR")
    assert shown["fault"]["message"] == "QEMU does not answer."
    await cloud.act(server_id, "reboot", {"type": "HARD"})
    shown = await cloud.reach(server_id, "ACTIVE")
    assert "fault" not in shown


async def test_what_was_asked_is_listed(cloud: Cloud) -> None:
    answer = await cloud.ask("POST", "/servers", cloud.body(), status=202)
    server_id = answer.json()["server"]["id"]
    request_id = answer.headers["x-compute-request-id"]
    await cloud.reach(server_id, "ACTIVE")
    await cloud.act(server_id, "reboot", {"type": "HARD"})
    await cloud.reach(server_id, "ACTIVE")
    path = f"/servers/{server_id}/os-instance-actions"
    listed = (await cloud.ask("GET", path, status=200)).json()["instanceActions"]
    assert [one["action"] for one in listed] == ["reboot", "create"]
    old = (await cloud.ask("GET", path, version="2.1", status=200)).json()["instanceActions"]
    assert "updated_at" not in old[0]
    one = await cloud.ask("GET", f"{path}/{request_id}", who="admin", status=200)
    (event,) = one.json()["instanceAction"]["events"]
    assert (event["event"], event["result"]) == ("compute__do_build_and_run_instance", "Success")
    assert event["finish_time"] and event["host"]
    mine = await cloud.ask("GET", f"{path}/{request_id}", version="2.1", status=200)
    assert "events" not in mine.json()["instanceAction"]
    await cloud.ask("GET", f"{path}/req-none", status=404)
    page = (await cloud.ask("GET", f"{path}?limit=1", status=200)).json()
    assert len(page["instanceActions"]) == 1 and page["links"]
    await cloud.ask("GET", f"{path}?marker=x", status=400)
    await cloud.ask("GET", f"{path}?changes-since=x", status=400)
    await cloud.ask("DELETE", f"/servers/{server_id}", status=204)
    await cloud.gone(server_id)
    after = (await cloud.ask("GET", path, status=200)).json()["instanceActions"]
    assert [one["action"] for one in after] == ["delete", "reboot", "create"]
    await cloud.ask("GET", path, version="2.20", status=404)


async def test_small_verbs_of_old_clients(cloud: Cloud) -> None:
    server_id = await cloud.boot()
    await cloud.act(server_id, "restore", status=409)
    await cloud.act(server_id, "injectNetworkInfo", who="admin")
    events = [{"name": "network-changed", "server_uuid": server_id}]
    path = "/os-server-external-events"
    answer = await cloud.ask("POST", path, {"events": events}, who="admin", status=200)
    assert answer.json()["events"][0]["code"] == 200
    await cloud.ask("POST", path, {"events": events}, status=403)
    events.append({"name": "network-changed", "server_uuid": NOWHERE})
    await cloud.ask("POST", path, {"events": events}, who="admin", status=207)
    await cloud.ask("POST", path, {"events": events[1:]}, who="admin", status=404)
    await cloud.ask("POST", path, {"events": []}, who="admin", status=400)
    await cloud.act(server_id, "forceDelete")
    await cloud.gone(server_id)
    assert await cloud.leftovers() == []
