"""Chassis: what nodes stand in."""

from __future__ import annotations

from unkai.baremetal.model import Chassis
from unkai.baremetal.store.rows import Rows
from unkai.baremetal.store.schema import chassis

CHASSIS = Rows(chassis, Chassis)
