"""What is left over of machines: in switches, Neutron, DHCP, boot files and BMCs, images, agents.

Work on a node may hold all of these; a node that carries an instance holds its tenants' ports
alone; any other holds nothing.
"""

from __future__ import annotations

from unkai.baremetal.drivers.bmcs import logins_of, named
from unkai.baremetal.service import Baremetal
from unkai.baremetal.states import DEPLOYED, FAILED, RESTING
from unkai.baremetal.store.nodes import nodes_with_bmcs, nodes_with_tokens, states_of_nodes
from unkai.baremetal.store.ports import ports_of
from unkai.kit.errors import Fault
from unkai.kit.leftovers import Leftover


async def audit_baremetal(baremetal: Baremetal) -> list[Leftover]:
    """Nothing is what there must be. A switch that does not answer is a finding, too."""
    reader = baremetal.kit.database.reader
    busy = await _busy(baremetal)
    states = await states_of_nodes(reader)
    idle = RESTING | FAILED
    busy |= {uuid for uuid, state in states.items() if state not in idle}
    deployed = {uuid for uuid, state in states.items() if state in DEPLOYED}
    drivers = baremetal.drivers
    found: set[tuple[str, str]] = set()
    unknown: list[Leftover] = []
    for network in drivers.network.values():
        try:
            found |= {("port", what) for what in await network.leftovers(busy, deployed)}
        except Fault as fault:
            unknown.append(Leftover("baremetal", "switch", fault.code, fault.public))
    for boot in drivers.boot.values():
        left = await boot.leftovers(sorted(busy), sorted(deployed))
        found |= {("boot", what) for what in left}
    for storage in drivers.storage.values():
        found |= {("volume", what) for what in await storage.leftovers(busy | deployed)}
    found |= {("image", what) for what in baremetal.images.leftovers(sorted(busy))}
    found |= {("agent-token", uuid) for uuid in await nodes_with_tokens(reader) - busy}
    late = await _busy(baremetal) - busy  # what began meanwhile is nobody's leftover
    macs = {port.address.lower() for uuid in busy | late for port in await ports_of(reader, uuid)}
    problem = "No work on that node needs it."
    unknown += await _sessions(baremetal)
    return unknown + [
        Leftover("baremetal", kind, what, problem)
        for kind, what in sorted(found)
        if not any(word in what for word in late | macs)
    ]


async def _sessions(baremetal: Baremetal) -> list[Leftover]:
    """On BMCs, of nodes that are no more or that have another login now."""
    held = baremetal.bmcs.held()
    if held:
        nodes = await baremetal.kit.database.read_apart(nodes_with_bmcs)
        held = (held & baremetal.bmcs.held()).difference(*map(logins_of, nodes))
    problem = "This session on a BMC belongs to no node: it was deleted, or its login is another."
    return [Leftover("baremetal", "bmc-session", one, problem) for one in sorted(map(named, held))]


async def _busy(baremetal: Baremetal) -> set[str]:
    """Nodes that a live operation has in hand."""
    subjects = await baremetal.kit.operations.active_subjects(baremetal.kit.database.reader)
    return {one.removeprefix("node/") for one in subjects if one.startswith("node/")}
