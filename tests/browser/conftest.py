"""A cloud of played hosts, its dashboard as built, and Debian's Chromium without a screen."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from tests.clouds import CHECKOUT, RunningCloud, running_cloud
from unkai.dashboard.files import INDEX, STATIC

CHROMIUM = "/usr/bin/chromium"
WAIT_MS = 20_000


@dataclass(frozen=True)
class Visitor:
    """Somebody at the browser; `said` is what the page complained of."""

    page: Page
    url: str
    password: str
    said: list[str]

    def sign_in(self, user: str = "admin") -> None:
        page = self.page
        page.goto(f"{self.url}/")
        page.get_by_role("textbox", name="User", exact=True).fill(user)
        page.get_by_role("textbox", name="Password").fill(self.password)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.get_by_role("heading", name="Overview").wait_for()

    def go(self, path: str) -> None:
        self.page.goto(f"{self.url}/dashboard/{path}")
        self.page.get_by_role("heading", level=1).first.wait_for()

    def turn(self, path: str) -> None:
        """Another page or tab as by a link: its scripts are there already."""
        page = self.page
        place, _, tab = path.partition("?tab=")
        stays = page.url.partition("?")[0] == f"{self.url}/dashboard/{place}"
        title = page.locator("h1").first
        if not stays:
            title.evaluate("(one) => one.dataset.left = true")
        page.evaluate("(path) => history.pushState({}, '', path)", f"/dashboard/{path}")
        if not stays:
            page.locator("h1:not([data-left])").first.wait_for()
        if tab:
            chosen = f"[role=tab][id$='-tab-{tab}'][aria-selected=true]"
            page.locator(chosen).wait_for()
            page.locator(f"[role=tabpanel][id$='-panel-{tab}']").wait_for()


def is_complaint(line: ConsoleMessage) -> bool:
    """An error of the page or its policy; that an API refused is told to the person instead."""
    return line.type == "error" and not line.text.startswith("Failed to load resource")


@pytest.fixture(scope="session")
def built() -> None:
    subprocess.run([CHECKOUT / "scripts" / "dashboard.sh"], check=True, timeout=280)
    assert (STATIC / INDEX).exists()


@pytest.fixture(scope="session")
def cloud(built: None, tmp_path_factory: pytest.TempPathFactory) -> Generator[RunningCloud]:
    with running_cloud(tmp_path_factory.mktemp("dashboard"), fake=True) as running:
        yield running


@pytest.fixture(scope="module")
def chromium() -> Generator[Browser]:
    """Ended with its module: while it is there, its loop runs, and no test can run another."""
    assert shutil.which(CHROMIUM), "apt-get install chromium (packages-dev.txt)"
    expect.set_options(timeout=WAIT_MS)
    with sync_playwright() as playwright:
        # As root there is no sandbox to be had; the browser sees our own pages only.
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def visit(cloud: RunningCloud, chromium: Browser, **more: Any) -> Generator[Visitor]:
    """Somebody with a browser profile of their own. more: what Playwright's contexts take."""
    more = {"viewport": {"width": 1280, "height": 800}, "locale": "en", **more}
    context = chromium.new_context(**more)
    context.set_default_timeout(WAIT_MS)
    page = context.new_page()
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda line: said.append(line.text) if is_complaint(line) else None)
    password = (Path(cloud.state_dir) / "admin-password").read_text().strip()
    yield Visitor(page, cloud.url, password, said)
    context.close()


@pytest.fixture
def visitor(cloud: RunningCloud, chromium: Browser) -> Generator[Visitor]:
    with visit(cloud, chromium) as found:
        yield found
