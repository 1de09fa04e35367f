"""The deploy agent's Lua on this machine: JSON, hints, tables, images. Disks are files here."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

import unkai

HERE = Path(unkai.__file__).parent / "ramdisk/agent/usr/lib/agent/lua"
MIB = 1024 * 1024
pytestmark = [
    pytest.mark.thorough,
    pytest.mark.skipif(
        shutil.which("lua5.4") is None, reason="lua5.4 is not installed (apt-get install lua5.4)"
    ),
]


def lua(code: str, given: Any, run: Path | None = None) -> Any:
    """What the code returns for `given`; a raised fault comes back as {"fault": ...}."""
    script = f"""
    package.path = "{HERE}/?.lua;" .. package.path
    local json = require("json")
    local given = json.without_nulls(json.decode(io.read("a")))
    local fine, result = pcall(function() {code} end)
    if not fine then result = {{ fault = result }} end
    io.write(json.encode(result))
    """
    environment = {
        "AGENT_HERE": str(HERE),
        "AGENT_SHELL": "/bin/bash",
        "AGENT_RUN": str(run),
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    }
    done = subprocess.run(
        ["lua5.4", "-e", script],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        env=environment,
        check=False,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    "value",
    [
        *({}, [], [[]], {"a": []}, {"a": {}}, [None, 1], {"a": None}, "", 0, -1.5, 1e300),
        *(True, False, None, '\u00e4\U0001f600"\\/\b\f\n\r\t\x01', [1, [2, {"x": [3]}]], 2**53),
    ],
)
def test_json_survives_the_round_trip(value: Any) -> None:
    text = json.dumps(value)
    assert lua("return json.decode(given)", text) == value
    assert lua("return json.decode(given)", json.dumps(value, ensure_ascii=False)) == value


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ("0202 04aa 0402 0562 0000 0000", [[1, "04aa"], [2, "0562"], [0, ""]]),
        ("0202 04aa 0405 0562", [[1, "04aa"]]),
        ("02", []),
        ("", []),
    ],
)
def test_what_a_switch_says_is_told_as_it_is(
    payload: str, expected: list[Any], tmp_path: Path
) -> None:
    (tmp_path / "lldp").mkdir()
    (tmp_path / "lldp/eth0").write_bytes(bytes.fromhex(payload))
    assert lua('return require("lldp").of(given)', "eth0", tmp_path) == expected


BARE = [{"name": f"/dev/vd{letter}", "size": 10 << 30} for letter in "abcd"]
PLAN = """
local made = require("raid").plan({ logical_disks = given.asked }, given.disks)
local shown = json.array()
for place, array in ipairs(made) do
  local mib = array.share // 1048576
  shown[place] = json.array({ array.md, #array.disks, mib, array.whole })
end
return shown
"""


@pytest.mark.parametrize(
    ("asked", "disks", "expected"),
    [
        (
            [{"raid_level": "1", "size_gb": "MAX", "is_root_volume": True}],
            2,
            [["1", 2, 10232, True]],
        ),
        ([{"raid_level": "5", "size_gb": 6}], 3, [["5", 3, 3072, True]]),
        ([{"raid_level": "1+0", "size_gb": 6}], 4, [["10", 4, 3072, True]]),
        (
            [{"raid_level": "1", "size_gb": "MAX"}, {"raid_level": "0", "size_gb": 8}],
            4,
            [["1", 4, 8180, False], ["0", 4, 2048, False]],
        ),
        (
            [
                {
                    "raid_level": "1",
                    "size_gb": "MAX",
                    "is_root_volume": True,
                    "physical_disks": [{"name": "/dev/vdc"}, "/dev/vdd"],
                },
                {"raid_level": "0", "size_gb": 4, "physical_disks": ["/dev/vda", "/dev/vdb"]},
            ],
            4,
            [["1", 2, 10232, True], ["0", 2, 2048, True]],
        ),
    ],
)
def test_arrays_are_planned(asked: list[Any], disks: int, expected: list[Any]) -> None:
    assert lua(PLAN, {"asked": asked, "disks": BARE[:disks]}) == expected


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ([], "no logical disks"),
        ([{"raid_level": "2", "size_gb": 1}], "no RAID level 2"),
        ([{"raid_level": "6", "size_gb": 1}], "needs 4 disks, there are 2"),
        ([{"raid_level": "1", "size_gb": 11}], "does not fit"),
        ([{"raid_level": "1", "size_gb": "1.5"}], "whole number"),
        ([{"raid_level": "1", "size_gb": 1, "controller": "hw0"}], "controller hw0"),
        ([{"raid_level": "0", "size_gb": 1, "is_root_volume": True}], "must be of level 1"),
        ([{"raid_level": "1", "size_gb": "MAX"}] * 2, "MAX share /dev/vda"),
        ([{"raid_level": "1", "size_gb": 1, "physical_disks": ["/dev/sdx"]}], "name=/dev/sdx"),
        (
            [
                {"raid_level": "1", "size_gb": 1, "is_root_volume": True},
                {"raid_level": "1", "size_gb": 1},
            ],
            "alone on its disks",
        ),
    ],
)
def test_arrays_that_cannot_be_are_refused(asked: list[Any], words: str) -> None:
    assert words in lua(PLAN, {"asked": asked, "disks": BARE[:2]})["fault"]["message"]


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[1,]", '{"a"}', '{"a":}', "{1:2}", '"', '"\\x"', '"\\u12"', "nul", "01x"),
        *("[1] 2", '"\n"', "--1", "[" * 1000, '{"a":1,}'),
    ],
)
def test_what_is_no_json_is_refused(text: str) -> None:
    assert lua("return json.decode(given)", text)["fault"]["type"] == "InvalidJson"


def test_bytes_that_are_no_text_are_shown_as_question_marks() -> None:
    assert lua(r'return "a\255b\127"', None) == "a?b\x7f"


def test_the_command_line_is_read() -> None:
    line = (
        'quiet BOOTIF=01-52-54-00-AA-BB-01 a="b c" root_device=serial=x,size=10 ipa-api-url=h=1\n'
    )
    code = """
    local parameters = require("parameters")
    local found = parameters.parse(given)
    return json.array({ found, parameters.boot_mac(found), parameters.root_device(found) })
    """
    values, mac, root = lua(code, line)
    assert (values["a"], values["quiet"], values["ipa-api-url"]) == ("b c", "", "h=1")
    assert mac == "52:54:00:aa:bb:01"
    assert root == {"serial": "x", "size": "10"}


DISKS = [
    {"name": "/dev/sda", "size": 2 * 1024**3, "serial": "S0", "rotational": False, "model": "A 1"},
    {"name": "/dev/sdb", "size": 40 * 1024**3, "serial": "S1", "rotational": True, "model": "B"},
    {"name": "/dev/sdc", "size": 20 * 1024**3, "serial": "S2", "rotational": False, "wwn": "0x5"},
]


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        (None, "/dev/sdc"),  # the smallest that is large enough for a usual system
        ({"serial": "S1"}, "/dev/sdb"),
        ({"serial": "s== s1"}, "/dev/sdb"),
        ({"name": "/dev/sda"}, "/dev/sda"),
        ({"name": "s!= /dev/sda", "rotational": "false"}, "/dev/sdc"),
        ({"size": 40}, "/dev/sdb"),
        ({"size": ">= 10"}, "/dev/sdb"),
        ({"size": "< 10"}, "/dev/sda"),
        ({"rotational": True}, "/dev/sdb"),
        ({"wwn": "0x5"}, "/dev/sdc"),
        ({"model": "<in> a"}, "/dev/sda"),
        ({"serial": "<or> S2 <or> S9"}, "/dev/sdc"),
        ({"serial": "S9"}, None),
        ({"size": "~ 3"}, None),
        ({"vendor": "x"}, None),
    ],
)
def test_root_device_hints(wanted: dict[str, Any] | None, name: str | None) -> None:
    code = 'return require("hints").choose(given.disks, given.wanted)'
    found = lua(code, {"disks": DISKS, "wanted": wanted})
    if name is None:
        assert found["fault"]["type"] == "DeviceNotFound"
    else:
        assert found["name"] == name


def make_disk(path: Path, size_mib: int, table: str) -> None:
    with path.open("wb") as file:
        file.truncate(size_mib * MIB)
    if table:
        subprocess.run(["sfdisk", "-q", path], input=table.encode(), check=True)


def dumped(path: Path) -> str:
    return subprocess.run(["sfdisk", "-d", path], capture_output=True, text=True, check=True).stdout


GPT = "label: gpt\nstart=2048, size=8192, type=uefi\nstart=10240, size=8192, type=linux\n"
MBR = "label: dos\nstart=2048, size=8192, type=83, bootable\n"


@pytest.mark.parametrize("table", [GPT, MBR])
def test_a_fresh_image_gets_its_room(tmp_path: Path, table: str) -> None:
    image, target = tmp_path / "image", tmp_path / "disk"
    make_disk(image, 12, table)
    make_disk(target, 64, "")
    with target.open("r+b") as file:
        file.write(image.read_bytes())
    drive = tmp_path / "drive"
    drive.write_bytes(b"config" * 300_000)  # 1.7 MiB
    given = {"disk": {"name": str(target), "size": 64 * MIB}, "drive": str(drive)}
    code = f"""
    local room = require("room")
    room.relocate_backup(given.disk)
    local at = room.add_config_drive(given.disk, given.drive, {drive.stat().st_size})
    return room.grow_last(given.disk, at)
    """

    assert "grown" in lua(code, given)

    said = dumped(target)
    starts = [int(part.split(",")[0]) for part in said.split("start=")[1:]]
    sizes = [
        int(part.split(",")[0]) for part in said.split("size=")[1:] if part.strip()[0].isdigit()
    ]
    assert target.read_bytes()[starts[-1] * 512 :].startswith(drive.read_bytes())
    assert starts[-2] + sizes[-2] == starts[-1]  # the root reaches to the config drive
    assert (starts[-1] + sizes[-1]) * 512 >= 61 * MIB
    verified = subprocess.run(["sfdisk", "-V", target], capture_output=True, text=True, check=True)
    assert "No errors detected" in verified.stdout


def test_a_config_drive_without_room_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "disk"
    make_disk(target, 9, MBR.replace("8192", "16384"))
    given = {"disk": {"name": str(target), "size": 9 * MIB}}
    code = 'return require("room").add_config_drive(given.disk, "/dev/null", 1)'
    assert lua(code, given)["fault"]["type"] == "ConfigDriveError"


def test_a_config_drive_is_unpacked(tmp_path: Path) -> None:
    code = 'return require("config_drive").unpack(given.drive, given.file)'
    file = tmp_path / "drive"
    packed = base64.encodebytes(gzip.compress(b"hello")).decode()
    assert lua(code, {"drive": packed, "file": str(file)}) == 5
    assert file.read_bytes() == b"hello"
    for bad in ("!!", base64.b64encode(b"no gzip").decode()):
        fault = lua(code, {"drive": bad, "file": str(file)})["fault"]
        assert fault["type"] == "ConfigDriveError"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    folder = tmp_path / "served"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


class _Breaking(_Quiet):
    """Breaks off twice in the middle; knows ranges only where it is told to."""

    ranges = True
    asked: ClassVar[list[str | None]] = []

    def do_GET(self) -> None:
        data = Path(self.directory, self.path[1:]).read_bytes()
        wanted = self.headers.get("Range")
        self.asked.append(wanted)
        first = int(wanted[6:-1]) if wanted and self.ranges else 0
        rest = data[first:]
        self.send_response(206 if first else 200)
        self.send_header("Content-Length", str(len(rest)))
        if first:
            self.send_header("Content-Range", f"bytes {first}-{len(data) - 1}/{len(data)}")
        self.end_headers()
        enough = len(data) // 3 * len(self.asked) - first
        self.wfile.write(rest[:enough] if len(self.asked) < 3 else rest)


@pytest.mark.parametrize("server_knows", ["ranges", "the whole only"])
def test_a_download_goes_on_where_it_broke_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server_knows: str
) -> None:
    monkeypatch.setattr(_Breaking, "ranges", server_knows == "ranges")
    monkeypatch.setattr(_Breaking, "asked", [])
    data = bytes(range(256)) * 12 * 1024
    (tmp_path / "os").write_bytes(data)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Breaking, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_port}/os"
        places = [str(tmp_path / "digest"), str(tmp_path / "error")]
        words = ["lua5.4", str(HERE / "fetch.lua"), url, "sha256", *places]
        environment = {"AGENT_HERE": str(HERE), "PATH": "/usr/bin:/bin"}
        done = subprocess.run(words, capture_output=True, env=environment, check=True, timeout=30)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

    assert done.stdout == data
    assert (tmp_path / "digest").read_text().startswith(hashlib.sha256(data).hexdigest())
    assert len(_Breaking.asked) == 3
    assert _Breaking.asked[1] is not None


WRITE = 'return require("write_image").write(given.image, given.disk, given.place, function() end)'


def test_an_image_is_tried_from_each_of_its_urls(served: tuple[Path, str], tmp_path: Path) -> None:
    folder, url = served
    make_disk(folder / "os", 12, GPT)
    make_disk(tmp_path / "disk", 16, "")
    data = (folder / "os").read_bytes()
    image = {
        "id": "os",
        "urls": [f"{url}/missing", f"{url}/os"],
        "checksum": hashlib.sha512(data).hexdigest(),
    }
    disk = {"name": str(tmp_path / "disk"), "size": 16 * MIB}

    written = lua(WRITE, {"image": image, "disk": disk, "place": str(tmp_path)}, tmp_path)

    assert written == len(data)
    assert (tmp_path / "disk").read_bytes()[: len(data)] == data


def test_the_table_is_written_last(served: tuple[Path, str], tmp_path: Path) -> None:
    folder, url = served
    make_disk(folder / "os", 12, GPT)
    with (folder / "os").open("r+b") as file:
        file.seek(8 * MIB)
        file.write(b"contents")
    make_disk(tmp_path / "disk", 16, MBR)
    image = {"id": "os", "urls": [f"{url}/os"], "checksum": "0" * 64}
    disk = {"name": str(tmp_path / "disk"), "size": 16 * MIB}

    fault = lua(WRITE, {"image": image, "disk": disk, "place": str(tmp_path)}, tmp_path)["fault"]

    assert fault["type"] == "ImageChecksumError"
    found = (tmp_path / "disk").read_bytes()
    assert found[8 * MIB : 8 * MIB + 8] == b"contents"
    assert not found[:MIB].strip(b"\0")


def test_secrets_stay_out_of_the_log(tmp_path: Path) -> None:
    words = 'ipa-agent-token=abc x ?agent_token=abc& {"agent_token": "abc"}'
    said = lua('return require("system").without_secrets(given)', words)
    assert "abc" not in said
