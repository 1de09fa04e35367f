#!/usr/bin/env python3
"""Write docs/node-states.md: the state machine of a node as a diagram, from its table.

scripts/states.py            write it
scripts/states.py --check    exit code 1 if it is out of date
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "node-states.md"
HEAD = """# The states of a node

Made by `scripts/states.py` from `unkai/baremetal/states.py`. Verbs a user may ask for are in
capitals; the rest is told by the work itself.

```mermaid
stateDiagram-v2
"""


def page() -> str:
    sys.path.insert(0, str(ROOT))
    from unkai.baremetal.model import State
    from unkai.baremetal.states import TRANSITIONS, VERBS

    verbs = set(VERBS.values())
    lines = [f"    {_name(state)}: {state}\n" for state in State]
    lines += [
        f"    {_name(before)} --> {_name(after)}: {event.upper() if event in verbs else event}\n"
        for (before, event), after in TRANSITIONS.items()
    ]
    return HEAD + "".join(lines) + "```\n"


def _name(state: str) -> str:
    return state.replace(" ", "_").replace("-", "_")


def main() -> int:
    made = page()
    if "--check" in sys.argv:
        if not PAGE.exists() or PAGE.read_text() != made:
            print("docs/node-states.md is not what the table says; scripts/states.py writes it")
            return 1
        return 0
    PAGE.write_text(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
