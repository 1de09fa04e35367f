"""A first server at the dashboard of a real cloud: launched, watched, used, reached and deleted."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.clouds import RunningCloud
from tests.e2e.browsing import Person, logs_in_at_the_console, reads_floating_ip, somebody
from tests.e2e.visitor import Disturbed

pytestmark = [
    pytest.mark.xdist_group("real cloud"),
    pytest.mark.timeout(300),
    pytest.mark.usefixtures("built"),
]
BOOT_S = 150
"""Until the guest's login prompt, where three guests share two processors."""
NAME = "window-shop"


def launches_a_server(person: Person, name: str) -> None:
    person.opens("Servers")
    person.follows("Launch a server")
    person.sees_page("Launch a server")
    person.writes("Name", name)
    person.page.get_by_role("radio", name="m1.nano").check()
    person.sees("It fits now")
    person.presses("Launch")
    person.sees_page(name)


def watches_it_come(person: Person) -> None:
    """On the page that the launch led to, which nobody loads again."""
    person.sees_state("Active")
    drawing = person.page.get_by_role("img", name=re.compile("^Sequence of"))
    for step in ("choose host and claim", "plug ports", "start machine", "run guest"):
        expect(drawing).to_contain_text(step)
    person.sees(re.compile(" in all$"))


def reads_the_log(person: Person, words: str) -> None:
    person.turns_to("Log")
    person.sees(words, within_s=BOOT_S)


def types_at_its_console(person: Person) -> None:
    person.turns_to("Console")
    person.page.get_by_text("Serial line", exact=True).click()
    logs_in_at_the_console(person)


def gives_it_a_floating_ip(person: Person) -> str:
    person.picks("Attach a floating IP")
    person.agrees("Attach")
    return reads_floating_ip(person, "private")


def deletes_it(person: Person, name: str) -> None:
    person.picks("Delete")
    person.agrees("Delete")
    person.opens("Servers")
    person.sees_no(name)


def gives_the_address_back(person: Person, address: str) -> None:
    person.deletes("Floating IPs", address)


def test_a_first_server_from_launch_to_deletion(
    real_cloud: RunningCloud, chromium: Browser, tmp_path: Path
) -> None:
    with somebody(chromium, real_cloud.url, tmp_path) as person:
        person.sign_in("demo", (real_cloud.state_dir / "demo-password").read_text().strip())
        launches_a_server(person, NAME)
        watches_it_come(person)
        reads_the_log(person, f"{NAME} login:")
        types_at_its_console(person)
        address = gives_it_a_floating_ip(person)
        deletes_it(person, NAME)
        gives_the_address_back(person, address)

    assert person.said == []
    assert Disturbed(real_cloud).leftovers() == []
