"""A machine of the rack at the dashboard: enrolled with a wrong password, and lastly a server.

Everything is done on the pages. What they say is held against the rack, an SSH login and the
audit. What each chapter took is kept in tests/conformance/results.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.clouds import CHECKOUT, RunningCloud, running_cloud, unkai
from tests.conformance.metal import Outcome, write_results
from tests.e2e.browsing import Person, logs_in_at_the_console, reads_floating_ip, somebody
from tests.e2e.remains import remains_of
from tests.e2e.visitor import Disturbed, until
from unkai.cli.waiting import Stopwatch

pytestmark = [
    pytest.mark.soak,
    pytest.mark.xdist_group("dashboard metal story"),
    pytest.mark.timeout(3600),
    pytest.mark.usefixtures("built"),
]
MACHINES = ("bay7:ipmi:bios", "bay8:redfish:uefi")
GUEST = CHECKOUT / ".cache" / "guest.qcow2"
BOOT_S = 600
"""For a machine to boot from the network, or from its disk, on processors shared with others."""
SLOW_LINE = 8 << 20
"""Bytes a second: an upload that can be watched."""
CLASS, FLAVOR, IMAGE, SERVER = "rack.small", "whole-machine", "own-image", "on-metal"
NETWORK, ROUTER, GROUP, KEY = "shelf", "edge", "visitors", "story"
GUEST_PROJECT, GUEST_USER, GUEST_PASSWORD = "others", "somebody-else", "of-their-own-77"


@dataclass
class Story:
    """Who is at the browser, the machine that they look after, and what they wrote down.

    key: of theirs, for SSH. address: the server's outside. theirs: pages' addresses.
    """

    person: Person
    cloud: RunningCloud
    name: str
    key: Path
    address: str = ""
    theirs: list[str] = field(default_factory=list)

    @property
    def page(self) -> Page:
        return self.person.page

    @property
    def machine(self) -> dict[str, Any]:
        """What is on its label, and whether it is on."""
        return rack(self.cloud, "status")["machines"][0]

    @property
    def bmc(self) -> dict[str, Any]:
        """`address`, `username`, `password`."""
        machine = self.machine
        prefix = f"{machine['driver']}_"
        return {key.removeprefix(prefix): one for key, one in machine["driver_info"].items()}


def rack(cloud: RunningCloud, verb: str, *words: str) -> dict[str, Any]:
    said = unkai("rack", verb, "--json", "--state-dir", str(cloud.state_dir), *words).stdout
    return dict(json.loads(said))


# --- the machine becomes a node


def enrolls_it_with_a_wrong_password(story: Story) -> None:
    person, machine, bmc = story.person, story.machine, story.bmc
    person.opens("Nodes")
    person.follows("Enroll a node")
    person.sees_page("Enroll a node")
    person.writes("Name", story.name)
    person.chooses("Driver", machine["driver"])
    person.writes("Resource class", CLASS)
    person.writes("Address", bmc["address"])
    person.writes("User name", bmc["username"])
    person.writes("Password", "not-the-password")
    if machine["driver"] == "redfish":
        story.page.get_by_label("Check the BMC's certificate").uncheck()
    person.writes("MAC addresses of its NICs", machine["ports"][0]["mac"])
    person.presses("Enroll")


def is_told_why_its_bmc_refuses(story: Story) -> None:
    person = story.person
    person.presses("Check the BMC")
    person.sees("It could not be asked")
    expect(person.place.get_by_role("alert")).to_contain_text("refuses the login")
    person.follows("Correct it in the node's settings")
    person.sees_page(story.name)
    story.theirs.append(story.page.url)
    person.sees_state("enroll")
    where = str(story.bmc["address"]).removeprefix("http://")
    expect(person.place.get_by_role("alert").first).to_contain_text(f"The BMC at {where}")


def corrects_the_password(story: Story) -> None:
    person = story.person
    secret = person.place.get_by_label(f"{story.machine['driver']}_password", exact=True)
    secret.fill(story.bmc["password"])
    panel = story.page.get_by_role("region", name="Driver info")
    panel.get_by_role("button", name="Save").click()
    expect(secret).to_have_value("")
    person.presses("Check the BMC")
    person.sees_state("manageable")
    person.turns_to("Overview")
    expect(person.place.get_by_role("alert")).to_have_count(0)


def has_it_inspected(story: Story) -> None:
    """By its BMC, at once, or by an agent that it boots."""
    person, machine = story.person, story.machine
    person.starts("Inspect")
    if machine["driver"] == "ipmi":
        person.sees_state("inspect wait.*")
        person.turns_to("Flight recorder")
        person.sees("agent's first heartbeat", within_s=BOOT_S)
        person.sees_state("manageable", within_s=BOOT_S)
    person.turns_to("Inventory")
    person.sees("x86_64")
    person.sees(machine["ports"][0]["mac"])


def sees_where_it_is_plugged_in(story: Story) -> None:
    """An agent hears it from the switch; a BMC does not know, so it is read from the cable."""
    person, (nic,) = story.person, story.machine["ports"]
    link = nic["local_link_connection"]
    person.turns_to("Ports")
    if story.machine["driver"] == "redfish":
        person.presses(f"Change {nic['mac']}")
        person.writes("Switch ID", link["switch_id"])
        person.writes("Switch port", link["port_id"])
        person.writes("Switch name", link["switch_info"])
        person.agrees("Save")
    expect(person.row(nic["mac"])).to_contain_text(link["port_id"])


def provides_it(story: Story) -> None:
    person = story.person
    person.turns_to("Overview")
    person.starts("Provide")
    person.sees_state("available", within_s=BOOT_S)


# --- what a server needs


def makes_a_flavor_for_such_machines(story: Story) -> None:
    person = story.person
    person.opens("Flavors")
    person.presses("New flavor")
    person.writes("Name", FLAVOR)
    person.writes("Memory in MiB", "768")
    person.writes("Disk in GiB", "8")
    person.agrees("Create")
    person.row(FLAVOR).get_by_role("button", name=f"Actions of {FLAVOR}").click()
    story.page.get_by_role("menuitem", name="Extra specs").click()
    none = [f"resources:{kind}=0" for kind in ("VCPU", "MEMORY_MB", "DISK_GB")]
    person.writes("Extra specs", "\n".join(["resources:CUSTOM_RACK_SMALL=1", *none]))
    person.agrees("Save")


def uploads_an_image(story: Story) -> None:
    person = story.person
    person.opens("Images")
    person.follows("Upload an image")
    story.page.locator("input[type=file]").set_input_files(GUEST)
    person.writes("Name", IMAGE)
    line = story.page.context.new_cdp_session(story.page)
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1}
    line.send("Network.emulateNetworkConditions", slow | {"uploadThroughput": SLOW_LINE})
    person.presses("Upload")
    person.sees(re.compile(r"MiB of .* [1-9]\d? %$"))
    person.sees(f"{IMAGE} is there")
    line.send("Network.emulateNetworkConditions", slow | {"uploadThroughput": -1})
    line.detach()


def lays_a_network(story: Story) -> None:
    person = story.person
    person.opens("Routers")
    person.presses("Create a router")
    person.writes("Name", ROUTER)
    person.chooses("External network", "public")
    person.agrees("Create")
    person.opens("Networks")
    person.presses("Create a network")
    person.writes("Name", NETWORK)
    person.writes("Range", "10.88.0.0/24")
    person.chooses("Router", ROUTER)
    person.agrees("Create")


def lets_visitors_in(story: Story) -> None:
    person = story.person
    person.opens("Security groups")
    person.presses("Create a security group")
    person.writes("Name", GROUP)
    person.agrees("Create")
    person.follows(GROUP)
    person.sees_page(GROUP)
    person.presses("Add a rule")
    person.sees("SSH (TCP 22) may come in from")
    person.agrees("Add")
    person.sees("SSH (TCP 22) may come in from")


def brings_a_key(story: Story) -> None:
    person, public_key = story.person, story.key.with_suffix(".pub").read_text().strip()
    person.opens("Key pairs")
    person.presses("Import a public key")
    person.writes("Public key", public_key)
    person.writes("Name", KEY)
    person.agrees("Import a public key")


# --- the server


def launches_it_on_the_machine(story: Story) -> None:
    person = story.person
    person.opens("Servers")
    person.follows("Launch a server")
    person.sees_page("Launch a server")
    person.writes("Name", SERVER)
    person.chooses("Image", IMAGE)
    story.page.get_by_text("Physical machine", exact=True).click()
    story.page.get_by_role("radio", name=FLAVOR).check()
    person.chooses("Networks", NETWORK)
    person.chooses("Security groups", GROUP)
    person.chooses("Key pair", KEY)
    person.sees("It fits now")
    person.presses("Launch")
    person.sees_page(SERVER)
    story.theirs.append(story.page.url)


def watches_its_sequence(story: Story) -> None:
    """On the page that the launch led to, which nobody loads again."""
    person = story.person
    person.sees("running for")
    person.sees("await agent", within_s=BOOT_S)
    person.sees_state("active", within_s=BOOT_S)
    person.sees_steps("DISCOVER", "write image", "power on")
    person.sees(re.compile(" in all$"))


def reads_the_machines_console(story: Story) -> None:
    """Over IPMI; a Redfish BMC has none, and what it saw of the boot stands in its recorder."""
    person = story.person
    person.opens("Nodes")
    person.follows(story.name)
    person.sees_page(story.name)
    person.sees_state("active")
    person.turns_to("Console")
    if story.machine["driver"] == "redfish":
        person.sees("has no console")
        person.turns_to("Flight recorder")
        person.sees(re.compile("^GET image"))
        return
    person.sees(f"{SERVER} login:", within_s=BOOT_S)
    switch = story.page.get_by_role("switch", name="Open")
    if not switch.is_checked():
        switch.click(force=True)
    logs_in_at_the_console(person)
    switch.click(force=True)
    expect(switch).not_to_be_checked()


def finds_it_in_the_topology(story: Story) -> None:
    person = story.person
    person.opens("Topology")
    picture = story.page.get_by_role("group", name=re.compile("Picture of the topology"))
    for name in ("public", ROUTER, NETWORK, SERVER):
        expect(picture.get_by_role("link", name=name, exact=True)).to_be_visible()


def reaches_it_from_outside(story: Story) -> None:
    """By a floating IP, with the key."""
    person = story.person
    person.opens("Servers")
    person.follows(SERVER)
    person.sees_page(SERVER)
    person.picks("Attach a floating IP")
    person.agrees("Attach")
    story.address = reads_floating_ip(person, NETWORK)
    until(lambda: logs_in(story), seconds=BOOT_S, what="SSH", pause_s=1)


def logs_in(story: Story) -> bool:
    words = ["ip", "netns", "exec", story.cloud.namespace or "", "ssh", "-q"]
    words += ["-i", str(story.key), "-o", "StrictHostKeyChecking=no", "-o", "ConnectTimeout=5"]
    words += [
        "-o",
        "UserKnownHostsFile=/dev/null",
        "-o",
        "BatchMode=yes",
        f"cirros@{story.address}",
    ]
    said = subprocess.run([*words, "hostname"], capture_output=True, text=True, check=False)
    return said.stdout.strip() == SERVER


# --- somebody else


def makes_room_for_somebody_else(story: Story) -> None:
    person = story.person
    person.opens("Users")
    person.presses("New user")
    person.writes("Name", GUEST_USER)
    person.writes("Password", GUEST_PASSWORD)
    person.writes("Password again", GUEST_PASSWORD)
    person.agrees("Create")
    person.opens("Projects")
    person.presses("New project")
    person.writes("Name", GUEST_PROJECT)
    person.agrees("Create")
    person.follows(GUEST_PROJECT)
    person.sees_page(GUEST_PROJECT)
    person.presses("Assign a role")
    person.chooses("User", GUEST_USER)
    person.agrees("Assign")
    expect(person.row(GUEST_USER)).to_contain_text("member")


def is_shown_nothing_of_the_others(story: Story) -> None:
    person = story.person
    person.sign_out()
    person.sign_in(GUEST_USER, GUEST_PASSWORD)
    for place, name in (
        ("Servers", SERVER),
        ("Images", IMAGE),
        ("Networks", NETWORK),
        ("Routers", ROUTER),
        ("Key pairs", KEY),
        ("Security groups", GROUP),
    ):
        person.opens(place)
        person.sees_no(name)
    for place in ("Nodes", "Users", "Projects", "Audit"):
        person.sees_no(place)
    for url in story.theirs:
        story.page.goto(url)
        person.sees(re.compile("There is no such|It is not there"))
    person.sign_out()


# --- back to nothing


def deletes_it_all(story: Story) -> None:
    person = story.person
    person.opens("Servers")
    person.follows(SERVER)
    person.picks("Delete")
    person.agrees("Delete")
    person.deletes("Floating IPs", story.address)
    person.opens("Servers")
    expect(person.row(SERVER)).to_have_count(0, timeout=BOOT_S * 1000)
    person.deletes("Security groups", GROUP)
    person.deletes("Key pairs", KEY)
    person.deletes("Images", IMAGE)
    person.opens("Routers")
    person.follows(ROUTER)
    person.presses("Remove the interface 10.88.0.1")
    person.agrees("Remove")
    person.deletes("Routers", ROUTER)
    person.deletes("Networks", NETWORK)
    person.deletes("Flavors", FLAVOR)
    person.deletes("Users", GUEST_USER)
    person.deletes("Projects", GUEST_PROJECT)


def gives_the_machine_up(story: Story) -> None:
    person = story.person
    person.opens("Nodes")
    person.follows(story.name)
    person.sees_state("available", within_s=BOOT_S)
    person.starts("Delete")
    person.opens("Nodes")
    person.sees_no(story.name)
    assert story.machine["power"] == "off"


def signs_in(story: Story) -> None:
    password = (story.cloud.state_dir / "admin-password").read_text().strip()
    story.person.sign_in("admin", password)


def audits(story: Story) -> None:
    person = story.person
    person.opens("Audit")
    person.presses("Run the audit")
    person.sees("0 leftovers: the cloud is clean")


# --- the story

CHAPTERS = (
    signs_in,
    enrolls_it_with_a_wrong_password,
    is_told_why_its_bmc_refuses,
    corrects_the_password,
    has_it_inspected,
    sees_where_it_is_plugged_in,
    provides_it,
    makes_a_flavor_for_such_machines,
    lays_a_network,
    lets_visitors_in,
    brings_a_key,
    uploads_an_image,
    launches_it_on_the_machine,
    watches_its_sequence,
    reads_the_machines_console,
    reaches_it_from_outside,
    finds_it_in_the_topology,
    makes_room_for_somebody_else,
    is_shown_nothing_of_the_others,
    signs_in,
    deletes_it_all,
    gives_the_machine_up,
    audits,
)


@pytest.fixture(scope="module")
def outcomes() -> Iterator[list[Outcome]]:
    kept: list[Outcome] = []
    yield kept
    write_results(kept, "dashboard")


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[RunningCloud]:
    """One of its own, of which nothing is left."""
    folder = tmp_path / "cloud"
    with running_cloud(folder, fake=False) as made:
        yield made
    assert remains_of(folder) == []


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
    return path


@pytest.mark.parametrize("machine", MACHINES)
def test_a_machine_becomes_a_server_and_goes(
    machine: str,
    cloud: RunningCloud,
    key: Path,
    chromium: Browser,
    outcomes: list[Outcome],
) -> None:
    rack(cloud, "up", "--machine", machine)
    name, kind = machine.split(":", 1)
    whole = Stopwatch()
    took: dict[str, int] = {}
    why: str | None = None
    try:
        with somebody(chromium, cloud.url, key.parent) as person:
            story = Story(person, cloud, name, key)
            for chapter in CHAPTERS:
                watch = Stopwatch()
                why = chapter.__name__
                chapter(story)
                took[why] = took.get(why, 0) + round(watch.seconds)
            assert person.said == []
        assert Disturbed(cloud).leftovers() == []
        why = None
    finally:
        state = "failed" if why else "passed"
        outcomes.append(Outcome(kind, state, round(whole.seconds, 1), {}, took, why))
