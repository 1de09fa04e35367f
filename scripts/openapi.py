#!/usr/bin/env python3
"""Write openapi/<api>.json from the routes of every API; no cloud is started.

scripts/openapi.py            write the files (make fmt does)
scripts/openapi.py --check    say which are out of date; exit code 1 if any is
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "openapi"
sys.path.insert(0, str(ROOT))


def documents() -> dict[str, str]:
    """File name to content."""
    from unkai import __version__
    from unkai.boot.apis import described_apis
    from unkai.kit.http.openapi import describe

    return {
        f"{api.name}.json": json.dumps(describe(api, __version__), indent=1, sort_keys=True) + "\n"
        for api in described_apis()
    }


def committed() -> dict[str, str]:
    return {path.name: path.read_text() for path in FOLDER.glob("*.json")}


def drift() -> list[str]:
    """Names of files that are missing, left over or not what the routes say."""
    there, made = committed(), documents()
    return sorted(name for name in there | made if there.get(name) != made.get(name))


def main() -> int:
    changed = drift()
    if "--check" in sys.argv:
        for name in changed:
            print(f"openapi/{name} is not what the routes say; `make fmt` writes it")
        return 1 if changed else 0
    FOLDER.mkdir(exist_ok=True)
    made = documents()
    for name in changed:
        if name in made:
            (FOLDER / name).write_text(made[name])
        else:
            (FOLDER / name).unlink()
        print(f"openapi/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
