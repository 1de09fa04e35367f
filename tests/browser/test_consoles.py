"""Consoles at the browser: a screen by noVNC and a serial line, on the page and in their window."""

from __future__ import annotations

import re
import time

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.apis import WAIT_S, Cloud
from tests.browser.conftest import Visitor
from tests.clouds import RunningCloud

pytestmark = [pytest.mark.thorough, pytest.mark.xdist_group("browser")]

NIGHT, SKY = [0x1C, 0x2B, 0x4A], [0x5B, 0x8D, 0xB8]
"""The played screen's bands, from the top; a key turns them by one."""
TOP = """() => [...document.querySelector("canvas").getContext("2d").getImageData(5, 5, 1, 1).data]
    .slice(0, 3)"""


@pytest.fixture(scope="module")
def apis(cloud: RunningCloud) -> Cloud:
    return Cloud.of(cloud)


@pytest.fixture(scope="module")
def server(apis: Cloud) -> str:
    return apis.server("watched")


def expect_connected(page: Page) -> None:
    expect(page.get_by_role("status").get_by_text("connected", exact=True)).to_be_visible()


def expect_top(page: Page, colour: list[int]) -> None:
    """Asked from outside: the page's policy lets nobody evaluate words in it."""
    deadline = time.monotonic() + WAIT_S
    while (found := page.evaluate(TOP)) != colour:
        assert time.monotonic() < deadline, f"{found} is on top, not {colour}"
        page.wait_for_timeout(50)


def test_a_screen_takes_keys_and_has_a_window_of_its_own(visitor: Visitor, server: str) -> None:
    # given
    visitor.sign_in()
    page = visitor.page
    visitor.go(f"servers/{server}?tab=console")
    expect_connected(page)
    expect_top(page, NIGHT)

    # when: it has the focus already
    page.keyboard.press("a")
    expect_top(page, SKY)
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("button", name="Open in its own window")).to_be_focused()
    with page.expect_popup() as opened:
        page.keyboard.press("Enter")

    # then
    window = opened.value
    expect_connected(window)
    expect(window.get_by_role("heading", name="watched")).to_be_visible()
    expect_top(window, NIGHT)
    window.get_by_role("button", name="Paste text").click()
    window.get_by_label("Text for the machine").fill("x")
    window.get_by_role("button", name="Type it").click()
    expect_top(window, SKY)
    assert visitor.said == []


def test_a_serial_line_comes_back_after_a_reboot(
    visitor: Visitor, apis: Cloud, server: str
) -> None:
    visitor.sign_in()
    page = visitor.page
    visitor.go(f"servers/{server}?tab=console")
    page.get_by_text("Serial line", exact=True).click()
    expect_connected(page)
    page.keyboard.type("hello guest")
    expect(page.locator(".xterm-rows")).to_contain_text("hello guest")

    with page.expect_websocket():
        apis.act(server, {"reboot": {"type": "HARD"}})

    expect_connected(page)
    panel = page.get_by_role("tabpanel")
    panel.get_by_role("button", name="Show me the CLI").click()
    expect(panel.get_by_text("openstack console url show --serial watched")).to_be_visible()


def test_novas_address_opens_once_and_says_so(
    chromium: Browser, cloud: RunningCloud, apis: Cloud, server: str
) -> None:
    # given: somebody without a session
    address = apis.console(server)
    said: list[str] = []
    context = chromium.new_context(locale="ja")
    page = context.new_page()
    page.on("pageerror", lambda error: said.append(str(error)))

    # when
    page.goto(address)
    expect(page.get_by_text("接続済み", exact=True)).to_be_visible()
    expect_top(page, NIGHT)
    page.reload()

    # then
    expect(page.get_by_role("alert")).to_contain_text("使用済み")
    expect(page.get_by_role("link")).to_have_attribute("href", "/dashboard/servers")
    assert "noVNC" in httpx.get(address).text
    assert re.search(
        "style-src 'self' 'nonce-", httpx.get(address).headers["content-security-policy"]
    )
    assert said == []
    context.close()
