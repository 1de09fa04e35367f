"""A BMC's words as numbers to draw."""

from __future__ import annotations

from unkai.baremetal.actions.read_sensors import Reading, reading_of


def test_words_become_numbers() -> None:
    shown = {"Sensor Reading": "23.000 degrees C", "Status": "ok"}
    assert reading_of("Temperature", "CPU", shown) == Reading(
        "Temperature", "CPU", 23.0, "degrees C", "ok"
    )


def test_what_is_no_number_has_no_value() -> None:
    for said in ("No Reading", "0x80", ""):
        shown = {"Sensor Reading": said, "Status": "ns"}
        assert reading_of("Fan", "F", shown) == Reading("Fan", "F", None, "", "ns")
