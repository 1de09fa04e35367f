"""A volume's life through its pages: made, kept, copied, given to a server, backed up, deleted."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.apis import Cloud
from tests.browser.conftest import Visitor
from tests.browser.steps import choose, confirm, dialog, fill, from_page, from_row, rests, row
from tests.clouds import RunningCloud

pytestmark = [pytest.mark.thorough, pytest.mark.xdist_group("browser")]


def create(page: Page, name: str) -> None:
    page.get_by_role("button", name="Create a volume", exact=True).first.click()
    fill(page, "Name", name)


def test_a_volume_is_made_kept_copied_attached_backed_up_and_deleted(
    cloud: RunningCloud, visitor: Visitor
) -> None:
    # given
    Cloud.of(cloud).server("story-host")
    visitor.sign_in()
    visitor.go("volumes")

    # when
    create(visitor.page, "story-disk")
    fill(visitor.page, "Size", "2")
    dialog(visitor.page).get_by_role("button", name="Show me the CLI").click()
    said = "openstack volume create --size 2 story-disk"
    expect(dialog(visitor.page)).to_contain_text(said)
    confirm(visitor.page, "Create")
    rests(visitor.page, "story-disk")

    # then
    keep_and_copy(visitor)
    attach_grow_and_detach(visitor)
    back_up_and_restore(visitor)
    delete_all(visitor)
    assert visitor.said == []


def keep_and_copy(visitor: Visitor) -> None:
    page = visitor.page
    from_row(page, "story-disk", "Take a snapshot")
    fill(page, "Name", "story-moment")
    confirm(page, "Create")
    visitor.go("snapshots")
    rests(page, "story-moment")
    from_row(page, "story-moment", "Create a volume")
    fill(page, "Name", "story-copy")
    confirm(page, "Create")
    visitor.go("volumes")
    rests(page, "story-copy")


def attach_grow_and_detach(visitor: Visitor) -> None:
    page = visitor.page
    page.keyboard.press("Control+k")
    dialog(page).get_by_role("textbox").fill("ory-cop")
    dialog(page).get_by_role("button", name=re.compile("story-copy")).click()
    page.get_by_role("heading", name="story-copy", level=1).wait_for()
    expect(page.get_by_text("Snapshot story-moment")).to_be_visible()
    from_page(page, "Attach")
    choose(page, "Server", "story-host")
    confirm(page, "Attach")
    expect(page.locator("[data-tone=good]", has_text="in-use")).to_be_visible()
    from_page(page, "Extend")
    fill(page, "New size", "3")
    confirm(page, "Extend")
    expect(page.locator("dd", has_text="3 GiB")).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("Sequence of"))).to_contain_text("grow data")
    page.get_by_role("table", name="Attached to").get_by_role("link", name="story-host").click()
    page.get_by_role("heading", name="story-host", level=1).wait_for()
    expect(page.get_by_role("cell", name="/dev/vdb")).to_be_visible()
    page.get_by_role("button", name="Detach story-copy").click()
    confirm(page, "Detach")
    expect(page.get_by_role("heading", name="It has no volumes")).to_be_visible()


def back_up_and_restore(visitor: Visitor) -> None:
    page = visitor.page
    visitor.go("volumes")
    rests(page, "story-copy")
    from_row(page, "story-copy", "Back up")
    fill(page, "Name", "story-whole")
    expect(dialog(page).get_by_role("switch")).to_be_disabled()
    confirm(page, "Create")
    rests(page, "story-copy")
    visitor.go("backups")
    rests(page, "story-whole")
    page.get_by_role("button", name="Back up", exact=True).first.click()
    choose(page, "Volume", re.compile("story-copy"))
    fill(page, "Name", "story-part")
    dialog(page).get_by_role("switch").check()
    confirm(page, "Create")
    rests(page, "story-part")
    expect(row(page, "story-part")).to_contain_text("incremental")
    from_row(page, "story-part", "Restore")
    fill(page, "Name of the new volume", "story-back")
    confirm(page, "Restore")
    visitor.go("volumes")
    rests(page, "story-back")


def delete_all(visitor: Visitor) -> None:
    page = visitor.page
    page.get_by_role("textbox", name="Search").fill("story-")
    page.get_by_role("checkbox", name="Select all").check()
    page.get_by_role("button", name="Delete", exact=True).click()
    dialog(page).get_by_role("checkbox", name="With its snapshots").check()
    confirm(page, "Delete")
    expect(page.get_by_role("link", name=re.compile("^story-"))).to_have_count(0)
    visitor.go("backups")
    for name in ("story-part", "story-whole"):
        from_row(page, name, "Delete")
        confirm(page, "Delete")
        expect(row(page, name)).to_have_count(0)


def test_forms_of_volumes_say_what_is_wrong(visitor: Visitor) -> None:
    # given
    page = visitor.page
    visitor.sign_in()
    visitor.go("volumes")

    # when more is asked for than the project may have
    create(page, "far-too-large")
    fill(page, "Size", "1000000")
    dialog(page).get_by_role("button", name="Create", exact=True).click()

    # then the service's own sentence is there, and the form still holds what was typed
    expect(dialog(page).get_by_role("alert")).to_contain_text("uota")
    expect(dialog(page).get_by_role("textbox", name="Name")).to_have_value("far-too-large")

    # when it is a copy of nothing, it cannot be asked for
    choose(page, "Made of", "Image")
    expect(dialog(page).get_by_role("button", name="Create", exact=True)).to_be_disabled()
    choose(page, "Image", "cirros")
    fill(page, "Size", "1")
    fill(page, "Name", "of-image")
    confirm(page, "Create")
    rests(page, "of-image")

    # when an offer is accepted that is not there
    page.get_by_role("button", name="Accept a volume").click()
    fill(page, "ID of the offer", "00000000-0000-4000-8000-000000000000")
    fill(page, "Key", "wrong")
    dialog(page).get_by_role("button", name="Accept a volume").click()
    expect(dialog(page).get_by_role("alert")).to_contain_text("could not be found")
    page.get_by_role("button", name="Cancel").click()

    # when it is offered, the key is told once; until it is taken nothing else can be done
    from_row(page, "of-image", "Offer to a project")
    dialog(page).get_by_role("button", name="Offer to a project").click()
    expect(dialog(page)).to_contain_text("The key is shown this once")
    page.keyboard.press("Escape")
    page.get_by_role("link", name="of-image").click()
    page.get_by_role("button", name="Take the offer back").click()
    expect(page.locator("[data-tone=good]", has_text="available")).to_be_visible()

    # when its state is said to be something else, the page says so
    from_page(page, "Set the state")
    choose(page, "State", "error")
    confirm(page, "Set the state")
    expect(page.locator("[data-tone=bad]", has_text="error")).to_be_visible()
    page.get_by_role("button", name="Delete", exact=True).click()
    confirm(page, "Delete")
    expect(page.get_by_role("heading", name="Volumes", level=1)).to_be_visible()
    assert visitor.said == []


def test_a_server_boots_from_a_new_volume_and_brings_a_blank_one(visitor: Visitor) -> None:
    # given
    page = visitor.page
    visitor.sign_in()
    visitor.go("servers/launch")
    page.get_by_role("textbox", name="Name", exact=True).fill("on-a-volume")
    page.get_by_role("combobox", name="Boots from").click()
    page.get_by_role("option", name="Image, into a new volume").click()
    page.get_by_role("radio", name="m1.nano").check()
    page.get_by_role("button", name="Add a volume").click()
    expect(page.get_by_text("It fits now")).to_be_visible()

    # when
    page.get_by_role("button", name="Show me the CLI").click()
    expect(page.get_by_text(re.compile("--block-device uuid=.*source_type=image"))).to_be_visible()
    page.get_by_role("button", name="Launch", exact=True).click()
    page.get_by_role("heading", name="on-a-volume", level=1).wait_for()
    expect(page.locator("[data-tone=good]", has_text="active").first).to_be_visible()

    # then both are its volumes, and the one it boots from cannot be taken away
    page.get_by_role("tab", name="Volumes").click()
    expect(page.get_by_role("cell", name="/dev/vda boots from it")).to_be_visible()
    expect(page.get_by_role("cell", name="/dev/vdb")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^Detach"))).to_have_count(1)
    assert visitor.said == []


def test_services_of_volumes_stand_among_the_others(visitor: Visitor) -> None:
    page = visitor.page
    service = "cinder-volume unkai@file"
    visitor.sign_in()
    visitor.go("admin/services")
    expect(row(page, service)).to_contain_text("enabled")
    from_row(page, service, "Disable")
    fill(page, "Reason", "a new disk comes")
    confirm(page, "Disable")
    expect(row(page, service)).to_contain_text("a new disk")
    from_row(page, service, "Enable")
    confirm(page, "Enable")
    expect(row(page, service)).to_contain_text("enabled")
    assert visitor.said == []


def test_volumes_of_a_type_are_encrypted(visitor: Visitor) -> None:
    page = visitor.page
    visitor.sign_in()
    visitor.go("volume-types")
    page.get_by_role("button", name="Create a volume type").click()
    fill(page, "Name", "story-secret")
    confirm(page, "Create")
    page.get_by_role("link", name="story-secret").click()
    page.get_by_role("button", name="Encrypt its volumes").click()
    dialog(page).get_by_role("button", name="Encrypt its volumes").click()
    kept = page.get_by_role("region", name="Encryption").get_by_text("aes-xts-plain64")
    expect(kept).to_be_visible()

    visitor.go("volumes")
    create(page, "sealed")
    choose(page, "Type", "story-secret")
    confirm(page, "Create")
    rests(page, "sealed")
    page.get_by_role("link", name="sealed").click()
    page.get_by_role("heading", name="sealed", level=1).wait_for()
    expect(page.get_by_text("Encrypted", exact=True)).to_be_visible()
    assert visitor.said == []


def test_types_are_made_closed_and_chosen(visitor: Visitor) -> None:
    # given
    page = visitor.page
    visitor.sign_in()
    visitor.go("volume-types")

    # when
    page.get_by_role("button", name="Create a volume type").click()
    fill(page, "Name", "story-type")
    dialog(page).get_by_role("switch").uncheck()
    confirm(page, "Create")
    page.get_by_role("link", name="story-type").click()
    page.get_by_role("button", name="Change", exact=True).click()
    fill(page, "Extra specs", "multiattach=<is> True")
    confirm(page, "Save")
    expect(page.locator("dd", has_text="<is> True")).to_be_visible()
    page.get_by_role("button", name="Add a project").click()
    choose(page, "Project", "admin")
    confirm(page, "Add a project")

    # then the project may choose it
    expect(page.get_by_role("table", name="Access")).to_contain_text("admin")
    visitor.go("volumes")
    create(page, "typed")
    choose(page, "Type", "story-type")
    confirm(page, "Create")
    rests(page, "typed")
    page.get_by_role("link", name="typed").click()
    expect(page.get_by_text("Several servers")).to_be_visible()
    assert visitor.said == []
