"""Sensors by IPMI: the repository of sensor records (chapters 33 and 43) and their readings (35).

Full and compact records of the BMC itself are read; satellites' sensors and those with an OEM's
linearization are left out.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from unkai.baremetal.drivers.ipmi.chassis import Ask
from unkai.baremetal.drivers.ipmi.session import Refused

STORAGE, SENSOR = 0x0A, 0x04
RESERVE, GET_RECORD, GET_READING = 0x22, 0x23, 0x2D
FULL, COMPACT = 0x01, 0x02
LAST, WHOLE = 0xFFFF, 0xFF
HEAD, CHUNK = 5, 16
TOO_MUCH, RESERVATION_LOST = 0xCA, 0xC5
MOST_RECORDS, MOST_LOST = 4096, 8
BMC_ADDRESS = 0x20

TYPES = {
    0x01: "Temperature",
    0x02: "Voltage",
    0x03: "Current",
    0x04: "Fan",
    0x05: "Physical Security",
    0x06: "Platform Security",
    0x07: "Processor",
    0x08: "Power Supply",
    0x09: "Power Unit",
    0x0A: "Cooling Device",
    0x0B: "Other",
    0x0C: "Memory",
    0x0D: "Drive Slot / Bay",
    0x0F: "System Firmware",
    0x10: "Event Logging",
    0x11: "Watchdog",
    0x12: "System Event",
    0x13: "Critical Interrupt",
    0x23: "Watchdog 2",
    0x25: "Entity Presence",
}
UNITS = {
    0: "",
    1: "degrees C",
    2: "degrees F",
    3: "degrees K",
    4: "Volts",
    5: "Amps",
    6: "Watts",
    7: "Joules",
    18: "RPM",
    19: "Hz",
}
CURVES: dict[int, Callable[[float], float]] = {
    0: lambda x: x,
    1: math.log,
    2: math.log10,
    3: math.log2,
    4: math.exp,
    5: lambda x: 10**x,
    6: lambda x: 2**x,
    7: lambda x: 1 / x,
    8: lambda x: x**2,
    9: lambda x: x**3,
    10: math.sqrt,
    11: math.cbrt,
}
STATUS = (
    (0x24, "nr"),  # upper or lower non-recoverable
    (0x12, "cr"),
    (0x09, "nc"),
)


@dataclass(frozen=True, slots=True)
class Formula:
    """How a raw byte becomes a figure (36.3)."""

    form: int
    factor: int
    offset: int
    offset_exponent: int
    exponent: int
    curve: int

    def value(self, raw: int) -> float | None:
        """None where the curve has no such point."""
        signed = raw - 256 if raw & 0x80 and self.form else raw
        if self.form == 1 and raw & 0x80:
            signed += 1
        line = self.factor * signed + self.offset * 10**self.offset_exponent
        try:
            return CURVES[self.curve](line * 10**self.exponent)
        except (ValueError, ZeroDivisionError, OverflowError):
            return None


@dataclass(frozen=True, slots=True)
class Sensor:
    number: int
    name: str
    kind: int
    entity: str
    unit: str
    formula: Formula | None
    """None for a sensor of states."""


async def read_all(ask: Ask, raw: Ask) -> dict[str, Any]:
    """{type: {"NAME (0xNN)": {...}}}. raw: asks that raise Refused."""
    found: dict[str, Any] = {}
    async for record in _records(ask, raw):
        sensor = parsed(record)
        if sensor is None:
            continue
        try:
            answer = await raw(SENSOR, GET_READING, bytes((sensor.number,)))
        except Refused:
            continue  # the record is there, the part is not
        label = f"{sensor.name} (0x{sensor.number:x})"
        group = found.setdefault(TYPES.get(sensor.kind, f"0x{sensor.kind:02x}"), {})
        group[label] = {"Sensor ID": label, "Entity ID": sensor.entity, **shown(sensor, answer)}
    return found


def shown(sensor: Sensor, answer: bytes) -> dict[str, str]:
    """A reading in words."""
    if len(answer) < 2 or answer[1] & 0x20 or not answer[1] & 0x40:
        return {"Sensor Reading": "No Reading", "Status": "ns"}
    states = answer[2] if len(answer) > 2 else 0
    if sensor.formula is None:
        states |= (answer[3] & 0x7F) << 8 if len(answer) > 3 else 0
        return {"Sensor Reading": f"0x{answer[0]:02x}", "States Asserted": f"0x{states:04x}"}
    value = sensor.formula.value(answer[0])
    if value is None:
        return {"Sensor Reading": "No Reading", "Status": "ns"}
    status = next((name for mask, name in STATUS if states & mask), "ok")
    return {"Sensor Reading": f"{value:.3f} {sensor.unit}".rstrip(), "Status": status}


def parsed(record: bytes) -> Sensor | None:
    """A sensor of the BMC's own that has a reading; None for every other record."""
    if len(record) < 32 or record[3] not in (FULL, COMPACT) or record[5] != BMC_ADDRESS:
        return None
    if record[6] & 0x03:
        return None
    full = record[3] == FULL
    if full and len(record) < 48:
        return None
    formula = _formula(record) if full and record[20] >> 6 != 3 else None
    if formula is not None and formula.curve not in CURVES:
        return None
    unit = UNITS.get(record[21], f"unit {record[21]}")
    return Sensor(
        number=record[7],
        name=_text(record[47 if full else 31 :]),
        kind=record[12],
        entity=f"{record[8]}.{record[9] & 0x7F}",
        unit=f"% {unit}".rstrip() if record[20] & 1 else unit,
        formula=formula,
    )


def _formula(record: bytes) -> Formula:
    return Formula(
        form=record[20] >> 6,
        factor=_signed(record[24] | (record[25] & 0xC0) << 2, 10),
        offset=_signed(record[26] | (record[27] & 0xC0) << 2, 10),
        offset_exponent=_signed(record[29] & 0x0F, 4),
        exponent=_signed(record[29] >> 4, 4),
        curve=record[23] & 0x7F,
    )


def _signed(value: int, bits: int) -> int:
    return value - (1 << bits) if value >> (bits - 1) else value


def _text(field: bytes) -> str:
    """A type/length byte and what it counts (43.15): Latin-1, or packed six-bit ASCII."""
    if not field:
        return ""
    body = field[1 : 1 + (field[0] & 0x1F)]
    if field[0] >> 6 == 2:
        bits = int.from_bytes(body, "little")
        letters = (chr(0x20 + (bits >> 6 * place & 0x3F)) for place in range(len(body) * 8 // 6))
        return "".join(letters).strip()
    return body.decode("latin-1").strip(" \0")


async def _records(ask: Ask, raw: Ask) -> AsyncIterator[bytes]:
    """All records; a BMC that cannot send a whole one in one answer is asked for parts."""
    reservation = await ask(STORAGE, RESERVE, b"")
    number, read, lost = 0, _whole_record, 0
    for _ in range(MOST_RECORDS):
        try:
            following, record = await read(raw, reservation + number.to_bytes(2, "little"))
        except Refused as refusal:
            if refusal.code == RESERVATION_LOST and lost < MOST_LOST:
                lost += 1
                reservation = await ask(STORAGE, RESERVE, b"")
            elif read is _whole_record:
                read = _record_in_parts
            else:
                return
            continue
        yield record
        if following in (LAST, number):
            return
        number = following


async def _whole_record(raw: Ask, place: bytes) -> tuple[int, bytes]:
    """The number of the following record, and this one."""
    answer = await raw(STORAGE, GET_RECORD, place + bytes((0, WHOLE)))
    return int.from_bytes(answer[:2], "little"), answer[2:]


async def _record_in_parts(raw: Ask, place: bytes) -> tuple[int, bytes]:
    answer = await raw(STORAGE, GET_RECORD, place + bytes((0, HEAD)))
    following, record = int.from_bytes(answer[:2], "little"), answer[2:]
    size = HEAD + record[HEAD - 1]
    while len(record) < size:
        count = min(CHUNK, size - len(record))
        more = (await raw(STORAGE, GET_RECORD, place + bytes((len(record), count))))[2:]
        if not more:
            break
        record += more
    return following, record
