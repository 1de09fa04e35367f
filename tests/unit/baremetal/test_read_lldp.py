"""LLDP as machines tell it: what is understood, what is left out."""

from __future__ import annotations

from typing import Any

import pytest

from unkai.baremetal.actions.read_lldp import neighbour_of, parse_lldp

CHASSIS, PORT = [1, "045abf691deaaa"], [2, "056e6f6465312d6e696330"]


def test_a_switch_that_tells_all() -> None:
    said = [
        *(CHASSIS, PORT, [3, "0078"], [4, b"cable 7".hex()], [5, b"leaf-1\0".hex()]),
        *([6, b"an OS".hex()], [7, "00040004"], [0, ""]),
    ]
    assert parse_lldp({"interfaces": [{"name": "eth0", "lldp": said}, {"name": "eth1"}]}) == {
        "eth0": {
            "switch_chassis_id": "5a:bf:69:1d:ea:aa",
            "switch_port_id": "node1-nic0",
            "switch_port_description": "cable 7",
            "switch_system_name": "leaf-1",
            "switch_system_description": "an OS",
        }
    }


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([[1, "07" + b"leaf-1".hex()]], {"switch_chassis_id": "leaf-1"}),
        ([[2, "03525400000001"]], {"switch_port_id": "52:54:00:00:00:01"}),
        ([PORT, [2, "05" + b"other".hex()]], {"switch_port_id": "node1-nic0"}),
    ],
)
def test_identifiers(said: Any, expected: dict[str, str]) -> None:
    assert neighbour_of({"lldp": said}) == expected


@pytest.mark.parametrize(
    "said",
    [
        *(None, "", 7, {}, [[]], [1], [[1]], [["1", "04"]], [[1, 4]], [[1, "0"]], [[1, "zz"]]),
        *([[1, ""]], [[1, "04aa"]], [[1, "09aabb"]], [[5, "ff"]], [[5, "0a"]], [[5, ""]]),
    ],
)
def test_what_is_no_lldp_is_left_out(said: Any) -> None:
    assert neighbour_of({"lldp": said}) == {}
    assert parse_lldp({"interfaces": said}) == {}
