"""What people do at lists and in forms: small steps, each of which waits for what it leads to."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect


def dialog(page: Page) -> Locator:
    """The one on top; one that is closing is still there for a moment."""
    return page.get_by_role("dialog").last


def fill(page: Page, label: str, text: str) -> None:
    dialog(page).get_by_role("textbox", name=label, exact=True).fill(text)


def choose(page: Page, label: str, option: str | re.Pattern[str]) -> None:
    dialog(page).get_by_role("combobox", name=label, exact=True).click()
    page.get_by_role("option", name=option).first.click()


def confirm(page: Page, verb: str) -> None:
    shown = dialog(page)
    shown.get_by_role("button", name=verb, exact=True).click()
    expect(page.get_by_role("dialog")).to_have_count(0)


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("row", name=re.compile(f"^(Select )?{re.escape(name)}"))


def from_row(page: Page, name: str, deed: str) -> None:
    page.get_by_role("button", name=f"Actions of {name}", exact=True).click()
    page.get_by_role("menuitem", name=deed, exact=True).click()


def from_page(page: Page, deed: str) -> None:
    page.get_by_role("button", name="Actions", exact=True).click()
    page.get_by_role("menuitem", name=deed, exact=True).click()


def rests(page: Page, name: str, state: str = "available") -> None:
    expect(row(page, name).locator("[data-tone=good]", has_text=state)).to_be_visible()
