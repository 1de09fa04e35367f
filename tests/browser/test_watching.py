"""What is watched: a server's graphs, its host, and its timeline as it is written."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.apis import Cloud
from tests.browser.conftest import Visitor
from tests.clouds import RunningCloud

pytestmark = [pytest.mark.thorough, pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def apis(cloud: RunningCloud) -> Cloud:
    return Cloud.of(cloud)


@pytest.fixture(scope="module")
def server(apis: Cloud) -> str:
    return apis.server("measured")


def test_graphs_have_words_and_a_table(visitor: Visitor, server: str) -> None:
    visitor.sign_in()
    page = visitor.page
    visitor.go(f"servers/{server}?tab=metrics")

    processor = page.get_by_role("img", name=re.compile(r"Processor: .* \d+ %, between"))
    expect(processor.locator("canvas")).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("Network: received .*B.s"))).to_be_visible()
    page.get_by_text("Table", exact=True).click()
    rows = page.get_by_role("table", name="Measurements").get_by_role("row")
    expect(rows.nth(1)).to_contain_text("MiB")
    whole = rows.count()
    page.get_by_text("10 minutes", exact=True).click()
    expect(rows.nth(whole - 1)).to_have_count(0)
    assert visitor.said == []


def test_a_host_has_its_servers_capacity_and_graphs(visitor: Visitor, server: str) -> None:
    visitor.sign_in()
    page = visitor.page
    visitor.go(f"servers/{server}")
    host = page.locator("dt", has_text=re.compile("^Host$")).locator("xpath=following-sibling::dd")
    name = host.inner_text()

    visitor.go("admin/hypervisors")
    page.get_by_role("link", name=name, exact=True).click()

    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
    expect(page.get_by_role("progressbar", name=re.compile("vCPUs: "))).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("Memory: in use"))).to_be_visible()
    page.get_by_role("link", name="measured", exact=True).click()
    expect(page.get_by_role("heading", name="measured", level=1)).to_be_visible()


def test_a_timeline_is_told_and_not_asked_for(visitor: Visitor, apis: Cloud, server: str) -> None:
    # given
    visitor.sign_in()
    page = visitor.page
    asked: list[str] = []
    page.on("request", lambda sent: asked.append(sent.url) if "/timeline" in sent.url else None)
    visitor.go(f"servers/{server}")
    page.get_by_text("Table", exact=True).click()
    table = page.get_by_role("table", name=re.compile("Sequence of"))
    expect(table.get_by_role("row", name=re.compile("run guest"))).to_contain_text("ok")

    # when: somebody else stops it
    apis.act(server, {"os-stop": None})

    # then
    expect(table.get_by_role("row", name=re.compile("shut down"))).to_contain_text("ok")
    assert [url.removeprefix(visitor.url) for url in asked] == [
        f"/unkai/v1/servers/{server}/timeline/events"
    ]
    page.get_by_role("tab", name="Actions").click()
    start = page.get_by_role("region", name="What can be done now")
    start.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_role("alert").get_by_text("openstack server start measured")).to_be_visible()
    assert visitor.said == []
