"""Who runs the storage: QoS specs, groups and their types, data that comes in and is let go of."""

from __future__ import annotations

import re
from collections.abc import Generator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import findings
from tests.browser.conftest import Visitor, visit
from tests.browser.steps import choose, confirm, dialog, fill, from_row, rests, row
from tests.clouds import RunningCloud

pytestmark = [pytest.mark.thorough, pytest.mark.xdist_group("browser")]


@pytest.fixture
def admin(cloud: RunningCloud, chromium: Browser) -> Generator[Visitor]:
    """Signed in; without motion, so that what opens is there at once."""
    with visit(cloud, chromium, reduced_motion="reduce") as visitor:
        visitor.sign_in()
        yield visitor


def opened(page: Page, button: str) -> None:
    """The form behind a button, in which axe finds nothing."""
    page.get_by_role("button", name=button, exact=True).first.click()
    dialog(page).get_by_role("button", name="Show me the CLI").wait_for()
    assert findings(page, "[role=dialog]") == []


def shows_cli(page: Page, command: str) -> None:
    dialog(page).get_by_role("button", name="Show me the CLI").click()
    expect(dialog(page)).to_contain_text(command)


def made(page: Page, name: str) -> None:
    """A volume of 1 GiB."""
    page.get_by_role("button", name="Create a volume", exact=True).first.click()
    fill(page, "Name", name)
    fill(page, "Size", "1")
    confirm(page, "Create")
    rests(page, name)


def test_qos_specs_are_made_changed_and_deleted(admin: Visitor) -> None:
    page = admin.page
    admin.turn("volume-types")
    opened(page, "Create QoS specs")
    fill(page, "Name", "swift")
    fill(page, "Specs", "total_iops_sec=500")
    shows_cli(page, "volume qos create --consumer front-end --property total_iops_sec=500 swift")
    confirm(page, "Create")
    expect(row(page, "swift")).to_contain_text("total_iops_sec=500")

    from_row(page, "swift", "Specs")
    fill(page, "Specs", "total_bytes_sec=1000")
    confirm(page, "Save")
    expect(row(page, "swift")).to_contain_text("total_bytes_sec=1000")
    expect(row(page, "swift")).not_to_contain_text("total_iops_sec")
    from_row(page, "swift", "Who sees to it")
    choose(page, "Who sees to it", "both")
    confirm(page, "Save")
    expect(row(page, "swift")).to_contain_text("both")
    from_row(page, "swift", "Delete")
    confirm(page, "Delete")
    expect(row(page, "swift")).to_have_count(0)
    assert admin.said == []


def test_a_group_is_filled_frozen_copied_and_deleted(admin: Visitor) -> None:
    # given
    page = admin.page
    admin.turn("volume-types")
    opened(page, "Create a group type")
    fill(page, "Name", "together")
    confirm(page, "Create")
    from_row(page, "together", "Group specs")
    fill(page, "Group specs", "consistent_group_snapshot_enabled=<is> True")
    confirm(page, "Save")
    expect(row(page, "together")).to_contain_text("<is> True")
    admin.turn("volumes")
    made(page, "group-disk")

    # when
    admin.turn("volume-groups")
    opened(page, "Create a group")
    fill(page, "Name", "pair")
    choose(page, "Group type", "together")
    choose(page, "Volume types", "__DEFAULT__")
    page.keyboard.press("Tab")
    confirm(page, "Create")
    rests(page, "pair")
    from_row(page, "pair", "Choose its volumes")
    choose(page, "Volumes", "group-disk")
    page.keyboard.press("Tab")
    shows_cli(page, "group-update --add-volumes")
    confirm(page, "Save")
    expect(row(page, "pair").get_by_role("cell", name="1", exact=True)).to_be_visible()
    from_row(page, "pair", "Take a snapshot")
    fill(page, "Name", "moment")
    confirm(page, "Create")

    # then
    rests(page, "moment")
    expect(row(page, "moment")).to_contain_text("pair")
    from_row(page, "moment", "Create a group")
    fill(page, "Name", "twin")
    confirm(page, "Create")
    rests(page, "twin")
    assert findings(page) == []
    from_row(page, "moment", "Delete")
    confirm(page, "Delete")
    expect(row(page, "moment")).to_have_count(0)
    for name in ("twin", "pair"):
        from_row(page, name, "Delete")
        dialog(page).get_by_role("checkbox").check()
        confirm(page, "Delete")
        expect(row(page, name)).to_have_count(0)
    assert admin.said == []


def test_a_volume_is_let_go_of_and_taken_in_again(admin: Visitor) -> None:
    page = admin.page
    admin.turn("volumes")
    made(page, "wanderer")
    from_row(page, "wanderer", "Migrate")
    expect(dialog(page)).to_contain_text("There is no other pool")
    shows_cli(page, "openstack volume migrate --host POOL")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    from_row(page, "wanderer", "Unmanage")
    confirm(page, "Unmanage")
    expect(row(page, "wanderer")).to_have_count(0)

    opened(page, "Manage a volume")
    choose(page, "What is there", re.compile("1 GiB"))
    fill(page, "Name", "back-again")
    shows_cli(page, "openstack volume create --host unkai@file")
    confirm(page, "Manage")
    rests(page, "back-again")
    assert admin.said == []


def test_a_snapshot_has_metadata_and_can_be_let_go_of(admin: Visitor) -> None:
    page = admin.page
    admin.turn("volumes")
    made(page, "kept-from")
    from_row(page, "kept-from", "Take a snapshot")
    fill(page, "Name", "kept")
    confirm(page, "Create")
    admin.turn("snapshots")
    rests(page, "kept")
    from_row(page, "kept", "Metadata")
    fill(page, "Metadata", "reason=before the move")
    shows_cli(page, "volume snapshot set --property 'reason=before the move'")
    confirm(page, "Save")
    from_row(page, "kept", "Metadata")
    said = dialog(page).get_by_role("textbox", name="Metadata")
    expect(said).to_have_value("reason=before the move")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)

    from_row(page, "kept", "Unmanage")
    confirm(page, "Unmanage")
    expect(row(page, "kept")).to_have_count(0)
    opened(page, "Manage a snapshot")
    choose(page, "What is there", re.compile("1 GiB"))
    fill(page, "Name", "kept-again")
    confirm(page, "Manage")
    rests(page, "kept-again")
    assert admin.said == []
