"""What a guest writes to and reads from a volume, beside the same file under a bare QEMU.

Both guests run the same image and the same program, which works through every disk of 2 GiB that it
is given, past its own memory. They are given the same file in turns, each first in every second
pair, so that the machine's other work hits both; the figure is the median of the pairs. The first
pair, which finds an empty file, is not counted.
"""

from __future__ import annotations

import base64
import json
import re
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from bench.cases.servers import boot, delete_all, server_body
from bench.cases.volumes import console, create, drop, until_settled, wait_none, wait_status
from bench.figures import Figure
from bench.subject import Door, Subject

PAIRS = 6
MIB = 512
READS = 2
AIM = 0.97
GIB_SECTORS = 1 << 21
PROGRAM = rf"""#!/bin/sh
now() {{ cut -d' ' -f1 /proc/uptime; }}
watch() {{
  while :; do
    for disk in /sys/block/vd*; do
      name=${{disk##*/}}
      [ "$(cat $disk/size)" = {2 * GIB_SECTORS} ] || continue
      began=$(now)
      dd if=/dev/zero of=/dev/$name bs=1M count={MIB} oflag=direct conv=fsync 2>/dev/null
      written=$(now)
      for _ in $(seq {READS}); do
        dd if=/dev/$name of=/dev/null bs=1M count={MIB} iflag=direct 2>/dev/null
      done
      echo "ROUND<$began $written $(now)>"
      while [ -e $disk ]; do sleep 0.2; done
      echo "GONE<$name>"
    done
    sleep 0.1
  done
}}
watch > /dev/console 2>&1 &
"""
Rates = tuple[float, float]
"""MiB/s written and read."""


def throughput(subject: Subject) -> Iterator[Figure]:
    door = subject.door("demo")
    body = server_body(door)
    program = base64.b64encode(PROGRAM.encode()).decode()
    body["server"] |= {"config_drive": True, "user_data": program}
    server, volume = boot(door, body), create(door, size=2)
    until_settled(subject, server)
    with (
        tempfile.TemporaryDirectory(prefix="unkai-bench-") as name,
        bare(subject, door, server, Path(name)) as qemu,
    ):
        ours: list[Rates] = []
        bares: list[Rates] = []
        turns: list[tuple[list[Rates], Callable[[], Rates]]] = [
            (ours, partial(_attached, subject, door, server, volume)),
            (bares, partial(qemu.round, subject.cloud.state_dir / "volumes" / "layers" / volume)),
        ]
        for _ in range(1 + PAIRS):
            for rates, take in turns:
                rates.append(take())
            turns.reverse()
    delete_all(door, [server])
    drop(door, [volume])
    for which, what in enumerate(("writes", "reads")):
        mine, other = ([one[which] for one in rates[1:]] for rates in (ours, bares))
        yield _median(f"a guest {what}", mine, "MiB/s")
        yield _median(f"  under a bare QEMU it {what}", other, "MiB/s")
        ratios = [one / beside for one, beside in zip(mine, other, strict=True)]
        yield _median("  of that, by pairs", ratios, "x MiB/s", AIM)


def _median(name: str, samples: list[float], unit: str, aim: float | None = None) -> Figure:
    spread = (min(samples), max(samples))
    middle = statistics.median(samples)
    return Figure(name, middle, unit, aim=aim, samples=len(samples), spread=spread)


def _attached(subject: Subject, door: Door, server: str, volume: str) -> Rates:
    path = f"/compute/v2.1/servers/{server}/os-volume_attachments"
    rounds = Rounds(lambda: console(subject, server))
    door.json("POST", path, {"volumeAttachment": {"volumeId": volume}})
    found = rounds.next()
    door.json("DELETE", f"{path}/{volume}")
    wait_status(door, volume, "available")
    rounds.end()
    return found


class Rounds:
    """What a guest says of its rounds, from now on."""

    def __init__(self, said: Callable[[], str]) -> None:
        self._said = said
        self._known = len(self._all())
        self._gone = said().count("GONE<")

    def next(self) -> Rates:
        wait_none(lambda: len(self._all()) == self._known, 0.1)
        began, written, read = map(float, self._all()[self._known])
        return MIB / (written - began), READS * MIB / (read - written)

    def end(self) -> None:
        """The guest has seen the disk go: it is ready for the next."""
        wait_none(lambda: self._said().count("GONE<") == self._gone, 0.1)

    def _all(self) -> list[tuple[str, str, str]]:
        return re.findall(r"ROUND<(\S+) (\S+) (\S+)>", self._said())


class BareQemu:
    """A machine like a server's, without a cloud: its disk is given by its own monitor."""

    def __init__(self, process: subprocess.Popen[str], console_log: Path) -> None:
        self._process = process
        self._console_log = console_log
        self._read()
        self._do("qmp_capabilities")

    def said(self) -> str:
        return self._console_log.read_text(errors="replace") if self._console_log.exists() else ""

    def round(self, path: Path) -> Rates:
        rounds = Rounds(self.said)
        cache = {"direct": True}
        file = {"driver": "file", "filename": str(path), "cache": cache, "aio": "threads"}
        self._do("blockdev-add", **{"node-name": "disk", "driver": "raw", "file": file})
        self._do("device_add", driver="virtio-blk-pci", id="disk", drive="disk", bus="port")
        found = rounds.next()
        self._do("device_del", id="disk")
        while self._read().get("event") != "DEVICE_DELETED":
            pass
        self._do("blockdev-del", **{"node-name": "disk"})
        rounds.end()
        return found

    def _do(self, command: str, **arguments: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self._process.stdin.flush()
        while "return" not in (answer := self._read()):
            if "error" in answer:
                raise AssertionError(f"{command}: {answer['error']}")

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


@contextmanager
def bare(subject: Subject, door: Door, server: str, folder: Path) -> Generator[BareQemu]:
    """The image of the cloud, with the server's own config drive."""
    image = door.json("GET", "/image/v2/images")["images"][0]["id"]
    status, data, _ = door.ask("GET", f"/image/v2/images/{image}/file")
    assert status == 200, status
    (folder / "image").write_bytes(data)
    drive = subject.cloud.state_dir / "guests" / "machines" / server / "config.iso"
    memory = min(one["ram"] for one in door.json("GET", "/compute/v2.1/flavors/detail")["flavors"])
    log = folder / "console"
    words = ["qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none"]
    words += ["-machine", "q35", "-accel", "tcg,thread=multi,tb-size=32", "-cpu", "max"]
    words += ["-m", str(memory), "-qmp", "stdio", "-serial", f"file:{log}"]
    words += ["-drive", f"if=virtio,format=qcow2,snapshot=on,file={folder / 'image'}"]
    words += ["-drive", f"if=virtio,format=raw,readonly=on,file={drive}"]
    words += ["-device", "pcie-pci-bridge,id=port"]
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            made = BareQemu(process, log)
            wait_none(lambda: "login:" not in made.said(), 0.1)
            yield made
        finally:
            process.kill()
