"""The hardware types, as data. A name with `no-` in front means: not at all."""

from __future__ import annotations

from unkai.baremetal.drivers.base import HardwareType

_AGENT = {
    "boot": ("ipxe", "pxe", "http-ipxe", "http"),
    "deploy": ("direct", "ramdisk", "fake"),
    "firmware": ("no-firmware",),
    "network": ("neutron", "flat", "noop"),
    "rescue": ("agent", "no-rescue"),
    "storage": ("noop", "cinder", "external"),
}

HARDWARE_TYPES = {
    hardware.name: hardware
    for hardware in (
        HardwareType(
            "fake-hardware",
            {
                "bios": ("fake", "no-bios"),
                "boot": ("fake", "ipxe", "pxe"),
                "console": ("fake", "no-console"),
                "deploy": ("fake", "direct", "ramdisk"),
                "firmware": ("fake", "no-firmware"),
                "inspect": ("fake", "agent", "no-inspect"),
                "management": ("fake", "noop"),
                "network": ("noop", "flat", "neutron"),
                "power": ("fake",),
                "raid": ("fake", "agent", "no-raid"),
                "rescue": ("fake", "agent", "no-rescue"),
                "storage": ("noop", "cinder", "external"),
                "vendor": ("fake", "no-vendor"),
            },
        ),
        HardwareType(
            "ipmi",
            {
                **_AGENT,
                "bios": ("no-bios",),
                "console": ("ipmitool-socat", "no-console"),
                "inspect": ("agent", "no-inspect"),
                "management": ("ipmitool", "noop"),
                "power": ("ipmitool",),
                "raid": ("no-raid", "agent"),
                "vendor": ("ipmitool", "no-vendor"),
            },
        ),
        HardwareType(
            "redfish",
            {
                **_AGENT,
                "bios": ("redfish", "no-bios"),
                "boot": (*_AGENT["boot"], "redfish-virtual-media", "redfish-https"),
                "console": ("no-console",),
                "inspect": ("redfish", "agent", "no-inspect"),
                "management": ("redfish", "noop"),
                "power": ("redfish",),
                "raid": ("no-raid", "agent"),
                "vendor": ("redfish", "no-vendor"),
            },
        ),
        HardwareType(
            "manual-management",
            {
                **_AGENT,
                "bios": ("no-bios",),
                "console": ("no-console",),
                "inspect": ("agent", "no-inspect"),
                "management": ("noop", "fake"),
                "power": ("agent", "fake"),
                "raid": ("no-raid", "agent"),
                "vendor": ("no-vendor",),
            },
        ),
    )
}
