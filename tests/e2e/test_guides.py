"""The guides are these tests: their blocks run as they stand, in their order."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.clouds import CHECKOUT, RunningCloud

GUIDES = CHECKOUT / "docs" / "guides"
TIMEOUT_S = 900

pytestmark = [pytest.mark.xdist_group("real cloud"), pytest.mark.timeout(TIMEOUT_S + 60)]


def script_of(guide: str) -> str:
    """All `sh` blocks as one script that says which one it is in."""
    blocks = re.findall(r"^```sh\n(.*?)^```", guide, re.DOTALL | re.MULTILINE)
    heads = [
        f"echo '=== block {number} of {len(blocks)}'\n" for number in range(1, len(blocks) + 1)
    ]
    return "set -eux\n" + "".join(head + block for head, block in zip(heads, blocks, strict=True))


@pytest.mark.parametrize("guide", ["first-server", "volumes", "first-bare-metal"])
def test_the_guide_runs_as_it_stands(real_cloud: RunningCloud, tmp_path: Path, guide: str) -> None:
    script = tmp_path / "guide.sh"
    script.write_text(script_of((GUIDES / f"{guide}.md").read_text()))

    done = real_cloud.unkai("exec", "--", "bash", str(script), timeout_s=TIMEOUT_S, check=False)

    said = f"{done.stdout[-6000:]}\n--- standard error\n{done.stderr[-6000:]}"
    assert done.returncode == 0, said
