"""The lines of a serial console that a timeline should have: boot loader, kernel, panic, agent."""

from __future__ import annotations

import re
from typing import Final

NOTABLE: Final = re.compile(
    r"iPXE |Unkai: |Booting from|Boot failed|No bootable device|BdsDxe: |Secure Boot|"
    r"GRUB|error: |Linux version|Kernel panic|Call Trace|BUG: |Oops|Out of memory|I/O error|"
    r"NIC Link is|Link is Up|Link is Down|^\[agent |ironic-python-agent|"
    r"Welcome to|login:",
)
_ESCAPES: Final = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07]*\x07|[@-Z\\-_])")
_UNSEEN: Final = re.compile(r"[^\x20-\x7e]")
LINE_MOST: Final = 200
LINES_AT_ONCE: Final = 20


class NotableLines:
    """Fed with what a machine says; keeps the newest notable lines until they are taken."""

    def __init__(self) -> None:
        self._rest = ""
        self._last = ""
        self._lines: list[tuple[float, str]] = []

    def feed(self, data: bytes, now: float) -> None:
        *lines, self._rest = (self._rest + data.decode("ascii", "replace")).split("\n")
        self._rest = self._rest[-4 * LINE_MOST :]
        for raw in lines:
            line = _UNSEEN.sub("", _ESCAPES.sub("", raw.rsplit("\r", 2)[0])).strip()[:LINE_MOST]
            if line and line != self._last and NOTABLE.search(line):
                self._last = line
                self._lines.append((now, line))
        del self._lines[:-LINES_AT_ONCE]

    def take(self) -> list[tuple[float, str]]:
        """(when, line), oldest first."""
        taken, self._lines = self._lines, []
        return taken
