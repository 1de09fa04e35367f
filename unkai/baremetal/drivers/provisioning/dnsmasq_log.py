"""What dnsmasq's log tells of machines: DHCP packets and files by TFTP.

A transaction's lines bear its number; the file a client was offered comes in a line after the offer
itself, so an offer is told with the next line that belongs to something else.
"""

from __future__ import annotations

import calendar
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Final

from unkai.baremetal.drivers.provisioning.base import Sighting
from unkai.timeline.model import DHCP, TFTP

_LINE: Final = re.compile(
    r"(?P<when>\w{3} [ \d]\d \d\d:\d\d:\d\d) dnsmasq-(?P<kind>dhcp|tftp)\[\d+\]: (?P<text>.*)"
)
_PACKET: Final = re.compile(
    r"(?P<id>\d+) DHCP(?P<verb>DISCOVER|OFFER|REQUEST|ACK|NAK|DECLINE|RELEASE|INFORM)"
    r"\((?P<link>[^)]+)\) (?P<rest>.*)"
)
_FACT: Final = re.compile(
    r"(?P<id>\d+) (?:sent size: +\d+ option: +67 )?"
    r"(?P<name>vendor class|user class|bootfile[ -]name):? +(?P<v>.*)"
)
_MAC: Final = re.compile(r"\b([0-9a-f]{2}(?::[0-9a-f]{2}){5})\b")
_ADDRESS: Final = re.compile(r"(?<![\d.])(\d{1,3}(?:\.\d{1,3}){3})(?![\d.])")
_TFTP: Final = re.compile(
    r"(?P<what>sent|failed sending) (?P<file>\S+) to (?P<to>\S+)"
    r"|file (?P<missing>\S+) not found for (?P<by>\S+)"
    r"|error (?P<code>\d+) (?P<why>.*) received from (?P<from>\S+)"
)
_REFUSALS: Final = ("no address available", "ignored", "wrong network", "address in use", "lease")
_SIZE_ONLY: Final = "8"
"""The error by which a UEFI firmware ends its question for a file's size."""
_FRESH_S: Final = 2.0
_MACS_MAX: Final = 10_000


class LogReader:
    """Reads the log of one network's dnsmasq, line by line. name: the network's, for people."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._macs: dict[str, str] = {}
        self._client: tuple[str, dict[str, str]] = ("", {})
        self._held: tuple[str, Sighting] | None = None

    def read(self, line: str, now: float) -> Iterator[Sighting]:
        """The sightings that this line completes."""
        found = _LINE.match(line)
        if found is None:
            return
        at = _moment(found["when"], now)
        if found["kind"] == "tftp":
            yield from self.flush()
            yield from self._tftp(found["text"], at)
        else:
            yield from self._dhcp(found["text"].strip(), at)

    def flush(self) -> Iterator[Sighting]:
        """An offer that waits for nothing more."""
        if self._held is not None:
            _, held = self._held
            self._held = None
            yield held

    def _dhcp(self, text: str, at: float) -> Iterator[Sighting]:
        if (fact := _FACT.match(text)) is not None:
            yield from self._fact(fact["id"], fact["name"], fact["v"].strip())
        elif (packet := _PACKET.match(text)) is not None:
            yield from self.flush()
            yield from self._packet(packet["id"], packet["verb"], packet["rest"], at)

    def _fact(self, number: str, name: str, value: str) -> Iterator[Sighting]:
        if name.startswith("bootfile"):
            if self._held is not None and self._held[0] == number:
                held = self._held[1]
                self._held = (number, replace(held, detail=f"{held.detail}, boot file {value}"))
            return
        yield from self.flush()
        known = self._client[1] if self._client[0] == number else {}
        self._client = (number, {**known, name: value})

    def _packet(self, number: str, verb: str, rest: str, at: float) -> Iterator[Sighting]:
        mac = _MAC.search(rest)
        if mac is None:
            return
        rest = rest.replace(mac[0], "")
        address = _ADDRESS.search(rest)
        words = rest.replace(address[0], "").strip() if address else rest.strip()
        if address and verb in ("OFFER", "ACK"):
            self._remember(address[0], mac[0])
        detail = [f"on {self._name}"]
        if verb == "DISCOVER" and self._client[0] == number:
            detail += self._client[1].values()
        refused = verb in ("NAK", "DECLINE") or words.startswith(_REFUSALS)
        if words and refused:
            detail.append(words)
        seen = Sighting(
            participant=DHCP,
            action=f"{verb} {address[0]}" if address else verb,
            at=at,
            ok=not refused,
            detail=", ".join(detail),
            mac=mac[0],
        )
        if verb in ("OFFER", "ACK"):
            self._held = (number, seen)
        else:
            yield seen

    def _tftp(self, text: str, at: float) -> Iterator[Sighting]:
        found = _TFTP.match(text)
        if found is None or found["code"] == _SIZE_ONLY:
            return
        address = found["to"] or found["by"] or found["from"]
        mac = self._macs.get(address)
        if mac is None:
            return
        path = found["file"] or found["missing"]
        name = PurePosixPath(path).name if path else ""
        words = {"sent": f"sent {name}", "failed sending": f"stopped sending {name}"}
        action = words.get(found["what"] or "", f"{name} not found" if name else "error")
        yield Sighting(
            participant=TFTP,
            action=action,
            at=at,
            ok=found["what"] == "sent",
            detail=f"to {address}" + (f": {found['why']}" if found["why"] else ""),
            mac=mac,
        )

    def _remember(self, address: str, mac: str) -> None:
        self._macs.pop(address, None)
        self._macs[address] = mac
        if len(self._macs) > _MACS_MAX:
            self._macs.pop(next(iter(self._macs)))


def _moment(when: str, now: float) -> float:
    """Seconds since 1970. The log knows whole seconds and no year; what is fresh is `now`."""
    year = time.gmtime(now).tm_year
    for guess in (year, year - 1):
        parsed = time.strptime(f"{guess} {when}", "%Y %b %d %H:%M:%S")
        at = float(calendar.timegm(parsed))
        if at <= now + _FRESH_S:
            return at if abs(now - at) > _FRESH_S else now
    return now
