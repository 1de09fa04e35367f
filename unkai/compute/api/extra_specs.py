"""What may stand in a flavor's extra specs, checked from microversion 2.86 on.

Namespaces that the scheduler or the hypervisor reads are known: a key that is misspelt there, or a
value of the wrong kind, would be silently without effect. Other namespaces are their owner's own.
"""

from __future__ import annotations

import re

from unkai.kit.errors import BadRequest

_NUMBER = r"[0-9]+"
_BOOLEAN = r"(?i:true|false|yes|no|on|off|1|0)"
_CPUS = r"\^?[0-9]+(-[0-9]+)?(,\^?[0-9]+(-[0-9]+)?)*"
_KNOWN: tuple[tuple[str, str], ...] = (
    (r"hw:cpu_policy", r"dedicated|shared|mixed"),
    (r"hw:cpu_thread_policy", r"prefer|isolate|require"),
    (r"hw:emulator_threads_policy", r"isolate|share"),
    (r"hw:cpu_(sockets|cores|threads|max_sockets|max_cores|max_threads)", _NUMBER),
    (r"hw:cpu_(dedicated|realtime)_mask", _CPUS),
    (r"hw:(cpu_realtime|boot_menu|mem_encryption|locked_memory|hide_hypervisor_id)", _BOOLEAN),
    (r"hw:(vif_multiqueue_enabled|viommu_enabled|tpm_present)", _BOOLEAN),
    (r"hw:(numa_nodes|serial_port_count|watchdog_count|maxphysaddr_bits)", _NUMBER),
    (r"hw:numa_cpus\.[0-9]+", _CPUS),
    (r"hw:numa_mem\.[0-9]+", _NUMBER),
    (r"hw:mem_page_size", r"large|small|any|[0-9]+([kKMGT]i?[bB]?)?"),
    (r"hw:pci_numa_affinity_policy", r"required|preferred|legacy|socket"),
    (r"hw:watchdog_action", r"none|pause|poweroff|reset|disabled"),
    (r"hw:maxphysaddr_mode", r"passthrough|emulate"),
    (r"hw:input_bus", r"usb|virtio"),
    (r"hw:video_ram", _NUMBER),
    (r"hw:viommu_model", r"intel|smmuv3|virtio|auto"),
    (r"hw:tpm_(model|version|secret_security)", r"[a-z0-9.-]+"),
    (r"hw:(virtio_packed_ring|ephemeral_encryption)", _BOOLEAN),
    (r"hw:ephemeral_encryption_format", r"luks"),
    (r"hw:sound_model", r"[a-z0-9]+"),
    (r"hw:usb_model", r"[a-z0-9-]+"),
    (r"hw:redirected_usb_ports", _NUMBER),
    (r"hw_rng:allowed", _BOOLEAN),
    (r"hw_rng:rate_(bytes|period)", _NUMBER),
    (r"hw_video:ram_max_mb", _NUMBER),
    (r"os:secure_boot", r"required|optional|disabled"),
    (r"quota:cpu_(shares|period|quota)", r"-?[0-9]+"),
    (r"quota:(memory|disk_io|vif)_(limit|reservation)", r"-?[0-9]+"),
    (r"quota:disk_(read|write|total)_(bytes|iops)_sec(_max|_max_length)?", _NUMBER),
    (r"quota:vif_(inbound|outbound)_(average|burst|peak)", _NUMBER),
    (r"pci_passthrough:alias", r".+"),
    (r"resources[A-Za-z0-9_-]*:[A-Z0-9_]+", _NUMBER),
    (r"trait[A-Za-z0-9_-]*:[A-Z0-9_]+", r"required|forbidden"),
    (r"group_policy", r"isolate|none"),
    (r"accel:device_profile", r".+"),
)
_NAMESPACES = re.compile(r"(hw|hw_rng|hw_video|os|quota|pci_passthrough|accel|resources|trait):.*")


def check_extra_specs(specs: dict[str, str]) -> None:
    """BadRequest for a key that a known namespace does not have, or a value it does not take."""
    for key, value in specs.items():
        for name, values in _KNOWN:
            if re.fullmatch(name, key):
                if not re.fullmatch(values, value):
                    raise BadRequest(
                        f"Validation failed; '{value}' is not a value of the extra spec '{key}'."
                    )
                break
        else:
            if _NAMESPACES.fullmatch(key):
                raise BadRequest(
                    f"Validation failed; extra spec '{key}' does not appear to be a valid extra"
                    " spec."
                )
