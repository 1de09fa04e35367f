"""`python -m tests.conformance.metal`: the bare-metal guide on machines of other kinds, one by one.

    --only TEXT  the kinds whose name contains it

The guide's own commands, with another machine and the node's driver that fits it, or with the stock
deploy agent instead of ours (`stock_agent.py` makes its ramdisk). What each one did on the wire is
read from its node's timeline and kept in results/, with what the guide's longer commands took. Exit
code 1 when a kind fails.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from tests.clouds import CHECKOUT, RunningCloud, running_cloud
from tests.conformance import stock_agent
from tests.e2e.test_guides import GUIDES, script_of
from unkai.guests.ramdisk import Ramdisk

RESULTS = CHECKOUT / "tests" / "conformance" / "results"
TIMEOUT_S = 3600
DRIVER_LINES = re.compile(r"--driver ipmi (.*?)\\\n(?: +--driver-info [^\n]*\n)+", re.DOTALL)
TIMELINE_LINES = re.compile(r'^unkai timeline "\$node" \|.*$', re.MULTILINE)
FACTS = '.machines[0].driver_info | to_entries[] | "--driver-info", "\\(.key)=\\(.value)"'
EVENT = re.compile(r"^\+ *[\d.]+ s  (\S+) +(.*?)  ", re.MULTILINE)
BEGIN, END = "=== timeline begins", "=== timeline ends"
CLOCKED = re.compile(r"^\+ (\d+) (openstack .*)", re.MULTILINE)
PHASES = {
    "manage": "openstack baremetal node manage",
    "inspect": "openstack baremetal node inspect",
    "clean": "openstack baremetal node provide",
    "boot": "openstack server create",
    "log in": "openstack server add floating ip",
    "delete": "openstack server delete",
    "clean again": "openstack keypair delete",
}
"""From the start of this command of the guide to the start of the next one."""
UPLOAD = """\
kernel=$(openstack image create --disk-format aki --container-format aki --file {kernel} \\
    --format value --column id agent-kernel)
ramdisk=$(openstack image create --disk-format ari --container-format ari --file {initramfs} \\
    --format value --column id agent-ramdisk)
"""
STOCK_FACTS = '--driver-info deploy_kernel="$kernel" --driver-info deploy_ramdisk="$ramdisk"'
STOCK_SETTINGS = """\
[baremetal]
clean_step_priorities = ["deploy.erase_devices=0"]
"""
"""Its partition tables and file systems are erased; every byte of a disk takes an emulated machine
half an hour."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A machine, how its node is created, and who must be seen on its timeline and who must not."""

    name: str
    machine: str
    driver: str
    seen: frozenset[str]
    unseen: frozenset[str] = frozenset()
    stock_agent: bool = False


KINDS = (
    Kind(
        "redfish-uefi-network",
        "metal:redfish:uefi",
        "redfish",
        seen=frozenset({"DHCP", "TFTP", "HTTP"}),
    ),
    Kind(
        "redfish-uefi-http",
        "metal:redfish:uefi",
        "redfish --boot-interface http-ipxe",
        seen=frozenset({"DHCP", "HTTP"}),
        unseen=frozenset({"TFTP"}),
    ),
    Kind(
        "redfish-uefi-url",
        "metal:redfish:uefi",
        "redfish --boot-interface redfish-https",
        seen=frozenset({"HTTP"}),
        unseen=frozenset({"TFTP"}),
    ),
    Kind(
        "redfish-uefi-virtual-media",
        "metal:redfish:uefi",
        "redfish --boot-interface redfish-virtual-media",
        seen=frozenset({"HTTP"}),
        unseen=frozenset({"TFTP"}),
    ),
    Kind(
        "redfish-bios-virtual-media",
        "metal:redfish:bios",
        "redfish --boot-interface redfish-virtual-media",
        seen=frozenset({"HTTP"}),
        unseen=frozenset({"TFTP"}),
    ),
    Kind(
        "ipmi-uefi-network",
        "metal:ipmi:uefi",
        "ipmi",
        seen=frozenset({"DHCP", "TFTP", "HTTP"}),
    ),
    Kind(
        "stock-agent",
        f"metal:ipmi:bios:{stock_agent.MEMORY_MIB}",
        "ipmi",
        seen=frozenset({"DHCP", "HTTP"}),
        stock_agent=True,
    ),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    kind: str
    state: str
    seconds: float
    events: dict[str, int]
    """By participant, of the node's whole timeline."""
    phases: dict[str, int]
    """What each took, in seconds."""
    why: str | None = None


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="")
    options = parser.parse_args(words)
    outcomes: list[Outcome] = []
    for kind in [kind for kind in KINDS if options.only in kind.name]:
        outcomes.append(run_kind(kind))
        print(f"metal: {outcomes[-1]}", flush=True)
    write_results(outcomes)
    return 1 if any(outcome.state != "passed" for outcome in outcomes) else 0


def run_kind(kind: Kind) -> Outcome:
    """On a cloud of its own: what one left would stand in the way of the next."""
    with tempfile.TemporaryDirectory(prefix="unkai-metal-") as name:
        state_dir = Path(name) / "cloud"
        if kind.stock_agent:
            state_dir.mkdir()
            (state_dir / "unkai.toml").write_text(STOCK_SETTINGS)
        with running_cloud(state_dir, fake=False) as cloud:
            return run_there(cloud, kind, Path(name))


def run_there(cloud: RunningCloud, kind: Kind, folder: Path) -> Outcome:
    script = folder / f"{kind.name}.sh"
    stock = stock_agent.ensure_stock_agent() if kind.stock_agent else None
    script.write_text(script_for(kind, (GUIDES / "first-bare-metal.md").read_text(), stock))
    start = time.monotonic()
    done = cloud.unkai("exec", "--", "bash", str(script), timeout_s=TIMEOUT_S, check=False)
    seconds = round(time.monotonic() - start, 1)
    timeline = done.stdout.partition(BEGIN)[2].partition(END)[0]
    events = Counter(name for name, _ in EVENT.findall(timeline))
    why = None
    if done.returncode != 0:
        why = f"exit code {done.returncode}: {done.stdout[-2000:]}\n{done.stderr[-3000:]}"
    elif kind.seen - set(events) or kind.unseen & set(events):
        why = f"the timeline tells of {', '.join(sorted(events))}"
    elif kind.stock_agent and f"version {stock_agent.VERSION} " not in timeline:
        why = f"another agent called: {timeline[-2000:]}"
    state = "failed" if why else "passed"
    return Outcome(kind.name, state, seconds, dict(events), phases_of(done.stderr), why)


def phases_of(traced: str) -> dict[str, int]:
    """traced: what bash said of the commands it ran, with the clock."""
    clocked = [(int(at), command) for at, command in CLOCKED.findall(traced)]
    return {
        name: until - at
        for (at, command), (until, _) in pairwise(clocked)
        for name, words in PHASES.items()
        if command.startswith(words)
    }


def script_for(kind: Kind, guide: str, stock: Ramdisk | None = None) -> str:
    """The guide with this machine in its rack and its node created for it.

    stock: the other agent's kernel and ramdisk, which the node names as images of Glance's.
    """
    script = script_of(guide).replace("metal:ipmi:bios", kind.machine)
    facts = f"$(jq --raw-output '{FACTS}' rack.json)"
    before = ""
    if stock is not None:
        before = UPLOAD.format(kernel=stock.kernel, initramfs=stock.initramfs)
        facts += f" {STOCK_FACTS}"
        script = script.replace("--wait 300", "--wait 1800").replace("seq 120", "seq 600")
    create = "openstack baremetal node create"
    script = script.replace(create, f"{before}{create}")
    script, nodes = DRIVER_LINES.subn(
        lambda found: f"--driver {kind.driver} {found[1]}\\\n    {facts} \\\n", script
    )
    shown = f"echo '{BEGIN}'; unkai timeline \"$node\"; echo '{END}'"
    script, timelines = TIMELINE_LINES.subn(lambda _: shown, script)
    assert (nodes, timelines) == (1, 1), "the guide says it in other words now"
    return f"PS4='+ $EPOCHSECONDS '\n{script}"


def write_results(outcomes: Sequence[Outcome], name: str = "metal") -> Path:
    now = datetime.now(UTC)
    words = ["git", "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(words, cwd=CHECKOUT, check=True, capture_output=True, text=True)
    document = {
        "date": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "commit": commit.stdout.strip(),
        "outcomes": [asdict(outcome) for outcome in outcomes],
    }
    path = RESULTS / f"{now:%Y%m%d-%H%M%S}-{name}.json"
    path.write_text(json.dumps(document, indent=1) + "\n")
    print(f"results: {path.relative_to(CHECKOUT)}")
    return path


if __name__ == "__main__":
    raise SystemExit(main())
