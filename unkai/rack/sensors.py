"""Sensors of an IPMI BMC: full sensor records (IPMI 2.0, table 43-1) as commands for ipmi_sim."""

from __future__ import annotations

from typing import Final, NamedTuple

_DEGREES_C, _VOLTS, _RPM = 0x01, 0x04, 0x12
_TEMPERATURE, _VOLTAGE, _FAN = 0x01, 0x02, 0x04
_UPPER, _LOWER = 0x38, 0x07
_OWNER: Final = 0x20


class Sensor(NamedTuple):
    """A reading is raw * factor * 10**exponent. Thresholds are raw, as the reading is.

    thresholds: upper non-recoverable, upper critical, upper non-critical, and the lower ones.
    """

    name: str
    kind: int
    unit: int
    entity: int
    factor: int
    exponent: int
    reading: int
    thresholds: tuple[int, int, int, int, int, int]
    readable: int


SENSORS: Final = (
    Sensor("CPU Temp", _TEMPERATURE, _DEGREES_C, 3, 1, 0, 42, (105, 95, 85, 0, 0, 0), _UPPER),
    Sensor("Inlet Temp", _TEMPERATURE, _DEGREES_C, 7, 1, 0, 23, (60, 50, 40, 0, 0, 0), _UPPER),
    Sensor("Fan 1", _FAN, _RPM, 29, 60, 0, 90, (0, 0, 0, 5, 8, 12), _LOWER),
    Sensor("12V", _VOLTAGE, _VOLTS, 10, 6, -2, 201, (0, 0, 0, 170, 175, 180), _LOWER),
)


def commands() -> list[str]:
    """Lines that give the BMC its sensors and their records."""
    lines: list[str] = []
    for number, sensor in enumerate(SENSORS, 1):
        at = f"0x20 0 {number}"
        enabled = f"{sensor.readable:06b}"
        limits = " ".join(f"{value:#04x}" for value in sensor.thresholds)
        record = " ".join(f"{byte:#04x}" for byte in _record(number, sensor))
        lines += [
            f"sensor_add {at} {sensor.kind:#04x} 0x01",
            f"sensor_set_value {at} {sensor.reading:#04x} 0",
            f"sensor_set_threshold {at} readable {enabled} {limits}",
            f"sensor_set_event_support {at} disable scanning none" + f" {15 * '0'}" * 4,
            f"main_sdr_add 0x20 {record}",
        ]
    return lines


def _record(number: int, sensor: Sensor) -> bytes:
    name = sensor.name.encode()
    body = bytes(
        [
            *(_OWNER, 0, number),
            *(sensor.entity, 1),
            *(0x7F, 0x68),  # initialised and scanned; thresholds can be read
            *(sensor.kind, 0x01),
            *(0, 0, 0, 0),  # no events
            *(sensor.readable, sensor.readable),
            *(0, sensor.unit, 0),
            0,  # linear
            *(sensor.factor & 0xFF, sensor.factor >> 8 << 6),
            *(0, 0, 0),
            (sensor.exponent & 0xF) << 4,
            *(0, sensor.reading, 0xFF, 0, 0xFF, 0),
            *sensor.thresholds,
            *(0, 0, 0, 0, 0),
            0xC0 | len(name),
        ]
    )
    body += name
    return bytes([0, 0, 0x51, 0x01, len(body)]) + body
