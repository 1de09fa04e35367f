"""Physical machines at the browser: enrolled, checked, inspected, provided, and refused."""

from __future__ import annotations

import re
import socket
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from tests.browser import axe
from tests.browser.conftest import Visitor

pytestmark = [pytest.mark.thorough, pytest.mark.xdist_group("browser")]

PASSWORD = "a-secret-of-the-bmc"
TABS = ("overview", "recorder", "inventory", "ports", "console", "sensors", "settings", "history")


def enroll(visitor: Visitor, name: str, driver: str, **said: str) -> Page:
    visitor.go("nodes/enroll")
    page = visitor.page
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("combobox", name="Driver").click()
    page.get_by_role("option", name=driver, exact=True).click()
    for label, text in said.items():
        page.get_by_role("textbox", name=label.replace("_", " "), exact=True).fill(text)
    page.get_by_role("button", name="Enroll", exact=True).click()
    page.get_by_role("button", name="Check the BMC").click()
    return page


def do(page: Page, verb: str) -> None:
    page.get_by_role("button", name=verb, exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name=verb, exact=True).click()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_machine_is_enrolled_inspected_and_provided(visitor: Visitor) -> None:
    # given
    visitor.sign_in()
    page = enroll(
        visitor, "metal-1", "fake-hardware", MAC_addresses_of_its_NICs="52:54:00:aa:00:01"
    )
    expect(page.get_by_text("It answers", exact=True)).to_be_visible()
    page.get_by_role("link", name="Open the node").click()
    expect(page.locator("li[class] [aria-current=step]")).to_contain_text("manageable")

    # when
    do(page, "Inspect")
    page.get_by_role("tab", name="Inventory").click()
    expect(page.get_by_text("x86_64").first).to_be_visible()
    page.get_by_role("tab", name="Overview").click()
    do(page, "Provide")

    # then
    expect(page.locator("[aria-current=step]").last).to_contain_text("available")
    expect(page.get_by_role("link", name="Launch a server")).to_be_visible()
    expect(page.get_by_text("52:54:00:aa:00:01").first).to_be_visible()
    page.get_by_role("tab", name="Flight recorder").click()
    expect(page.get_by_role("table").get_by_text("verify power").first).to_be_visible()
    assert visitor.said == []


def test_an_unreachable_bmc_is_named_with_its_reason(visitor: Visitor) -> None:
    # given: a port on which nobody answers
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        port = str(silent.getsockname()[1])
        visitor.sign_in()

        # when
        page = enroll(
            visitor,
            "silent-1",
            "ipmi",
            Address="127.0.0.1",
            Port=port,
            User_name="root",
            Password=PASSWORD,
        )

        # then
        expect(
            page.get_by_text(f"The BMC at 127.0.0.1:{port} does not answer").first
        ).to_be_visible()
    page.get_by_role("link", name="Open the node").click()
    page.get_by_role("heading", name="silent-1", level=1).wait_for()
    told = page.get_by_role("alert").filter(has_text="does not answer")
    expect(told.first).to_be_visible()
    page.get_by_role("tab", name="Settings").click()
    expect(page.get_by_role("textbox", name="ipmi_address")).to_have_value("127.0.0.1")
    expect(page.get_by_label("ipmi_password", exact=True)).to_have_value("")
    assert PASSWORD not in page.content()


def test_a_console_says_back_what_is_typed(visitor: Visitor) -> None:
    # given
    visitor.sign_in()
    page = enroll(visitor, "talker-1", "fake-hardware")
    expect(page.get_by_text("It answers", exact=True)).to_be_visible()
    page.get_by_role("link", name="Open the node").click()

    # when
    page.get_by_role("tab", name="Console").click()
    page.get_by_role("switch", name="Open").click(force=True)
    expect(page.get_by_text("connected", exact=True)).to_be_visible()
    page.locator(".xterm-helper-textarea").focus()
    page.keyboard.type("hello metal")

    # then
    expect(page.locator(".xterm-rows")).to_contain_text("hello metal")
    assert visitor.said == []


def test_maintenance_has_a_reason(visitor: Visitor) -> None:
    # given
    visitor.sign_in()
    page = enroll(visitor, "broken-1", "fake-hardware")
    expect(page.get_by_text("It answers", exact=True)).to_be_visible()
    page.get_by_role("link", name="Open the node").click()

    # when
    page.get_by_role("button", name="Set maintenance").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("a fan <b>is</b> loud")
    dialog.get_by_role("button", name="Set maintenance").click()
    expect(dialog).to_have_count(0)

    # then: a reason is text, whatever is in it
    expect(page.get_by_text("In maintenance: a fan <b>is</b> loud")).to_be_visible()
    page.get_by_role("button", name="End maintenance").click()
    expect(page.get_by_text("In maintenance:")).to_have_count(0)


@pytest.mark.parametrize(
    ("scheme", "width"),
    [
        ("light", 1280),
        ("dark", 390),
        pytest.param("light", 390, marks=pytest.mark.soak),
        pytest.param("dark", 1280, marks=pytest.mark.soak),
    ],
)
def test_axe_finds_nothing_on_a_node(
    visitor: Visitor, scheme: Literal["light", "dark"], width: int
) -> None:
    # given
    mac = f"52:54:00:bb:{len(scheme):02}:{width % 100:02}"
    visitor.sign_in()
    page = enroll(visitor, f"axe-{scheme}-{width}", "fake-hardware", MAC_addresses_of_its_NICs=mac)
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 844})
    expect(page.get_by_text("It answers", exact=True)).to_be_visible()
    found = axe.findings(page, "main")
    page.get_by_role("link", name="Open the node").click()
    page.wait_for_url(re.compile(r"/nodes/[0-9a-f-]{36}$"))
    node = page.url.split("/dashboard/")[1]

    # when
    for tab in TABS:
        visitor.turn(f"{node}?tab={tab}")
        expect(page.locator("[aria-busy=true]")).to_have_count(0)
        found += axe.findings(page, "main")
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, f"{tab} is {wide} px wide"

    # then
    assert not found, "\n".join(found)
