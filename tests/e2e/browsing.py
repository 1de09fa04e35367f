"""Somebody at the dashboard of a cloud: small steps, each of which waits for what it leads to."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect

WAIT_MS = 60_000
"""For one step of a page, on a machine that is busy with guests."""
WIDE = {"width": 1280, "height": 900}


@dataclass(frozen=True)
class Person:
    """Their browser; `said` is what its pages complained of."""

    page: Page
    url: str
    said: list[str] = field(default_factory=list)

    # --- finding the way

    def sign_in(self, user: str, password: str) -> None:
        self.page.goto(f"{self.url}/")
        self.user.fill(user)
        self.page.get_by_role("textbox", name="Password").fill(password)
        self.page.get_by_role("button", name="Sign in", exact=True).click()
        self.sees_page("Overview")

    def sign_out(self) -> None:
        self.page.get_by_role("button", name=re.compile("^User ")).click()
        self.page.get_by_role("menuitem", name="Sign out").click()
        expect(self.user).to_be_visible()

    @property
    def user(self) -> Locator:
        """The field of the page that signs in; "User …" is also who is signed in."""
        return self.page.get_by_role("textbox", name="User", exact=True)

    def opens(self, place: str) -> None:
        """By the navigation."""
        frame = self.page.get_by_role("navigation", name="Navigation")
        frame.get_by_role("link", name=place, exact=True).click()
        self.sees_page(place)

    def follows(self, link: str) -> None:
        self.page.get_by_role("main").get_by_role("link", name=link, exact=True).first.click()

    def turns_to(self, tab: str) -> None:
        self.page.get_by_role("tab", name=tab, exact=True).click()

    # --- doing

    def presses(self, button: str) -> None:
        self.page.get_by_role("button", name=button, exact=True).first.click()

    def writes(self, label: str, text: str) -> None:
        self.place.get_by_role("textbox", name=label, exact=True).last.fill(text)

    def chooses(self, label: str, option: str | re.Pattern[str]) -> None:
        box = self.place.get_by_role("combobox", name=label).last
        box.click()
        exact = isinstance(option, str)
        self.page.get_by_role("option", name=option, exact=exact).first.click()
        if self.page.get_by_role("listbox").count():
            box.press("Tab")

    def starts(self, verb: str) -> None:
        """Something of the page's that asks first: its button, and the same word as the answer."""
        self.presses(verb)
        self.agrees(verb)

    def deletes(self, place: str, name: str) -> None:
        """By the menu of its row in the list of that place."""
        self.opens(place)
        row = self.row(name)
        row.get_by_role("button", name=re.compile("^Actions")).click()
        self.page.get_by_role("menuitem", name="Delete", exact=True).click()
        self.sees(f"Delete {name}?")
        asked = self.page.get_by_role("dialog").get_by_role("textbox")
        if asked.count():
            asked.fill(name)
        self.agrees("Delete")
        expect(row).to_have_count(0)

    def picks(self, action: str) -> None:
        """From the page's menu of actions."""
        self.page.get_by_role("button", name="Actions", exact=True).click()
        self.page.get_by_role("menuitem", name=action, exact=True).click()

    def agrees(self, verb: str) -> None:
        """To the question that is open; it closes when what it asked about is done."""
        question = self.page.get_by_role("dialog")
        question.get_by_role("button", name=verb, exact=True).click()
        expect(question).to_have_count(0)

    # --- seeing

    @property
    def place(self) -> Locator:
        """The page and what is open over it, which comes last."""
        return self.page.locator("main, [role=dialog]")

    def sees_page(self, title: str) -> None:
        expect(self.page.get_by_role("heading", level=1, name=title, exact=True)).to_be_visible()

    def sees(self, text: str | re.Pattern[str], *, within_s: float = WAIT_MS / 1000) -> None:
        """In the page, or in a dialog over it."""
        words = self.place.get_by_text(text).filter(visible=True)
        expect(words.first).to_be_visible(timeout=within_s * 1000)

    def sees_state(self, state: str, *, within_s: float = WAIT_MS / 1000) -> None:
        """The badge beside the page's title, and nothing more in it."""
        title = self.page.get_by_role("heading", level=1).locator("xpath=..")
        badge = title.locator("[data-tone]").filter(
            has_text=re.compile(f"^{state}$", re.IGNORECASE)
        )
        expect(badge.first).to_be_visible(timeout=within_s * 1000)

    def sees_no(self, link: str) -> None:
        expect(self.page.get_by_role("link", name=link, exact=True)).to_have_count(0)

    def sees_steps(self, *steps: str) -> None:
        """In the drawing of how it came to be."""
        drawing = self.page.get_by_role("img", name=re.compile("^Sequence of"))
        for step in steps:
            expect(drawing).to_contain_text(step)

    def row(self, words: str) -> Locator:
        return self.page.get_by_role("row").filter(has_text=words).first


def reads_floating_ip(person: Person, network: str) -> str:
    """Of the server whose page is open, on its port in that network."""
    person.turns_to("Network")
    place = person.row(network).get_by_role("cell").nth(1)
    expect(place).to_contain_text(re.compile(r"\d+\.\d+\.\d+\.\d+"))
    return str(re.findall(r"[\d.]{7,}", place.inner_text())[0])


def logs_in_at_the_console(person: Person) -> None:
    """On the serial line that is open, as the guest's usual user; it is asked to reckon."""
    person.sees("connected")
    terminal = person.page.locator(".xterm-rows")
    person.page.locator(".xterm-helper-textarea").focus()
    for typed, answer in (
        ("", "login:"),
        ("cirros", "Password:"),
        ("gocubsgo", "$"),
        ("echo it-is-$(id -un)-$((6 * 7))", "it-is-cirros-42"),
    ):
        person.page.keyboard.type(f"{typed}\n")
        expect(terminal).to_contain_text(answer)


@contextmanager
def somebody(chromium: Browser, url: str, shots: Path) -> Generator[Person]:
    """A browser window of theirs; what it shows when something fails is kept in `shots`."""
    context = chromium.new_context(viewport=WIDE, locale="en")
    context.set_default_timeout(WAIT_MS)
    expect.set_options(timeout=WAIT_MS)
    page = context.new_page()
    person = Person(page, url)
    page.on("pageerror", lambda error: person.said.append(str(error)))
    page.on("console", lambda line: person.said.append(line.text) if is_error(line) else None)
    try:
        yield person
    except BaseException:
        page.screenshot(path=shots / "failed.png", full_page=True)
        (shots / "failed.txt").write_text(f"{page.url}\n\n{page.inner_text('body')}\n")
        raise
    finally:
        context.close()


def is_error(line: ConsoleMessage) -> bool:
    """Of a page or its policy; that an API refused is told to the person instead."""
    return line.type == "error" and not line.text.startswith("Failed to load resource")
