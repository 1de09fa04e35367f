"""What the machine behind the tests' Redfish service is made of."""

from __future__ import annotations

UUID = "27946b59-9e44-4fa7-8e91-f3527a1ef094"
MACS = ("00:5c:52:31:3a:9c", "00:5c:52:31:3a:9d")
USER, PASSWORD = "admin", "password"
DISK_BYTES = 10 << 30
BIOS = {"BootMode": "Uefi", "EmbeddedSata": "Raid", "ProcTurboMode": "Enabled", "NicBoot1": "Off"}
