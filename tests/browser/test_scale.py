"""A thousand machines: only those in sight are drawn, all can be reached, a change reads one."""

from __future__ import annotations

import re
import time
from collections.abc import Generator

import pytest
from playwright.sync_api import Request, expect

from bench.cases.baremetal import V1, opened
from bench.cases.crowd import enroll
from bench.subject import Subject
from tests.browser.conftest import WAIT_MS, Visitor
from tests.clouds import RunningCloud, running_cloud

pytestmark = [pytest.mark.thorough, pytest.mark.xdist_group("browser")]
MANY, DRAWN = 1000, 100
ROWS = "tbody tr[data-index]"


@pytest.fixture(scope="module")
def cloud(built: None, tmp_path_factory: pytest.TempPathFactory) -> Generator[RunningCloud]:
    """One of its own: the others' pages tell of a few machines."""
    with running_cloud(tmp_path_factory.mktemp("crowded"), fake=True) as running:
        enroll(Subject(running, 0), MANY)
        yield running


def test_a_list_of_a_thousand_draws_what_is_in_sight(visitor: Visitor) -> None:
    # given
    page = visitor.page
    visitor.sign_in()
    visitor.go("nodes")
    expect(page.get_by_text("1000 items")).to_be_visible()
    assert page.locator(ROWS).count() < DRAWN

    # when
    page.locator(ROWS).first.focus()
    page.keyboard.press("End")

    # then
    expect(page.get_by_role("link", name="node-0999", exact=True)).to_be_in_viewport()
    expect(page.locator(ROWS).filter(has_text="node-0999")).to_be_focused()
    assert page.locator(ROWS).count() < DRAWN

    # when
    page.keyboard.press("/")
    page.keyboard.type("node-0500")

    # then
    expect(page.locator(ROWS)).to_have_count(1)
    expect(page.get_by_role("link", name="node-0500", exact=True)).to_be_in_viewport()
    assert visitor.said == []


def test_a_rack_of_a_thousand_draws_what_is_in_sight(visitor: Visitor) -> None:
    # given
    page = visitor.page
    cards = page.get_by_role("main").get_by_role("listitem")
    visitor.sign_in()
    visitor.go("nodes/rack")
    page.get_by_role("radiogroup").get_by_text("None", exact=True).click()
    expect(page.get_by_text("1000 nodes")).to_be_visible()
    assert cards.count() < DRAWN

    # when
    page.mouse.move(600, 500)
    last = page.get_by_role("link", name="node-0999")
    deadline = time.monotonic() + WAIT_MS / 1000
    while not last.count() and time.monotonic() < deadline:
        page.mouse.wheel(0, 100_000)  # to the end as far as it is known: the page may yet grow
        page.wait_for_timeout(100)

    # then
    expect(last).to_be_in_viewport()
    assert cards.count() < DRAWN
    assert visitor.said == []


def test_the_palette_finds_one_of_a_thousand(visitor: Visitor) -> None:
    page = visitor.page
    visitor.sign_in()

    page.keyboard.press("Control+k")
    page.get_by_role("dialog").get_by_role("textbox").fill("node-0777")
    page.get_by_role("button", name=re.compile("node-0777")).click()

    expect(page.get_by_role("heading", name="node-0777", level=1)).to_be_visible()


def test_a_change_reads_its_row_and_not_the_list(cloud: RunningCloud, visitor: Visitor) -> None:
    # given
    page = visitor.page
    visitor.sign_in()
    visitor.go("nodes")
    expect(page.get_by_text("1000 items")).to_be_visible()
    expect(page.get_by_label("Live:")).to_be_visible()
    row = page.locator(ROWS, has_text="node-0003")
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url.removeprefix(cloud.url).partition("?")[0])

    page.on("request", note)

    # when
    door = opened(Subject(cloud, 0))
    door.json("PUT", f"{V1}/nodes/node-0003/maintenance", {"reason": "a fan is loud"})
    node = door.json("GET", f"{V1}/nodes/node-0003?fields=uuid")["uuid"]
    door.close()

    # then
    expect(row.get_by_label("maintenance")).to_be_visible()
    assert f"{V1}/nodes/{node}" in asked
    assert f"{V1}/nodes" not in asked
