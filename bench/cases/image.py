"""Images: upload and download, beside the floor of hashing the same bytes."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator

from bench.figures import Figure
from bench.subject import Subject

SIZE_MIB = 256
UPLOAD_AIM = 150
CHUNK = bytes(range(256)) * 4096


def images(subject: Subject) -> Iterator[Figure]:
    yield _floor()
    door = subject.door()
    made: list[str] = []

    def upload() -> None:
        body = {"name": "bench", "disk_format": "raw", "container_format": "bare"}
        image = door.json("POST", "/image/v2/images", body)["id"]
        made.append(image)
        path = f"/image/v2/images/{image}/file"
        chunks = (CHUNK for _ in range(SIZE_MIB))
        door.stream("PUT", path, chunks, SIZE_MIB << 20, "application/octet-stream")

    watch = subject.stopwatch()
    watch.time(upload, repeats=3, warm_up=0)
    yield watch.rate("image upload", "MiB/s", per=SIZE_MIB, aim=UPLOAD_AIM)

    def download() -> None:
        assert door.drain(f"/image/v2/images/{made[-1]}/file") == SIZE_MIB << 20

    watch = subject.stopwatch()
    watch.time(download, repeats=3, warm_up=0)
    yield watch.rate("image download", "MiB/s", per=SIZE_MIB)
    for image in made:
        door.json("DELETE", f"/image/v2/images/{image}")


def _floor() -> Figure:
    """What hashing costs alone: md5 for `checksum`, sha512 for `os_hash_value`, one core."""
    md5, sha512 = hashlib.md5(usedforsecurity=False), hashlib.sha512()
    start = time.perf_counter()
    for _ in range(SIZE_MIB):
        md5.update(CHUNK)
        sha512.update(CHUNK)
    took = time.perf_counter() - start
    return Figure("hashing alone (md5, then sha512)", SIZE_MIB / took, "MiB/s")
