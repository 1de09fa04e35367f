"""What is left over: on the wire without a row, or a row that never came to the wire whole."""

from __future__ import annotations

from unkai.kit.db import Session
from unkai.kit.leftovers import Leftover
from unkai.network.actions.load_desired import everything, load_desired
from unkai.network.drivers.base import Ref, Stranger
from unkai.network.service import NetworkService
from unkai.network.store import dirty

MARKS = 100_000


async def audit_network(network: NetworkService, session: Session) -> list[Leftover]:
    """Differences that no change under way explains; none is what there must be.

    Three looks: what is there of which thing, whether it is all of it and nothing else, and what
    belongs to no thing at all.
    """
    wanted = await everything(session)
    objects, _ = await load_desired(session, wanted, network.settings.dns_servers)
    present = network.driver.present()
    wrong = network.driver.differing(objects)
    strangers = await network.driver.strangers()
    moving = {(row.kind, row.id) for row in await dirty.oldest(session, MARKS)}

    def listed(refs: set[Ref], problem: str) -> list[Leftover]:
        still = sorted((ref.kind, ref.id) for ref in refs if (ref.kind, ref.id) not in moving)
        return [Leftover("network", kind, id, problem) for kind, id in still]

    return [
        *listed(present - wanted, "It is on the wire but in no table."),
        *listed(wanted - present, "It never came to the wire."),
        *listed(wrong & wanted & present, "The wire shows it otherwise than the tables."),
        *(_strange(one) for one in strangers),
    ]


def _strange(one: Stranger) -> Leftover:
    missing = one.what.startswith("missing ")
    problem = "Something needs it, and it is not there." if missing else "It is nobody's."
    return Leftover("network", f"wire-{one.what.replace(' ', '-')}", one.name, problem)
