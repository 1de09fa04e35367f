"""An image is brought in, a network is made and drawn, an address leads in, a rule lets in."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor

pytestmark = [pytest.mark.thorough, pytest.mark.xdist_group("browser")]


def dialog_button(page: Page, name: str) -> None:
    """Of a form that closes once it is done."""
    question = page.get_by_role("dialog")
    question.get_by_role("button", name=name, exact=True).click()
    expect(question).to_have_count(0)


def choose(page: Page, label: str, option: str | re.Pattern[str]) -> None:
    page.get_by_role("dialog").get_by_role("combobox", name=label).click()
    page.get_by_role("option", name=option).first.click()


@pytest.mark.parametrize("way", ["Upload", "Upload, then import (glance-direct)"])
def test_an_image_is_uploaded_and_its_hash_shown(visitor: Visitor, way: str) -> None:
    page = visitor.page
    visitor.sign_in()
    visitor.go("images/upload")
    page.get_by_role("radio", name=way, exact=True).check()
    data = {"name": "small.raw", "mimeType": "application/octet-stream", "buffer": b"\0" * 65536}
    page.locator("input[type=file]").set_input_files(data)
    expect(page.get_by_role("textbox", name="Name")).to_have_value("small")
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.get_by_role("heading", name="small is there")).to_be_visible()
    expect(page.locator("dt", has_text="sha512")).to_be_visible()
    page.get_by_role("link", name="Open the image").click()
    page.get_by_role("heading", name="small", level=1).wait_for()
    page.get_by_role("button", name="Delete", exact=True).click()
    dialog_button(page, "Delete")
    expect(page.get_by_role("heading", name="Images", level=1)).to_be_visible()
    assert visitor.said == []


def test_a_refused_image_says_why_and_leaves_nothing(visitor: Visitor) -> None:
    page = visitor.page
    visitor.sign_in()
    visitor.go("images/upload")
    data = {"name": "no.qcow2", "mimeType": "application/octet-stream", "buffer": b"plain" * 900}
    page.locator("input[type=file]").set_input_files(data)
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("qcow2")
    visitor.go("images")
    expect(page.get_by_role("link", name="cirros").first).to_be_visible()
    expect(page.get_by_role("link", name="no", exact=True)).to_have_count(0)


def test_a_network_is_made_joined_drawn_and_reached(visitor: Visitor) -> None:
    page = visitor.page
    visitor.sign_in()
    visitor.go("routers")
    page.get_by_role("button", name="Create a router").first.click()
    page.get_by_role("dialog").get_by_role("textbox", name="Name").fill("story-edge")
    choose(page, "External network", "public")
    dialog_button(page, "Create")
    expect(page.get_by_role("link", name="story-edge")).to_be_visible()

    visitor.go("networks")
    page.get_by_role("button", name="Create a network").first.click()
    question = page.get_by_role("dialog")
    question.get_by_role("textbox", name="Name", exact=True).fill("story-net")
    # A large one: the metadata port takes any of its addresses, and 10.77.0.50 is to be free.
    question.get_by_role("textbox", name="Range").fill("10.77.0.0/16")
    choose(page, "Router", "story-edge")
    dialog_button(page, "Create")
    page.get_by_role("link", name="story-net").click()
    page.get_by_role("heading", name="story-net", level=1).wait_for()
    page.get_by_role("button", name="Create a port").first.click()
    question.get_by_role("textbox", name="Name").fill("story-port")
    question.get_by_role("textbox", name="Fixed IPs").fill("10.77.0.50")
    dialog_button(page, "Create")
    expect(page.get_by_role("link", name="story-port")).to_be_visible()

    visitor.go("topology")
    picture = page.get_by_role("group", name="Picture of the topology")
    expect(picture.get_by_role("link", name="story-net")).to_be_visible()
    page.get_by_text("Table", exact=True).click()
    row = page.get_by_role("row", name=re.compile("^story-edge"))
    expect(row).to_contain_text("story-net (10.77.0.1)")

    visitor.go("floating-ips")
    page.get_by_role("button", name="Allocate a floating IP").first.click()
    choose(page, "Leads to", re.compile("10.77.0.50"))
    dialog_button(page, "Allocate a floating IP")
    expect(page.get_by_role("row", name=re.compile("10.77.0.50"))).to_be_visible()
    assert visitor.said == []


def test_a_rule_is_explained_before_and_after_it_is_made(visitor: Visitor) -> None:
    page = visitor.page
    visitor.sign_in()
    visitor.go("security-groups")
    page.get_by_role("button", name="Create a security group").first.click()
    page.get_by_role("dialog").get_by_role("textbox", name="Name").fill("story-web")
    dialog_button(page, "Create")
    page.get_by_role("link", name="story-web").click()
    page.get_by_role("button", name="Add a rule").first.click()
    form = page.get_by_role("dialog")
    form.get_by_role("textbox", name="Addresses").fill("203.0.113.0/24")
    says = "SSH (TCP 22) may come in from 203.0.113.0/24"
    expect(form.get_by_text(says)).to_be_visible()
    form.get_by_role("button", name="Show me the CLI").click()
    expect(form).to_contain_text("--dst-port 22 --remote-ip 203.0.113.0/24")
    dialog_button(page, "Add")
    expect(page.get_by_role("cell", name=says, exact=True)).to_be_visible()
    assert visitor.said == []


def test_a_private_key_is_offered_once(visitor: Visitor) -> None:
    page = visitor.page
    visitor.sign_in()
    visitor.go("keypairs")
    page.get_by_role("button", name="Create a key pair").first.click()
    page.get_by_role("dialog").get_by_role("textbox", name="Name").fill("story-key")
    form = page.get_by_role("dialog")
    form.get_by_role("button", name="Create a key pair", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the private key").click()
    assert download.value.suggested_filename == "story-key.pem"
    assert "PRIVATE KEY" in download.value.path().read_text()
    page.get_by_role("button", name="Close", exact=True).click()
    expect(page.get_by_role("row", name=re.compile("story-key"))).to_be_visible()
