"""A person's first server: sign in, launch it, watch it come, look at it, delete it."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor

pytestmark = [pytest.mark.thorough, pytest.mark.xdist_group("browser")]


def launch(visitor: Visitor, name: str) -> None:
    page = visitor.page
    visitor.go("servers/launch")
    page.get_by_role("textbox", name="Name", exact=True).fill(name)
    page.get_by_role("radio", name="m1.nano").check()
    page.get_by_role("combobox", name="Networks").click()
    page.get_by_role("option", name="private").click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Launch", exact=True).click()
    page.get_by_role("heading", name=name, level=1).wait_for()


def test_a_server_is_launched_watched_and_deleted(visitor: Visitor) -> None:
    page = visitor.page
    visitor.sign_in()

    launch(visitor, "story")
    expect(page.locator("[data-tone=good]", has_text="active").first).to_be_visible()
    diagram = page.get_by_role("img", name=re.compile("Sequence of"))
    expect(diagram).to_contain_text("NovaScheduler")
    expect(diagram).to_contain_text("run guest")
    page.get_by_text("Table", exact=True).click()
    table = page.get_by_role("table", name=re.compile("Sequence of"))
    expect(table.get_by_role("row", name=re.compile("run guest"))).to_contain_text("ok")

    page.get_by_role("button", name="Actions", exact=True).click()
    page.get_by_role("menuitem", name="Delete").click()
    question = page.get_by_role("dialog")
    question.get_by_role("button", name="Show me the CLI").click()
    expect(question).to_contain_text("openstack server delete story")
    question.get_by_role("button", name="Delete").click()
    expect(question).to_have_count(0)
    visitor.go("servers")
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    expect(page.get_by_role("link", name="story", exact=True)).to_have_count(0)
    assert visitor.said == []


def test_tabs_tell_placement_network_and_requests(visitor: Visitor) -> None:
    page = visitor.page
    visitor.sign_in()
    launch(visitor, "tabs")
    expect(page.locator("[data-tone=good]", has_text="active").first).to_be_visible()

    page.get_by_role("tab", name="Placement").click()
    expect(page.get_by_role("heading", name=re.compile("Placed on"))).to_be_visible()
    page.get_by_role("tab", name="Network").click()
    expect(page.get_by_role("cell", name="default")).to_be_visible()
    page.get_by_role("tab", name="Actions").click()
    expect(page.get_by_role("cell", name="create", exact=True)).to_be_visible()
    page.reload()
    expect(page.get_by_role("tab", name="Actions")).to_have_attribute("aria-selected", "true")
    assert visitor.said == []


def test_a_change_made_elsewhere_appears_by_itself(visitor: Visitor) -> None:
    page = visitor.page
    visitor.sign_in()
    visitor.go("servers")
    other = page.context.new_page()

    elsewhere = Visitor(other, visitor.url, visitor.password, [])
    other.goto(f"{visitor.url}/dashboard/servers")
    elsewhere.sign_in()
    launch(elsewhere, "from-elsewhere")

    expect(page.get_by_role("link", name="from-elsewhere")).to_be_visible()
