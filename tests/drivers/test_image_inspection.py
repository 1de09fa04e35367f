"""What image data may be: each format by itself, and every published way to smuggle something in.

The files are made here, byte by byte; those of `test_what_other_tools_make_is_taken` by qemu-img.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.drivers import image_files as files
from unkai.image.drivers.inspection import sandboxed
from unkai.image.drivers.inspection.judge import Judgement, judge
from unkai.image.drivers.inspection.sandboxed import SandboxedInspector
from unkai.image.drivers.inspection.source import Source

GOOD: dict[str, Callable[[], bytes]] = {
    "qcow2": files.qcow2,
    "vmdk": files.vmdk,
    "vdi": files.vdi,
    "vhd": files.vhd_dynamic,
    "vhdx": files.vhdx,
    "iso": files.iso,
    "ploop": files.ploop,
    "raw": files.gpt,
}


def judged(data: bytes, disk_format: str, container: str = "bare") -> Judgement:
    fd = os.memfd_create("data")
    try:
        os.write(fd, data)
        return judge(Source(fd, len(data)), disk_format, container)
    finally:
        os.close(fd)


def refused(data: bytes, disk_format: str, reason: str, container: str = "bare") -> None:
    judgement = judged(data, disk_format, container)
    assert reason in (judgement["reason"] or "taken"), judgement


@pytest.mark.parametrize("disk_format", GOOD)
def test_a_good_file_is_taken_with_its_virtual_size(disk_format: str) -> None:
    data = GOOD[disk_format]()
    judgement = judged(data, disk_format)

    expected = len(data) if disk_format in ("raw", "iso") else files.DISK
    assert judgement == {"format": disk_format, "virtual_size": expected, "reason": None}


@pytest.mark.parametrize("disk_format", GOOD)
@pytest.mark.parametrize("declared", [*GOOD, "ami", "ari", "aki"])
def test_the_declared_format_is_the_real_one(disk_format: str, declared: str) -> None:
    """CVE-2024-44082, CVE-2024-40767: what guesses must find nothing to guess."""
    judgement = judged(GOOD[disk_format](), declared)

    plain = {"raw", "ami", "ari", "aki"}
    same = disk_format == declared or (disk_format == "raw" and declared in plain)
    assert (judgement["reason"] is None) is same, judgement


@pytest.mark.parametrize("disk_format", [name for name in GOOD if name != "raw"])
@pytest.mark.parametrize("kept", [0, 1, 3, 8, 64, 100, 511, 512, 1023, 2048, 40000, 150_000])
def test_a_file_cut_off_is_refused(disk_format: str, kept: int) -> None:
    data = GOOD[disk_format]()
    if kept >= len(data):
        pytest.skip("the file is shorter")
    whole_header = {"vmdk": 11264, "ploop": 96, "vdi": 1023, "qcow2": 131080}.get(
        disk_format, len(data)
    )
    judgement = judged(data[:kept], disk_format)

    assert judgement["reason"] is not None or kept >= whole_header, judgement


def test_any_other_bytes_are_raw() -> None:
    for data in (b"", b"x", bytes(1024), os.urandom(4096), files.gpt()):
        assert judged(data, "raw")["reason"] is None


# --- qcow2


@pytest.mark.parametrize("version", [2, 3])
def test_qcow2_with_a_backing_file(version: int) -> None:
    """CVE-2015-1851, CVE-2015-5163: a backing file is a host file in the guest."""
    name = b"/etc/shadow"
    data = files.patched(
        files.qcow2(version=version),
        (8, (512).to_bytes(8, "big") + len(name).to_bytes(4, "big")),
        (512, name),
    )
    refused(data, "qcow2", "backing file")


def test_qcow2_with_half_a_backing_file() -> None:
    """CVE-2024-40767: an offset without a length, a length without an offset."""
    refused(files.patched(files.qcow2(), (15, b"\1")), "qcow2", "backing file")
    refused(files.patched(files.qcow2(), (19, b"\1")), "qcow2", "backing file")
    refused(files.qcow2(files.extension(0xE2792ACA, b"raw")), "qcow2", "backing file")


def test_qcow2_with_an_external_data_file() -> None:
    """CVE-2024-32498: by its feature bit, by its name, by both."""
    named = files.extension(0x44415441, b"/etc/passwd")
    refused(files.qcow2(incompatible=4), "qcow2", "external data file")
    refused(files.qcow2(named), "qcow2", "external data file")
    refused(files.qcow2(named, incompatible=4), "qcow2", "external data file")
    json = files.extension(0x44415441, b'json:{"driver":"nbd"}')
    refused(files.qcow2(files.extension(0x6803F857, bytes(48)) + json), "qcow2", "external")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ((4, b"\0\0\0\x04"), "version 4"),
        ((4, b"\0\0\0\x01"), "it is qcow"),
        ((20, b"\0\0\0\x08"), "cluster size"),
        ((20, b"\0\0\0\x16"), "cluster size"),
        ((24, b"\0\0\x10" + bytes(5)), "L1 table is too small"),
        ((24, b"\x7f" + b"\xff" * 7), "larger than any sane"),
        ((32, b"\0\0\0\x01"), "encrypted"),
        ((32, b"\0\0\0\x02"), "encrypted"),
        ((36, b"\xff\xff\xff\xff"), "too large"),
        ((40, b"\0\0\0\0\0\x02\0\1"), "not at a cluster"),
        ((40, b"\x7f" + bytes(7)), "beyond its end"),
        ((48, bytes(8)), "refcount table"),
        ((56, b"\xff\xff\xff\xff"), "beyond its end"),
        ((60, b"\xff\xff\xff\xff"), "snapshots"),
        ((72, b"\x80" + bytes(7)), "unknown incompatible"),
        ((72, bytes(7) + b"\x01"), "not closed cleanly"),
        ((72, bytes(7) + b"\x02"), "not closed cleanly"),
        ((72, bytes(7) + b"\x20"), "unknown incompatible"),
        ((96, b"\0\0\0\x07"), "refcounts"),
        ((100, b"\0\0\0\x50"), "header length"),
        ((100, b"\0\0\0\x69"), "header length"),
        ((100, b"\xff\xff\xff\xf8"), "header length"),
    ],
)
def test_qcow2_headers_that_make_no_sense(change: tuple[int, bytes], reason: str) -> None:
    refused(files.patched(files.qcow2(), change), "qcow2", reason)


def test_qcow2_with_odd_extensions() -> None:
    refused(files.qcow2(files.extension(0x0537BE77, bytes(16))), "qcow2", "encrypted")
    huge = (0x12345678).to_bytes(4, "big") + b"\xff\xff\xff\xff"
    refused(files.qcow2(huge), "qcow2", "beyond its first cluster")
    many = files.extension(0x12345678, b"") * 8000
    assert judged(files.qcow2(many), "qcow2")["reason"] is None


def test_qcow2_that_claims_a_disk_too_large() -> None:
    """CVE-2015-5162: the virtual size is known before anybody makes room for it."""
    data = files.patched(
        files.qcow2(),
        (20, (21).to_bytes(4, "big")),
        (24, (1 << 47).to_bytes(8, "big")),
        (36, (1 << 20).to_bytes(4, "big")),
    )
    refused(data, "qcow2", "larger than any sane disk")


# --- VMDK


@pytest.mark.parametrize(
    "extent",
    [
        'RW 16384 FLAT "/etc/shadow" 0',
        'RW 16384 FLAT "/dev/sda"',
        'RW 16384 VMFS "disk-flat.vmdk"',
        'RW 16384 SPARSE "/etc/shadow"',
        'RW 16384 SPARSE "../../other.vmdk"',
        'RW 16384 SPARSE "..\\other.vmdk"',
        'RW 16384 SPARSE "nbd:host"',
        'RW 16384 SPARSE "a"\nRW 16384 SPARSE "b"',
        'RW 16384 SPARSE "a"\nRW 16384 FLAT "/etc/shadow" 0',
        "RW 16384 ZERO",
        'RW 1 SPARSE "disk.vmdk"',
        'rw 16384 flat "/etc/shadow" 0',
        '\tRW 16384 SESPARSE "x"',
        "",
    ],
)
def test_vmdk_descriptor_that_names_files(extent: str) -> None:
    """CVE-2022-47951, CVE-2024-40767: an extent is a path that a tool opens."""
    text = files.DESCRIPTOR.replace('RW 16384 SPARSE "disk.vmdk"', extent)
    refused(files.vmdk(text), "vmdk", "its descriptor")


@pytest.mark.parametrize("kind", ["monolithicFlat", "twoGbMaxExtentFlat", "vmfs", "custom", ""])
def test_vmdk_of_other_types(kind: str) -> None:
    """CVE-2022-47951."""
    refused(files.vmdk(files.DESCRIPTOR.replace("monolithicSparse", kind)), "vmdk", "its type")
    text = files.DESCRIPTOR + f'createType="{kind}"\n'
    refused(files.vmdk(text), "vmdk", "twice")


def test_vmdk_that_is_only_a_descriptor() -> None:
    """CVE-2022-47951: text alone, also behind comments that hide its first line."""
    text = files.DESCRIPTOR.replace("monolithicSparse", "monolithicFlat").encode()
    for data in (text, b"# a comment\n" + text, b"#\n  \nversion=1\n", text.ljust(MIB, b"\0")):
        refused(data, "vmdk", "names other files")
        refused(data, "raw", "it is vmdk, not raw")


MIB = files.MIB


def test_vmdk_whose_descriptor_hides_more() -> None:
    spare = files.DESCRIPTOR + '\0RW 16384 FLAT "/etc/shadow" 0\n'
    refused(files.vmdk(spare), "vmdk", "behind its end")
    refused(files.vmdk("\n" + files.DESCRIPTOR), "vmdk", "does not start")
    refused(files.vmdk(files.DESCRIPTOR + "changeTrackPath=/etc/x\n"), "vmdk", "not allowed")
    refused(files.vmdk(files.DESCRIPTOR + 'parentFileNameHint="/x"\n'), "vmdk", "not allowed")
    parent = files.DESCRIPTOR.replace("parentCID=ffffffff", "parentCID=12345678")
    refused(files.vmdk(parent), "vmdk", "parent")


def test_vmdk_whose_header_sends_tools_elsewhere() -> None:
    refused(files.vmdk(capacity=0), "vmdk", "capacity is zero")
    refused(files.patched(files.vmdk(), (28, bytes(8))), "vmdk", "no descriptor")
    refused(files.patched(files.vmdk(), (28, b"\xff" * 8)), "vmdk", "ends before")
    refused(files.patched(files.vmdk(), (36, b"\xff" * 8)), "vmdk", "sane size")
    refused(files.patched(files.vmdk(), (20, bytes(8))), "vmdk", "grain")
    refused(files.patched(files.vmdk(), (4, b"\x09")), "vmdk", "version 9")
    refused(b"COWD" + bytes(2048), "vmdk", "old ESX disk")


def test_vmdk_with_a_footer() -> None:
    """The footer counts for tools that read streams: it may not say anything else."""
    head = files.vmdk(
        files.DESCRIPTOR.replace("monolithicSparse", "streamOptimized"), directory=2**64 - 1
    )

    assert judged(head + files.vmdk_footer(), "vmdk")["reason"] is None
    refused(head + files.vmdk_footer(capacity=0), "vmdk", "contradicts")
    refused(head + files.vmdk_footer(descriptor_at=40), "vmdk", "contradicts")
    refused(head + bytes(1536), "vmdk", "no marker")
    refused(head[:1024], "vmdk", "")


# --- the others


def test_vdi_that_needs_a_parent() -> None:
    refused(files.vdi(kind=4), "vdi", "parent")
    refused(files.vdi(kind=3), "vdi", "parent")
    refused(files.patched(files.vdi(), (0x1A8, b"\1")), "vdi", "parent")
    refused(files.patched(files.vdi(), (0x1B8, b"\1")), "vdi", "parent")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ((0x44, b"\x02"), "version"),
        ((0x168, b"\0\x10"), "sector"),
        ((0x170, b"\xff" * 8), "block map"),
        ((0x178, b"\0\0\0\0"), "block size"),
        ((0x180, b"\xff\xff\xff\xff"), "beyond its end"),
        ((0x154, b"\1"), "beyond its end"),
    ],
)
def test_vdi_headers_that_make_no_sense(change: tuple[int, bytes], reason: str) -> None:
    refused(files.patched(files.vdi(), change), "vdi", reason)


def test_vhd_that_needs_a_parent() -> None:
    refused(files.vhd_dynamic(kind=4), "vhd", "parent")
    refused(files.vhd_dynamic(parent=b"\1" * 16), "vhd", "parent")
    refused(files.vhd_dynamic(locators=b"W2ku"), "vhd", "parent")


def test_vhd_that_contradicts_itself() -> None:
    assert judged(files.vhd_fixed(), "vhd")["reason"] is None
    refused(files.vhd_fixed(), "raw", "it is vhd, not raw")
    refused(bytes(512) + files.vhd_fixed(), "vhd", "length")
    refused(files.patched(files.vhd_dynamic(), (30, b"\1")), "vhd", "checksum")
    refused(files.patched(files.vhd_dynamic(), (512, b"x")), "vhd", "dynamic header")
    refused(files.vhd_footer(3) + files.vhd_dynamic()[512:-512], "vhd", "footer")
    big = bytes(files.DISK) + files.vhd_footer(2, cylinders=65535)
    refused(big, "vhd", "geometry")


def test_vhdx_that_needs_a_parent_or_a_replay() -> None:
    item = files.struct.pack("<16sIIII", bytes(range(16)), 65552, 8, 4, 0)
    region = files.struct.pack("<16sQII", bytes(range(16)), MIB, MIB, 1)
    refused(files.vhdx(flags=2), "vhdx", "parent")
    refused(files.vhdx(log=b"\1" * 16), "vhdx", "closed cleanly")
    refused(files.vhdx(items=(item,)), "vhdx", "not known")
    refused(files.vhdx(regions=region), "vhdx", "region that is not known")
    refused(files.patched(files.vhdx(), (70 << 10, b"\1")), "vhdx", "")
    broken = files.patched(files.vhdx(), ((64 << 10) + 100, b"\1"), ((128 << 10) + 100, b"\1"))
    refused(broken, "vhdx", "no valid header")
    refused(files.patched(files.vhdx(), ((192 << 10) + 999, b"\1")), "vhdx", "region table")


def test_iso_that_is_none() -> None:
    refused(files.iso()[:40000], "iso", "cut off")
    refused(files.patched(files.iso(), (32768, b"\2")), "iso", "no primary")
    refused(files.patched(files.iso(), (32768 + 128, bytes(2))), "iso", "not valid")
    booting = files.patched(files.iso(), (510, b"\x55\xaa"))
    assert judged(booting, "iso")["reason"] is None


def test_ploop_that_is_not_whole() -> None:
    assert judged(files.ploop(b"WithoutFreeSpace"), "ploop")["reason"] is None
    refused(files.ploop(in_use=0x746F6E59), "ploop", "closed cleanly")
    refused(files.ploop(extension_at=8), "ploop", "extension")


# --- polyglots and packages


@pytest.mark.parametrize("other", ["qcow2", "vmdk", "vdi", "vhdx", "ploop"])
def test_polyglots_of_an_iso_and_a_disk(other: str) -> None:
    """CVE-2024-44082: one file that is an ISO to one tool and a disk to another."""
    disk = GOOD[other]()[:32768]
    data = files.patched(files.iso(4 * MIB), (0, disk))

    for declared in (other, "iso", "raw"):
        refused(data, declared, "at once")


@pytest.mark.parametrize("other", ["qcow2", "vmdk", "vdi", "vhdx", "iso", "raw"])
def test_polyglots_with_a_vhd_at_their_end(other: str) -> None:
    data = GOOD[other]() + files.vhd_footer(2)

    for declared in (other, "vhd"):
        refused(data, declared, "")


@pytest.mark.parametrize(
    "data",
    [
        b"LUKS\xba\xbe\0\1" + bytes(1024),
        b"QED\0" + bytes(1024),
        b"QFI\xfb\0\0\0\1" + bytes(1024),
        b"Bochs Virtual HD Image" + bytes(1024),
        b"#!/bin/sh\n#V2.0 Format\n" + bytes(1024),
        bytes(1024) + b"koly" + bytes(508),
    ],
)
def test_formats_that_no_image_may_have(data: bytes) -> None:
    for declared in ("raw", "ami", "aki", "ari", "qcow2"):
        refused(data, declared, "it is ")


def test_packages_hold_no_bare_disk() -> None:
    tar = files.patched(bytes(10240), (257, b"ustar"))
    assert judged(tar, "vmdk", "ova") == {"format": "raw", "virtual_size": None, "reason": None}
    assert judged(b"\x1f\x8b" + bytes(100), "raw", "compressed")["reason"] is None
    refused(files.qcow2(), "qcow2", "not a package", "ova")
    refused(files.vmdk(), "vmdk", "not a package", "docker")
    refused(bytes(1024), "raw", "not a package", "compressed")
    refused(files.patched(tar, (0, b"QFI\xfb\0\0\0\3")), "raw", "not a package", "ova")


# --- the process


@pytest.mark.anyio
async def test_the_process_gives_the_same_answer() -> None:
    fd = os.memfd_create("data")
    data = files.vhdx()
    os.write(fd, data)
    try:
        verdict = await SandboxedInspector().inspect(fd, "vhdx", "bare", len(data))
        wrong = await SandboxedInspector().inspect(fd, "vdi", "bare", len(data))
    finally:
        os.close(fd)

    assert (verdict.format, verdict.virtual_size, verdict.reason) == ("vhdx", files.DISK, None)
    assert wrong.reason == "it is vhdx, not vdi"


LOCKED_IN = """
import os, resource, socket, sys
sys.path.insert(0, sys.argv[1])
from unkai.image.drivers.inspection.child import lock_in
lock_in()
def tried(action):
    try:
        action()
    except BaseException as error:
        return type(error).__name__
    return "done"
seen = [os.geteuid(), os.getegid(), os.getgroups()]
results = [
    tried(lambda: open("/etc/passwd")),
    tried(lambda: socket.create_connection(("127.0.0.1", 1), 1)),
    tried(os.fork),
    tried(lambda: bytearray(1 << 30)),
    tried(lambda: os.setresuid(0, 0, 0)),
]
os.write(1, repr((seen, results)).encode())
"""


def test_the_process_can_do_nothing_else() -> None:
    ran = subprocess.run(
        [sys.executable, "-I", "-S", "-c", LOCKED_IN, sandboxed.ROOT],
        stdout=subprocess.PIPE,
        check=True,
        timeout=20,
    )
    seen, results = eval(ran.stdout)

    assert results[1:4] == ["OSError", "BlockingIOError", "MemoryError"]
    assert results[0] == "OSError"
    if os.geteuid() == 0:
        assert seen == [65534, 65534, []]
        assert results[4] == "PermissionError"


@pytest.mark.anyio
async def test_a_process_that_hangs_or_dies_or_babbles(monkeypatch: pytest.MonkeyPatch) -> None:
    inspector = SandboxedInspector(timeout_s=0.3)
    fd = os.memfd_create("data")
    try:
        for program in (
            "import os; os.read(os.pipe()[0], 1)",
            "import os; os.kill(os.getpid(), 9)",
            "print('x' * 1000000)",
            "print('{}')",
            "print('[1]')",
        ):
            monkeypatch.setattr(sandboxed, "START", program)
            verdict = await inspector.inspect(fd, "raw", "bare", 0)
            assert verdict.reason is not None, program
    finally:
        os.close(fd)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("tool", "ours", "options"),
    [
        ("raw", "raw", ""),
        ("qcow2", "qcow2", ""),
        ("qcow2", "qcow2", "compat=0.10"),
        ("qcow2", "qcow2", "compression_type=zstd,extended_l2=on,lazy_refcounts=on"),
        ("qcow2", "qcow2", "cluster_size=2M,preallocation=metadata"),
        ("vmdk", "vmdk", "subformat=monolithicSparse"),
        ("vmdk", "vmdk", "subformat=streamOptimized"),
        ("vdi", "vdi", ""),
        ("vdi", "vdi", "static=on"),
        ("vpc", "vhd", "subformat=dynamic"),
        ("vpc", "vhd", "subformat=fixed"),
        ("vhdx", "vhdx", ""),
        ("parallels", "ploop", ""),
    ],
)
async def test_what_other_tools_make_is_taken(
    tmp_path: Path, tool: str, ours: str, options: str
) -> None:
    source, made = tmp_path / "source", tmp_path / "made"
    source.write_bytes(os.urandom(MIB))
    os.truncate(source, files.DISK)
    chosen = ["-o", options] if options else []
    subprocess.run(
        ["qemu-img", "convert", "-f", "raw", "-O", tool, *chosen, source, made], check=True
    )
    fd = os.open(made, os.O_RDONLY)
    try:
        verdict = await SandboxedInspector().inspect(fd, ours, "bare", made.stat().st_size)
    finally:
        os.close(fd)

    assert verdict.reason is None
    assert verdict.format == ours
    assert verdict.virtual_size is not None
    assert files.DISK <= verdict.virtual_size <= files.DISK + MIB
