"""The virtual rack: physical machines played by QEMU, behind BMCs that others wrote.

A rack is a process of its own (`floor`) with its children; `Rack` is how a program or the command
line sets it up, breaks it and takes it down. It knows only kit, and no service knows that it
exists: to them its machines are metal, found by the addresses and passwords in `describe()`.
"""

from unkai.rack.faults import Fault, FaultKind
from unkai.rack.model import MachineSpec, RackSettings
from unkai.rack.rack import Rack, RackMachine, remove

__all__ = ["Fault", "FaultKind", "MachineSpec", "Rack", "RackMachine", "RackSettings", "remove"]
