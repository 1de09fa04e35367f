"""Volumes: made, many at once, cloned, frozen; attached to a guest that runs."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from bench.cases.servers import boot, delete_all, server_body
from bench.figures import Figure
from bench.subject import Door, Subject

V3 = "/volume/v3"
CREATE_AIM_MS, CREATE_CPU_AIM_MS = 15, 8
AT_ONCE, AT_ONCE_AIM_MS = 50, 1000
ATTACH_AIM_MS = 300
LARGE_GIB = 10
DEADLINE_S = 60
NUMBERS = itertools.count()


def volumes(subject: Subject) -> Iterator[Figure]:
    lift_quotas(subject)
    door = subject.door("demo")
    made: list[str] = []
    watch = subject.stopwatch()
    watch.time(lambda: made.append(create(door)), repeats=20, warm_up=2)
    yield watch.median(
        "POST /volumes to available", aim_ms=CREATE_AIM_MS, cpu_aim_ms=CREATE_CPU_AIM_MS
    )
    batch: list[str] = []

    def all_at_once() -> None:
        batch.extend(ask(door) for _ in range(AT_ONCE))
        wait_all(door, batch)

    watch = subject.stopwatch()
    watch.time(all_at_once, repeats=1, warm_up=0)
    yield watch.median(f"{AT_ONCE} volumes at once", aim_ms=AT_ONCE_AIM_MS)
    drop(door, [*made, *batch])
    yield from _copies(subject, door)


def _copies(subject: Subject, door: Door) -> Iterator[Figure]:
    """The same of a small volume and of a large one: the size is to make no difference."""
    for size in (1, LARGE_GIB):
        source = create(door, size=size)
        fill(subject, source, size)
        made: list[str] = []
        fields = {"size": size, "source_volid": source}
        watch = subject.stopwatch()
        watch.time(partial(_keep, made, partial(create, door, **fields)), repeats=10)
        yield watch.median(f"clone of a full {size} GiB volume")
        drop(door, made)
        frozen: list[str] = []
        watch = subject.stopwatch()
        watch.time(partial(_keep, frozen, partial(freeze, door, source)), repeats=10)
        yield watch.median(f"snapshot of a full {size} GiB volume")
        for one in frozen:
            door.json("DELETE", f"{V3}/snapshots/{one}")
        wait_none(lambda: door.json("GET", f"{V3}/snapshots")["snapshots"])
        drop(door, [source])


def _keep(made: list[str], make: Callable[[], str]) -> None:
    made.append(make())


def fill(subject: Subject, volume_id: str, size_gib: int) -> None:
    """Give the file all its blocks, without writing them: nobody has the volume open."""
    path = subject.cloud.state_dir / "volumes" / "layers" / volume_id
    with path.open("r+b") as file:
        os.posix_fallocate(file.fileno(), 0, size_gib << 30)


def attachments(subject: Subject) -> Iterator[Figure]:
    door = subject.door("demo")
    server = boot(door, server_body(door))
    volume = create(door)
    path = f"/compute/v2.1/servers/{server}/os-volume_attachments"

    def attach() -> None:
        door.json("POST", path, {"volumeAttachment": {"volumeId": volume}})
        wait_status(door, volume, "in-use")

    watch = subject.stopwatch()
    until_settled(subject, server)
    for _ in range(10):
        watch.time(attach, repeats=1, warm_up=0)
        door.json("DELETE", f"{path}/{volume}")
        wait_status(door, volume, "available")
    yield watch.median("attach to a running guest", aim_ms=ATTACH_AIM_MS)
    delete_all(door, [server])
    drop(door, [volume])


def until_settled(subject: Subject, server: str) -> None:
    """A guest that still boots neither takes nor gives a disk; this one says when it is up."""
    wait_none(lambda: "login:" not in console(subject, server))


def console(subject: Subject, server: str) -> str:
    path = subject.cloud.state_dir / "guests" / "machines" / server / "console.log"
    return path.read_text(errors="replace") if path.exists() else ""


# --- asking and waiting


def ask(door: Door, **fields: Any) -> str:
    body = {"volume": {"size": 1, "name": f"bench-{next(NUMBERS)}", **fields}}
    volume_id: str = door.json("POST", f"{V3}/volumes", body)["volume"]["id"]
    return volume_id


def create(door: Door, **fields: Any) -> str:
    """Ask for one and wait until it is available."""
    volume_id = ask(door, **fields)
    wait_status(door, volume_id, "available")
    return volume_id


def freeze(door: Door, volume_id: str) -> str:
    body = {"snapshot": {"volume_id": volume_id}}
    snapshot_id: str = door.json("POST", f"{V3}/snapshots", body)["snapshot"]["id"]
    path = f"{V3}/snapshots/{snapshot_id}"
    wait_none(lambda: _differs(door.json("GET", path)["snapshot"]["status"], "available"))
    return snapshot_id


def wait_status(door: Door, volume_id: str, status: str) -> None:
    path = f"{V3}/volumes/{volume_id}"
    wait_none(lambda: _differs(door.json("GET", path)["volume"]["status"], status))


def wait_all(door: Door, volume_ids: Sequence[str]) -> None:
    wanted = set(volume_ids)
    path = f"{V3}/volumes?status=available&limit=1000"
    wait_none(lambda: wanted - {one["id"] for one in door.json("GET", path)["volumes"]}, 0.05)


def drop(door: Door, volume_ids: Sequence[str]) -> None:
    for one in volume_ids:
        door.json("DELETE", f"{V3}/volumes/{one}")
    gone = set(volume_ids)
    path = f"{V3}/volumes?limit=1000"
    wait_none(lambda: gone & {one["id"] for one in door.json("GET", path)["volumes"]}, 0.05)


def _differs(status: str, wanted: str) -> bool:
    if status.startswith("error"):
        raise AssertionError(f"it is {status} and was to be {wanted}")
    return status != wanted


def wait_none(left: Callable[[], object], pause_s: float = 0.003) -> None:
    """Asking costs the cloud as much as a good part of the work, so it pauses in between."""
    deadline = time.monotonic() + DEADLINE_S
    while left():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {DEADLINE_S} s")
        time.sleep(pause_s)


def lift_quotas(subject: Subject) -> None:
    """As many volumes as the cases want."""
    admin = subject.door()
    (project,) = admin.json("GET", "/identity/v3/projects?name=demo")["projects"]
    quota = {"volumes": -1, "snapshots": -1, "gigabytes": -1}
    admin.json("PUT", f"{V3}/os-quota-sets/{project['id']}", {"quota_set": quota})
    admin.close()
