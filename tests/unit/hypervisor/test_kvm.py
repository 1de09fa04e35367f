"""The accelerator's answer is kept for one boot of the host."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from unkai.hypervisor import kvm

pytestmark = [pytest.mark.anyio, pytest.mark.thorough]


async def test_the_answer_is_kept_for_this_boot(tmp_path: Path) -> None:
    cache = tmp_path / "accelerator.json"
    cache.write_text(json.dumps({"boot_id": "b1", "name": "kvm", "reason": "planted"}))
    assert await kvm.accelerator(cache, boot_id="b1") == ("kvm", "planted")


@pytest.mark.parametrize("kept", ["", "[]", '{"boot_id": "b1", "name": "vax", "reason": ""}'])
async def test_a_broken_or_older_answer_is_asked_again(tmp_path: Path, kept: str) -> None:
    cache = tmp_path / "accelerator.json"
    cache.write_text(kept)
    found = await kvm.accelerator(cache, boot_id="b1")
    assert found.name in ("kvm", "tcg") and found.reason
    assert json.loads(cache.read_text())["boot_id"] == "b1"
    assert await kvm.accelerator(cache, boot_id="b1") == found


async def test_a_yes_may_be_turned_down_by_a_real_boot(tmp_path: Path) -> None:
    async def never() -> bool:
        return False

    found = await kvm.accelerator(tmp_path / "a.json", boot_id="b1", confirm=never)
    assert found.name == "tcg"
